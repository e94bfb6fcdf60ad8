"""A run as curves over time, from the journeys of its videos."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from loadtest.journeys import Journey

_MOST_POINTS = 400


@dataclass(frozen=True, kw_only=True)
class Timeline:
    """At each of the `times`, in seconds from the start of the run, how many videos.

    `arrived`, `uploaded` and `done` are how many have by then; `waiting` and `working` how many
    are just then on their way to the function, and in it.
    """

    times: tuple[float, ...]
    arrived: tuple[int, ...]
    uploaded: tuple[int, ...]
    done: tuple[int, ...]
    waiting: tuple[int, ...]
    working: tuple[int, ...]
    most_working: int

    @classmethod
    def of(cls, journeys: Sequence[Journey]) -> Timeline:
        """Follow the videos that were uploaded."""
        uploaded = [journey for journey in journeys if journey.is_uploaded]
        arrivals = _ordered(journey.arrival for journey in uploaded)
        uploads = _ordered(journey.uploaded for journey in uploaded)
        starts = _ordered(journey.started for journey in uploaded)
        ends = _ordered(journey.finished for journey in uploaded)
        results = _ordered(journey.result_time for journey in uploaded)
        moments = np.concatenate((arrivals, uploads, results))
        last = float(moments.max(initial=0.0))
        times = np.linspace(0, last, _MOST_POINTS + 1)
        begun, over = _by(starts, times), _by(ends, times)
        done = _by(results, times)
        by_time = _by(uploads, times)
        # A video without its own account has not visibly begun before its result is there.
        waiting = np.maximum(by_time - np.maximum(begun, done), 0)
        return cls(
            times=tuple(np.round(times, 3).tolist()),
            arrived=tuple(_by(arrivals, times).tolist()),
            uploaded=tuple(by_time.tolist()),
            done=tuple(done.tolist()),
            waiting=tuple(waiting.tolist()),
            working=tuple((begun - over).tolist()),
            most_working=_most_at_once(starts, ends),
        )


def _ordered(times: Iterable[float | None]) -> np.ndarray:
    return np.sort(np.array([time for time in times if time is not None], dtype=float))


def _by(ordered: np.ndarray, times: np.ndarray) -> np.ndarray:
    """Return how many of the moments have come by each time."""
    return np.searchsorted(ordered, times, side="right")


def _most_at_once(starts: np.ndarray, ends: np.ndarray) -> int:
    """Return the most that ever ran at once, which is so just after some start."""
    if not starts.size:
        return 0
    begun = np.arange(1, starts.size + 1)
    return int((begun - np.searchsorted(ends, starts, side="right")).max())
