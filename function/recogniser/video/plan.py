"""How a long video is divided into spans that can be looked at apart.

Which span a picture belongs to follows from the packets alone, so that spans looked at anywhere, in
any order, have all pictures of the video between them, each once.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

# How long a span of pictures of so many pixels is, in seconds. What is done for a span again, such
# as opening the file and looking for everybody anew, is then 1 % of its processor time or less, and
# three hours are divided among ninety. Larger pictures take longer, about in proportion: a minute
# of 1080p 5.4 s of processor time, one of 720p 2.6 s.
_SECONDS = 120.0
_PIXELS = 1920 * 1080

# Beyond these, opening the file or waiting for the last span would be what counts.
_LEAST_SECONDS = 30.0
_MOST_SECONDS = 600.0

# Beyond some hours spans are longer: what conducts their runs takes down each try, and has room for
# those of so many. A damaged file may say that it lasts for months.
_MOST_SPANS = 100

# Encoders put a few pictures that none refers to between two that others do. Where a step has fewer
# pictures, all of them are decoded in a row, and a span cannot begin anywhere.
SURE_OF_A_REFERENCE = 5


@dataclass(frozen=True, kw_only=True)
class Span:
    """A part of a recording, in seconds from its start; None for an end is the recording's.

    It begins with the first keyframe at or after `start`, and ends where the next one begins.
    """

    start: float
    end: float | None

    @property
    def is_whole(self) -> bool:
        """Whether it is all of the recording."""
        return self.start == 0 and self.end is None

    def as_json(self) -> dict[str, Any]:
        """Return the form that `from_json` reads."""
        return {"start": self.start, "end": self.end}

    @classmethod
    def from_json(cls, stored: object) -> Span:
        """Return what was stored. Raise ValueError of anything else."""
        if not isinstance(stored, dict) or set(stored) != {"start", "end"}:
            raise ValueError(f"{stored!r} is no span")
        start, end = stored["start"], stored["end"]
        if not _is_time(start) or not (end is None or (_is_time(end) and end > start)):
            raise ValueError(f"{stored!r} is no span")
        return cls(start=float(start), end=None if end is None else float(end))


WHOLE = Span(start=0.0, end=None)


@dataclass(frozen=True, kw_only=True)
class Outline:
    """What is known of a recording when it is opened.

    `seconds` is its length and `pixels` how many a picture has, of several tracks together;
    `rate` is how many pictures a second there are at least.
    """

    seconds: float
    pixels: int
    rate: float


class IndivisibleError(Exception):
    """It shows only now that the spans of a recording do not fit together: it is one span."""


def divided(outline: Outline, *, step: float) -> tuple[Span, ...]:
    """Return the spans of a recording that gets one sample in so many seconds, at least one."""
    length = _SECONDS * _PIXELS / max(outline.pixels, 1)
    length = min(max(length, _LEAST_SECONDS), _MOST_SECONDS)
    count = min(round(outline.seconds / length), _MOST_SPANS)
    if count <= 1 or outline.rate * step < SURE_OF_A_REFERENCE:
        return (WHOLE,)
    # To the millisecond: they are written down, and read elsewhere.
    starts = [round(number * outline.seconds / count, 3) for number in range(count)]
    ends: list[float | None] = [*starts[1:], None]
    return tuple(Span(start=start, end=end) for start, end in zip(starts, ends, strict=True))


def _is_time(value: Any) -> bool:  # noqa: ANN401 - whatever JSON may hold
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return is_number and math.isfinite(value) and value >= 0
