"""Videos through each way of recognising: answers, stages, prices and memory, side by side."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from bench import ours
from bench.answers import Verdict
from bench.crowd import Crowd, crowd_video
from bench.measure import CommandFailedError, Median, cpu_seconds, in_turns, run_process
from bench.prices import ARM64, X86, dollars_per_video_hour
from bench.report import megabytes, number, with_range
from bench.stages import STAGES, StageClock, probed
from bench.together import Job, compare_together
from bench.ways import (
    OURS_EVERYONE,
    OURS_FIRST,
    REFERENCE,
    SEED_EVERYONE,
    SEED_FIRST,
    answers_in,
    ways,
)

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from bench.inputs import Known, Video
    from bench.report import Report
    from bench.ways import Way

# Looked at once before anything is measured, so that no way pays for loading its models.
_WARM_UP = Crowd(size=(640, 360), face_heights=(120,), seconds=1)

# A way that takes longer than this is not measured as a whole process, too: its start would not
# show in the figure.
_LONG_SECONDS = 60.0

_COST_COLUMNS = (
    "",
    "CPU s",
    "per video min",
    "$/video h x86",
    "$/video h arm64",
    "as process, CPU s",
    "peak MB",
    "students found",
)


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


def compare(report: Report, videos: Sequence[Video], known: Known, *, repeats: int) -> None:
    """Measure all ways on each of the videos, and print what came out."""
    by_name = ways(known)
    with report.doing("warming up"):
        for way in by_name.values():
            way.look(crowd_video(_WARM_UP))
    results: list[tuple[Video, dict[str, Measured]]] = []
    for position, video in enumerate(videos, start=1):
        with report.doing(f"video {position} of {len(videos)}: {video.name}"):
            measured = _measure(video, known, by_name, repeats)
        results.append((video, measured))
        _print_stages(report, video, measured)
        _print_costs(report, [(video, measured)], by_name)
        _print_ratios(report, [measured])
        _judge(report, video, measured, by_name)
    if len(videos) > 1:
        report.note(f"All {len(videos)} videos together, sums of the medians and the largest peak.")
        _print_costs(report, results, by_name)
        _print_ratios(report, [measured for _, measured in results])
        _compare_together(report, results, known, by_name, repeats=repeats)


def _compare_together(
    report: Report,
    results: Sequence[tuple[Video, Mapping[str, Measured]]],
    known: Known,
    by_name: Mapping[str, Way],
    *,
    repeats: int,
) -> None:
    short = {
        name: way
        for name, way in by_name.items()
        if way.arguments and sum(it[name].cpu.value for _, it in results) < _LONG_SECONDS
    }
    truths = {video: _truth(video, measured) for video, measured in results}
    if short and None not in truths.values():
        job = Job(
            videos=list(truths),
            truths=[it for it in truths.values() if it is not None],
            known=known,
        )
        compare_together(report, job, short, repeats=repeats)


def _measure(
    video: Video, known: Known, by_name: Mapping[str, Way], repeats: int
) -> dict[str, Measured]:
    here = in_turns(
        {name: partial(_try_here, way, video) for name, way in by_name.items()},
        repeats=repeats,
        cost=lambda one: one.cpu,
    )
    processes = in_turns(
        {
            name: partial(_try_process, way, video, known)
            for name, way in by_name.items()
            if way.arguments and Median.of(one.cpu for one in here[name]).value < _LONG_SECONDS
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


def _truth(video: Video, measured: Mapping[str, Measured]) -> frozenset[str] | None:
    """Return who is in the video: those that the reference finds, if nobody said."""
    return measured[REFERENCE].answer if video.truth is None else video.truth


def _judge(
    report: Report, video: Video, measured: Mapping[str, Measured], by_name: Mapping[str, Way]
) -> None:
    """Have the benchmark fail for a wrong answer of ours."""
    truth = _truth(video, measured)
    if truth is None:
        report.failure(f"{video.name}: the reference failed, and there is no truth to compare with")
        return
    source = "the reference" if video.truth is None else "the truth"
    for name in (OURS_FIRST, OURS_EVERYONE):
        judge = by_name[name].judge if name in by_name else None
        if judge is None:
            continue
        for answer in {one.answer for one in (*measured[name].tries, *measured[name].processes)}:
            if answer is None:
                report.failure(f"{video.name}: {name} failed")
            elif not (verdict := judge(answer, truth)).right:
                report.failure(f"{video.name}: {name} found {verdict}, by {source}")


def _print_stages(report: Report, video: Video, measured: Mapping[str, Measured]) -> None:
    rows = []
    for name, one in measured.items():
        by_stage = [one.stage(stage) for stage in STAGES]
        other = max(0.0, one.cpu.value - sum(by_stage))
        rows.append([name, *(number(took, 3) for took in (*by_stage, other)), with_range(one.cpu)])
    report.table(
        f"{video.name} ({video.seconds:.1f} s): CPU seconds by stage, in one warm process",
        ("", *STAGES, "other", "all"),
        rows,
    )


def _print_costs(
    report: Report,
    results: Sequence[tuple[Video, Mapping[str, Measured]]],
    by_name: Mapping[str, Way],
) -> None:
    video_seconds = sum(video.seconds for video, _ in results)
    rows = []
    for name, way in by_name.items():
        measured = [by_way[name] for _, by_way in results]
        cpu = sum(one.cpu.value for one in measured)
        process_cpu = [one.process_cpu for one in measured]
        peaks = [one.peak for one in measured if one.peak is not None]
        rows.append(
            [
                name,
                with_range(measured[0].cpu) if len(measured) == 1 else number(cpu),
                *_prices(cpu, video_seconds),
                _sum(process_cpu),
                megabytes(max(peaks, default=None)),
                _answers(name, way, results),
            ]
        )
    report.table(
        "What it costs",
        _COST_COLUMNS,
        rows,
    )


def _prices(cpu: float, video_seconds: float) -> list[str]:
    if not video_seconds:
        return ["-"] * 3
    dollars = [
        dollars_per_video_hour(cpu, video_seconds=video_seconds, architecture=architecture)
        for architecture in (X86, ARM64)
    ]
    return [number(cpu / video_seconds * 60), *(number(price, 4) for price in dollars)]


def _sum(medians: Sequence[Median | None]) -> str:
    known = [median for median in medians if median is not None]
    if len(known) < len(medians):
        return "-"
    return with_range(known[0]) if len(known) == 1 else number(sum(it.value for it in known))


def _answers(name: str, way: Way, results: Sequence[tuple[Video, Mapping[str, Measured]]]) -> str:
    if way.judge is None:
        return "-"
    verdicts, failed = [], 0
    for video, measured in results:
        answer, truth = measured[name].answer, _truth(video, measured)
        if answer is None:
            failed += 1
        elif truth is not None:
            verdicts.append(way.judge(answer, truth))
    return f"{Verdict.sum(verdicts)}" + (f", failed at {failed}" if failed else "")


def _print_ratios(report: Report, results: Sequence[Mapping[str, Measured]]) -> None:
    def ratio(theirs: str, ours: str) -> str:
        stages = _together(results, theirs) / _together(results, ours)
        text = f"costs {stages:.1f} times ours in stages"
        if all(by_way[name].process_cpu for by_way in results for name in (theirs, ours)):
            processes = _processes_together(results, theirs) / _processes_together(results, ours)
            text += f", {processes:.1f} times as whole processes"
        return text

    report.note(f"Everyone: the seed's way {ratio(SEED_EVERYONE, OURS_EVERYONE)}.")
    if all(OURS_FIRST in by_way for by_way in results):
        report.note(f"First match: the seed's way {ratio(SEED_FIRST, OURS_FIRST)}.")
    else:
        report.note(
            "First match: ours has no such form. Looking for everyone all the same: the seed's way "
            f"to its first match {ratio(SEED_FIRST, OURS_EVERYONE)}."
        )
    report.note("")


def _together(results: Sequence[Mapping[str, Measured]], name: str) -> float:
    return sum(by_way[name].cpu.value for by_way in results)


def _processes_together(results: Sequence[Mapping[str, Measured]], name: str) -> float:
    medians = [by_way[name].process_cpu for by_way in results]
    return sum(median.value for median in medians if median is not None)
