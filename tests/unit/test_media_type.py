"""What is meant as a video is known by its name or its content, and nothing else is."""

from __future__ import annotations

import io
import zipfile
from fractions import Fraction
from typing import TYPE_CHECKING

import av
import numpy as np
import pytest
from PIL import Image

from function.media_type import (
    HEAD_BYTES,
    VIDEO_SUFFIXES,
    has_name_of_video,
    is_file_meant_as_video,
    is_meant_as_video,
)
from tests.unit.conftest import times

if TYPE_CHECKING:
    from pathlib import Path

    from tests.unit.conftest import MakeVideo

# As small as the formats allow, and no video.
ANY_ZIP = io.BytesIO()
with zipfile.ZipFile(ANY_ZIP, "w") as archive:
    archive.writestr("word/document.xml", "<w:document/>")


def picture(kind: str) -> bytes:
    content = io.BytesIO()
    Image.new("RGB", (640, 480), (0x47, 0x47, 0x47)).save(content, format=kind)
    return content.getvalue()


def box(kind: bytes, content: bytes = b"") -> bytes:
    return (8 + len(content)).to_bytes(4, "big") + kind + content


def file_type(brand: bytes) -> bytes:
    return box(b"ftyp", brand + b"\0\0\0\0" + brand)


def track(kind: bytes) -> bytes:
    return box(b"moov", box(b"trak", box(b"mdia", box(b"hdlr", bytes(8) + kind + bytes(13)))))


def ogg_page(packet: bytes, *, flags: int = 2) -> bytes:
    header = b"OggS\0" + bytes([flags]) + bytes(20)
    return header + bytes([1, len(packet)]) + packet


def packets(size: int, *, before: int = 0) -> bytes:
    """Return a transport stream of nothing, of which a part is missing at the beginning."""
    packet = b"\x47\x1f\xff\x10" + b"\xff" * 183 + b"\0"
    time = bytes(size - len(packet))
    row = (packet + time) if size == 204 else (time + packet)
    return (row * 50)[before:HEAD_BYTES]


@pytest.mark.parametrize("suffix", VIDEO_SUFFIXES)
@pytest.mark.parametrize("form", [str.lower, str.upper, str.title])
def test_a_name_of_a_video_is_enough_whatever_is_in_it(suffix: str, form: type[str]) -> None:
    key = f"week 1/lecture{form(suffix)}"
    assert has_name_of_video(key)
    assert is_meant_as_video(key, b"")
    assert is_meant_as_video(key, b"notes of a lecture\n")


@pytest.mark.parametrize(
    "key",
    [
        "",
        "lecture",
        "mp4",
        "lecture.mp4/",
        "lecture.mp4.zip",
        "week.mp4/notes.txt",
        "._lecture.mp4",
        "week 1/._CAMERA.MOV",
    ],
)
def test_a_name_that_only_looks_like_one_of_a_video_is_none(key: str) -> None:
    assert not has_name_of_video(key)
    assert not is_meant_as_video(key, b"")


@pytest.mark.parametrize(
    ("name", "codec"),
    [
        ("v.mp4", "mpeg4"),
        ("v.m4v", "mpeg4"),
        ("v.mov", "libx264"),
        ("v.3g2", "mpeg4"),
        ("v.f4v", "libx264"),
        ("v.mkv", "mpeg4"),
        ("v.webm", "libvpx"),
        ("v.avi", "mpeg4"),
        ("v.mpg", "mpeg2video"),
        ("v.vob", "mpeg2video"),
        ("v.m2v", "mpeg2video"),
        ("v.ts", "libx264"),
        ("v.m2ts", "libx264"),
        ("v.wmv", "wmv2"),
        ("v.flv", "flv"),
        ("v.flv", "libx264"),
        ("v.ogv", "libvpx"),
        ("v.mxf", "mpeg2video"),
        ("v.gif", "gif"),
    ],
)
def test_content_of_a_video_is_enough_whatever_it_is_called_and_is_decoded(
    make_video: MakeVideo, tmp_path: Path, name: str, codec: str
) -> None:
    video = make_video(name, frames=50, rate=25, codec=codec, keyframe_every=100)
    head = video.read_bytes()[:HEAD_BYTES]
    for key in ("lecture", "LECTURE.part", "notes.txt", "week 1/", "lecture.m4a"):
        assert is_meant_as_video(key, head)
    unnamed = tmp_path / "unnamed"
    video.rename(unnamed)
    assert [int(time / 0.5) for time in times(unnamed, 2)] == [0, 1, 2, 3]


def test_a_tape_is_decoded_though_its_name_alone_tells(tmp_path: Path) -> None:
    tape = tmp_path / "tape.dv"
    with av.open(str(tape), "w", format="dv") as container:
        stream = container.add_stream("dvvideo", rate=25)
        assert isinstance(stream, av.VideoStream)
        stream.width, stream.height, stream.pix_fmt = 720, 576, "yuv420p"
        black = av.VideoFrame.from_ndarray(np.zeros((576, 720, 3), np.uint8), format="rgb24")
        for number in range(25):
            black.pts, black.time_base = number, Fraction(1, 25)
            container.mux(stream.encode(black.reformat(format="yuv420p")))
    assert is_file_meant_as_video(tape)
    assert times(tape, 2) == pytest.approx([0, 0.5], abs=0.05)


@pytest.mark.parametrize(
    "head",
    [
        file_type(b"isom"),
        file_type(b"qt  "),
        file_type(b"3gp4"),
        box(b"wide") + box(b"mdat", bytes(100)),
        b"\x7f\xff\xff\xffmdat",
        b"\0\0\0\x01mdat" + bytes(8),
        box(b"free", bytes(100)),
        box(b"moov"),
        b"\x1a\x45\xdf\xa3\x9fB\x86\x81\x01",
        bytes.fromhex("3026b2758e66cf11a6d900aa0062ce6c"),
        b"FLV\x01\x04",
    ],
    ids=repr,
)
def test_containers_that_may_hold_only_sound_are_left_to_the_decoder_unless_called_sound(
    head: bytes,
) -> None:
    assert is_meant_as_video("lecture", head)
    assert is_meant_as_video("lecture.txt", head)
    assert not is_meant_as_video("lecture.m4a", head)
    assert not is_meant_as_video("LECTURE.MKA", head)
    assert not is_meant_as_video("lecture.wma", head)


def test_sound_by_name_with_a_picture_track_is_a_video() -> None:
    assert is_meant_as_video("lecture.m4a", file_type(b"isom") + track(b"vide"))
    assert not is_meant_as_video("lecture.m4a", file_type(b"isom") + track(b"soun"))
    assert is_meant_as_video("lecture.mka", b"\x1a\x45\xdf\xa3....\x86\x85V_VP8")
    assert is_meant_as_video("lecture.wma", _asf_with_pictures())


def _asf_with_pictures() -> bytes:
    return bytes.fromhex("3026b2758e66cf11a6d900aa0062ce6c") + bytes.fromhex(
        "c0ef19bc4d5bcf11a8fd00805f5c442b"
    )


@pytest.mark.parametrize(
    ("pages", "expected"),
    [
        ([ogg_page(b"\x80theora\x03")], True),
        ([ogg_page(b"fishead\0"), ogg_page(b"\x01vorbis"), ogg_page(b"\x80theora\x03")], True),
        ([ogg_page(b"OVP80\x01")], True),
        ([ogg_page(b"BBCD\0")], True),
        ([ogg_page(b"\x01vorbis")], False),
        ([ogg_page(b"OpusHead"), ogg_page(b"\x80theora\x03", flags=0)], False),
        ([b"OggS"], False),
        ([b"OggS\0\x02" + bytes(20)], False),
        ([b"OggS\0\x02" + bytes(20) + b"\xff"], False),
    ],
)
def test_of_ogg_the_first_pages_tell(pages: list[bytes], *, expected: bool) -> None:
    for key in ("lecture", "lecture.ogg"):
        assert is_meant_as_video(key, b"".join(pages)) is expected


@pytest.mark.parametrize("size", [188, 192, 204])
@pytest.mark.parametrize("before", [0, 1, 100, 187])
def test_a_transport_stream_may_begin_anywhere_in_a_packet(size: int, before: int) -> None:
    assert is_meant_as_video("lecture", packets(size, before=before))
    assert not is_meant_as_video("lecture", packets(size, before=before)[: 7 * size])


@pytest.mark.parametrize(
    ("key", "head"),
    [
        ("week 1/", b""),
        ("lecture", b""),
        ("notes.txt", b""),
        ("week 1/._lecture.mp4", b"\0\x05\x16\x07\0\x02\0\0Mac OS X" + bytes(64)),
        (".DS_Store", b"\0\0\0\x01Bud1\0\0\x10\0"),
        ("Thumbs.db", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(64)),
        ("desktop.ini", b"[.ShellClassInfo]\r\n"),
        ("notes.txt", b"The wide and free moov"),
        ("notes.txt", b"The free software that " * 400),
        ("notes", b"G" * HEAD_BYTES),
        ("genome.fa", b">one\n" + b"GATTACA" * 1000),
        ("notes", "GÖ".encode("utf-16") * 2000),
        ("zeros", bytes(HEAD_BYTES)),
        ("slides.pdf", b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n"),
        ("slides.pptx", ANY_ZIP.getvalue()),
        ("list.m3u8", b"#EXTM3U\n#EXT-X-TARGETDURATION:1\n"),
        ("list", b"ffconcat version 1.0\nfile a.mp4\n"),
        ("photo.jpg", picture("JPEG")),
        ("photo.png", picture("PNG")),
        ("photo.webp", picture("WEBP")),
        ("photo.bmp", picture("BMP")),
        ("photo.heic", file_type(b"heic")),
        ("photo", file_type(b"mif1")),
        ("photo.avif", file_type(b"avif")),
        ("photo.cr3", file_type(b"crx ")),
        ("talk.m4a", file_type(b"M4A ")),
        ("talk", file_type(b"M4B ")),
        ("talk.wav", b"RIFF\x24\0\0\0WAVEfmt "),
        ("talk.mp3", b"ID3\x04\0\0\0\0\0\0" + bytes(64)),
        ("talk.flac", b"fLaC\0\0\0\x22"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_is_something_else_by_name_and_by_content_is_no_video(key: str, head: bytes) -> None:
    assert not is_meant_as_video(key, head[:HEAD_BYTES])


def test_every_beginning_of_a_video_can_be_told(make_video: MakeVideo) -> None:
    # An object may be as short as this; nothing in it may be asked for beyond its end.
    for name in ("v.mp4", "v.mkv", "v.avi", "v.wmv", "v.flv", "v.ogv", "v.ts"):
        codec = {"v.flv": "flv", "v.ogv": "libvpx", "v.wmv": "wmv2"}.get(name, "mpeg4")
        head = make_video(name, codec=codec).read_bytes()
        for length in range(100):
            is_meant_as_video("lecture", head[:length])


def test_a_file_is_told_as_its_upload_would_be(make_video: MakeVideo, tmp_path: Path) -> None:
    video, notes = make_video("v.mp4"), tmp_path / "notes.txt"
    video.rename(tmp_path / "lecture")
    notes.write_text("notes")
    assert is_file_meant_as_video(tmp_path / "lecture")
    assert is_file_meant_as_video(tmp_path / "gone.mp4")
    assert not is_file_meant_as_video(notes)
    with pytest.raises(FileNotFoundError):
        is_file_meant_as_video(tmp_path / "gone")
