"""The pipeline as a discrete-event simulation: arrivals, Lambda's queue, its runs.

Each upload's event is a process of SimPy's. It ends in exactly one way: with a result, in the
failures queue, or waiting when the simulation stops.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

import simpy

from scaling.lambda_rules import (
    FIRST_BACKOFF_SECONDS,
    LONGEST_BACKOFF_SECONDS,
    NEW_ENVIRONMENTS_SECONDS,
    WAITS_AFTER_ERRORS_SECONDS,
    WhenBusy,
)

if TYPE_CHECKING:
    from collections.abc import Generator, Iterable

    from scaling.lambda_rules import LambdaRules

    Steps = Generator[simpy.Event, object, None]


class Outcome(StrEnum):
    """What became of an event."""

    RESULT = "result"
    EXPIRED = "expired"
    """It got older than Lambda keeps events, and went to the failures queue."""
    FAILED = "failed"
    """Its last try failed, and it went to the failures queue."""
    WAITING = "waiting"
    """It waited, or ran, when the simulation stopped."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Job:
    """An upload's event: when it comes, and how long a run of it takes in a warm environment.

    Both are in seconds. The first `failing_tries` runs of it end in an error. After a run, its
    environment is busy for `release_seconds` more, which the result need not wait for.
    """

    arrival: float
    service_seconds: float
    failing_tries: int = 0
    release_seconds: float = 0.0


@dataclass(kw_only=True, slots=True)
class Journey:
    """What became of a job; times in seconds from the start, None if they did not come.

    `started` is when its last run began. `run_seconds` counts all of its runs.
    """

    arrival: float
    outcome: Outcome = Outcome.WAITING
    started: float | None = None
    finished: float | None = None
    throttles: int = 0
    cold_starts: int = 0
    run_seconds: float = 0.0

    @property
    def latency(self) -> float | None:
        """From the arrival to the result, if there is one."""
        has_result = self.outcome is Outcome.RESULT and self.finished is not None
        return self.finished - self.arrival if has_result and self.finished is not None else None


def simulate(
    jobs: Iterable[Job], rules: LambdaRules, *, until: float | None = None
) -> list[Journey]:
    """Run the jobs through Lambda by its rules, and return their journeys in the same order.

    Without `until`, in seconds, it goes on until nothing waits any more.
    """
    simulation = simpy.Environment()
    function = _Function(simulation, rules)
    journeys = []
    for job in jobs:
        journey = Journey(arrival=job.arrival)
        journeys.append(journey)
        simulation.process(function.follow(job, journey))
    simulation.run(until)
    return journeys


class _Function:
    """The function's execution environments, and the way of an event to one of them."""

    def __init__(self, simulation: simpy.Environment, rules: LambdaRules) -> None:
        self._simulation = simulation
        self._rules = rules
        self._turn = simpy.Resource(simulation, rules.concurrency)
        self._environments = 0
        self._idle = 0
        self._may_be_made = rules.new_environments
        self._counted = 0.0

    def follow(self, job: Job, journey: Journey) -> Steps:
        """Let an event come, be tried as often as the rules say, and end."""
        now = self._simulation
        yield now.timeout(job.arrival)
        expiry = job.arrival + self._rules.longest_event_age_seconds
        for tried in range(self._rules.retries + 1):
            if tried:
                yield now.timeout(WAITS_AFTER_ERRORS_SECONDS[tried - 1])
            if now.now > expiry:
                journey.outcome = Outcome.EXPIRED
                return
            if self._rules.when_busy is WhenBusy.QUEUE:
                with self._turn.request() as turn:
                    if not turn.triggered:
                        yield turn | now.timeout(max(expiry - now.now, 0.0))
                    if turn.triggered:
                        yield from self._run(job, journey)
                    else:
                        journey.outcome = Outcome.EXPIRED
            else:
                yield from self._back_off(journey, expiry)
                if journey.outcome is not Outcome.EXPIRED:
                    yield from self._run(job, journey)
            if journey.outcome is Outcome.EXPIRED:
                return
            if tried >= job.failing_tries:
                journey.outcome = Outcome.RESULT
                return
        journey.outcome = Outcome.FAILED

    def _back_off(self, journey: Journey, expiry: float) -> Steps:
        """Try until an environment is free or can be made, or the event is too old."""
        now, wait = self._simulation, FIRST_BACKOFF_SECONDS
        while not self._is_room():
            journey.throttles += 1
            if now.now + wait > expiry:
                yield now.timeout(max(expiry - now.now, 0.0))
                journey.outcome = Outcome.EXPIRED
                return
            yield now.timeout(wait)
            wait = min(2 * wait, LONGEST_BACKOFF_SECONDS)

    def _run(self, job: Job, journey: Journey) -> Steps:
        seconds = job.service_seconds
        if self._idle:
            self._idle -= 1
        else:
            self._environments += 1
            self._may_be_made -= 1
            journey.cold_starts += 1
            seconds += self._rules.cold_start_seconds
        journey.started = self._simulation.now
        yield self._simulation.timeout(seconds)
        journey.finished = self._simulation.now
        journey.run_seconds += seconds
        if job.release_seconds:
            yield self._simulation.timeout(job.release_seconds)
        self._idle += 1

    def _is_room(self) -> bool:
        if self._idle:
            return True
        if self._environments >= self._rules.concurrency:
            return False
        passed = self._simulation.now - self._counted
        self._counted = self._simulation.now
        refilled = passed * self._rules.new_environments / NEW_ENVIRONMENTS_SECONDS
        self._may_be_made = min(self._may_be_made + refilled, self._rules.new_environments)
        return self._may_be_made >= 1
