"""What docs/scaling.md is about: a school, its videos, and the accounts that they come to.

The school is an example, and its numbers are assumed. What a run takes was measured.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from loadtest.arrivals import Profile, arrival_times
from loadtest.pricing import FunctionSize
from scaling.lambda_rules import LambdaRules
from scaling.pipeline import Job, Outcome, simulate

if TYPE_CHECKING:
    from collections.abc import Sequence

    from scaling.pipeline import Journey
    from scaling.service_time import ServiceTime

SIZE = FunctionSize(memory_mb=1769, disk_mb=512, architecture="x86_64")
"""The function as it is by default (Pulumi.yaml)."""

# Assumed, as an example.
PEOPLE = 30
LESSON_SECONDS = 45 * 60.0
LESSONS_A_YEAR_OF_A_CLASS = 6 * 190
CLASSES = 40
WEEKS_OF_A_TERM = 13
LESSONS_OF_A_TERM = CLASSES * 6 * 5 * WEEKS_OF_A_TERM

HOUR = 3600.0
_SEED = 0


@dataclass(frozen=True, kw_only=True)
class Summary:
    """What became of the videos of a scenario; times in seconds, None where there is no result.

    `done` is when the last result came, from the first arrival on.
    """

    videos: int
    results: int
    expired: int
    failed: int
    waiting: int
    p50: float | None
    p95: float | None
    done: float | None
    throttles: int
    most_throttled: int

    @classmethod
    def of(cls, journeys: Sequence[Journey]) -> Summary:
        """Count."""
        by_outcome = dict.fromkeys(Outcome, 0)
        for journey in journeys:
            by_outcome[journey.outcome] += 1
        latencies = [journey.latency for journey in journeys if journey.latency is not None]
        p50, p95 = np.percentile(latencies, (50, 95)).tolist() if latencies else (None, None)
        ends = [
            journey.finished
            for journey in journeys
            if journey.outcome is Outcome.RESULT and journey.finished is not None
        ]
        throttles = [journey.throttles for journey in journeys]
        return cls(
            videos=len(journeys),
            results=by_outcome[Outcome.RESULT],
            expired=by_outcome[Outcome.EXPIRED],
            failed=by_outcome[Outcome.FAILED],
            waiting=by_outcome[Outcome.WAITING],
            p50=p50,
            p95=p95,
            done=max(ends) - min(journey.arrival for journey in journeys) if ends else None,
            throttles=sum(throttles),
            most_throttled=max(throttles, default=0),
        )


def an_hour(
    videos: int, service: ServiceTime, *, concurrency: int, one_in: int = 1, seed: int = _SEED
) -> Summary:
    """Let so many videos arrive in an hour, by chance, and follow them to their end.

    With `one_in`, only every so-manieth video is simulated, on so many times fewer environments:
    shares and times are nearly the same, at a fraction of the work. The counts are of all.
    """
    return _followed(
        arrival_times(Profile.CONSTANT, count=videos // one_in, seconds=HOUR, seed=seed).tolist(),
        service,
        concurrency=concurrency,
        one_in=one_in,
        seed=seed,
    )


def at_once(videos: int, service: ServiceTime, *, concurrency: int, one_in: int = 1) -> Summary:
    """Let so many videos arrive in one moment: a backlog that somebody uploads."""
    arrivals = [0.0] * (videos // one_in)
    return _followed(arrivals, service, concurrency=concurrency, one_in=one_in, seed=_SEED)


def evenly(videos: int, service: ServiceTime, *, concurrency: int, rate: float) -> Summary:
    """Send so many videos at `rate` a second, as `python -m recover --rate` does."""
    arrivals = [number / rate for number in range(videos)]
    return _followed(arrivals, service, concurrency=concurrency, one_in=1, seed=_SEED)


def _followed(
    arrivals: Sequence[float], service: ServiceTime, *, concurrency: int, one_in: int, seed: int
) -> Summary:
    rules = LambdaRules(
        concurrency=max(concurrency // one_in, 1),
        cold_start_seconds=service.cold_start,
        new_environments=LambdaRules.new_environments / one_in,
    )
    # Lessons are not all of one length: from five sixths to seven sixths of it, evenly.
    chance = np.random.default_rng(seed)
    lengths = LESSON_SECONDS * chance.uniform(5 / 6, 7 / 6, len(arrivals))
    jobs = [
        Job(arrival=arrival, service_seconds=service.of(length))
        for arrival, length in zip(arrivals, lengths.tolist(), strict=True)
    ]
    return Summary.of(simulate(jobs, rules))
