"""How far a recording was read: whoever is seen only in the rest must not look absent."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NamedTuple

# What an end or a hole must be to be told of, in seconds: headers round.
_LEAST = 1.0


class Span(NamedTuple):
    """A stretch of a recording, in seconds from its start."""

    start: float
    end: float


class Mark(NamedTuple):
    """A keyframe between two spans: when it is shown, in seconds, and where it is in the file."""

    seconds: float
    position: int


@dataclass(kw_only=True, eq=False)
class Reading:
    """What is learned of a recording while it is read.

    `seconds` is its length, as far as it could be read. `unread` are the stretches in it, or after
    it, that are there by what the file says and could not be read, in order of time.
    `begins` and `ends` are where the part that was read begins and ends in each picture track, None
    at the start and the end of the recording.
    """

    seconds: float = 0.0
    unread: list[Span] = field(default_factory=list)
    begins: list[Mark | None] = field(default_factory=list)
    ends: list[Mark | None] = field(default_factory=list)

    def read_to(self, end: float) -> None:
        """Take in that the recording goes on at least to this time, in seconds."""
        self.seconds = max(self.seconds, end)

    def miss(self, start: float, end: float) -> None:
        """Take in that a stretch could not be read, if it is long enough to be told of."""
        if end - start >= _LEAST:
            self.unread = sorted({*self.unread, Span(start, end)})


def told(reading: Reading) -> str:
    """Say what of a recording was read, such as `read to 0:01 of 0:03`; nothing, if all was."""
    holes = [span for span in reading.unread if span.end < reading.seconds]
    ends = [span for span in reading.unread if span.end >= reading.seconds]
    parts = [f"not read from {_clock(span.start)} to {_clock(span.end)}" for span in holes]
    if ends:
        parts.append(
            f"read to {_clock(min(span.start for span in ends))} of "
            f"{_clock(max(span.end for span in ends))}"
        )
    return ", ".join(parts)


def _clock(seconds: float) -> str:
    """Return minutes and seconds, after the hours if there are any: 0:03, 12:00, 1:02:03."""
    minutes, second = divmod(round(seconds), 60)
    hours, minute = divmod(minutes, 60)
    return f"{hours}:{minute:02}:{second:02}" if hours else f"{minute}:{second:02}"
