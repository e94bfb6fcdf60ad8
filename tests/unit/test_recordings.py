"""Recordings as people make them: what time it is in them, which tracks count, how far they go."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING, Any

import av
import numpy as np
import pytest

from function.recogniser.video.reading import Reading, Span, told
from function.recogniser.video.sampling import sampled_frames
from function.recogniser.video.unreadable import UnreadableVideoError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from av.container import OutputContainer

    from function.recogniser.video.frame import Frame

RATE = 25
SOUND_RATE = 44100
WRAP = 2**33 / 90000  # seconds after which the clock of a transport stream begins again


@dataclass(frozen=True, kw_only=True)
class Pictures:
    """A track of so many seconds of moving noise, its mean brightness, and when it begins."""

    seconds: float = 3.0
    start: float = 0.0
    level: int = 90
    size: tuple[int, int] = (96, 64)
    codec: str = "libx264"
    pixel_format: str = "yuv420p"
    options: tuple[tuple[str, str], ...] = ()


def write(
    path: Path,
    *tracks: Pictures,
    sound: tuple[float, float] | None = None,
    muxing: dict[str, str] | None = None,
) -> Path:
    """Write a recording of tracks of pictures, and of sound from when to when if any."""
    # Without numbers made at random.
    options = {"fflags": "+bitexact", **(muxing or {})}
    with av.open(str(path), "w", options=options) as container:
        packets = []
        streams = [add_pictures(container, track) for track in tracks]
        coding = "mp2" if path.suffix == ".mpg" else "aac"
        heard = container.add_stream(coding, rate=SOUND_RATE) if sound else None
        for stream, track in zip(streams, tracks, strict=True):
            packets += encoded(stream, track)
        if isinstance(heard, av.AudioStream) and sound:
            packets += silence(heard, *sound)
        for packet in sorted(packets, key=when):
            container.mux(packet)
    return path


def add_pictures(container: OutputContainer, track: Pictures) -> av.VideoStream:
    stream = container.add_stream(track.codec, rate=RATE, options=dict(track.options))
    assert isinstance(stream, av.VideoStream)
    stream.codec_context.thread_count = 1  # with more, the bytes are not the same each time
    stream.width, stream.height = track.size
    stream.pix_fmt = track.pixel_format
    stream.gop_size = RATE
    stream.codec_context.time_base = Fraction(1, RATE)
    return stream


def encoded(stream: av.VideoStream, track: Pictures) -> list[av.Packet[Any]]:
    width, height = track.size
    noise = np.random.default_rng(3).integers(-60, 60, (height, width, 3)) + track.level
    pixels = noise.clip(0, 255).astype(np.uint8)
    packets = []
    for number in range(round(track.seconds * RATE)):
        frame = av.VideoFrame.from_ndarray(np.roll(pixels, number, axis=1), format="rgb24")
        frame.pts = number + round(track.start * RATE)
        frame.time_base = Fraction(1, RATE)
        packets += stream.encode(frame)
    return packets + stream.encode(None)


def silence(stream: av.AudioStream, start: float, end: float) -> list[av.Packet[Any]]:
    packets = []
    for number in range(round(start * SOUND_RATE), round(end * SOUND_RATE), 1024):
        frame = av.AudioFrame.from_ndarray(
            np.zeros((1, 1024), np.int16), format="s16", layout="mono"
        )
        frame.sample_rate, frame.pts, frame.time_base = SOUND_RATE, number, Fraction(1, SOUND_RATE)
        packets += stream.encode(frame)
    return packets + stream.encode(None)


def when(packet: av.Packet[Any]) -> Fraction:
    assert packet.dts is not None
    return packet.dts * packet.time_base


def put_off(packet: av.Packet[Any], seconds: int) -> None:
    assert packet.pts is not None
    assert packet.dts is not None
    packet.pts += round(seconds / packet.time_base)
    packet.dts += round(seconds / packet.time_base)


def joined(path: Path, *parts: Path) -> Path:
    path.write_bytes(b"".join(part.read_bytes() for part in parts))
    return path


def read(path: Path, per_second: float = 2) -> tuple[list[Frame], Reading]:
    reading = Reading()
    return list(sampled_frames(path, per_second=per_second, reading=reading)), reading


def times(frames: Sequence[Frame]) -> list[float]:
    return [round(frame.time, 1) for frame in frames]


# A track of the camera that begins later than the sound.


@pytest.mark.parametrize("name", ["a.mp4", "a.mov", "a.mkv", "a.ts", "a.mpg", "a.flv"])
@pytest.mark.parametrize("b_frames", [0, 3])
def test_times_count_from_the_start_of_the_recording(
    tmp_path: Path, name: str, b_frames: int
) -> None:
    options = (("x264-params", f"bframes={b_frames}"),)
    camera = Pictures(start=20, options=options)
    if name == "a.mpg":
        camera = Pictures(start=20, codec="mpeg1video", options=(("bf", str(b_frames)),))
    frames, reading = read(write(tmp_path / name, camera, sound=(0, 23)))
    assert times(frames)[0] == pytest.approx(20, abs=0.25)
    assert times(frames)[-1] == pytest.approx(22.5, abs=0.5)
    assert reading.seconds == pytest.approx(23, abs=0.5)
    assert not reading.unread


def test_a_camera_that_joins_after_the_search_for_tracks_is_found(tmp_path: Path) -> None:
    sound = write(tmp_path / "sound.ts", sound=(0, 30))
    both = write(tmp_path / "both.ts", Pictures(), sound=(0, 3))
    frames, _ = read(joined(tmp_path / "lecture.ts", sound, both))
    assert times(frames)[0] == pytest.approx(30, abs=0.5)


def test_tracks_that_join_with_a_second_recording_begin_where_that_does(tmp_path: Path) -> None:
    first = write(tmp_path / "first.ts", Pictures(seconds=6, size=(128, 96)))
    muxing = {"mpegts_start_pid": "0x200"}
    second = write(tmp_path / "second.ts", Pictures(), sound=(0, 3), muxing=muxing)
    frames, reading = read(joined(tmp_path / "both.ts", first, second), per_second=4)
    assert times([frame for frame in frames if frame.track == 0])[-1] < 6
    assert times([frame for frame in frames if frame.track == 1])[0] == pytest.approx(6, abs=0.5)
    assert reading.seconds == pytest.approx(9, abs=0.5)


# Clocks that jump.


@pytest.mark.parametrize("container", ["ts", "mpg"])
@pytest.mark.parametrize("with_sound", [False, True])
@pytest.mark.parametrize(
    ("first", "second"),
    [(0, 0), (0, 1), (5, 3), (0, 3600), (80_000, 0), (0, 80_000), (2, 20)],
    ids=str,
)
def test_what_lies_between_two_clocks_is_no_time(
    tmp_path: Path, container: str, first: float, second: float, *, with_sound: bool
) -> None:
    codec = {"ts": "libx264", "mpg": "mpeg2video"}[container]
    parts = [
        write(
            tmp_path / f"{number}.{container}",
            Pictures(codec=codec, level=60 + 100 * number),
            sound=(0, 3) if with_sound else None,
            muxing={"output_ts_offset": str(offset)},
        )
        for number, offset in enumerate((first, second))
    ]
    frames, reading = read(joined(tmp_path / f"both.{container}", *parts))
    assert reading.seconds == pytest.approx(6, abs=0.6)
    assert times(frames) == sorted(times(frames))
    dark = [frame.time for frame in frames if frame.brightness.mean() < 100]
    bright = [frame.time for frame in frames if frame.brightness.mean() > 100]
    assert max(dark) < 3.3
    assert min(bright) == pytest.approx(3, abs=0.6)


@pytest.mark.parametrize("with_sound", [False, True])
def test_a_clock_that_wraps_goes_on(tmp_path: Path, *, with_sound: bool) -> None:
    path = write(
        tmp_path / "wraps.ts",
        Pictures(seconds=4, options=(("x264-params", "bframes=3"),)),
        sound=(0, 4) if with_sound else None,
        muxing={"output_ts_offset": str(WRAP - 3.4)},
    )
    frames, reading = read(path)
    assert times(frames) == pytest.approx([0, 0.5, 1, 1.5, 2, 2.5, 3, 3.5], abs=0.5)
    assert reading.seconds == pytest.approx(4, abs=0.3)


@pytest.mark.parametrize("name", ["a.mp4", "a.mkv"])
def test_a_long_pause_is_kept_where_times_are_stored(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    with av.open(str(path), "w") as container:
        pictures = Pictures(options=(("x264-params", "bframes=0"),))
        stream = add_pictures(container, pictures)
        packets = encoded(stream, pictures)
        for packet in packets:
            if when(packet) >= 1.5:
                put_off(packet, 3600)
            container.mux(packet)
    frames, reading = read(path)
    assert times(frames)[-1] == pytest.approx(3602.5, abs=0.5)
    assert reading.seconds == pytest.approx(3603, abs=0.5)


def test_a_pause_of_the_camera_is_kept_while_there_is_sound(tmp_path: Path) -> None:
    path = tmp_path / "pause.ts"
    with av.open(str(path), "w") as container:
        pictures = Pictures(options=(("x264-params", "bframes=0"),))
        stream = add_pictures(container, pictures)
        heard = container.add_stream("aac", rate=SOUND_RATE)
        assert isinstance(heard, av.AudioStream)
        packets = encoded(stream, pictures) + silence(heard, 0, 33)
        for packet in packets:
            if packet.stream is stream and when(packet) >= 1.5:
                put_off(packet, 30)
        for packet in sorted(packets, key=when):
            container.mux(packet)
    frames, _ = read(path)
    assert times(frames)[0] == pytest.approx(0, abs=0.2)
    assert times(frames)[-1] == pytest.approx(32.5, abs=0.5)


@pytest.mark.parametrize("codec", ["mpeg4", "libx264"])
def test_pictures_of_a_file_without_their_times_come_in_order(tmp_path: Path, codec: str) -> None:
    options = (("bf", "2"),)
    path = write(tmp_path / "b.avi", Pictures(seconds=6, codec=codec, options=options))
    frames, reading = read(path)
    assert times(frames) == pytest.approx([step / 2 for step in range(12)], abs=0.25)
    assert reading.seconds == pytest.approx(6, abs=0.2)


# Which tracks show pictures.


@pytest.mark.parametrize("name", ["a.mp4", "a.mkv", "a.ts"])
def test_all_tracks_that_show_pictures_share_the_samples(tmp_path: Path, name: str) -> None:
    slides, camera = Pictures(level=60, size=(128, 96)), Pictures(level=170)
    frames, _ = read(write(tmp_path / name, slides, camera))
    by_track = [[frame for frame in frames if frame.track == track] for track in (0, 1)]
    for track, size in zip(by_track, (128, 96), strict=True):
        assert times(track) == pytest.approx([0, 1, 2], abs=0.3)
        assert {frame.width for frame in track} == {size}
    assert len(frames) == 6


def test_a_track_without_a_decoder_hides_no_other(tmp_path: Path) -> None:
    path = write(tmp_path / "a.mkv", Pictures(codec="mpeg4"), Pictures(size=(128, 96)))
    content = path.read_bytes()
    assert b"V_MPEG4/ISO/ASP" in content
    path.write_bytes(content.replace(b"V_MPEG4/ISO/ASP", b"V_MPEG4/ISO/XYZ"))
    frames, _ = read(path)
    assert {frame.width for frame in frames} == {128}


# Read to the end.


@pytest.mark.parametrize(
    "other",
    [
        Pictures(size=(128, 96)),
        Pictures(pixel_format="yuv444p"),
        Pictures(pixel_format="yuv420p10le"),
        Pictures(options=(("x264-params", "colormatrix=YCgCo"),)),
        Pictures(options=(("x264-params", "colormatrix=ictcp"),)),
        Pictures(options=(("x264-params", "colormatrix=bt2020c:range=pc"),)),
    ],
    ids=["size", "chroma", "depth", "YCgCo", "ICtCp", "BT.2020 constant luminance"],
)
@pytest.mark.parametrize("changes_first", [False, True])
def test_pictures_that_change_halfway_are_read(
    tmp_path: Path, other: Pictures, *, changes_first: bool
) -> None:
    parts = [other, Pictures()] if changes_first else [Pictures(), other]
    files = [write(tmp_path / f"{number}.ts", part) for number, part in enumerate(parts)]
    frames, reading = read(joined(tmp_path / "changes.ts", *files))
    assert times(frames)[-1] == pytest.approx(5.5, abs=0.6)
    assert len(frames) >= 11
    assert not reading.unread
    for frame in frames:
        assert frame.pixels.shape == (frame.height, frame.width, 3)
        assert frame.brightness.shape == (frame.height, frame.width)


@pytest.mark.parametrize(
    ("name", "codec"),
    [
        ("a.mp4", "libx264"),
        ("a.mkv", "libx264"),
        ("a.webm", "libvpx-vp9"),
        ("a.ts", "libx264"),
        ("a.mpg", "mpeg2video"),
        ("a.flv", "libx264"),
        ("a.mxf", "mpeg2video"),
        ("a.ogv", "libvpx"),
    ],
)
@pytest.mark.parametrize("with_noise", [False, True])
def test_what_comes_after_a_damaged_stretch_is_read_and_the_stretch_is_told(
    tmp_path: Path, name: str, codec: str, *, with_noise: bool
) -> None:
    path = write(tmp_path / name, Pictures(seconds=9, codec=codec))
    content = bytearray(path.read_bytes())
    third = len(content) // 3
    damage = np.random.default_rng(1).bytes(third) if with_noise else bytes(third)
    content[third : 2 * third] = damage
    path.write_bytes(content)
    frames, reading = read(path)
    assert times(frames)[0] < 0.5
    assert times(frames)[-1] == pytest.approx(8.5, abs=0.6)
    # More than one, where pictures in between lean on what was lost.
    assert reading.unread[0].start == pytest.approx(2.5, abs=1.5), reading.unread
    assert reading.unread[-1].end == pytest.approx(6, abs=2.1), reading.unread
    assert told(reading).startswith("not read from 0:0")


@pytest.mark.parametrize(
    ("name", "muxing"),
    [
        ("a.mp4", {"movflags": "faststart"}),
        ("a.mkv", {}),
        ("a.avi", {}),
        ("a.flv", {}),
    ],
)
def test_an_early_end_is_told(tmp_path: Path, name: str, muxing: dict[str, str]) -> None:
    path = write(tmp_path / name, Pictures(seconds=9), sound=(0, 9), muxing=muxing)
    content = path.read_bytes()
    path.write_bytes(content[: len(content) // 3])
    frames, reading = read(path)
    assert times(frames)[-1] < 4
    (missed,) = reading.unread
    assert missed.start == pytest.approx(3, abs=1)
    assert missed.end == pytest.approx(9, abs=0.3)
    assert told(reading) == f"read to 0:0{round(missed.start)} of 0:09"


def test_a_hole_after_a_picture_that_others_lean_on_is_told(tmp_path: Path) -> None:
    # Where the file breaks off between it and the pictures that are shown before it.
    options = (("x264-params", "bframes=3:b-adapt=0:scenecut=0"),)
    path = write(tmp_path / "a.mkv", Pictures(seconds=9, options=options))
    with av.open(str(path)) as container:
        packets = [it for it in container.demux(video=0) if it.size and it.pos]
    last = next(it for it in packets if (it.pts or 0) >= 2500)
    start = packets[packets.index(last) + 2].pos or 0
    content = bytearray(path.read_bytes())
    third = len(content) // 3
    content[start : start + third] = bytes(third)
    path.write_bytes(content)
    _, reading = read(path, per_second=RATE)
    assert reading.unread


def test_sound_that_goes_on_after_the_pictures_is_no_early_end(tmp_path: Path) -> None:
    for name in ("a.mp4", "a.mkv", "a.ts"):
        _, reading = read(write(tmp_path / name, Pictures(), sound=(0, 12)))
        assert told(reading) == ""


def test_a_last_picture_that_stays_is_no_early_end(tmp_path: Path) -> None:
    path = tmp_path / "stays.mp4"
    with av.open(str(path), "w") as container:
        pictures = Pictures(options=(("x264-params", "bframes=0"),))
        stream = add_pictures(container, pictures)
        *packets, last = [it for it in encoded(stream, pictures) if it.size]
        last.duration = round(30 / last.time_base)
        for packet in [*packets, last]:
            container.mux(packet)
    with av.open(str(path)) as container:
        assert container.duration is not None
        assert container.duration / av.time_base > 30
    _, reading = read(path)
    assert told(reading) == ""


@pytest.mark.parametrize(
    ("unread", "said"),
    [
        ([], ""),
        ([Span(1.2, 3.0)], "read to 0:01 of 0:03"),
        ([Span(5, 9), Span(4000, 7300)], "not read from 0:05 to 0:09, read to 1:06:40 of 2:01:40"),
    ],
)
def test_what_was_read_is_told_in_a_few_words(unread: list[Span], said: str) -> None:
    end = unread[-1].start if unread else 9.0
    assert told(Reading(seconds=end, unread=unread)) == said


# What is wrong, and what to do.


def problem(path: Path) -> str:
    with pytest.raises(UnreadableVideoError) as raised:
        read(path)
    assert "pload" not in str(raised.value)
    return str(raised.value)


def test_a_recording_that_was_not_finished_is_said_to_be_one(tmp_path: Path) -> None:
    path = write(tmp_path / "cut.mp4", Pictures())
    content = path.read_bytes()
    path.write_bytes(content[: content.index(b"moov") - 40])
    assert problem(path).startswith("The recording was not finished")
    path.write_bytes(content[: len(content) // 2])
    assert problem(path).startswith("The recording was not finished")


def test_an_encrypted_video_is_said_to_be_one(tmp_path: Path) -> None:
    key = {"encryption_key": "76a6c65c5ea762046bd749a2e632ccbb", "encryption_kid": "a7" * 16}
    muxing = {"encryption_scheme": "cenc-aes-ctr", **key}
    assert "encrypted" in problem(write(tmp_path / "a.mp4", Pictures(), muxing=muxing))


def test_a_scrambled_broadcast_is_said_to_be_encrypted(tmp_path: Path) -> None:
    path = write(tmp_path / "a.ts", Pictures())
    content = bytearray(path.read_bytes())
    noise = np.random.default_rng(2)
    for start in range(0, len(content), 188):
        if int.from_bytes(content[start + 1 : start + 3]) & 0x1FFF == 0x100:
            content[start + 3] |= 0x80
            content[start + 20 : start + 188] = noise.bytes(168)
    path.write_bytes(content)
    assert "encrypted" in problem(path)


@pytest.mark.parametrize("name", ["a.gif", "a.mp4"])
def test_pictures_beyond_all_screens_are_said_to_be_too_large(tmp_path: Path, name: str) -> None:
    if name == "a.gif":
        path = write(tmp_path / name, Pictures(codec="gif", pixel_format="rgb8"))
        content = path.read_bytes()
        path.write_bytes(content[:6] + (9000).to_bytes(2, "little") * 2 + content[10:])
    else:
        path = write(tmp_path / name, Pictures(codec="mpeg4", size=(8000, 6000), seconds=0.1))
    assert "too large" in problem(path)
