"""One video through each way of recognising: in this process, which is warm, and in fresh ones."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from bench import ours
from bench.measure import CommandFailedError, Median, cpu_seconds, in_turns, run_process
from bench.stages import StageClock, probed
from bench.ways import answers_in

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from bench.inputs import Known, Video
    from bench.ways import Way

LONG_SECONDS = 60.0
"""A way that takes longer than this is not measured as a whole process, too: its start would not
show in the figure."""


@dataclass(frozen=True, kw_only=True)
class Try:
    """One try at one video: the answer (None: it failed), what it cost, and its peak memory.

    `stages` are the CPU seconds by stage, where they were told apart.
    """

    answer: frozenset[str] | None
    cpu: float
    stages: Mapping[str, float] | None = None
    peak: int | None = None


@dataclass(frozen=True, kw_only=True)
class Measured:
    """What one way came to on one video: its tries here, and as processes of its own."""

    tries: Sequence[Try]
    processes: Sequence[Try]

    @property
    def answer(self) -> frozenset[str] | None:
        """The answer, None if a try failed. It is the same at each try."""
        everything = [*self.tries, *self.processes]
        return None if any(it.answer is None for it in everything) else self.tries[0].answer

    @property
    def cpu(self) -> Median:
        """CPU seconds in a warm process."""
        return Median.of(it.cpu for it in self.tries)

    @property
    def process_cpu(self) -> Median | None:
        """CPU seconds from the start of a process to its end."""
        return Median.of(it.cpu for it in self.processes) if self.processes else None

    @property
    def peak(self) -> int | None:
        """The most memory that a process took, in bytes."""
        return max((it.peak for it in self.processes if it.peak is not None), default=None)

    def stage(self, name: str) -> float:
        """CPU seconds of one stage in a warm process."""
        return Median.of((it.stages or {}).get(name, 0.0) for it in self.tries).value


def warm_ratio(results: Sequence[Mapping[str, Measured]], theirs: str, of: str) -> float | None:
    """Return how many times the one way costs the other on all of some videos, in a warm process.

    None where one of the two failed.
    """
    if any(by_way[name].answer is None for by_way in results for name in (theirs, of)):
        return None
    costs = [sum(by_way[name].cpu.value for by_way in results) for name in (theirs, of)]
    return costs[0] / costs[1]


def measured_on(
    video: Video, known: Known, by_name: Mapping[str, Way], *, repeats: int
) -> dict[str, Measured]:
    """Try each way at a video, here and as a process, and return what each came to."""
    here = in_turns(
        {name: partial(_try_here, way, video) for name, way in by_name.items()},
        repeats=repeats,
        cost=lambda one: one.cpu,
    )
    processes = in_turns(
        {
            name: partial(_try_process, way, video, known)
            for name, way in by_name.items()
            if way.arguments and Median.of(one.cpu for one in here[name]).value < LONG_SECONDS
        },
        repeats=repeats,
        cost=lambda one: one.cpu,
    )
    return {
        name: Measured(tries=tries, processes=processes.get(name, ()))
        for name, tries in here.items()
    }


def _try_here(way: Way, video: Video) -> Try:
    clock = StageClock()
    started = cpu_seconds()
    answer: frozenset[str] | None
    with ours.in_one_thread(), probed(clock, way.probes):
        try:
            answer = way.look(video.path)
        except Exception:  # noqa: BLE001 - a way may fail in any way at a video: that is a result
            answer = None
    return Try(answer=answer, cpu=cpu_seconds() - started, stages=clock.seconds)


def _try_process(way: Way, video: Video, known: Known) -> Try:
    try:
        cost = run_process(way.command([video.path], known))
    except CommandFailedError:
        return Try(answer=None, cpu=0.0)
    (answer,) = answers_in(cost.output)
    return Try(answer=answer, cpu=cost.cpu, peak=cost.peak)
