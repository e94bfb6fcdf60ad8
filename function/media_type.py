"""Whether an object is meant as a video: by its name, or by how its content begins.

Everything that is put into the input bucket comes to the function. What is meant as a video gets a
result, be it only a report of why it cannot be read. What is something else by its name *and* by
its content is passed over: folder markers, pictures, texts, what file managers leave.

A name is enough, for a broken video has nothing else left. Content is enough, since recorders write
names of all kinds. Whether there are pictures in a container that sound comes in as well can't
always be told from its beginning; then its name decides: sound is passed over, anything else left
to the decoder. This module needs nothing but the standard library.
"""

from __future__ import annotations

import re
from enum import Enum, auto
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

HEAD_BYTES = 8192
"""How much of an object's beginning is looked at, at most."""

VIDEO_SUFFIXES = (
    # MP4 and QuickTime, and what comes in their form
    ".mp4",
    ".m4v",
    ".mov",
    ".qt",
    ".3gp",
    ".3g2",
    ".f4v",
    # Matroska
    ".mkv",
    ".webm",
    # AVI
    ".avi",
    ".divx",
    # MPEG, as files, from discs and from camcorders and receivers
    ".mpg",
    ".mpeg",
    ".mpe",
    ".m1v",
    ".m2v",
    ".m2p",
    ".vob",
    ".ts",
    ".mts",
    ".m2ts",
    ".m2t",
    ".trp",
    # Windows Media, Flash, Ogg, broadcast, tape
    ".wmv",
    ".asf",
    ".flv",
    ".ogv",
    ".ogm",
    ".mxf",
    ".dv",
    # A moving picture, or a still one: only the decoder can tell.
    ".gif",
    # Not read, but surely videos: they get a report that says so.
    ".rm",
    ".rmvb",
    ".wtv",
    ".mjpg",
    ".mjpeg",
    ".h264",
    ".h265",
    ".264",
    ".265",
    ".hevc",
)
"""What the names of videos end in, in upper, lower or mixed case. Each begins with its one dot."""

# Of sound in a container of videos. Those of Ogg are not among them: its beginning always tells.
_SOUND_SUFFIXES = (".m4a", ".m4b", ".m4p", ".m4r", ".aac", ".f4a", ".mka", ".weba", ".wma")

# macOS keeps what its file systems know of lecture.mp4 in ._lecture.mp4 wherever else it copies it.
_APPLE_DOUBLE = "._"

# ISO base media (MP4, QuickTime) is a row of boxes: a length of 4 bytes, a type of 4.
_FIRST_BOXES = {b"moov", b"wide", b"free", b"skip", b"pnot"}
_SOUND_BRANDS = {b"M4A ", b"M4B ", b"M4P ", b"F4A ", b"F4B ", b"aax ", b"aaxc"}
_PICTURE_BRANDS = {
    *(b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"hevm", b"hevs"),
    *(b"mif1", b"mif2", b"msf1", b"miaf", b"avif", b"avis", b"jpeg", b"jpgs", b"crx "),
}

# A track's "hdlr" box: its length and type, eight bytes, and what is in the track.
_VIDEO_TRACK_IN_BOXES = re.compile(rb"hdlr.{8}vide", re.DOTALL)

_MATROSKA = b"\x1a\x45\xdf\xa3"
# A track's codec: the element's number, the length of the name, the name.
_VIDEO_TRACK_IN_MATROSKA = re.compile(rb"\x86.V_", re.DOTALL)
_ASF = bytes.fromhex("3026b2758e66cf11a6d900aa0062ce6c")
_ASF_VIDEO_STREAM = bytes.fromhex("c0ef19bc4d5bcf11a8fd00805f5c442b")
_FLV = b"FLV\x01"
_FLV_HAS_VIDEO = 0x01
_OGG = b"OggS"
# What the first packet of a stream in Ogg begins with, if that is one of pictures.
_OGG_VIDEO = (b"\x80theora", b"OVP80", b"BBCD", b"\x01video")
_OGG_FIRST_PAGE = b"\x02"

# What holds pictures whenever it is met: MPEG's program stream and bare pictures, MXF, GIF.
_VIDEO_STARTS = (
    b"\x00\x00\x01\xba",
    b"\x00\x00\x01\xb3",
    b"\x06\x0e\x2b\x34",
    b"GIF87a",
    b"GIF89a",
)

# MPEG transport streams: packets of 188 bytes; a time before each, on Blu-ray and in camcorders;
# check bytes after each, in broadcasting.
_PACKET_SIZES = (188, 192, 204)
_SYNC_BYTE = 0x47
_HAS_SOMETHING = 0x30  # in a packet's fourth byte
_FEWEST_PACKETS = 8


class _Content(Enum):
    VIDEO = auto()
    VIDEO_OR_SOUND = auto()
    OTHER = auto()


def is_meant_as_video(key: str, head: bytes) -> bool:
    """Tell by an object's key and its first HEAD_BYTES, or all of it, whether to give a result."""
    content = _content(head)
    return (
        has_name_of_video(key)
        or content is _Content.VIDEO
        or (content is _Content.VIDEO_OR_SOUND and not key.lower().endswith(_SOUND_SUFFIXES))
    )


def is_file_meant_as_video(file: Path) -> bool:
    """Tell it of a file, as if it had been put into the bucket under its name. Raises OSError."""
    if has_name_of_video(file.name):
        return True
    with file.open("rb") as content:
        return is_meant_as_video(file.name, content.read(HEAD_BYTES))


def has_name_of_video(key: str) -> bool:
    """Tell whether a key alone says that this is a video, whatever is in it."""
    name = key.rpartition("/")[2]
    return has_video_suffix(name) and not name.startswith(_APPLE_DOUBLE)


def has_video_suffix(key: str) -> bool:
    """Tell whether a key ends as one of a video does, in upper, lower or mixed case."""
    return key.lower().endswith(VIDEO_SUFFIXES)


def _content(head: bytes) -> _Content:
    if head.startswith(_VIDEO_STARTS) or _is_avi(head) or _is_transport_stream(head):
        return _Content.VIDEO
    if head.startswith(_OGG):
        return _Content.VIDEO if _has_pictures_in_ogg(head) else _Content.OTHER
    if not head.startswith((_MATROSKA, _ASF, _FLV)) and not _begins_with_box(head):
        return _Content.OTHER
    return _Content.VIDEO if _names_a_video_track(head) else _Content.VIDEO_OR_SOUND


def _is_avi(head: bytes) -> bool:
    return head[:4] == b"RIFF" and head[8:12] == b"AVI "


def _begins_with_box(head: bytes) -> bool:
    """Tell whether this is MP4, QuickTime or their like, and by its brand no still picture."""
    kind, brand = head[4:8], head[8:12]
    if kind == b"mdat":  # which may be of any length
        return True
    # Texts have words such as "free" there, too. Their first byte is a letter, not a length's.
    if head[:1] != b"\x00":
        return False
    return kind in _FIRST_BOXES or (
        kind == b"ftyp" and brand not in _SOUND_BRANDS | _PICTURE_BRANDS
    )


def _names_a_video_track(head: bytes) -> bool:
    """Tell whether the beginning says so already, which it need not."""
    if head.startswith(_MATROSKA):
        return bool(_VIDEO_TRACK_IN_MATROSKA.search(head))
    if head.startswith(_ASF):
        return _ASF_VIDEO_STREAM in head
    if head.startswith(_FLV):
        return bool(head[4:5]) and bool(head[4] & _FLV_HAS_VIDEO)
    return bool(_VIDEO_TRACK_IN_BOXES.search(head))


def _is_transport_stream(head: bytes) -> bool:
    """Tell whether a byte recurs as that does which begins the packets, up to the end.

    A recording of a broadcast may begin anywhere in a packet. The byte is the letter G, so texts
    are ruled out: a transport stream is not without a byte of zero for long.
    """
    return b"\x00" in head and any(
        _are_packets(head[start::size], head[start + 3 :: size])
        for size in _PACKET_SIZES
        for start in range(size)
    )


def _are_packets(first_bytes: bytes, fourth_bytes: bytes) -> bool:
    return (
        len(first_bytes) >= _FEWEST_PACKETS
        and first_bytes.count(_SYNC_BYTE) == len(first_bytes)
        and all(byte & _HAS_SOMETHING for byte in fourth_bytes)
    )


def _has_pictures_in_ogg(head: bytes) -> bool:
    """Tell whether one of the streams is of pictures: their first pages come before all others."""
    start = 0
    while head.startswith(_OGG, start) and head[start + 5 : start + 6] == _OGG_FIRST_PAGE:
        lengths = start + 27
        packet = lengths + int.from_bytes(head[start + 26 : lengths])
        if head.startswith(_OGG_VIDEO, packet):
            return True
        start = packet + sum(head[lengths:packet])
    return False
