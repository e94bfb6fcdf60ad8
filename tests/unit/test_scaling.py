"""The simulation against what queueing theory and Lambda's rules say, and the document it makes."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from loadtest.sources import Source
from loadtest.workload import Video
from scaling.__main__ import main
from scaling.agreement import Calibration, Figures, predicted
from scaling.document import DOCUMENT, with_tables
from scaling.lambda_rules import (
    LONGEST_EVENT_AGE_SECONDS,
    RETRIES,
    LambdaRules,
    WhenBusy,
)
from scaling.long_video import simulate_ranges
from scaling.measured import FILE, Measured
from scaling.pipeline import Job, Outcome, simulate
from scaling.scenarios import LESSON_SECONDS, SIZE, an_hour, at_once
from scaling.service_time import ONE_VCPU_MB, ServiceTime
from scaling.tables import KEPT_FOR_THE_REPORT_SECONDS, TIMEOUT_SECONDS, tables
from stacks import recogniser
from stacks.configuration import project

if TYPE_CHECKING:
    from pathlib import Path

MEASURED = Measured.read()
CLASS = ServiceTime(measured=MEASURED, people=30)
HOUR = 3600.0


def jobs_of(arrivals: list[float], service: float, *, failing_tries: int = 0) -> list[Job]:
    return [
        Job(arrival=arrival, service_seconds=service, failing_tries=failing_tries)
        for arrival in arrivals
    ]


def poisson(rate: float, count: int) -> list[float]:
    gaps = np.random.default_rng(1).exponential(1 / rate, count)
    return [float(arrival) for arrival in np.cumsum(gaps)]


@pytest.mark.parametrize("load", [0.5, 0.8])
def test_one_server_waits_as_long_as_pollaczek_and_khinchine_say(load: float) -> None:
    """M/D/1: the mean wait is load / (2 (1 - load)) times the service time."""
    journeys = simulate(
        jobs_of(poisson(load, 6_000), 1.0), LambdaRules(concurrency=1, when_busy=WhenBusy.QUEUE)
    )
    waits = [(journey.started or 0.0) - journey.arrival for journey in journeys]
    assert np.mean(waits) == pytest.approx(load / (2 * (1 - load)), rel=0.1)


def test_several_servers_wait_no_longer_than_with_random_service_times() -> None:
    """M/D/c: less than M/M/c's mean wait (Erlang's C), and about half of it under a high load."""
    servers, load = 4, 0.9
    offered = servers * load
    top = offered**servers / math.factorial(servers) / (1 - load)
    erlang_c = top / (sum(offered**k / math.factorial(k) for k in range(servers)) + top)
    markovian = erlang_c / (servers * (1 - load))
    journeys = simulate(
        jobs_of(poisson(offered, 6_000), 1.0),
        LambdaRules(concurrency=servers, when_busy=WhenBusy.QUEUE),
    )
    wait = np.mean([(journey.started or 0.0) - journey.arrival for journey in journeys])
    assert markovian / 2 * 0.9 < wait < markovian * 0.7


def test_those_who_back_off_never_get_through_more_than_those_who_queue() -> None:
    jobs = jobs_of([0.0] * 60, 100.0)
    ends = {
        when_busy: max(
            journey.finished or 0.0
            for journey in simulate(jobs, LambdaRules(concurrency=3, when_busy=when_busy))
        )
        for when_busy in WhenBusy
    }
    assert ends[WhenBusy.QUEUE] == 2000
    # Who comes back finds an environment that was idle for five minutes at most.
    assert 2000 < ends[WhenBusy.BACK_OFF] <= 2000 + 20 * 300


def test_a_throttled_event_comes_back_ever_later_up_to_five_minutes() -> None:
    first, second = simulate(jobs_of([0.0, 0.0], 1000.0), LambdaRules(concurrency=1))
    assert (first.started, first.throttles) == (0.0, 0)
    # At 1, 3, 7 … 511 s, and then every 300 s: the first after 1,000 s is at 1,111 s.
    assert (second.started, second.throttles) == (1111.0, 12 - 1)


@pytest.mark.parametrize("when_busy", list(WhenBusy))
def test_what_waits_for_six_hours_goes_to_the_failures_queue(when_busy: WhenBusy) -> None:
    rules = LambdaRules(concurrency=1, when_busy=when_busy)
    journeys = simulate(jobs_of([0.0] * 9, HOUR), rules)
    outcomes = [journey.outcome for journey in journeys]
    assert set(outcomes) == {Outcome.RESULT, Outcome.EXPIRED}
    # A run in each of six hours, and one that began within them; who backs off leaves gaps.
    most = 6 if when_busy is WhenBusy.BACK_OFF else 7
    assert outcomes.count(Outcome.RESULT) in (most - 1, most)
    for journey in journeys:
        if journey.outcome is Outcome.RESULT:
            assert (journey.started or 0.0) <= LONGEST_EVENT_AGE_SECONDS
        else:
            assert journey.started is journey.finished is journey.latency is None


@pytest.mark.parametrize(
    ("failing_tries", "outcome", "runs"),
    [
        (0, Outcome.RESULT, 1),
        (1, Outcome.RESULT, 2),
        (2, Outcome.RESULT, 3),
        (3, Outcome.FAILED, 3),
    ],
)
def test_a_failed_run_is_tried_again_after_one_minute_and_after_two(
    failing_tries: int, outcome: Outcome, runs: int
) -> None:
    (journey,) = simulate(
        jobs_of([5.0], 10.0, failing_tries=failing_tries), LambdaRules(concurrency=1)
    )
    assert journey.outcome is outcome
    assert journey.run_seconds == 10.0 * runs
    waits = (0.0, 60.0, 180.0)[runs - 1]
    assert journey.finished == 5.0 + 10.0 * runs + waits


def test_an_environment_is_cold_once_and_no_more_are_made_than_the_rate_allows() -> None:
    rules = LambdaRules(concurrency=500, cold_start_seconds=2.0, new_environments=100)
    journeys = simulate(jobs_of([0.0] * 500, 50.0), rules)
    assert sum(journey.cold_starts for journey in journeys) <= 500
    starts = np.array([journey.started for journey in journeys if journey.cold_starts])
    for seconds in (0.0, 1.0, 3.0, 7.0, 15.0, 31.0):
        assert (starts <= seconds).sum() <= 100 + 100 * seconds / 10
    (first, second) = simulate(jobs_of([0.0, 60.0], 10.0), rules)
    assert (first.finished, second.finished) == (12.0, 70.0)


@settings(max_examples=60, deadline=None)
@given(
    jobs=st.lists(
        st.builds(
            Job,
            arrival=st.floats(0, 20_000),
            service_seconds=st.floats(0.1, 5000),
            failing_tries=st.integers(0, 3),
            release_seconds=st.sampled_from([0.0, 3.0]),
        ),
        max_size=25,
    ),
    concurrency=st.integers(1, 3),
    retries=st.integers(0, 2),
    when_busy=st.sampled_from(WhenBusy),
    until=st.sampled_from([None, 1.0, 8000.0]),
)
def test_each_upload_ends_in_exactly_one_way(
    jobs: list[Job], concurrency: int, retries: int, when_busy: WhenBusy, until: float | None
) -> None:
    rules = LambdaRules(concurrency=concurrency, retries=retries, when_busy=when_busy)
    journeys = simulate(jobs, rules, until=until)
    assert len(journeys) == len(jobs)
    for job, journey in zip(jobs, journeys, strict=True):
        assert journey.outcome is not Outcome.WAITING or until is not None
        if journey.outcome is Outcome.RESULT:
            assert job.failing_tries <= retries
            assert (journey.latency or 0.0) >= job.service_seconds * (1 - 1e-9)
        if journey.outcome is Outcome.FAILED:
            assert job.failing_tries > retries
    # There is never more work done than the environments have time for.
    ends = [journey.finished for journey in journeys if journey.finished is not None]
    if ends and until is None:
        worked = sum(journey.run_seconds for journey in journeys)
        assert worked <= concurrency * (max(ends) - min(job.arrival for job in jobs)) * (1 + 1e-9)


def test_the_rules_are_those_that_the_stack_sets() -> None:
    assert recogniser.RETRIES == RETRIES
    assert recogniser.LONGEST_WAIT_SECONDS == LONGEST_EVENT_AGE_SECONDS
    defaults = {key: setting["default"] for key, setting in project()["config"].items()}
    assert defaults["memoryMb"] == SIZE.memory_mb == ONE_VCPU_MB
    assert SIZE.disk_mb == recogniser.DISK_MB
    assert defaults["architecture"] == SIZE.architecture
    assert defaults["timeoutSeconds"] == TIMEOUT_SECONDS
    from function import run_time  # noqa: PLC0415 - beside the figure that it is compared with

    assert run_time._RESERVE_SECONDS == KEPT_FOR_THE_REPORT_SECONDS


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"concurrency": 0}, "concurrency is 0: it must be 1 or more"),
        ({"concurrency": 1, "retries": 3}, "retries is 3: Lambda allows 0 to 2"),
        ({"concurrency": 1, "new_environments": 0}, "new_environments is 0: it must be above 0"),
    ],
)
def test_rules_that_lambda_does_not_have_are_refused(wrong: dict[str, int], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        LambdaRules(**wrong)  # type: ignore[arg-type]


def test_a_part_of_the_videos_says_the_same_as_all_of_them() -> None:
    all_of_them = at_once(2000, CLASS, concurrency=50)
    a_part = at_once(2000, CLASS, concurrency=50, one_in=10)
    assert a_part.videos * 10 == all_of_them.videos
    assert a_part.results / a_part.videos == pytest.approx(
        all_of_them.results / all_of_them.videos, rel=0.05
    )
    assert a_part.p50 == pytest.approx(all_of_them.p50, rel=0.05)


def test_a_summary_counts_every_video() -> None:
    summary = an_hour(300, CLASS, concurrency=2)
    assert summary.results + summary.expired == summary.videos == 300
    assert summary.failed == summary.waiting == 0


def test_more_people_take_longer_and_more_memory_less() -> None:
    times = [replace(CLASS, people=people).of(60) for people in (0, 10, 20, 30, 60)]
    assert times == sorted(times)
    memories = [
        replace(CLASS, memory_mb=memory).of(60) for memory in (885, 1769, 3008, 3538, 10240)
    ]
    assert memories == [*sorted(memories[:4], reverse=True), memories[3]]
    assert memories[3] / memories[1] == pytest.approx(MEASURED.two_processors)
    run = CLASS.cold_start + CLASS.of(LESSON_SECONDS)
    assert CLASS.longest(run) == pytest.approx(LESSON_SECONDS)
    with pytest.raises(ValueError, match="61 people: 0 to 60 were measured"):
        replace(CLASS, people=61)


def test_an_hour_of_class_is_looked_at_in_under_a_minute_for_hardly_more() -> None:
    hour = simulate_ranges(HOUR, CLASS, at_once=40, concurrency=1000)
    assert hour.ranges == 30
    assert hour.seconds < 60
    assert hour.part <= hour.part_with_conducting <= 1.1
    assert hour.seconds == pytest.approx(
        CLASS.cold_start + CLASS.of(120) * dict(MEASURED.ranges)[2], rel=1e-9
    )


def test_with_ten_runs_the_ranges_go_in_turns_and_one_range_is_one_run() -> None:
    hour = simulate_ranges(HOUR, CLASS, at_once=40, concurrency=10)
    free = simulate_ranges(HOUR, CLASS, at_once=40, concurrency=1000)
    assert hour.seconds > 2.9 * (free.seconds - CLASS.cold_start)
    assert hour.runs_cost < free.runs_cost, "ten cold starts in place of thirty"
    short = simulate_ranges(100, CLASS, at_once=40, concurrency=10)
    assert short.part == short.part_with_conducting == 1
    assert short.seconds == short.one_run_seconds
    with pytest.raises(ValueError, match="more than nothing"):
        simulate_ranges(HOUR, CLASS, at_once=0, concurrency=10)


def test_every_figure_has_a_source(tmp_path: Path) -> None:
    file = tmp_path / "measured.toml"
    file.write_text(FILE.read_text().replace('source = "the file of that trial"', ""))
    with pytest.raises(ValueError, match=r"\[recording\] in measured.toml has no source"):
        Measured.read(file)


def test_the_document_has_the_tables_that_the_command_prints(
    capsys: pytest.CaptureFixture[str],
) -> None:
    text = DOCUMENT.read_text(encoding="utf-8")
    made = tables(MEASURED)
    assert with_tables(text, made) == text, "run python -m scaling document"
    with pytest.raises(ValueError, match="there must be one each for"):
        with_tables(text, {**made, "another": ""})
    assert main(["long", "--minutes", "60"]) == 0
    assert "| 60 min | 2 min | 30 | 40 |" in capsys.readouterr().out
    assert main(["arrivals", "--videos", "40", "--concurrency", "10"]) == 0
    assert "| all | none |" in capsys.readouterr().out
    assert main(["long", "--minutes", "60", "--people", "99"]) == 2
    assert "99 people: 0 to 60 were measured" in capsys.readouterr().err


def test_a_load_test_is_predicted_from_single_videos(tmp_path: Path) -> None:
    source = Source(name="a.mp4", path=tmp_path, size=1)
    calibration = Calibration(service={"a.mp4": [2.0]}, upload=0.1, delivery=0.4, releases=[0.5])
    assert calibration.mean_seconds == 2.5
    videos = [
        Video(number=number, key=str(number), source=source, arrival=float(number))
        for number in range(3)
    ]
    passage = predicted(videos, calibration, workers=1, seed=0)
    assert passage == [(0.0, 2.5), (1.0, 5.0), (2.0, 7.5)]
    assert Figures.of([passage, passage]).throughput == pytest.approx(6 / 15)
    assert predicted(videos, calibration, workers=2, seed=0)[1] == (1.0, 3.5)
