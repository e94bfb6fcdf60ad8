"""A video file as a stream of sampled frames, upright and in RGB.

This module decides what counts as a video, which of its frames are looked at, and what is said
of a file that cannot be read. Frames are decoded one after another and yielded as they come, so
memory does not grow with the length of the video.

What counts as a video: a file with a picture track that yields at least one frame, in one of the
containers that :data:`function.results.VIDEO_SUFFIXES` stand for, whatever its name says. A
recording without picture, its cover art, and a still picture do not. A damaged file counts as far
as it can be decoded.
"""

from __future__ import annotations

import math
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

import av
import numpy as np
from av.stream import Disposition

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from av.container import InputContainer
    from av.packet import Packet
    from av.video.frame import VideoFrame
    from av.video.stream import VideoStream
    from numpy.typing import NDArray

# FFmpeg's names of the containers read here. A list, because FFmpeg also takes still pictures
# for videos, and playlists, which make it open whatever file they name.
_CONTAINERS = "mov,matroska,avi,mpeg,mpegts,mpegvideo,asf,gif"

# The rate to assume between frames that carry neither a time nor a rate.
_USUAL_FRAME_RATE = 25.0

# How far a timestamp may fall short of a sampling time and still be on it: containers round
# times, Matroska to the millisecond.
_TIME_ROUNDING = 0.002

# Pixels of recordings from tape and disc are up to half as wide again as high. A ratio beyond
# these is a damaged header's.
_NARROWEST_PIXEL = 0.5
_WIDEST_PIXEL = 2.0

_CONVERT = "Convert it to an MP4 file with H.264 video and upload it again."


class UnreadableVideoError(Exception):
    """The file gives no frame, and would not on another try.

    `problem` and `remedy` are one sentence each, for the person who uploaded the file.
    """

    def __init__(self, problem: str, remedy: str) -> None:
        super().__init__(f"{problem} {remedy}")
        self.problem = problem
        self.remedy = remedy


@dataclass(frozen=True, kw_only=True, eq=False)
class Frame:
    """One sampled picture of a video.

    `time` is in seconds from the first frame. `pixels` has the shape (height, width, 3), is
    8-bit RGB, C-contiguous, and upright as a player would show it.
    """

    time: float
    pixels: NDArray[np.uint8]


def sampled_frames(path: Path, *, per_second: float) -> Iterator[Frame]:
    """Yield the first frame, and then the first one at or after each 1/`per_second` seconds.

    A frame that stays on screen for longer than that is yielded once.

    Raises:
        UnreadableVideoError: the file is no video, or not one frame of it can be decoded.

    """
    with _opened(path) as (container, stream):
        due = 0.0
        for time, picture in _timed(_decoded(container, stream), _frame_duration(stream)):
            if time < due - _TIME_ROUNDING:
                continue
            try:
                pixels = _as_shown(picture, stream)
            except _DamageError:
                continue
            yield Frame(time=time, pixels=pixels)
            due = (math.floor((time + _TIME_ROUNDING) * per_second) + 1) / per_second
        if due == 0.0:
            raise UnreadableVideoError("Not one frame of the video can be decoded.", _CONVERT)


class _DamageError(Exception):
    """PyAV could not do what it was asked with this file."""


@contextmanager
def _guarded() -> Iterator[None]:
    """Turn what PyAV raises into _DamageError: on damaged files that is not only FFmpegError."""
    try:
        yield
    except MemoryError:
        raise  # no fault of the file
    except Exception as error:
        raise _DamageError(str(error)) from error


@contextmanager
def _opened(path: Path) -> Iterator[tuple[InputContainer, VideoStream]]:
    if not path.is_file():
        raise UnreadableVideoError("There is no such file.", "Check the path.")
    if path.stat().st_size == 0:
        raise UnreadableVideoError(
            "The file is empty.", "Check that the recording was saved, and upload it again."
        )
    try:
        with _guarded():
            # The explicit protocol keeps a colon in a file name from being taken for one.
            container = av.open(
                f"file:{path}",
                container_options={"format_whitelist": _CONTAINERS, "protocol_whitelist": "file"},
                metadata_errors="replace",
            )
    except _DamageError as error:
        raise UnreadableVideoError("The file is not a video that can be read.", _CONVERT) from error
    with container:
        stream = _picture_track(container)
        with suppress(_DamageError), _guarded():  # FFmpeg may have no decoder to set up
            stream.thread_type = "AUTO"
        yield container, stream


def _picture_track(container: InputContainer) -> VideoStream:
    for stream in container.streams.video:
        if not stream.disposition & Disposition.attached_pic:
            return stream
    raise UnreadableVideoError(
        "The file has no picture, only sound.", "Upload a recording made with the camera on."
    )


def _decoded(container: InputContainer, stream: VideoStream) -> Iterator[VideoFrame]:
    """Yield every frame that can be decoded, in order of presentation, past damaged places."""
    for packet in _packets(container, stream):
        # After a damaged packet the decoder finds its way again at a later one.
        with suppress(_DamageError):
            with _guarded():
                frames = stream.decode(packet)
            yield from frames


def _packets(
    container: InputContainer, stream: VideoStream
) -> Iterator[Packet[VideoStream] | None]:
    """Yield a track's packets, and None, for which the decoder gives the frames it still holds."""
    packets = container.demux(stream)
    with suppress(_DamageError):  # the rest of the file cannot be taken apart
        while True:
            with _guarded():
                packet = next(packets, None)
            if packet is None:
                break
            yield packet
    yield None


def _frame_duration(stream: VideoStream) -> float:
    rate = stream.average_rate or stream.guessed_rate
    return 1 / float(rate or _USUAL_FRAME_RATE)


def _timed(frames: Iterator[VideoFrame], duration: float) -> Iterator[tuple[float, VideoFrame]]:
    """Pair each frame with its time in seconds since the first, which never goes back.

    A frame without a timestamp, or with one before its predecessor's (two recordings joined
    into one file), is taken to follow its predecessor by `duration` seconds.
    """
    offset: float | None = None
    previous = -duration
    for frame in frames:
        if frame.pts is None:
            time = previous + duration
        else:
            if offset is None or frame.time + offset < previous:
                offset = previous + duration - frame.time
            time = frame.time + offset
        yield time, frame
        previous = time


def _as_shown(frame: VideoFrame, stream: VideoStream) -> NDArray[np.uint8]:
    """Return the frame's pixels as a player shows them: in RGB, unstretched and upright."""
    pixel_width = float(stream.sample_aspect_ratio or 1)
    if not _NARROWEST_PIXEL <= pixel_width <= _WIDEST_PIXEL:
        pixel_width = 1
    with _guarded():
        pixels = frame.to_ndarray(format="rgb24", width=round(frame.width * pixel_width))
    quarter_turns = round(frame.rotation / 90)  # both count counterclockwise
    # Rows come padded at some widths and turned arrays are views; dlib wants neither.
    return np.ascontiguousarray(np.rot90(pixels, quarter_turns))
