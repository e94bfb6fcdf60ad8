"""All videos in one process of each way: a start, and then one video after another.

It is what an execution environment does that has been kept: its start is paid once.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from bench.answers import Verdict
from bench.measure import CommandFailedError, Median, in_turns, run_process
from bench.report import megabytes, with_range
from bench.ways import OURS_EVERYONE, OURS_FIRST, PAIRS, answers_in

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from bench.inputs import Known, Video
    from bench.measure import ProcessCost
    from bench.report import Report
    from bench.ways import Way


@dataclass(frozen=True, kw_only=True)
class Job:
    """Videos to go through, with who is in each, and who is known."""

    videos: Sequence[Video]
    truths: Sequence[frozenset[str]]
    known: Known


def compare_together(report: Report, job: Job, by_name: Mapping[str, Way], *, repeats: int) -> None:
    """Measure ways as a process that goes through all videos, and print what came out."""
    with report.doing(f"{len(job.videos)} videos in one process"):
        costs = in_turns(
            {name: partial(_run, way, job) for name, way in by_name.items()},
            repeats=repeats,
            cost=lambda cost: cost.cpu if cost else 0.0,
        )
    medians: dict[str, Median] = {}
    rows = []
    for name, tries in costs.items():
        ended = [cost for cost in tries if cost]
        if len(ended) < len(tries):
            problem: str | None = "failed"
            rows.append([name, "-", "-", "failed"])
        else:
            medians[name] = Median.of(cost.cpu for cost in ended)
            peak = megabytes(max(cost.peak for cost in ended))
            verdicts = [_verdict(by_name[name], cost.output, job.truths) for cost in ended]
            worst = min(verdicts, key=lambda verdict: (verdict.right, verdict.found))
            rows.append([name, with_range(medians[name]), peak, str(worst)])
            problem = None if worst.right else f"found {worst}"
        if problem and name in (OURS_FIRST, OURS_EVERYONE):
            report.failure(f"in one process, {name} {problem}")
    report.table(
        f"The {len(job.videos)} videos in one process, from its start to its end",
        ("", "CPU s", "peak MB", "students found"),
        rows,
    )
    for title, theirs, ours in PAIRS:
        if theirs in medians and ours in medians:
            ratio = medians[theirs].value / medians[ours].value
            report.note(f"{title}: the seed's way costs {ratio:.1f} times ours as one process.")
    report.note("")


def _run(way: Way, job: Job) -> ProcessCost | None:
    try:
        return run_process(way.command([video.path for video in job.videos], job.known))
    except CommandFailedError:
        return None


def _verdict(way: Way, output: str, truths: Sequence[frozenset[str]]) -> Verdict:
    return Verdict.sum(
        way.judge(answer, truth) for answer, truth in zip(answers_in(output), truths, strict=True)
    )
