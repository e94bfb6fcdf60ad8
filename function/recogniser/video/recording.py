"""A recording: a video file that is open, the packets of all its tracks, and which show pictures.

What counts as a video: a file with a picture track, in one of the containers that are read,
whatever its name says. A recording without picture, its cover art, and a still picture do not. A
damaged file counts as far as it can be taken apart.
"""

from __future__ import annotations

from bisect import bisect_left
from contextlib import suppress
from typing import TYPE_CHECKING

import av
from av.stream import Disposition
from av.video.stream import VideoStream

from function.recogniser.video.clock import SentClock, StoredClock
from function.recogniser.video.containers import WITH_TABLE, form_of, name_of
from function.recogniser.video.damage import DamageError, guarded
from function.recogniser.video.plan import IndivisibleError, Outline
from function.recogniser.video.track import PictureTrack, Timed, lasts, rate_of, unit_of
from function.recogniser.video.unreadable import NO_CAMERA, UNKNOWN_CODING, UnreadableVideoError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from av.container import InputContainer
    from av.packet import Packet
    from av.stream import Stream

    from function.recogniser.video.clock import Clock
    from function.recogniser.video.source import Input

# Where so many bytes of a file are in no packet of any track, they could not be taken apart: what
# stands between packets is far less.
_LEAST_SKIPPED = 1000

# Covers and thumbnails, which show no recording.
_NO_RECORDING = Disposition.attached_pic | Disposition.timed_thumbnails

# Whoever sends sends all the time: where a stream has nothing for so long, in seconds, it is lost.
_LONGEST_GAP = 1.0

# Picture tracks that are looked at: slides, a camera or two.
_MOST_TRACKS = 4

# How long a packet of sound or of a text lasts at most, where its file does not say, in seconds.
_USUAL_SOUND = 0.1

# How much before the time where it is to be entered a file is tried, in seconds, one after another:
# FFmpeg may find a place after it.
_BACK = (0.0, 10.0, 60.0, 600.0)

# How near to a time the place is that FFmpeg finds, in seconds, where the clock of a stream is one.
_NEAR = 30.0

# How often in a row the file may fail to give another packet.
_MOST_FAILURES = 100


class Recording:
    """An open file: its picture tracks, and how long it is."""

    def __init__(self, container: InputContainer, read_by: Input) -> None:
        self._container = container
        self._read_by = read_by
        self._form = form_of(container)
        start: int | None = container.start_time  # type: ignore[redundant-expr,unused-ignore]
        self._start = None if start is None else start / av.time_base
        self._clocks = self._clock_of_each_track()
        self.end = 0.0
        """When the latest packet of all tracks so far ends, in seconds from the start."""

    @property
    def length_told(self) -> float | None:
        """How long the recording is by what the file says, in seconds, if that is no guess."""
        told = self._container.duration
        if told is None or not self._form.says_length:
            return None
        seconds = told / av.time_base
        if self._form.length_counts_from_zero:
            seconds -= max(self._start or 0.0, 0.0)
        if not self._form.says_when_shown:
            # AVI says how many pictures there are, and at which rate; of a file that is cut off,
            # FFmpeg tells the length of what is there.
            streams = self._container.streams.video
            seconds = max([seconds, *(it.frames / rate_of(it) for it in streams)])
        return seconds

    def tracks(self) -> list[PictureTrack]:
        """Return the tracks that show pictures and can be decoded, at least one.

        One of them can be read, and once.

        Raises:
            UnreadableVideoError: there is none.

        """
        return [
            PictureTrack(
                number,
                stream,
                self._timed(),
                is_timed_by_decoding=not self._form.says_when_shown,
            )
            for number, stream in enumerate(self._picture_streams())
        ]

    def outline(self) -> Outline | None:
        """Return what a plan of its spans is made from, or None if it has to be one.

        Raises:
            UnreadableVideoError: it has no picture track.

        """
        streams = self._picture_streams()
        with suppress(DamageError), guarded():
            return self._outline(streams)
        return None

    def _outline(self, streams: Sequence[VideoStream]) -> Outline | None:
        told = self._container.duration
        if told is None or not self._form.is_entered_anywhere:
            return None
        if not self._form.says_when_shown and any(it.codec_context.has_b_frames for it in streams):
            return None
        is_in_fragments = name_of(self._container) == WITH_TABLE and not all(
            it.frames for it in streams
        )
        if is_in_fragments:  # each opening would visit all of them
            return None
        return Outline(
            seconds=told / av.time_base,
            pixels=sum(it.width * it.height for it in streams),
            rate=min(rate_of(it) for it in streams),
        )

    def is_divisible_at(self, times: Sequence[float]) -> bool:
        """Tell whether each picture track can be entered about these times, in order of time.

        A table of keyframes has to have one for each. Where there is none, the file is tried.
        """
        for number in range(len(self._picture_streams())):
            if not self._form.is_sent:
                keyframes = self._table_of_keyframes(number)
                begun = [bisect_left(keyframes, time) for time in times]
                if len({0, *begun, len(keyframes)}) < len(times) + 2:
                    return False
            elif not all(self._is_entered_at(number, time) for time in times):
                return False
        return True

    def enter(self, number: int, seconds: float) -> None:
        """Go on with the packets of a picture track from this time on, or from some before it.

        Raises:
            IndivisibleError: there is no way to it.

        """
        for back in _BACK:
            at = max(seconds - back, 0.0)
            try:
                with guarded():
                    self._seek(number, at)
                    first = self._first_of(number)
                    self._seek(number, at)
            except DamageError as error:
                self._read_by.check()
                raise IndivisibleError("it cannot be entered") from error
            self._read_by.check()
            self._clocks = self._clock_of_each_track(is_within=True)
            self.end = 0.0
            if first is None or first <= seconds or at == 0:
                return
        raise IndivisibleError("it cannot be entered")

    def is_steady(self, number: int) -> bool:
        """Tell whether all times of a picture track so far are the file's own."""
        clock, _, _ = self._clocks[self._picture_streams()[number].index]
        return clock.is_steady

    def _table_of_keyframes(self, number: int) -> list[float]:
        """Return the times of a picture track's keyframes as the file's table has them."""
        stream, times = self._picture_streams()[number], []
        with suppress(DamageError), guarded():
            # Matroska's is read when it is first needed; to the start, nothing else is.
            self._seek(number, 0.0)
            times = [it.timestamp for it in stream.index_entries if it.is_keyframe]
        self._read_by.check()
        return sorted(time * unit_of(stream) - (self._start or 0.0) for time in times)

    def _seek(self, number: int, seconds: float) -> None:
        stream = self._picture_streams()[number]
        at = round((seconds + (self._start or 0.0)) / unit_of(stream))
        self._container.seek(at, stream=stream)

    def _first_of(self, number: int) -> float | None:
        """Return the time of the next packet of a picture track, if there is one."""
        self._clocks = self._clock_of_each_track(is_within=True)
        stream = self._picture_streams()[number]
        return next(
            (
                seconds
                for packet, seconds, _ in self._timed()
                if packet.stream_index == stream.index and seconds is not None
            ),
            None,
        )

    def _is_entered_at(self, number: int, time: float) -> bool:
        with suppress(DamageError), guarded():
            self._seek(number, time)
            first = self._first_of(number)
            self._read_by.check()
            return first is not None and abs(first - time) <= _NEAR
        self._read_by.check()
        return False

    def _picture_streams(self) -> list[VideoStream]:
        """Return those that show pictures and can be decoded.

        Raises:
            UnreadableVideoError: there is none.

        """
        streams = [
            stream
            for stream in self._container.streams.video
            if not stream.disposition & _NO_RECORDING
        ]
        if not streams:
            raise UnreadableVideoError(*NO_CAMERA)
        # It is None where FFmpeg has no decoder.
        known = [it for it in streams if it.codec_context]  # type: ignore[truthy-bool]
        if not known:
            raise UnreadableVideoError(*UNKNOWN_CODING)
        return known[:_MOST_TRACKS]

    def _clock_of_each_track(self, *, is_within: bool = False) -> list[tuple[Clock, float, float]]:
        """Return each track's clock, the unit of its timestamps, and how long a packet lasts."""
        sent = SentClock(start=self._start, is_within=is_within) if self._form.is_sent else None
        return [
            (
                sent
                or StoredClock(
                    start=self._start,
                    shown_is_stored=self._form.says_when_shown,
                    decoding_is_stored=self._form.says_when_decoded,
                ),
                unit_of(stream),
                1 / rate_of(stream) if isinstance(stream, VideoStream) else _USUAL_SOUND,
            )
            for stream in self._container.streams
        ]

    def _timed(self) -> Iterator[Timed]:
        """Yield the packets of all tracks, each with its time."""
        read_to = 0  # bytes
        after_damage = [False] * len(self._clocks)
        for packet in self._packets():
            track = packet.stream_index
            if self._form.is_in_a_row and packet.pos is not None:
                if read_to and packet.pos - read_to >= _LEAST_SKIPPED:
                    after_damage = [True] * len(after_damage)
                read_to = max(read_to, packet.pos + packet.size)
            if packet.is_discard:
                # Cut off by an edit list.
                yield Timed(packet, None)
                continue
            clock, unit, usual = self._clocks[track]
            length = lasts(packet, unit=unit, usual=usual)
            seconds = clock.seconds(packet, unit=unit, usual=length)
            if self._form.is_sent and seconds - self.end >= _LONGEST_GAP:
                after_damage = [True] * len(after_damage)
            # The last picture may be meant to stay.
            self.end = max(self.end, seconds + length, seconds + (packet.duration or 0) * unit)
            yield Timed(packet, seconds, after_damage=after_damage[track] or packet.is_corrupt)
            after_damage[track] = False

    def _packets(self) -> Iterator[Packet[Stream]]:
        """Yield the packets of all tracks, to the end of what can be taken apart.

        What cannot is passed over, as are packets of nothing.
        """
        failures = 0
        packets = self._container.demux()
        while failures < _MOST_FAILURES:
            try:
                with guarded():
                    packet = next(packets, None)
            except DamageError:
                self._read_by.check()
                failures += 1
                packets = self._container.demux()
                continue
            self._read_by.check()
            if packet is None:
                return
            failures = 0
            # One of a track that nothing announced has no clock.
            if packet.size and packet.stream_index < len(self._clocks):
                yield packet
