"""A video as sampled frames: what is looked at, and decoding no more than that.

What is looked at: time is divided into steps of 1/`per_second` seconds, and where the packets show
a cut to another scene, a step is divided there as well. Each step gives one frame. One with a
keyframe gives that, because it can be decoded by itself; any other its first picture that others
refer to. Packets that no sample needs are not decoded: what follows a keyframe when there is
another by the end of the next step, pictures that no other refers to, and what comes after the
last step that is at least half as long as the others. (Leaving out more, such as all B-frames,
damages pictures; seeking to each sample decodes the same pictures again and again.) Where a step
has so few pictures that one of them may stand behind those of a later step, in the order of
decoding, all are decoded.

The packets of a step or two are held in memory, whatever the length of the video.
"""

from __future__ import annotations

import math
from bisect import bisect_right
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple

from function.recogniser.video.cuts import REACH_SECONDS, CutDetector
from function.recogniser.video.opening import opened_recording, why_no_frame
from function.recogniser.video.plan import SURE_OF_A_REFERENCE, WHOLE, IndivisibleError
from function.recogniser.video.reading import Mark, Reading
from function.recogniser.video.unreadable import ENCRYPTED, UnreadableVideoError

if TYPE_CHECKING:
    from collections.abc import Generator, Iterable, Iterator, Sequence

    from av.packet import Packet
    from av.video.frame import VideoFrame
    from av.video.stream import VideoStream

    from function.recogniser.video.frame import Frame
    from function.recogniser.video.plan import Span
    from function.recogniser.video.source import Source
    from function.recogniser.video.track import PictureTrack

    _Numbered = tuple[int, Packet[VideoStream]]  # with its place in the file

# How far a timestamp may fall short of a step and still be in it: containers round times, Matroska
# to the millisecond.
_TIME_ROUNDING = 0.002

# How much before a span the packets are looked at for cuts, beyond what those in its first step are
# compared with, in seconds.
_MARGIN = 0.5


def sampled_frames(
    source: Source,
    *,
    per_second: float,
    first_step: float = 0.0,
    reading: Reading | None = None,
    span: Span = WHOLE,
) -> Generator[Frame, None, None]:
    """Yield one frame of each step of 1/`per_second` seconds that has any, in order.

    A step that goes over to another scene gives one of each, where the packets show the cut. The
    first step is `first_step` seconds long if that is not 0. Several picture tracks share the
    frames of a second: their frames come track by track. How far the recording could be read is in
    `reading` when the frames have come to an end.

    The frames of a span are those that are sampled in it of the whole. It begins with the first
    step that has a keyframe at its time or later, and can be decoded without the steps before it.
    What is before that belongs to the span before. A span may have none.

    Raises:
        UnreadableVideoError: the file is no video, or not one frame of it can be decoded.
        IndivisibleError: the frames of this span, or the times of others', depend on what is read
            before them.

    """
    reading = Reading() if reading is None else reading
    any_frame = is_encrypted = False
    number, tracks = 0, 1
    while number < tracks:
        with opened_recording(source) as recording:
            all_tracks = recording.tracks()
            track, tracks = all_tracks[number], len(all_tracks)
            step = tracks / per_second
            if span.start > 0:
                recording.enter(number, max(span.start - step - REACH_SECONDS - _MARGIN, 0.0))
            sampler = _Sampler(track, reading, step=step, first_step=first_step, span=span)
            for frame in sampler.frames():
                any_frame = True
                yield frame
                if not span.is_whole and not recording.is_steady(number):
                    raise IndivisibleError("its clock jumps")
            if not span.is_whole and not recording.is_steady(number):
                raise IndivisibleError("its clock jumps")
            is_at_end = sampler.is_begun and reading.ends[-1] is None
            if is_at_end and recording.length_told is not None:
                reading.miss(recording.end, recording.length_told)
            is_encrypted |= track.is_encrypted
        number += 1
    if not any_frame and span.is_whole:
        raise UnreadableVideoError(*(ENCRYPTED if is_encrypted else why_no_frame(source)))


class _Place(NamedTuple):
    """Which of the equal steps of time, and how many cuts came before."""

    number: int
    cuts: int


@dataclass(frozen=True, kw_only=True)
class _Step:
    """The packets of one step, in the order of decoding.

    `cut` is the time of the cut that the step begins with, if it does, and `end` that of the end
    of its last picture, both in seconds.
    """

    place: _Place
    packets: Sequence[_Numbered]
    cut: float | None
    end: float

    @cached_property
    def keyframes(self) -> Sequence[int]:
        """Which of the packets are keyframes."""
        return [at for at, (_, packet) in enumerate(self.packets) if packet.is_keyframe]

    @cached_property
    def has_hidden(self) -> bool:
        """Whether there are packets that are decoded for the sake of others, and not shown."""
        return any(packet.is_discard for _, packet in self.packets)


class _Sampler:
    """Decides which packets of a track are decoded, and which of their pictures are samples."""

    def __init__(
        self,
        track: PictureTrack,
        reading: Reading,
        *,
        step: float,
        first_step: float,
        span: Span,
    ) -> None:
        self.is_begun = span.start == 0
        """Whether the span has a keyframe, as far as it was read."""
        self._span = span
        self._track = track
        self._reading = reading
        self._step = step
        self._first_step = first_step
        self._cuts: list[float] = []  # seconds
        self._read = 0.0  # seconds
        self._decodable = 0  # the number of the packet that the decoder can go on with
        self._begun = -math.inf  # the time of the keyframe that it last began with
        self._is_begun_shown = True
        self._keyframes_stand_alone = True  # until one does not
        self._undecoded: Sequence[_Numbered] = ()  # since the last keyframe, in case of need
        self._sampled: _Place | None = None  # the step of the latest sample
        self._sampled_at = math.inf  # seconds

    def frames(self) -> Iterator[Frame]:
        """Yield the samples among the pictures of the track, in the span."""
        for step, following, passed_over, is_entered in self._steps_of_span():
            if not (following or passed_over) and self._is_remainder(step):
                break
            self._read = (following or step).end
            self._reading.read_to(self._read)
            if step.cut is not None:
                self._cuts.append(step.cut)
            few = self._is_few(step, passed_over=passed_over)
            few |= self._track.is_timed_by_decoding
            self._track.skip_what_none_refers_to(when=not few)
            if (
                not self._keyframes_stand_alone
                or self._track.is_timed_by_decoding
                or (few and self._track.has_b_frames)
                or step.has_hidden
            ):
                if is_entered:
                    raise IndivisibleError("its pictures cannot be decoded from there on")
                yield from self._decoded([*self._undecoded, *step.packets])
                self._undecoded = ()
            elif step.keyframes:
                yield from self._keyframe_of(step, following)
            else:
                yield from self._first_of(step)
            self._check_keyframes()
        yield from self._samples(self._restarted())
        self._check_keyframes()
        self._tell_of_damage(until=self._read)

    def _steps_of_span(self) -> Iterator[tuple[_Step, _Step | None, bool, bool]]:
        """Yield the steps of the span, each with the next one, which may be another span's.

        After them comes whether steps before it have no packets, and whether it is the first one of
        a span that is not the first. Of steps before the span, only the cuts are taken in.
        """
        number = -1
        self._reading.begins.append(None)
        self._reading.ends.append(None)
        for step, following in self._steps_and_next():
            passed_over = step.place.number > number + 1
            number = step.place.number
            # By the packets alone, so that all spans agree on where one begins.
            stands_alone = not (self._is_few(step, passed_over=passed_over) or step.has_hidden)
            is_entered = (
                not self.is_begun
                and stands_alone
                and self._has_keyframe_from(self._span.start, step)
            )
            if is_entered:
                self.is_begun = True
                self._reading.begins[-1] = self._mark(step)
            if (
                self._span.end is not None
                and stands_alone
                and self._has_keyframe_from(self._span.end, step)
            ):
                self._reading.ends[-1] = self._mark(step)
                return
            if self.is_begun:
                yield step, following, passed_over, is_entered
            elif step.cut is not None:
                self._cuts.append(step.cut)

    @staticmethod
    def _is_few(step: _Step, *, passed_over: bool) -> bool:
        """Tell whether a picture of a step may stand behind those of a later one.

        A step that was passed over has its pictures, if any, behind the next one's first.
        """
        return passed_over or len(step.packets) < SURE_OF_A_REFERENCE

    def _check_keyframes(self) -> None:
        if not (self._keyframes_stand_alone or self._span.is_whole):
            raise IndivisibleError("one of its keyframes does not stand alone")

    def _has_keyframe_from(self, seconds: float, step: _Step) -> bool:
        packets = (step.packets[at][1] for at in step.keyframes)
        return any(self._track.seconds(packet.pts or 0) >= seconds for packet in packets)

    def _mark(self, step: _Step) -> Mark:
        _, packet = step.packets[step.keyframes[0]]
        return Mark(self._track.seconds(packet.pts or 0), packet.pos or 0)

    def _keyframe_of(self, step: _Step, following: _Step | None) -> Iterator[Frame]:
        first, last = step.keyframes[0], step.keyframes[-1]
        yield from self._decoded([step.packets[first]])
        self._undecoded = step.packets[last:] if last > first else step.packets[first + 1 :]
        if following and not following.keyframes:
            return
        yield from self._samples(self._restarted())
        if self._sampled != step.place:
            # It is damaged, or only where a picture that is refreshed in parts begins to be.
            self._keyframes_stand_alone = False
            yield from self._decoded(step.packets[first:])
            self._undecoded = ()

    def _first_of(self, step: _Step) -> Iterator[Frame]:
        yield from self._decoded([*self._undecoded, step.packets[0]])
        self._undecoded = step.packets[1:]
        # The decoder may hold the step's first picture back until it has seen others. With
        # B-frames, it is sure to come: it is shown after all that were decoded, so it is none.
        # Otherwise it could be one that is left out.
        while self._undecoded and self._sampled != step.place and not self._track.has_b_frames:
            yield from self._decoded(self._undecoded[:1])
            self._undecoded = self._undecoded[1:]

    def _steps_and_next(self) -> Iterator[tuple[_Step, _Step | None]]:
        before: _Step | None = None
        for step in self._steps():
            if before:
                yield before, step
            before = step
        if before:
            yield before, None

    def _steps(self) -> Iterator[_Step]:
        """Divide the packets among the steps, by the latest time that the video has come to."""
        detector = CutDetector()
        packets: list[_Numbered] = []
        place = _Place(0, 0)
        cut: float | None = None
        latest = end = -math.inf
        for number, packet in enumerate(self._track.packets()):
            if packet.is_discard:
                packets.append((number, packet))
                continue
            seconds = self._track.seconds(packet.pts or 0)
            is_cut = detector.is_cut(
                seconds=seconds, size=packet.size, is_keyframe=packet.is_keyframe
            )
            is_cut = is_cut and seconds > latest
            latest = max(latest, seconds)
            reached = _Place(self._number_at(latest), place.cuts + is_cut)
            if end > -math.inf and reached != place:
                yield _Step(place=place, packets=packets, cut=cut, end=end)
                packets, cut = [], seconds if is_cut else None
            place, end = reached, max(end, seconds + self._track.lasts(packet))
            packets.append((number, packet))
        if packets:
            yield _Step(place=place, packets=packets, cut=cut, end=end)

    def _decoded(self, packets: Iterable[_Numbered]) -> Iterator[Frame]:
        """Decode packets, of which the first follows the last decoded one, or is a keyframe."""
        for number, packet in packets:
            if number != self._decodable:
                yield from self._samples(self._restarted())
                self._begun = self._track.seconds(packet.pts or 0)
                self._is_begun_shown = False
            self._decodable = number + 1
            yield from self._samples(self._track.pictures(packet))

    def _restarted(self) -> list[VideoFrame]:
        self._decodable = -1
        return self._track.restart()

    def _samples(self, pictures: Iterable[VideoFrame]) -> Iterator[Frame]:
        """Yield those of the next pictures that are samples."""
        for picture in pictures:
            seconds = self._track.seconds(picture.pts or 0)
            place = _Place(self._number_at(seconds), bisect_right(self._cuts, seconds))
            if seconds < self._begun and not self._is_begun_shown:
                continue  # made from pictures that were not decoded
            if not self._is_begun_shown:
                self._is_begun_shown = True
                self._keyframes_stand_alone &= seconds <= self._begun + _TIME_ROUNDING
            if self._sampled is not None and place <= self._sampled:
                continue
            if frame := self._track.shown(picture, video_seconds=self._read):
                self._sampled = place
                self._tell_of_damage(until=seconds)
                self._sampled_at = seconds
                yield frame

    def _tell_of_damage(self, *, until: float) -> None:
        """Tell what was not read between the latest sample and now, if that was for damage.

        What comes before the first sample is not: many a stream begins in the middle of things.
        """
        damaged = self._track.damaged
        self._track.damaged = [seconds for seconds in damaged if seconds > until]
        between = [seconds for seconds in damaged if self._sampled_at < seconds <= until]
        if between and until - self._sampled_at > 2 * self._step:
            self._reading.miss(min(between), until)

    def _is_remainder(self, step: _Step) -> bool:
        """Tell whether the last step is less than half a step long, and no scene of its own.

        Its sample would cost as much decoding as any, and shows little that is new. FFmpeg's own
        `fps` filter leaves it out as well.
        """
        length = step.end - self._first_step - step.place.number * self._step
        return (
            step.place.number > self._number_at(0.0)
            and step.cut is None
            and length < self._step / 2
        )

    def _number_at(self, seconds: float) -> int:
        return math.floor((seconds - self._first_step + _TIME_ROUNDING) / self._step)
