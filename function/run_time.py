"""How long a run may take, and how much of that is left.

A run that Lambda ends says nothing, and is started twice more to the same end. So a run ends by
itself in time to say how far it came.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from function.recogniser.video.opening import opened_recording

if TYPE_CHECKING:
    from collections.abc import Iterator

    from function.recogniser.looking import Finding
    from function.recogniser.video.source import Source

# What is kept for the end: a result takes a second to write, and as long as a request may take
# where its answer has to be asked for again. Of short runs, a share.
_RESERVE_SECONDS = 45.0
_RESERVE_SHARE = 0.1

# A video that had less than this share of the run was not given what a run has.
_WHOLE_SHARE = 0.9

_MINUTE = 60  # seconds


class OutOfTimeError(Exception):
    """What is left of the run is needed to say so. `came` says how far it came, in a sentence."""

    def __init__(self, came: str) -> None:
        super().__init__(came)
        self.came = came


class InterruptedRunError(Exception):
    """The time was up for a video that had only a part of the run; another run has all of it."""


class RunTime:
    """The time of one run, by what Lambda says of it; without end where it says nothing."""

    def __init__(self, context: object) -> None:
        self._context = context
        self._whole = self.left()
        self._reserve = min(_RESERVE_SECONDS, _RESERVE_SHARE * self._whole)

    @property
    def limits(self) -> str:
        """What a run is allowed, which decides whether another may come further."""
        if math.isinf(self._whole):
            return "none"
        # Rounded, because a little of it has passed when the run looks first.
        seconds = round(self._whole, -1)
        return f"{getattr(self._context, 'memory_limit_in_mb', '?')} MB, {seconds:.0f} s"

    def left(self) -> float:
        """Return the seconds until Lambda ends the run."""
        milliseconds = getattr(self._context, "get_remaining_time_in_millis", None)
        return milliseconds() / 1000 if milliseconds else math.inf

    def attempt(self) -> Attempt:
        """Return what a video that is begun with now has of the time."""
        return Attempt(run=self, begun_with=self.left())

    def is_whole(self, seconds: float) -> bool:
        """Tell whether so much is what a run has for a video that is its only one."""
        return seconds >= _WHOLE_SHARE * self._whole

    def is_up(self) -> bool:
        """Tell whether what is left is needed for the end."""
        return self.left() <= self._reserve

    def is_nearly_over(self) -> bool:
        """Tell whether a good part of what is needed for the end has passed."""
        return self.left() <= self._reserve / 2


@dataclass(kw_only=True, eq=False)
class Attempt:
    """The time of one video within a run. `begun_with` is in seconds.

    `looked_to` is how far into the recording it was looked at, in seconds; None before the first
    frame.
    """

    run: RunTime
    begun_with: float
    looked_to: float | None = None

    def fetched(self, done: int, size: int) -> None:
        """Take in how many bytes of the video have come. Whatever thread reads it may say so.

        Once frames are looked at, they say how far it came, unless there are none for too long.

        Raises:
            OutOfTimeError, InterruptedRunError: the time is up.

        """
        if self.looked_to is None:
            if done < size and self.run.is_up():
                self._end(f"fetching {done / 1e6:,.0f} of its {size / 1e6:,.0f} MB")
        elif self.run.is_nearly_over():
            self._end(f"looking at {_clock(self.looked_to)}")

    def watch(self, findings: Iterator[Finding], video: Source) -> Iterator[Finding]:
        """Pass on the findings as long as there is time.

        Raises:
            OutOfTimeError, InterruptedRunError: the time is up.

        """
        for finding in findings:
            yield finding
            self.looked_to = finding.time
            if self.run.is_up():
                self._end(f"looking at {_how_far(finding, video)}")

    def _end(self, came: str) -> None:
        taken = _lasting(self.begun_with - self.run.left())
        if not self.run.is_whole(self.begun_with):
            raise InterruptedRunError(f"Several videos shared a run: {taken} were left for one.")
        raise OutOfTimeError(
            f"The video takes longer than one run may: the time was up after {came} in {taken}."
        )


def _how_far(finding: Finding, video: Source) -> str:
    with opened_recording(video) as recording:
        length, tracks = recording.length_told, len(recording.tracks())
    of_all = f" of {_clock(length)}" if length else ""
    of_tracks = f" in picture track {finding.track + 1} of {tracks}" if tracks > 1 else ""
    return f"{_clock(finding.time)}{of_all}{of_tracks}"


def _clock(seconds: float) -> str:
    return str(timedelta(seconds=round(seconds)))


def _lasting(seconds: float) -> str:
    if seconds < 2 * _MINUTE:
        return f"{seconds:.0f} seconds"
    return f"{seconds / _MINUTE:.0f} minutes"
