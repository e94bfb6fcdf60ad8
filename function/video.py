"""A video file as a stream of sampled frames: what is looked at, and decoding no more than that.

What counts as a video: a file with a picture track that yields at least one frame, in one of the
containers that :data:`function.results.VIDEO_SUFFIXES` stand for, whatever its name says. A
recording without picture, its cover art, and a still picture do not. A damaged file counts as far
as it can be decoded.

What is looked at: time is divided into steps of 1/`per_second` seconds, and where the packets show
a cut to another scene, a step is divided there as well. Each step gives one frame. One with a
keyframe gives that, because it can be decoded by itself; any other its first picture that others
refer to. Packets that no sample needs are not decoded: what follows a keyframe when there is
another by the end of the next step, pictures that no other refers to, and what comes after the
last step that is at least half as long as the others. (Leaving out more, such as all B-frames,
damages pictures; seeking to each sample decodes the same pictures again and again.)
Memory does not grow with the length of the video.
"""

from __future__ import annotations

import math
import os
from bisect import bisect_right
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from itertools import groupby
from typing import TYPE_CHECKING, NamedTuple

import av
import numpy as np
from av.stream import Disposition
from av.video.reformatter import Interpolation

from function.cuts import CutDetector

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence
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

# How far a timestamp may fall short of a step and still be in it: containers round times, Matroska
# to the millisecond.
_TIME_ROUNDING = 0.002

# Timestamps in seconds that go back by more than the first, or on by more than the second, begin
# another recording joined to the one before, or are damaged. Going back by less is the order of
# decoding, in which a picture may come before one that is shown earlier.
_REORDERING = 2.0
_LONGEST_PAUSE = 24 * 60 * 60.0

# Encoders put a few pictures that none refers to between two that others do. A step of fewer
# pictures than this could consist of those alone: there, all are decoded.
_SURE_OF_A_REFERENCE = 5

# Pixels of recordings from tape and disc are up to half as wide again as high. A ratio beyond
# these is a damaged header's.
_NARROWEST_PIXEL = 0.5
_WIDEST_PIXEL = 2.0

_BITS = 8  # of each value of a picture's pixels, here and for dlib

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
    """One sampled picture of a video, upright and unstretched as a player would show it.

    `time` is in seconds from the start of the video, and `video_seconds` the length of what had
    been read of it by then: with the last frame, of the whole. `height` and `width` are in pixels.
    Each form of the picture is 8 bits a value and C-contiguous, and made when first asked for.
    """

    time: float
    video_seconds: float
    height: int
    width: int
    decoded: VideoFrame
    quarter_turns: int  # counterclockwise, to be upright

    @cached_property
    def pixels(self) -> NDArray[np.uint8]:
        """The picture in RGB, of the shape (height, width, 3)."""
        return self._shown(self.height, self.width, "rgb24")

    @cached_property
    def brightness(self) -> NDArray[np.uint8]:
        """The picture in gray, of the shape (height, width)."""
        decoded, form = self.decoded, self.decoded.format
        luma = form.components[0]
        unturned = (self.height, self.width)[:: -1 if self.quarter_turns % 2 else 1]
        is_decoded = form.is_planar and not form.is_rgb and luma.is_luma and luma.bits == _BITS
        if not is_decoded or (decoded.height, decoded.width) != unturned:
            return self.brightness_at(1.0)
        plane = decoded.planes[0]
        padded = np.frombuffer(memoryview(plane), np.uint8).reshape(-1, plane.line_size)
        pixels = padded[: decoded.height, : decoded.width]
        return np.ascontiguousarray(np.rot90(pixels, self.quarter_turns))

    def brightness_at(self, scale: float) -> NDArray[np.uint8]:
        """Return the picture in gray, at `scale` times its height and width."""
        height, width = (max(round(side * scale), 1) for side in (self.height, self.width))
        return self._shown(height, width, "gray")

    def _shown(self, height: int, width: int, pixel_format: str) -> NDArray[np.uint8]:
        if self.quarter_turns % 2:
            height, width = width, height
        pixels = self.decoded.reformat(
            width, height, pixel_format, interpolation=Interpolation.BILINEAR
        ).to_ndarray()
        # Rows come padded at some widths and turned arrays are views; dlib wants neither.
        return np.ascontiguousarray(np.rot90(pixels, self.quarter_turns))


def sampled_frames(path: Path, *, per_second: float, first_step: float = 0.0) -> Iterator[Frame]:
    """Yield one frame of each step of 1/`per_second` seconds that has any, in order.

    A step that goes over to another scene gives one of each, where the packets show the cut. The
    first step is `first_step` seconds long if that is not 0.

    Raises:
        UnreadableVideoError: the file is no video, or not one frame of it can be decoded.

    """
    any_frame = False
    with _opened(path) as (container, stream):
        rate = float(stream.average_rate or stream.guessed_rate or _USUAL_FRAME_RATE)
        packets = _retimed(_packets(container, stream), time_base=_time_base(stream), rate=rate)
        sampler = _Sampler(stream, rate=rate, step=1 / per_second, first_step=first_step)
        for frame in sampler.frames(packets):
            any_frame = True
            yield frame
    if not any_frame:
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
    try:
        with path.open("rb") as file:
            size = os.fstat(file.fileno()).st_size
    except OSError as error:
        raise UnreadableVideoError(
            f"The file cannot be opened: {error.strerror}.", "Check the path and its permissions."
        ) from error
    if size == 0:
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
        yield container, _picture_track(container)


def _picture_track(container: InputContainer) -> VideoStream:
    for stream in container.streams.video:
        if not stream.disposition & Disposition.attached_pic:
            return stream
    raise UnreadableVideoError(
        "The file has no picture, only sound.", "Upload a recording made with the camera on."
    )


def _packets(container: InputContainer, stream: VideoStream) -> Iterator[Packet[VideoStream]]:
    """Yield the packets of a track, to the end or to where the file cannot be taken apart."""
    packets = container.demux(stream)
    with suppress(_DamageError):
        while True:
            with _guarded():
                packet = next(packets, None)
            if packet is None or not packet.size:  # PyAV's mark for the end
                break
            yield packet


def _retimed(
    packets: Iterable[Packet[VideoStream]], *, time_base: Fraction, rate: float
) -> Iterator[Packet[VideoStream]]:
    """Give every packet a time, which its picture takes over, from 0 on and never going back.

    A packet without a timestamp, or with one that cannot be right after its predecessor's, is
    taken to follow it at the usual `rate`.
    """
    usual = max(round(1 / (rate * float(time_base))), 1)
    shift: int | None = None
    latest = -usual
    for packet in packets:
        stamp = packet.dts if packet.pts is None else packet.pts
        if stamp is None:
            time = latest + usual
        else:
            if shift is None or not (
                -_REORDERING <= (stamp + shift - latest) * time_base <= _LONGEST_PAUSE
            ):
                shift = latest + usual - stamp
            time = stamp + shift
        packet.pts, packet.dts = time, None
        latest = max(latest, time)
        yield packet


def _time_base(stream: VideoStream) -> Fraction:
    """Return the unit of the track's timestamps, in seconds."""
    return stream.time_base or Fraction(1, 1000)


class _Step(NamedTuple):
    """Which of the equal steps of time, and how many cuts came before."""

    number: int
    cuts: int


def _steps(
    groups: Iterable[tuple[_Step, Iterable[Packet[VideoStream]]]],
) -> Iterator[tuple[_Step, list[Packet[VideoStream]], bool]]:
    """Yield each step, its packets, and whether it is the last."""
    before: tuple[_Step, list[Packet[VideoStream]]] | None = None
    for step, packets in groups:
        in_step = list(packets)
        if before:
            yield *before, False
        before = step, in_step
    if before:
        yield *before, True


class _Sampler:
    """Decides which packets of a track are decoded, and which of their pictures are samples."""

    def __init__(self, stream: VideoStream, *, rate: float, step: float, first_step: float) -> None:
        self._stream = stream
        self._frame_duration = 1 / rate
        self._time_base = _time_base(stream)
        self._step = step
        self._first_step = first_step
        self._sampled: _Step | None = None  # that the latest sample was in
        self._cuts: list[float] = []  # seconds
        self._read = 0.0  # seconds
        with suppress(_DamageError), _guarded():  # FFmpeg may have no decoder to set up
            stream.codec_context.thread_count = 1

    def frames(self, packets: Iterable[Packet[VideoStream]]) -> Iterator[Frame]:
        """Yield the samples among the pictures of a track."""
        undecoded: list[Packet[VideoStream]] = []  # since the last keyframe, in case of need
        for step, in_step, is_last in _steps(groupby(packets, self._step_reached())):
            keyframes = [at for at, packet in enumerate(in_step) if packet.is_keyframe]
            if keyframes:
                first, last = keyframes[0], keyframes[-1]
                yield from self._samples(in_step[first])
                undecoded = in_step[last:] if last > first else in_step[first + 1 :]
            elif not (is_last and self._is_remainder(step, in_step)):
                self._skip_what_none_refers_to(when=len(in_step) >= _SURE_OF_A_REFERENCE)
                for packet in [*undecoded, in_step[0]]:
                    yield from self._samples(packet)
                undecoded = in_step[1:]
                # The decoder may hold the step's first picture back until it has seen others.
                # With B-frames, it is sure to come: it is shown after all that were decoded, so
                # it is none. Otherwise it could be one that is left out.
                while undecoded and self._sampled != step and not self._has_b_frames:
                    yield from self._samples(undecoded.pop(0))
        yield from self._samples(None)

    def _step_reached(self) -> Callable[[Packet[VideoStream]], _Step]:
        """Return a function of each packet in turn: the step that the video has come to."""
        latest = -math.inf
        detector = CutDetector()

        def step_reached(packet: Packet[VideoStream]) -> _Step:
            nonlocal latest
            seconds = self._seconds(packet.pts or 0)
            is_cut = detector.is_cut(
                seconds=seconds, size=packet.size, is_keyframe=packet.is_keyframe
            )
            if is_cut and seconds > latest:
                self._cuts.append(seconds)
            latest = max(latest, seconds)
            self._read = latest + self._frame_duration
            return self._step_at(latest)

        return step_reached

    def _samples(self, packet: Packet[VideoStream] | None) -> Iterator[Frame]:
        """Decode a packet, or with None what the decoder still holds; yield what is a sample.

        A damaged packet gives nothing; the decoder finds its way again at a later one.
        """
        pictures: list[VideoFrame] = []
        with suppress(_DamageError), _guarded():
            pictures = self._stream.decode(packet)
        for picture in pictures:
            if picture.pts is None or picture.is_corrupt:
                continue
            seconds = self._seconds(picture.pts)
            if self._step_at(seconds) == self._sampled:
                continue
            frame = self._as_shown(picture, seconds)
            try:
                with _guarded():
                    frame.brightness  # noqa: B018 - made now, to know whether it can be
            except _DamageError:
                continue
            self._sampled = self._step_at(seconds)
            yield frame

    @property
    def _has_b_frames(self) -> bool:
        return self._stream.codec_context.has_b_frames

    def _skip_what_none_refers_to(self, *, when: bool) -> None:
        self._stream.codec_context.skip_frame = "NONREF" if when else "DEFAULT"

    def _is_remainder(self, step: _Step, in_step: Sequence[Packet[VideoStream]]) -> bool:
        """Tell whether the last step is less than half a step long, and no scene of its own.

        Its sample would cost as much decoding as any, and shows little that is new. FFmpeg's own
        `fps` filter leaves it out as well.
        """
        length = self._read - self._first_step - step.number * self._step
        return (
            step.number > self._step_at(0.0).number
            and length < self._step / 2
            and self._seconds(in_step[0].pts or 0) not in self._cuts[-1:]
        )

    def _seconds(self, timestamp: int) -> float:
        return float(timestamp * self._time_base)

    def _step_at(self, seconds: float) -> _Step:
        return _Step(
            number=math.floor((seconds - self._first_step + _TIME_ROUNDING) / self._step),
            cuts=bisect_right(self._cuts, seconds),
        )

    def _as_shown(self, picture: VideoFrame, seconds: float) -> Frame:
        pixel_width = float(self._stream.sample_aspect_ratio or 1)
        if not _NARROWEST_PIXEL <= pixel_width <= _WIDEST_PIXEL:
            pixel_width = 1
        height, width = picture.height, round(picture.width * pixel_width)
        quarter_turns = round(picture.rotation / 90) % 4  # both count counterclockwise
        if quarter_turns % 2:
            height, width = width, height
        return Frame(
            time=seconds,
            video_seconds=self._read,
            height=height,
            width=width,
            decoded=picture,
            quarter_turns=quarter_turns,
        )
