"""The figures are what one would count by hand."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from loadtest.figures import Counts, Durations, Histogram, Spread, Throughput
from loadtest.journeys import Journey, journeys
from loadtest.pricing import FunctionSize, Work, cost_of, cost_of_conducting, cost_of_requests
from loadtest.results import Result, Verdict
from loadtest.run import Ending
from loadtest.sources import Source
from loadtest.thresholds import DEFAULT, Threshold, ThresholdError
from loadtest.timeline import Timeline
from loadtest.uploads import Upload
from loadtest.workload import plan

DONE = Journey(
    number=0,
    key="loadtest/x/000000-a.mp4",
    source="a.mp4",
    bytes=3_000_000,
    verdict=Verdict.RIGHT,
    detail="",
    arrival=1.0,
    upload_started=3.0,
    uploaded=4.0,
    event=4.1,
    started=6.0,
    finished=9.0,
    seen=9.5,
    has_csv=True,
    cold=True,
    video_seconds=30.0,
    written=1,
)
WARM = replace(DONE, number=1, arrival=2.0, finished=8.0, cold=False, written=2)
MISSING = replace(
    DONE,
    number=2,
    verdict=Verdict.MISSING,
    event=None,
    started=None,
    finished=None,
    seen=None,
    has_csv=False,
    cold=None,
    video_seconds=None,
    written=0,
)
FAILED = replace(MISSING, number=3, verdict=Verdict.NOT_UPLOADED, detail="broken pipe")
ERROR = replace(DONE, number=4, verdict=Verdict.ERROR, has_csv=False, video_seconds=0.0)


def test_latency_counts_from_the_intended_arrival_and_has_parts_that_add_up() -> None:
    assert DONE.latency == 8.0
    assert (DONE.lateness, DONE.upload, DONE.upload_to_result) == (2.0, 1.0, 5.0)
    assert DONE.lateness + DONE.upload + (DONE.upload_to_result or 0.0) == DONE.latency
    assert DONE.queue == pytest.approx(1.9)
    assert DONE.function == 3.0


def test_a_result_without_its_own_times_counts_until_it_was_seen() -> None:
    silent = replace(DONE, event=None, started=None, finished=None)
    assert silent.latency == 8.5
    assert silent.function is None


def test_videos_are_counted_by_what_became_of_them() -> None:
    counts = Counts.of([DONE, WARM, MISSING, FAILED, ERROR], planned=7)
    assert counts == Counts(
        planned=7,
        attempted=5,
        uploads=4,
        csvs=2,
        error_reports=1,
        right=2,
        wrong=0,
        unchecked=0,
        errors=1,
        missing=1,
        not_waited_for=0,
        not_uploaded=1,
        duplicates=1,
    )


def test_right_and_wrong_are_unknown_where_nothing_was_compared() -> None:
    unchecked = replace(DONE, verdict=Verdict.UNCHECKED)
    counts = Counts.of([unchecked, MISSING, FAILED, ERROR], planned=4)
    assert (counts.right, counts.wrong, counts.unchecked) == (None, None, 1)
    wrong = replace(DONE, verdict=Verdict.WRONG)
    assert Counts.of([unchecked, wrong], planned=2).right == 0
    assert Counts.of([unchecked, DONE], planned=2).wrong == 0


def test_which_are_missing_is_unknown_where_some_were_not_waited_for() -> None:
    waiting = replace(MISSING, verdict=Verdict.NOT_WAITED_FOR)
    counts = Counts.of([DONE, waiting, waiting, FAILED], planned=9)
    assert (counts.missing, counts.not_waited_for, counts.uploads) == (None, 2, 3)
    for text, met in (("missing==0", False), ("missing>=0", False), ("not_waited_for<3", True)):
        judgement = Threshold.parse(text).judge(counts, Durations.of([DONE]), None)
        assert judgement.met is met


@pytest.mark.parametrize(
    ("ending", "verdict"),
    [
        (Ending.TIMED_OUT, Verdict.MISSING),
        (Ending.INTERRUPTED, Verdict.NOT_WAITED_FOR),
        (Ending.FAILED, Verdict.NOT_WAITED_FOR),
    ],
)
def test_only_what_was_waited_for_is_missing(ending: Ending, verdict: Verdict) -> None:
    source = Source(name="a.mp4", path=Path("a.mp4"), size=1)
    videos = plan([source], count=3, prefix="loadtest/x/", loop=None, seed=0)
    uploaded = Upload(arrival=0.0, started=0.0, finished=1.0)
    result = Result(seen=2.0, is_csv=True, verdict=Verdict.RIGHT, detail="", processing=None)
    travelled = journeys(
        videos,
        {0: uploaded, 1: uploaded, 2: replace(uploaded, problem="broken pipe")},
        {0: result},
        times_written={},
        clock_ahead_seconds=0.0,
        ended_early=ending.is_early,
    )
    verdicts = [journey.verdict for journey in travelled]
    assert verdicts == [Verdict.RIGHT, verdict, Verdict.NOT_UPLOADED]


def test_duplicates_are_unknown_where_the_bucket_cannot_tell() -> None:
    assert Counts.of([replace(DONE, written=None)], planned=1).duplicates is None


def test_durations_are_those_of_what_has_them() -> None:
    durations = Durations.of([DONE, WARM, MISSING, FAILED])
    assert durations.latency
    assert (durations.latency.count, durations.latency.min, durations.latency.max) == (2, 6.0, 8.0)
    assert durations.upload
    assert durations.upload.count == 3
    assert durations.cold
    assert durations.cold.mean == 3.0
    assert durations.warm
    assert durations.warm.mean == 2.0
    assert Durations.of([]).latency is None


@given(st.lists(st.floats(0, 1e5), min_size=1, max_size=300))
def test_a_spread_is_in_order_and_between_its_ends(durations: list[float]) -> None:
    spread = Spread.of(durations)
    assert spread
    percentiles = [spread.min, spread.p50, spread.p90, spread.p95, spread.p99, spread.max]
    assert percentiles == pytest.approx(sorted(percentiles))
    assert spread.min == min(durations)
    assert spread.max == max(durations)
    assert spread.p90 == pytest.approx(np.percentile(durations, 90))


@given(st.lists(st.floats(0, 1e5), min_size=1, max_size=300))
def test_a_histogram_has_every_duration_in_one_of_at_most_twenty_bins(
    durations: list[float],
) -> None:
    histogram = Histogram.of(durations)
    assert histogram
    assert sum(histogram.counts) == len(durations)
    assert len(histogram.counts) <= 20
    assert len(histogram.edges) == len(histogram.counts) + 1
    # The edges are rounded to a millionth.
    assert histogram.edges[0] <= min(durations) + 1e-6
    assert histogram.edges[-1] >= max(durations) - 1e-6


def test_throughput_is_from_the_first_arrival_to_the_last_result() -> None:
    throughput = Throughput.of([DONE, WARM, FAILED])
    assert throughput
    assert throughput.results_per_second == 2 / 8
    assert throughput.video_seconds_per_second == 60 / 8
    assert throughput.uploaded_megabytes == 6.0
    assert throughput.upload_megabytes_per_second == 6.0
    assert Throughput.of([MISSING]) is None


def test_the_timeline_counts_what_is_under_way() -> None:
    second = replace(DONE, number=1, started=8.0, finished=12.0)
    third = replace(DONE, number=2, started=9.0, finished=10.0)
    timeline = Timeline.of([DONE, second, third, FAILED])
    at = {round(time, 3): index for index, time in enumerate(timeline.times)}
    assert timeline.most_working == 2
    assert timeline.done[-1] == timeline.arrived[-1] == timeline.uploaded[-1] == 3
    middle = at[6.0]
    assert (timeline.waiting[middle], timeline.working[middle]) == (2, 1)


def test_one_that_begins_as_another_ends_is_not_at_once() -> None:
    assert Timeline.of([DONE, replace(DONE, started=9.0, finished=11.0)]).most_working == 1
    assert Timeline.of([]).most_working == 0


@pytest.mark.parametrize(
    ("text", "met"),
    [
        ("p95<30s", True),
        ("latency.max <= 8000ms", True),
        ("max<8", False),
        ("queue.p50<0.1m", True),
        ("cold.mean==3s", True),
        ("missing==0", True),
        ("right!=2", False),
        ("duplicates==0", False),
        ("throughput>=.2", True),
        ("throughput>1", False),
    ],
)
def test_thresholds_compare(text: str, *, met: bool) -> None:
    some = [DONE, WARM]
    judgement = Threshold.parse(text).judge(
        Counts.of(some, planned=2), Durations.of(some), Throughput.of(some)
    )
    assert judgement.met is met


@pytest.mark.parametrize(
    "text", ["p95<30s", "cold.p50>0", "duplicates==0", "throughput>0", "wrong==0", "right>=0"]
)
def test_what_is_not_known_reaches_no_threshold(text: str) -> None:
    some = [replace(MISSING, written=None)]
    judgement = Threshold.parse(text).judge(
        Counts.of(some, planned=2), Durations.of(some), Throughput.of(some)
    )
    assert judgement.value is None
    assert not judgement.met


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("", "is no threshold"),
        ("p95", "is no threshold"),
        ("p95=30", "is no threshold"),
        ("p95<-1", "is no threshold"),
        ("p95<30h", "is no threshold"),
        ("p96<30s", "'latency.p96'|'p96'"),
        ("latency<3s", "'latency' in"),
        ("latency.count<3", "is no figure"),
        ("missing==0s", "is no time"),
    ],
)
def test_what_is_no_threshold_is_refused(text: str, problem: str) -> None:
    with pytest.raises(ThresholdError, match=problem):
        Threshold.parse(text)


def test_the_default_thresholds_can_be_read() -> None:
    assert [Threshold.parse(text).text for text in DEFAULT] == list(DEFAULT)


_ONE_CPU = FunctionSize(memory_mb=1769, disk_mb=512, architecture="x86_64")


def test_the_cost_is_seconds_times_memory_times_price_and_the_requests() -> None:
    cost = cost_of(
        Work(videos=1000, runs=1000, seconds=1000.0, video_seconds=36_000.0, seconds_from="a test"),
        _ONE_CPU,
    )
    assert cost
    assert cost.gb_seconds == pytest.approx(1727.54, abs=0.01)
    assert cost.total == pytest.approx(1727.54 * 0.0000166667 + 0.0002, rel=1e-5)
    assert cost.per_video == pytest.approx(cost.total / 1000)
    assert cost.per_video_hour == pytest.approx(cost.total / 10)
    assert cost.rekognition_per_video_hour == pytest.approx(6.0)


def test_a_video_in_ranges_costs_once_with_all_its_runs_and_what_conducts_them() -> None:
    cost = cost_of(
        Work(
            videos=2,
            runs=33,
            seconds=160.0,
            video_seconds=3_660.0,
            seconds_from="a test",
            conducting=cost_of_conducting(30) + cost_of_conducting(1),
        ),
        _ONE_CPU,
    )
    assert cost
    function = 160 * 1769 / 1024 * 0.0000166667 + 33 * 0.2e-6
    assert cost.total == pytest.approx(function + 34 * 25e-6, rel=1e-5)
    assert cost.per_video == pytest.approx(cost.total / 2)


def test_disk_costs_above_what_is_free_and_arm_costs_less() -> None:
    def total(size: FunctionSize) -> float:
        cost = cost_of(
            Work(videos=1, runs=1, seconds=100.0, video_seconds=1, seconds_from="a test"), size
        )
        assert cost
        return cost.total

    assert total(replace(_ONE_CPU, disk_mb=1536)) - total(_ONE_CPU) == pytest.approx(100 * 3.09e-8)
    assert total(replace(_ONE_CPU, architecture="arm64")) < total(_ONE_CPU)


def test_what_did_not_run_has_no_cost_and_no_length_has_no_cost_by_the_hour() -> None:
    nothing = cost_of(
        Work(videos=0, runs=0, seconds=0.0, video_seconds=0.0, seconds_from=""), _ONE_CPU
    )
    assert nothing is None
    unknown = cost_of(
        Work(videos=1, runs=1, seconds=1.0, video_seconds=0.0, seconds_from=""), _ONE_CPU
    )
    assert unknown
    assert unknown.per_video_hour is None


def test_requests_cost_by_their_kind() -> None:
    requests = {"PutObject": 1000, "ListObjectsV2": 1000, "GetObject": 1000, "DeleteObjects": 9}
    assert cost_of_requests(requests) == pytest.approx(0.0104)
