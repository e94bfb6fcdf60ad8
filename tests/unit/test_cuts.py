"""A cut to another scene is seen in the packets' sizes, and sampled."""

from __future__ import annotations

from typing import TYPE_CHECKING

import av
import numpy as np
import pytest

from function.recogniser.video.cuts import CutDetector
from function.recogniser.video.sampling import sampled_frames

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

RATE = 25

# A keyframe of 40,000 bytes, and pictures of about 1,000 that follow from it.
QUIET = [900, 1200, 1000, 1100] * 10


def cuts(sizes: Sequence[int], *, keyframe: int = 40_000) -> list[int]:
    """Return at which of the pictures after the keyframe another scene begins."""
    detector = CutDetector()
    assert not detector.is_cut(seconds=0, size=keyframe, is_keyframe=True)
    return [
        at
        for at, size in enumerate(sizes)
        if detector.is_cut(seconds=(at + 1) / RATE, size=size, is_keyframe=False)
    ]


def test_a_packet_like_a_keyframe_is_a_cut() -> None:
    assert cuts([*QUIET, 30_000, *QUIET]) == [40]


@pytest.mark.parametrize(
    "sizes",
    [
        QUIET,
        [*QUIET, 9_000, *QUIET],
        [20_000, 25_000] * 20,
        [30_000, *QUIET],
        [*QUIET[:3], 30_000, *QUIET],
        [],
    ],
    ids=["quiet", "some movement", "much movement", "nothing before", "little before", "nothing"],
)
def test_anything_else_is_none(sizes: Sequence[int]) -> None:
    assert cuts(sizes) == []


@pytest.mark.parametrize("seconds", [0.5, 1, 1.8])
def test_a_picture_refreshed_at_intervals_is_a_cut_no_more_than_once(seconds: float) -> None:
    refreshed = [*([1000] * (int(seconds * RATE) - 1)), 30_000]
    assert len(cuts(refreshed * 5)) == 1


def test_a_keyframe_is_none() -> None:
    detector = CutDetector()
    sizes = [(1_000, False)] * 10 + [(90_000, True)]
    found = [
        detector.is_cut(seconds=at / RATE, size=size, is_keyframe=is_keyframe)
        for at, (size, is_keyframe) in enumerate(sizes)
    ]
    assert not any(found)


@pytest.mark.parametrize(("codec", "no_cuts"), [("libx264", "0"), ("mpeg4", "1000000000")])
def test_a_scene_between_two_samples_is_sampled(tmp_path: Path, codec: str, no_cuts: str) -> None:
    video = scenes(tmp_path, dark=(83, 60), bright=7, codec=codec, no_cuts=no_cuts)
    assert [second for second, is_bright in seen(video) if is_bright] == [3]
    assert {second for second, is_bright in seen(video) if not is_bright} == {0, 1, 2, 3, 4, 5}


def test_a_scene_at_the_very_end_is_sampled(tmp_path: Path) -> None:
    video = scenes(tmp_path, dark=(128, 0), bright=5, codec="libx264", no_cuts="0")
    assert [second for second, is_bright in seen(video) if is_bright] == [5]


def seen(video: Path) -> list[tuple[int, bool]]:
    """Return the second of each sample, and whether it shows the bright scene."""
    samples = sampled_frames(video, per_second=1)
    return [(int(frame.time), bool(frame.brightness.mean() > 128)) for frame in samples]


def scenes(folder: Path, *, dark: tuple[int, int], bright: int, codec: str, no_cuts: str) -> Path:
    """Write a video with a bright scene between two parts of a dark one, and one keyframe."""
    video = folder / "scenes.mp4"
    chance = np.random.default_rng(3)
    night, day = (chance.integers(low, low + 90, (180, 320, 3), np.uint8) for low in (20, 160))
    with av.open(str(video), "w") as container:
        stream = container.add_stream(codec, rate=RATE, options={"sc_threshold": no_cuts})
        assert isinstance(stream, av.VideoStream)
        stream.width, stream.height, stream.pix_fmt = 320, 180, "yuv420p"
        stream.gop_size, stream.bit_rate = 1_000, 2_000_000
        for pixels in [night] * dark[0] + [day] * bright + [night] * dark[1]:
            container.mux(stream.encode(av.VideoFrame.from_ndarray(pixels, format="rgb24")))
        container.mux(stream.encode(None))
    with av.open(str(video)) as written:
        assert sum(packet.is_keyframe for packet in written.demux(video=0)) == 1
    return video
