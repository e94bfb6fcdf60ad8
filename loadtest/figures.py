"""The figures of a run: what was counted, and how long things took."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from loadtest.results import Verdict

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from loadtest.journeys import Journey

_MOST_BINS = 20
_MEGABYTE = 1e6


@dataclass(frozen=True, kw_only=True)
class Counts:
    """How many videos, by what became of them. `duplicates` were processed more than once.

    `right` to `not_uploaded` add up to `attempted`, None counted as 0. `right` and `wrong` are
    None if no result was compared with what was expected; `missing` is None if there are videos
    that were not waited for, any of which may go missing; `duplicates` is None if the bucket
    cannot tell.
    """

    planned: int
    attempted: int
    uploads: int
    csvs: int
    error_reports: int
    right: int | None
    wrong: int | None
    unchecked: int
    errors: int
    missing: int | None
    not_waited_for: int
    not_uploaded: int
    duplicates: int | None

    @classmethod
    def of(cls, journeys: Sequence[Journey], *, planned: int) -> Counts:
        """Count."""
        by_verdict = dict.fromkeys(Verdict, 0)
        for journey in journeys:
            by_verdict[journey.verdict] += 1
        csvs = sum(journey.has_csv for journey in journeys)
        results = sum(journey.seen is not None for journey in journeys)
        is_checked = by_verdict[Verdict.RIGHT] + by_verdict[Verdict.WRONG] > 0
        not_waited_for = by_verdict[Verdict.NOT_WAITED_FOR]
        tell = all(journey.written is not None for journey in journeys)
        return cls(
            planned=planned,
            attempted=len(journeys),
            uploads=sum(journey.is_uploaded for journey in journeys),
            csvs=csvs,
            error_reports=results - csvs,
            right=by_verdict[Verdict.RIGHT] if is_checked else None,
            wrong=by_verdict[Verdict.WRONG] if is_checked else None,
            unchecked=by_verdict[Verdict.UNCHECKED],
            errors=by_verdict[Verdict.ERROR],
            missing=None if not_waited_for else by_verdict[Verdict.MISSING],
            not_waited_for=not_waited_for,
            not_uploaded=by_verdict[Verdict.NOT_UPLOADED],
            duplicates=sum((journey.written or 0) > 1 for journey in journeys) if tell else None,
        )


@dataclass(frozen=True, kw_only=True)
class Spread:
    """How a number of durations are spread, in seconds.

    Percentiles are interpolated linearly between the two nearest, as numpy does it.
    """

    count: int
    min: float
    mean: float
    p50: float
    p90: float
    p95: float
    p99: float
    max: float

    @classmethod
    def of(cls, durations: Iterable[float | None]) -> Spread | None:
        """Return the spread of those durations that there are, or None if there are none."""
        known = np.array([duration for duration in durations if duration is not None])
        if not known.size:
            return None
        p50, p90, p95, p99 = np.percentile(known, (50, 90, 95, 99)).tolist()
        return cls(
            count=known.size,
            min=float(known.min()),
            mean=float(known.mean()),
            p50=p50,
            p90=p90,
            p95=p95,
            p99=p99,
            max=float(known.max()),
        )


@dataclass(frozen=True, kw_only=True)
class Durations:
    """The spreads of all that takes time. `loadtest/journeys.py` says from when to when.

    `cold` and `warm` are the times in the function, of its first runs in a new execution
    environment and of the others.
    """

    latency: Spread | None
    lateness: Spread | None
    upload: Spread | None
    upload_to_result: Spread | None
    queue: Spread | None
    function: Spread | None
    cold: Spread | None
    warm: Spread | None

    @classmethod
    def of(cls, journeys: Iterable[Journey]) -> Durations:
        """Measure the videos that were uploaded."""
        uploaded = [journey for journey in journeys if journey.is_uploaded]
        return cls(
            latency=Spread.of(journey.latency for journey in uploaded),
            lateness=Spread.of(journey.lateness for journey in uploaded),
            upload=Spread.of(journey.upload for journey in uploaded),
            upload_to_result=Spread.of(journey.upload_to_result for journey in uploaded),
            queue=Spread.of(journey.queue for journey in uploaded),
            function=Spread.of(journey.function for journey in uploaded),
            cold=Spread.of(journey.function for journey in uploaded if journey.cold),
            warm=Spread.of(journey.function for journey in uploaded if journey.cold is False),
        )


@dataclass(frozen=True, kw_only=True)
class Histogram:
    """How many latencies lie in each bin; bin i goes from `edges[i]` to `edges[i + 1]`."""

    edges: tuple[float, ...]
    counts: tuple[int, ...]

    @classmethod
    def of(cls, durations: Iterable[float | None]) -> Histogram | None:
        """Sort durations into at most 20 bins with round edges."""
        known = np.array([duration for duration in durations if duration is not None])
        if not known.size:
            return None
        width = _round_width(float(np.ptp(known)) / (_MOST_BINS - 1))
        first = math.floor(known.min() / width)
        bins = math.floor(known.max() / width) - first + 1
        edges = (np.arange(bins + 1) + first) * width
        counts = np.bincount(
            np.clip(np.floor(known / width).astype(int) - first, 0, bins - 1), minlength=bins
        )
        return cls(
            edges=tuple(round(edge, 6) for edge in edges.tolist()), counts=tuple(counts.tolist())
        )


@dataclass(frozen=True, kw_only=True)
class Throughput:
    """What went through. The pipeline's time is from the first arrival to the last result.

    `upload_megabytes_per_second` is while uploads went on.
    """

    results_per_second: float
    video_seconds_per_second: float
    uploaded_megabytes: float
    upload_megabytes_per_second: float

    @classmethod
    def of(cls, journeys: Iterable[Journey]) -> Throughput | None:
        """Reckon it, or return None if there is no result."""
        uploaded = [journey for journey in journeys if journey.is_uploaded]
        ends = [journey.result_time for journey in uploaded if journey.result_time is not None]
        if not ends:
            return None
        seconds = max(ends) - min(journey.arrival for journey in uploaded)
        uploading = max(journey.uploaded for journey in uploaded) - min(
            journey.upload_started for journey in uploaded
        )
        megabytes = sum(journey.bytes for journey in uploaded) / _MEGABYTE
        return cls(
            results_per_second=_per(len(ends), seconds),
            video_seconds_per_second=_per(
                sum(journey.video_seconds or 0.0 for journey in uploaded), seconds
            ),
            uploaded_megabytes=megabytes,
            upload_megabytes_per_second=_per(megabytes, uploading),
        )


def _per(amount: float, seconds: float) -> float:
    return amount / seconds if seconds > 0 else 0.0


def _round_width(least: float) -> float:
    """Return the least of 1, 2 and 5 times a power of ten that is not below `least`."""
    power = 10.0 ** math.floor(math.log10(max(least, 1e-3)))
    return next(factor * power for factor in (1, 2, 5, 10) if factor * power >= least)
