"""Every step of time is sampled, with pictures that are whole, however the video is coded."""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace
from fractions import Fraction
from functools import cache
from typing import TYPE_CHECKING

import av
import numpy as np
import pytest

from function.recogniser.video.sampling import sampled_frames
from tests.unit.conftest import times

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from tests.unit.conftest import MakeVideo

SECONDS = 8


@dataclass(frozen=True, kw_only=True)
class Coding:
    """A way of coding video; what it is called is what is special about it."""

    codec: str
    keyframe_every: float  # seconds
    container: str = "mp4"
    options: Mapping[str, str]
    muxing: Mapping[str, str] = field(default_factory=dict)
    says_reordering: bool = True


def x264(*, keyframe_every: float = 100, container: str = "mp4", parameters: str = "") -> Coding:
    return Coding(
        codec="libx264",
        keyframe_every=keyframe_every,
        container=container,
        options={"x264-params": f"scenecut=0:{parameters}"},
    )


CODINGS = {
    "one keyframe": x264(),
    "a keyframe a second": x264(keyframe_every=1),
    "keyframes at odd times": x264(keyframe_every=0.6),
    "fragments": replace(
        x264(keyframe_every=2, parameters="bframes=3:b-adapt=0"),
        muxing={"movflags": "frag_keyframe+empty_moov"},
        says_reordering=False,
    ),
    "a camcorder's": x264(keyframe_every=0.5, container="ts", parameters="open-gop=1"),
    "a broadcaster's": x264(keyframe_every=2, container="ts", parameters="open-gop=1:bframes=5"),
    "no B-frames": x264(parameters="bframes=0"),
    "many B-frames": x264(parameters="bframes=8:b-adapt=0"),
    "many B-frames in Matroska": x264(container="mkv", parameters="bframes=8:b-adapt=0"),
    "H.265": Coding(
        codec="libx265",
        keyframe_every=2,
        options={"x265-params": "log-level=error:open-gop=1:bframes=6:b-adapt=0"},
    ),
    "AV1": Coding(
        codec="libsvtav1",
        keyframe_every=4,
        container="mkv",
        options={"preset": "12", "svtav1-params": "lp=1"},
    ),
    "a disc's": Coding(
        codec="mpeg2video", keyframe_every=0.5, container="mpg", options={"bf": "2"}
    ),
    "an old camera's": Coding(
        codec="mpeg4", keyframe_every=2, container="avi", options={"bf": "2"}
    ),
    "H.264 in AVI": replace(
        x264(keyframe_every=2, parameters="bframes=3:b-adapt=0"), container="avi"
    ),
    "a live stream's": x264(keyframe_every=2, container="flv", parameters="bframes=2"),
    "a newsroom's": Coding(
        codec="mpeg2video", keyframe_every=0.5, container="mxf", options={"bf": "2"}
    ),
    "Windows Media": Coding(codec="wmv2", keyframe_every=2, container="wmv", options={}),
    "an open web's": Coding(codec="libvpx", keyframe_every=2, container="ogg", options={}),
    "a web page's": Coding(codec="libvpx-vp9", keyframe_every=3, container="webm", options={}),
    "single pictures": Coding(codec="mjpeg", keyframe_every=0, container="avi", options={}),
}

# Its keyframes are where a picture begins to be refreshed, column by column.
IN_PARTS = x264(keyframe_every=0.5, parameters="intra-refresh=1:bframes=0")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("codings")


@cache
def coded(folder: Path, name: str, rate: int) -> Path:
    """Write a video of moving noise, `rate` pictures a second."""
    coding = CODINGS.get(name, IN_PARTS)
    path = folder / f"{name.replace(' ', '-')}-{rate}.{coding.container}"
    noise = np.random.default_rng(5).integers(0, 256, (64, 96, 3), np.uint8)
    with av.open(str(path), "w", options=dict(coding.muxing)) as container:
        stream = container.add_stream(coding.codec, rate=rate, options=dict(coding.options))
        assert isinstance(stream, av.VideoStream)
        stream.width, stream.height = 96, 64
        stream.pix_fmt = "yuvj420p" if coding.codec == "mjpeg" else "yuv420p"
        stream.gop_size = max(round(coding.keyframe_every * rate), 1)
        for number in range(SECONDS * rate):
            picture = np.roll(noise, 3 * number, axis=1)
            container.mux(stream.encode(av.VideoFrame.from_ndarray(picture, format="rgb24")))
        container.mux(stream.encode(None))
    if not coding.says_reordering:
        path.write_bytes(without_usability(path.read_bytes()))
    return path


def without_usability(mp4: bytes) -> bytes:
    """Take the usability information out of x264's parameters, and so what they say of reordering.

    ITU-T H.264, 7.3.2.1.1: it is the last part, which one bit says is there.
    """
    start = mp4.index(b"avcC") + 12
    length = int.from_bytes(mp4[start - 2 : start])
    bits = "".join(
        f"{byte:08b}" for byte in mp4[start : start + length].replace(b"\0\0\3", b"\0\0")
    )
    at = 32  # after the header, profile and level

    def pass_numbers(count: int) -> None:
        nonlocal at
        for _ in range(count):
            zeros = bits.index("1", at) - at
            at += 2 * zeros + 1

    pass_numbers(4)  # id, chroma format, two bit depths
    at += 2
    pass_numbers(4)  # frame number, order and its kind, reference frames
    at += 1
    pass_numbers(2)  # width, height
    at += 3
    assert bits[at] == "1"
    left = f"{bits[:at]}01"
    short = int(left.ljust(8 * length, "0"), 2).to_bytes(length)
    return mp4[:start] + short + mp4[start + length :]


def decoded(path: Path) -> Iterator[tuple[int, np.ndarray]]:
    """Yield every picture of a video with its time, in milliseconds from the first."""
    with av.open(str(path)) as container:
        first = None
        for number, frame in enumerate(container.decode(video=0)):
            time = frame.time
            if container.format.name == "avi":  # whose times are those of decoding
                time = number / float(container.streams.video[0].average_rate or 1)
            first = time if first is None else first
            yield round((time - first) * 1000), frame.to_ndarray()


@pytest.mark.parametrize("per_second", [1, 2, 5])
@pytest.mark.parametrize(
    ("name", "rate"),
    [
        (name, rate)
        for name, coding in CODINGS.items()
        for rate in ((25,) if coding.codec == "mpeg2video" else (1, 2, 5, 12, 25))
    ],
)
def test_each_step_gives_a_picture_that_is_in_the_video(
    folder: Path, name: str, rate: int, per_second: int
) -> None:
    path = coded(folder, name, rate)
    pictures = dict(decoded(path))

    samples = list(sampled_frames(path, per_second=per_second))

    times = [round(frame.time * 1000) for frame in samples]
    assert times == sorted(set(times))
    steps = {math.floor((time + 2) * per_second / 1000) for time in times}
    assert steps == {math.floor((time + 2) * per_second / 1000) for time in pictures}
    assert len(times) <= len(steps) + 4  # the size of a picture may look like a cut: VP8 has such
    for time, frame in zip(times, samples, strict=True):
        nearest = min(pictures, key=lambda other: abs(other - time))
        assert abs(nearest - time) <= 1
        assert np.array_equal(frame.decoded.to_ndarray(), pictures[nearest])
    assert samples[-1].video_seconds == pytest.approx(SECONDS, abs=0.1)


def test_each_step_gives_its_first_frame_where_it_has_no_keyframe(make_video: MakeVideo) -> None:
    video = make_video(frames=30, rate=10, keyframe_every=100)
    assert times(video, 2) == [0, 0.5, 1, 1.5, 2, 2.5]
    assert times(video, 0.5) == [0, 2]


def test_each_step_with_a_keyframe_gives_that(make_video: MakeVideo) -> None:
    video = make_video(frames=40, rate=10, keyframe_every=12)
    assert times(video, 2) == [0, 0.5, 1.2, 1.5, 2.4, 2.5, 3.0, 3.6]


def test_a_remainder_of_less_than_half_a_step_is_left_out(make_video: MakeVideo) -> None:
    assert times(make_video(frames=12, rate=10, keyframe_every=100), 1) == [0]
    assert times(make_video(frames=16, rate=10, keyframe_every=100), 1) == [0, 1]


@pytest.mark.parametrize("keyframe_every", [5, 100])
@pytest.mark.parametrize("frames", [1, 12, 16])
def test_the_last_frame_knows_how_long_the_video_is(
    make_video: MakeVideo, frames: int, keyframe_every: int
) -> None:
    video = make_video(frames=frames, rate=10, keyframe_every=keyframe_every)
    *_, last = sampled_frames(video, per_second=1)
    assert last.video_seconds == pytest.approx(frames / 10)


def test_the_steps_can_begin_later(make_video: MakeVideo) -> None:
    video = make_video(frames=30, rate=10, keyframe_every=100)
    assert [
        round(frame.time, 3) for frame in sampled_frames(video, per_second=1, first_step=0.3)
    ] == [0, 0.3, 1.3, 2.3]


def test_a_rate_above_the_videos_gives_every_frame(make_video: MakeVideo) -> None:
    assert times(make_video(frames=5, rate=10), 60) == [0, 0.1, 0.2, 0.3, 0.4]


@pytest.mark.parametrize("per_second", [1, 2, 3, 5, 7.5])
def test_a_rate_that_does_not_divide_the_videos_keeps_its_average(
    make_video: MakeVideo, per_second: float
) -> None:
    video = make_video(frames=250, rate=25)
    assert len(times(video, per_second)) == 10 * per_second


def test_frames_at_uneven_times_are_sampled_by_time(make_video: MakeVideo) -> None:
    video = make_video("uneven.mkv", rate=10, pts=[0, 1, 2, 9, 10, 40, 41, 42, 45, 48])
    assert times(video, 2) == [0, 0.9, 1.0, 4.0, 4.5]


def test_times_count_from_the_first_frame(make_video: MakeVideo) -> None:
    assert times(make_video("late.mkv", rate=10, pts=[70, 75, 80, 83]), 2) == [0, 0.5, 1]


@pytest.mark.parametrize("rate", [5, 25])
@pytest.mark.parametrize("per_second", [1, 2])
def test_of_a_picture_refreshed_in_parts_no_more_than_one_sample_is_lost(
    folder: Path, rate: int, per_second: int
) -> None:
    path = coded(folder, "refreshed in parts", rate)
    pictures = dict(decoded(path))
    samples = list(sampled_frames(path, per_second=per_second))
    assert len({int(frame.time * per_second) for frame in samples}) >= SECONDS * per_second - 1
    for frame in samples:
        assert np.array_equal(frame.decoded.to_ndarray(), pictures[round(frame.time * 1000)])


@pytest.mark.parametrize(("cut_off", "keyframe_every"), [(0.4, 25), (9.6, 250)])
def test_what_an_editor_has_cut_off_is_not_in_the_video(
    tmp_path: Path, cut_off: float, keyframe_every: int
) -> None:
    video = tmp_path / "trimmed.mp4"
    gray = np.full((64, 96, 3), 90, np.uint8)
    with av.open(str(video), "w", options={"avoid_negative_ts": "disabled"}) as container:
        stream = container.add_stream("libx264", rate=25)
        assert isinstance(stream, av.VideoStream)
        stream.width, stream.height, stream.gop_size = 96, 64, keyframe_every
        stream.codec_context.time_base = Fraction(1, 1000)
        for number in range(400):
            frame = av.VideoFrame.from_ndarray(gray, format="rgb24")
            frame.pts = round(40 * number - 1000 * cut_off)
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    seconds = 16 - cut_off

    assert [int(time) for time in times(video, 1)] == list(range(round(seconds)))
    *_, last = sampled_frames(video, per_second=0.1)
    assert last.video_seconds == pytest.approx(seconds, abs=0.1)
