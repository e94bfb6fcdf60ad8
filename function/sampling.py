"""A video as sampled frames: what is looked at, and decoding no more than that.

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
from bisect import bisect_right
from itertools import groupby
from typing import TYPE_CHECKING, NamedTuple

from function.cuts import CutDetector
from function.video import UnreadableVideoError, opened_track

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence
    from pathlib import Path

    from av.packet import Packet
    from av.video.stream import VideoStream

    from function.frame import Frame
    from function.video import PictureTrack

# How far a timestamp may fall short of a step and still be in it: containers round times, Matroska
# to the millisecond.
_TIME_ROUNDING = 0.002

# Encoders put a few pictures that none refers to between two that others do. A step of fewer
# pictures than this could consist of those alone: there, all are decoded.
_SURE_OF_A_REFERENCE = 5


def sampled_frames(path: Path, *, per_second: float, first_step: float = 0.0) -> Iterator[Frame]:
    """Yield one frame of each step of 1/`per_second` seconds that has any, in order.

    A step that goes over to another scene gives one of each, where the packets show the cut. The
    first step is `first_step` seconds long if that is not 0.

    Raises:
        UnreadableVideoError: the file is no video, or not one frame of it can be decoded.

    """
    any_frame = False
    with opened_track(path) as track:
        for frame in _Sampler(track, step=1 / per_second, first_step=first_step).frames():
            any_frame = True
            yield frame
    if not any_frame:
        raise UnreadableVideoError("Not one frame of the video can be decoded.")


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

    def __init__(self, track: PictureTrack, *, step: float, first_step: float) -> None:
        self._track = track
        self._step = step
        self._first_step = first_step
        self._sampled: _Step | None = None  # that the latest sample was in
        self._cuts: list[float] = []  # seconds
        self._read = 0.0  # seconds

    def frames(self) -> Iterator[Frame]:
        """Yield the samples among the pictures of the track."""
        undecoded: list[Packet[VideoStream]] = []  # since the last keyframe, in case of need
        for step, in_step, is_last in _steps(groupby(self._track.packets(), self._step_reached())):
            keyframes = [at for at, packet in enumerate(in_step) if packet.is_keyframe]
            if keyframes:
                first, last = keyframes[0], keyframes[-1]
                yield from self._samples(in_step[first])
                undecoded = in_step[last:] if last > first else in_step[first + 1 :]
            elif not (is_last and self._is_remainder(step, in_step)):
                self._track.skip_what_none_refers_to(when=len(in_step) >= _SURE_OF_A_REFERENCE)
                for packet in [*undecoded, in_step[0]]:
                    yield from self._samples(packet)
                undecoded = in_step[1:]
                # The decoder may hold the step's first picture back until it has seen others.
                # With B-frames, it is sure to come: it is shown after all that were decoded, so
                # it is none. Otherwise it could be one that is left out.
                while undecoded and self._sampled != step and not self._track.has_b_frames:
                    yield from self._samples(undecoded.pop(0))
        yield from self._samples(None)

    def _step_reached(self) -> Callable[[Packet[VideoStream]], _Step]:
        """Return a function of each packet in turn: the step that the video has come to."""
        latest = -math.inf
        detector = CutDetector()

        def step_reached(packet: Packet[VideoStream]) -> _Step:
            nonlocal latest
            seconds = self._track.seconds(packet.pts or 0)
            is_cut = detector.is_cut(
                seconds=seconds, size=packet.size, is_keyframe=packet.is_keyframe
            )
            if is_cut and seconds > latest:
                self._cuts.append(seconds)
            latest = max(latest, seconds)
            self._read = latest + 1 / self._track.rate
            return self._step_at(latest)

        return step_reached

    def _samples(self, packet: Packet[VideoStream] | None) -> Iterator[Frame]:
        """Decode a packet, or with None what the decoder still holds; yield what is a sample."""
        for picture in self._track.pictures(packet):
            step = self._step_at(self._track.seconds(picture.pts or 0))
            if step == self._sampled:
                continue
            if frame := self._track.shown(picture, video_seconds=self._read):
                self._sampled = step
                yield frame

    def _is_remainder(self, step: _Step, in_step: Sequence[Packet[VideoStream]]) -> bool:
        """Tell whether the last step is less than half a step long, and no scene of its own.

        Its sample would cost as much decoding as any, and shows little that is new. FFmpeg's own
        `fps` filter leaves it out as well.
        """
        length = self._read - self._first_step - step.number * self._step
        return (
            step.number > self._step_at(0.0).number
            and length < self._step / 2
            and self._track.seconds(in_step[0].pts or 0) not in self._cuts[-1:]
        )

    def _step_at(self, seconds: float) -> _Step:
        return _Step(
            number=math.floor((seconds - self._first_step + _TIME_ROUNDING) / self._step),
            cuts=bisect_right(self._cuts, seconds),
        )
