"""Long videos made of short ones: encoded once, and then shown over and over."""

from __future__ import annotations

import math
from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING, Literal

import av
import numpy as np
from PIL import Image

from bench.reference import first_frames

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from pathlib import Path

    from numpy.typing import NDArray


_PICTURES_PER_SECOND = 25

# The muxer's option that puts an MP4's index before its content.
INDEX_FIRST: Mapping[str, str] = {"movflags": "faststart"}


@dataclass(frozen=True, kw_only=True)
class Coding:
    """How pictures are encoded: with which encoder, and in which size (width, height)."""

    encoder: Literal["libx264", "libx265", "mpeg4"]
    size: tuple[int, int]


_ENCODER_OPTIONS: Mapping[str, Mapping[str, str]] = {
    "libx264": {"preset": "veryfast", "crf": "23"},
    "libx265": {"preset": "ultrafast", "crf": "26", "x265-params": "log-level=error"},
    "mpeg4": {"qscale": "4"},
}


def write_joined(videos: Iterable[Path], path: Path, coding: Coding) -> None:
    """Write an MP4 that shows videos one after another, upright, fitted into the same size."""
    with av.open(str(path), "w", format="mp4") as container:
        stream = container.add_stream(coding.encoder, rate=_PICTURES_PER_SECOND)
        stream.width, stream.height = coding.size
        stream.pix_fmt = "yuv420p"
        stream.options = dict(_ENCODER_OPTIONS[coding.encoder])
        for number, pixels in _pictures(videos, coding.size):
            picture = av.VideoFrame.from_ndarray(pixels, format="rgb24")
            picture.pts, picture.time_base = number, Fraction(1, _PICTURES_PER_SECOND)
            container.mux(stream.encode(picture))
        container.mux(stream.encode())


def write_repeated(
    once: Path,
    path: Path,
    times: int,
    *,
    container_format: str = "mp4",
    muxing: Mapping[str, str] | None = None,
) -> None:
    """Write a video that shows another so many times, with its packets as they are."""
    with av.open(str(path), "w", format=container_format, options=dict(muxing or {})) as container:
        stream = None
        for turn in range(times):
            with av.open(str(once)) as source:
                shown = source.streams.video[0]
                if stream is None:
                    stream = container.add_stream_from_template(shown)
                later = turn * (shown.duration or 0)
                for packet in source.demux(shown):
                    if packet.dts is None or packet.pts is None:  # PyAV's mark for the end
                        continue
                    packet.dts += later
                    packet.pts += later
                    packet.stream = stream
                    container.mux(packet)


def _pictures(
    videos: Iterable[Path], size: tuple[int, int]
) -> Iterator[tuple[int, NDArray[np.uint8]]]:
    """Yield each picture with its number, of which some are left out where a video has fewer."""
    begins = 0
    for video in videos:
        number = begins
        for frame in first_frames(video, per_second=_PICTURES_PER_SECOND):
            number = begins + math.floor(frame.time * _PICTURES_PER_SECOND)
            yield number, np.asarray(_fitted(Image.fromarray(frame.pixels), size))
        begins = number + 1


def _fitted(picture: Image.Image, size: tuple[int, int]) -> Image.Image:
    """Scale a picture into the middle of a black one."""
    scale = min(size[0] / picture.width, size[1] / picture.height)
    shown = picture.resize((round(picture.width * scale), round(picture.height * scale)))
    fitted = Image.new("RGB", size)
    fitted.paste(shown, ((size[0] - shown.width) // 2, (size[1] - shown.height) // 2))
    return fitted
