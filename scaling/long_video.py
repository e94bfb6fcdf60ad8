"""One long video over several runs at once, as a simulation: how long it takes, what it costs.

The video is cut into ranges, of which so many are looked at at once, each by a run of its own. What
ties the ranges together is conducted by a state machine, whose own time, and that of the merging,
have not been measured and count as none; its price counts.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import simpy

from loadtest.pricing import FunctionSize, Work, cost_of, cost_of_conducting
from scaling.scenarios import SIZE

if TYPE_CHECKING:
    from collections.abc import Generator

    from scaling.service_time import ServiceTime

RANGE_SECONDS = 120.0
"""About what pays best in 1080p: shorter ranges cost more cold starts, longer ones more time."""


@dataclass(frozen=True, kw_only=True)
class Ranged:
    """A video over several runs beside the same in one; times in seconds, costs in dollars.

    `conducting_cost` is the state machine's, beyond the transitions that are free each month.
    """

    ranges: int
    seconds: float
    runs_cost: float
    conducting_cost: float
    one_run_seconds: float
    one_run_cost: float

    @property
    def part(self) -> float:
        """What the runs cost, as a multiple of what one run costs."""
        return self.runs_cost / self.one_run_cost

    @property
    def part_with_conducting(self) -> float:
        """The same with the state machine's price."""
        return (self.runs_cost + self.conducting_cost) / self.one_run_cost


def simulate_ranges(
    video_seconds: float,
    service: ServiceTime,
    *,
    at_once: int,
    concurrency: int,
    range_seconds: float = RANGE_SECONDS,
) -> Ranged:
    """Simulate a video in ranges of so many seconds, in an account that is otherwise idle.

    The state machine starts `at_once` runs at most, the account has `concurrency` of them; each of
    the environments is new. Raises ValueError if one of the numbers is not above 0.
    """
    if min(video_seconds, at_once, concurrency, range_seconds) <= 0:
        raise ValueError("a video, a range, and the runs at once are more than nothing")
    count = math.ceil(video_seconds / range_seconds)
    simulation = simpy.Environment()
    environments = simpy.Resource(simulation, min(at_once, concurrency))
    lengths = [min(range_seconds, video_seconds - range_seconds * n) for n in range(count)]
    more = _more_than_one_run(service, range_seconds) if count > 1 else 1.0
    made: list[float] = []
    worked: list[float] = []

    def look(length: float) -> Generator[simpy.Event, object, None]:
        with environments.request() as turn:
            yield turn
            is_new = len(made) < environments.capacity
            seconds = service.of(length) * more + (service.cold_start if is_new else 0.0)
            if is_new:
                made.append(simulation.now)
            worked.append(seconds)
            yield simulation.timeout(seconds)

    for length in lengths:
        simulation.process(look(length))
    simulation.run()
    one = service.cold_start + service.of(video_seconds)
    return Ranged(
        ranges=count,
        seconds=simulation.now,
        runs_cost=_cost(count, sum(worked), service),
        conducting_cost=cost_of_conducting(count),
        one_run_seconds=one,
        one_run_cost=_cost(1, one, service),
    )


def _more_than_one_run(service: ServiceTime, range_seconds: float) -> float:
    """Return the multiple of one run's work, in proportion between two measured lengths."""
    minutes, parts = zip(*service.measured.ranges, strict=True)
    return float(np.interp(range_seconds / 60, minutes, parts))


def _cost(runs: int, seconds: float, service: ServiceTime) -> float:
    size = FunctionSize(
        memory_mb=service.memory_mb, disk_mb=SIZE.disk_mb, architecture=SIZE.architecture
    )
    cost = cost_of(
        Work(videos=1, runs=runs, seconds=seconds, video_seconds=0.0, seconds_from="measured"), size
    )
    return cost.total if cost else 0.0
