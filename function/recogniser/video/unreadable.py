"""Why a file gives no frame: said so that who recorded it can do something about it."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from function.recogniser.video.source import Source

_CONVERT = "Convert it to an MP4 file with H.264 video."

# What the first bytes of still pictures are, and where: the signatures of JPEG, PNG, BMP, TIFF,
# WebP, and of HEIF and AVIF, which are in the container of MP4 with brands of their own.
_PICTURES = (
    (0, b"\xff\xd8\xff"),
    (0, b"\x89PNG\r\n\x1a\n"),
    (0, b"BM"),
    (0, b"II*\0"),
    (0, b"MM\0*"),
    (8, b"WEBP"),
    *((4, b"ftyp" + brand) for brand in (b"heic", b"heix", b"mif1", b"avif", b"msf1")),
)

# Types of the boxes that an MP4 or QuickTime file begins with, and that of its index.
_FIRST_BOXES = {b"ftyp", b"mdat", b"free", b"skip", b"wide", b"pnot", b"moov", b"uuid", b"styp"}
_INDEX = b"moov"

# Of a transport stream.
_SCRAMBLED_WITHIN = 188 * 192 * 30  # bytes: whole packets of either size
_SYNC = 0x47
_SCRAMBLING = 0xC0

_BOX_HEADER = 8  # bytes: its size, and its type
_LARGE_BOX = 1  # in place of its size, which follows the type in eight bytes
_MOST_BOXES = 10_000


class UnreadableVideoError(Exception):
    """The file gives no frame, and would not on another try.

    `problem` and `remedy` are one sentence each, for the person who has the file.
    """

    def __init__(self, problem: str, remedy: str = _CONVERT) -> None:
        super().__init__(f"{problem} {remedy}")
        self.problem = problem
        self.remedy = remedy


# Each is a problem and its remedy.
NO_VIDEO = ("The file is not a video that can be read.", _CONVERT)
NOT_FINISHED = (
    "The recording was not finished: the file ends before its index, which is written last.",
    "Open it in the app that recorded it, which may repair it, or take another recording.",
)
NO_CAMERA = (
    "The file has no picture, only sound.",
    "Take a recording that was made with the camera on.",
)
UNKNOWN_CODING = ("The video's pictures are coded in a way not known here.", _CONVERT)
TOO_LARGE = ("The video's pictures are too large.", "Convert it to pictures of 4K or less.")
ENCRYPTED = (
    "The video is encrypted.",
    "Save it without protection, or take the original recording.",
)
NO_FRAME = ("Not one frame of the video can be decoded.", _CONVERT)
_EMPTY = ("The file is empty.", "Check that the recording was saved.")
_STILL = ("The file is a still picture, not a video.", "Take the recording itself.")


def why_not_opened(source: Source) -> tuple[str, str]:
    """Return what is wrong with a source in none of the containers read here, and the remedy."""
    with source.open("rb") as file:
        start = file.read(32)
    if not start:
        return _EMPTY
    if any(start[at : at + len(signature)] == signature for at, signature in _PICTURES):
        return _STILL
    if start[4:8] in _FIRST_BOXES and not _has_index(source):
        return NOT_FINISHED
    return NO_VIDEO


def is_scrambled(source: Source) -> bool:
    """Tell whether the packets of a transport stream say that they are encrypted.

    ISO/IEC 13818-1, 2.4.3.2: two bits of a packet's fourth byte, in packets of 188 bytes that begin
    with 0x47, and that camcorders and discs put a time before.
    """
    with source.open("rb") as file:
        start = file.read(_SCRAMBLED_WITHIN)
    return any(
        set(start[at::size]) == {_SYNC}
        and any(byte & _SCRAMBLING for byte in start[at + 3 :: size])
        for size, at in ((188, 0), (192, 4))
    )


def _has_index(source: Source) -> bool:
    """Tell whether a file of boxes has the one that says what the others are.

    ISO/IEC 14496-12, "Object structure": a box of size 0 reaches to the end of the file.
    """
    with source.open("rb") as file:
        length = file.seek(0, os.SEEK_END)
        file.seek(0)
        for _ in range(_MOST_BOXES):
            header = file.read(_BOX_HEADER)
            if len(header) < _BOX_HEADER:
                return False
            size, kind = int.from_bytes(header[:4]), header[4:]
            if kind == _INDEX:
                return True
            read = _BOX_HEADER
            if size == _LARGE_BOX:
                size = int.from_bytes(file.read(8))
                read += 8
            if not read <= size <= length:
                return False
            file.seek(size - read, os.SEEK_CUR)
    return False
