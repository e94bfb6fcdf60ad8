"""The summary of a run, as text for a terminal or a log."""

from __future__ import annotations

from typing import TYPE_CHECKING

from loadtest.results import Verdict

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from loadtest.figures import Histogram, Spread
    from loadtest.journeys import Journey
    from loadtest.report import Report

_MOST_NAMED = 10
_BAR_WIDTH = 40
_NOTEWORTHY = (Verdict.WRONG, Verdict.ERROR, Verdict.MISSING, Verdict.NOT_UPLOADED)
_ROWS = {
    "latency": "latency",
    "lateness": "  wait for an uploader",
    "upload": "  upload",
    "upload_to_result": "  upload to result",
    "queue": "    in the queue",
    "function": "    in the function",
    "cold": "      cold",
    "warm": "      warm",
}
# With seven columns of figures, the table fits a terminal of 80.
_TITLE_WIDTH, _FIGURE_WIDTH = 23, 8
_TENTHS_FROM = 1000
_STATISTICS = ("min", "mean", "p50", "p90", "p95", "p99", "max")


def noteworthy(journeys: tuple[Journey, ...]) -> list[Journey]:
    """Return the videos that did not end well, and those that were processed more than once."""
    return [
        journey
        for journey in journeys
        if journey.verdict in _NOTEWORTHY or (journey.written or 0) > 1
    ]


def what_happened(journey: Journey) -> str:
    """Say in a few words what is noteworthy about a video."""
    words = [] if journey.verdict not in _NOTEWORTHY else [str(journey.verdict)]
    if (journey.written or 0) > 1:
        words.append(f"written {journey.written} times")
    return ", ".join(words)


def summary(report: Report) -> str:
    """Return the whole of it, without a newline at its end."""
    return "\n".join(_lines(report))


def _lines(report: Report) -> Iterator[str]:
    counts, generator = report.counts, report.generator
    yield f"{counts.uploads} of {counts.planned} videos uploaded: {report.ending}."
    if report.problem:
        yield f"{report.problem}."
    duplicates = "unknown" if counts.duplicates is None else counts.duplicates
    without_result = (
        f"{counts.not_waited_for} not waited for (missing: unknown)"
        if counts.missing is None
        else f"{counts.missing} missing"
    )
    yield (
        f"  {counts.csvs} CSVs, {counts.error_reports} error reports, {without_result}, "
        f"{counts.not_uploaded} not uploaded; duplicates: {duplicates}"
    )
    checked = (
        "right or wrong: unknown"
        if counts.right is None
        else f"{counts.right} right, {counts.wrong} wrong"
    )
    yield f"  {checked}, {counts.errors} errors, {counts.unchecked} unchecked"
    yield from _named(report)
    yield ""
    yield "Latency is from the intended arrival to the result."
    yield _row("seconds", _STATISTICS)
    for name, title in _ROWS.items():
        spread: Spread | None = getattr(report.durations, name)
        if spread:
            yield _row(title, (_seconds(getattr(spread, name)) for name in _STATISTICS))
    if report.histogram:
        yield ""
        yield from _histogram(report.histogram)
    yield ""
    yield from _rates(report)
    yield (
        f"The generator used {generator.cpu_seconds:.1f} s of processor time and "
        f"{generator.peak_memory_mb:.0f} MB, and made "
        f"{sum(generator.requests.values())} requests ({_requests(report)}), for "
        f"${generator.requests_cost:.4f}."
    )
    for note in report.notes:
        yield f"Note: {note}"
    yield ""
    for judgement in report.judgements:
        value = "not known" if judgement.value is None else f"{judgement.value:.6g}"
        yield f"  {'met   ' if judgement.met else 'MISSED'}  {judgement.threshold} ({value})"


def _row(title: str, cells: Iterable[str]) -> str:
    return f"{title:{_TITLE_WIDTH}}" + "".join(f"{cell:>{_FIGURE_WIDTH}}" for cell in cells)


def _seconds(value: float) -> str:
    return f"{value:.3f}" if value < _TENTHS_FROM else f"{value:.1f}"


def _named(report: Report) -> Iterator[str]:
    bad = noteworthy(report.videos)
    for journey in bad[:_MOST_NAMED]:
        detail = f": {journey.detail}" if journey.detail else ""
        yield f"    {journey.source} (number {journey.number}) {what_happened(journey)}{detail}"
    if len(bad) > _MOST_NAMED:
        yield f"    and {len(bad) - _MOST_NAMED} more, all in the JSON and on the page"


def _histogram(histogram: Histogram) -> Iterator[str]:
    most = max(histogram.counts)
    for low, high, count in zip(
        histogram.edges, histogram.edges[1:], histogram.counts, strict=False
    ):
        bar = "█" * round(_BAR_WIDTH * count / most) or ("▏" if count else "")
        yield f"  {low:9.3f} to {high:9.3f} s {count:7} {bar}".rstrip()


def _rates(report: Report) -> Iterator[str]:
    if report.throughput:
        rates = report.throughput
        yield (
            f"{rates.results_per_second:.2f} results/s, "
            f"{rates.video_seconds_per_second:.1f} seconds of video a second; "
            f"{rates.uploaded_megabytes:.1f} MB uploaded at "
            f"{rates.upload_megabytes_per_second:.1f} MB/s; "
            f"at most {report.most_at_once} in the function at once."
        )
    if report.metrics:
        metrics = report.metrics
        yield (
            f"CloudWatch, for the whole function in these minutes: {metrics.invocations} "
            f"invocations, {metrics.errors} errors, {metrics.throttles} throttles, at most "
            f"{metrics.highest_concurrency} at once; at most {metrics.highest_memory_mb} of "
            f"{metrics.memory_mb} MB used."
        )
    if report.cost:
        cost = report.cost
        hour = "" if cost.per_video_hour is None else f", ${cost.per_video_hour:.4f} a video hour"
        yield (
            f"Cost of the function, from {cost.seconds_from}, by the prices of "
            f"{cost.prices_as_of}: ${cost.total:.4f}; ${cost.per_video:.6f} a video{hour} "
            f"(Amazon Rekognition Video: ${cost.rekognition_per_video_hour:.2f})."
        )


def _requests(report: Report) -> str:
    return ", ".join(f"{count} {name}" for name, count in report.generator.requests.items())
