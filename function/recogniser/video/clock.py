"""Clocks: what time it is in a recording, from what its packets say.

Time counts as a player counts it: from where the recording starts, which is where its earliest
track does, and not from its first picture. A file with a table or an index of its packets is taken
at its word, long pauses included. A transport or program stream carries the clock of whoever sent
it, which starts anywhere, wraps, and jumps where something was cut out or two were joined: there,
what lies in between is no time.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from av.packet import Packet
    from av.stream import Stream

# Timestamps that go on by more than this many seconds begin another recording joined to the one
# before, or are damaged.
_LONGEST_PAUSE = 24 * 60 * 60.0

# Where packets say only when they are shown, they may go back by this much, in seconds or in
# pictures, and be in order: that of decoding, in which a picture may come before one that is shown
# earlier (ITU-T H.264, A.3.1: max_num_reorder_frames is 16 at most).
_REORDERING = 2.0
_REORDERED = 16

# A sent clock that goes on by more than this while no track has a packet has jumped: that of
# FFmpeg's own players and converters (-dts_delta_threshold).
_LONGEST_SILENCE = 10.0

# How far tracks lie apart in a stream, in seconds: its receiver holds back so much at most
# (ISO/IEC 13818-1: one second, and the same again for what senders make of it).
_SKEW = 2.0

# After so many ticks, a sent clock begins again (ISO/IEC 13818-1: 33 bits).
_WRAP = 1 << 33


class Clock(Protocol):
    """Takes in the packets of a recording as they come, and tells the time of each.

    `is_steady` is whether each time so far followed from its packet alone, and from none before.
    """

    is_steady: bool

    def seconds(self, packet: Packet[Stream], *, unit: float, usual: float) -> float:
        """Return when the packet is shown, in seconds from the start of the recording.

        Its timestamps count in `unit` seconds; one packet of its track mostly lasts `usual`.
        """


class StoredClock:
    """The time in a file that stores it for each packet, for one track.

    `start` is what the file calls the start of the recording, in seconds, if it says so.
    Whether the times of showing and those of decoding are the file's own, and not FFmpeg's guesses,
    is in `shown_is_stored` and `decoding_is_stored`.
    """

    def __init__(
        self,
        *,
        start: float | None,
        shown_is_stored: bool = True,
        decoding_is_stored: bool = True,
    ) -> None:
        self.is_steady = start is not None
        self._start = start
        self._shown_is_stored = shown_is_stored
        self._decoding_is_stored = decoding_is_stored
        self._shift: int | None = None  # in units, which are exact however large
        self._decoded_before: int | None = None
        self._latest = 0.0  # seconds, as the following
        self._next = 0.0

    def seconds(self, packet: Packet[Stream], *, unit: float, usual: float) -> float:
        """Return when the packet is shown. One without a time follows the one before it."""
        decoded = packet.dts
        shown = packet.pts if self._shown_is_stored and packet.pts is not None else decoded
        if shown is None:
            self.is_steady = False
            time = self._next
        else:
            if self._shift is None:
                self._shift = self._first_shift(shown, unit)
            elif not self._follows(shown + self._shift, decoded, unit, usual):
                self.is_steady = False
                self._shift = round(self._next / unit) - shown
            time = (shown + self._shift) * unit
        self._decoded_before = decoded
        self._latest = max(self._latest, time)
        self._next = self._latest + usual
        return max(time, 0.0)

    def _first_shift(self, shown: int, unit: float) -> int:
        start = shown if self._start is None else round(self._start / unit)
        is_likely = -_REORDERING <= (shown - start) * unit <= _LONGEST_PAUSE
        self.is_steady &= is_likely
        return -start if is_likely else -shown

    def _follows(self, time: int, decoded: int | None, unit: float, usual: float) -> bool:
        if time * unit < -_REORDERING:
            return False
        if self._decoding_is_stored and decoded is not None and self._decoded_before is not None:
            return 0 <= (decoded - self._decoded_before) * unit <= _LONGEST_PAUSE
        # Before the start there is nothing, whatever the first packet made of it.
        back = min(max(_REORDERING, _REORDERED * usual), self._latest + usual)
        return -back <= time * unit - self._latest <= _LONGEST_PAUSE


class SentClock:
    """The time in a stream as it was sent, for all its tracks together.

    `start` is the earliest time that the stream begins with, in seconds, and `is_within` whether it
    is read from somewhere in its midst.
    """

    def __init__(self, *, start: float | None, is_within: bool = False) -> None:
        self.is_steady = start is not None
        self._is_within = is_within
        self._epochs: list[_Epoch] = []
        self._start = start
        self._end = 0.0  # of all that came, in seconds from the start of the recording
        self._tracks: dict[int, _Heard] = {}

    def seconds(self, packet: Packet[Stream], *, unit: float, usual: float) -> float:
        """Return when the packet is shown. One without a time follows its track's before it."""
        heard = self._tracks.get(packet.stream_index)
        stamp = packet.pts if packet.dts is None else packet.dts
        if stamp is None:
            self.is_steady = False
            return self._shown(heard.end if heard else self._end, usual, heard)
        clock = stamp * unit
        back = _REORDERING if packet.dts is None else 0.0
        epoch = self._epoch_of(clock, heard, back=back, unit=unit)
        epoch.latest = max(epoch.latest, clock)
        heard = self._tracks[packet.stream_index] = _Heard(epoch, clock, 0.0)
        return self._shown(clock + epoch.shift + _until_shown(packet, unit), usual, heard)

    def _shown(self, time: float, usual: float, heard: _Heard | None) -> float:
        if heard:
            heard.end = time + usual
        self._end = max(self._end, time + usual)
        return max(time, 0.0)

    def _epoch_of(self, clock: float, heard: _Heard | None, *, back: float, unit: float) -> _Epoch:
        """Return which of the clocks that were joined a time is of, a new one if none fits.

        Around a joint, packets of the clock before come among those of the next.
        """
        if heard and -back <= clock - heard.clock <= _LONGEST_SILENCE:
            return heard.epoch
        newest = self._epochs[-1] if self._epochs else None
        # A track that begins, one that was silent while others were not, or one that comes late to
        # a joint. But one that goes back on the newest clock has begun another.
        goes_back = heard is not None and heard.epoch is newest and clock < heard.clock
        is_near = newest and -_SKEW <= clock - newest.latest <= _LONGEST_SILENCE
        if newest and is_near and not goes_back:
            return newest
        if heard and 0 <= clock + _WRAP * unit - heard.clock <= _LONGEST_SILENCE:
            shift = heard.epoch.shift + _WRAP * unit
        elif newest is None:
            is_start = self._start is not None and (
                self._is_within or abs(clock - self._start) <= _LONGEST_SILENCE
            )
            self.is_steady &= is_start
            shift = -(self._start or 0.0) if is_start else -clock
        else:
            shift = self._end - clock
        self.is_steady &= newest is None
        self._epochs.append(_Epoch(shift, clock))
        return self._epochs[-1]


@dataclass(eq=False)
class _Epoch:
    """A stretch on one clock: what to add to it, and how far it has come, in seconds."""

    shift: float
    latest: float


@dataclass(eq=False)
class _Heard:
    """The latest packet of a track: on which clock, when on it, and when in the recording it ends.

    All in seconds.
    """

    epoch: _Epoch
    clock: float
    end: float


def _until_shown(packet: Packet[Stream], unit: float) -> float:
    """Return how long after it is decoded a packet is shown, in seconds, across a wrap too."""
    if packet.pts is None or packet.dts is None:
        return 0.0
    seconds = (packet.pts - packet.dts) % _WRAP * unit
    return seconds if seconds <= _LONGEST_SILENCE else 0.0
