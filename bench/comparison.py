"""Videos through each way of recognising: answers, stages, prices and memory, side by side."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bench.answers import Verdict
from bench.crowd import Crowd, crowd_video
from bench.prices import ARM64, X86, dollars_per_video_hour
from bench.report import megabytes, number, with_range
from bench.stages import STAGES
from bench.together import Job, compare_together
from bench.trials import LONG_SECONDS, measured_on, warm_ratio
from bench.ways import FLOOR, PAIRS, REFERENCE, ways

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from bench.inputs import Known, Video
    from bench.measure import Median
    from bench.report import Report
    from bench.trials import Measured
    from bench.ways import Way

# Looked at once before anything is measured, so that no way pays for loading its models.
_WARM_UP = Crowd(size=(640, 360), face_heights=(120,), seconds=1)

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


def compare(
    report: Report, videos: Sequence[Video], known: Known, *, repeats: int
) -> list[dict[str, Measured]]:
    """Measure all ways on each of the videos, print what came out, and return it."""
    by_name = ways(known)
    with report.doing("warming up"):
        for way in by_name.values():
            way.look(crowd_video(_WARM_UP))
    results: list[tuple[Video, dict[str, Measured]]] = []
    for position, video in enumerate(videos, start=1):
        with report.doing(f"video {position} of {len(videos)}: {video.name}"):
            measured = measured_on(video, known, by_name, repeats=repeats)
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
    return [measured for _, measured in results]


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
        if way.arguments and sum(it[name].cpu.value for _, it in results) < LONG_SECONDS
    }
    truths = [_truth(video, measured) for video, measured in results]
    known_truths = [truth for truth in truths if truth is not None]
    if short and len(known_truths) == len(results):
        job = Job(videos=[video for video, _ in results], truths=known_truths, known=known)
        compare_together(report, job, short, repeats=repeats)


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
    for _, _, name in PAIRS:
        judge = by_name[name].judge
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
    if name == FLOOR:
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
    for title, theirs, ours in PAIRS:
        stages = warm_ratio(results, theirs, ours)
        if stages is None:
            report.note(f"{title}: no ratio, as one of the two failed.")
            continue
        text = f"{title}: the seed's way costs {stages:.1f} times ours in stages"
        if all(by_way[name].process_cpu for by_way in results for name in (theirs, ours)):
            processes = _process_cpu(results, theirs) / _process_cpu(results, ours)
            text += f", {processes:.1f} times as whole processes"
        report.note(f"{text}.")
    report.note("")


def _process_cpu(results: Sequence[Mapping[str, Measured]], name: str) -> float:
    medians = [by_way[name].process_cpu for by_way in results]
    return sum(median.value for median in medians if median is not None)
