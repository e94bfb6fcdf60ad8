"""In each accident, the alarms that are meant for it go off, and no other.

What AWS would measure is put into the emulator's CloudWatch as AWS would: under all its dimensions,
with the stamps it would have, in the order in which it would arrive. Alarms and metrics are read
from there again; only when an alarm goes off is decided by the tests' own rules.
"""

from __future__ import annotations

import itertools
from collections import defaultdict
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from stacks.monitoring import UPLOAD_METRICS
from tests.integration.alarm_evaluation import MINUTE, Alarm

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from local.aws import LocalAws

TIMEOUT = 900
# Lambda and the logs send what they measure within a minute or two.
LATE = 120
HOUR = 3600
# CloudWatch looks at some more periods than an alarm evaluates where data is missing, and doesn't
# say at how many: none, or two as in its examples. Which alarms go off must not depend on it.
FURTHER_PERIODS = (0, 2)

# An alarm's state at each minute of an accident, in seconds from its beginning.
States = dict[int, str]

# Each accident has half a day of its own, so that none sees another's metrics. CloudWatch takes
# what is up to two weeks old.
_half_days = itertools.count(1)
_OLDEST_DAYS = 13


@dataclass(frozen=True, kw_only=True)
class Measured:
    """A value that AWS measures: stamped `at`, there at `arrives`, in seconds of the accident."""

    metric: str
    value: float
    at: int
    arrives: int


def run(*, at: int, seconds: float, error: bool = False, age: float = 0.5) -> list[Measured]:
    """Return what Lambda measures of a run: stamped with its start, sent at its end."""
    arrives = int(at + seconds + LATE)
    values = {
        "Invocations": 1,
        "Errors": int(error),
        "Duration": seconds * 1000,
        "AsyncEventAge": age * 1000,
    }
    return [
        Measured(metric=name, value=value, at=at, arrives=arrives) for name, value in values.items()
    ]


def lambdas(metric: str, *, at: int, value: float = 1) -> list[Measured]:
    """Return what Lambda measures of an event outside of a run."""
    return [Measured(metric=metric, value=value, at=at, arrives=at + LATE)]


def logged(event: str, *, at: int) -> list[Measured]:
    """Return what is counted of a log record."""
    return [Measured(metric=UPLOAD_METRICS[event], value=1, at=at, arrives=at + LATE)]


def queue(messages: int, *, since: int, until: int, late: int = LATE) -> list[Measured]:
    """Return what SQS measures, a value every five minutes or so."""
    return [
        Measured(
            metric="ApproximateNumberOfMessagesVisible", value=messages, at=at, arrives=at + late
        )
        for at in range(since, until, 5 * MINUTE)
    ]


def three_failing_runs(*, seconds: float) -> list[Measured]:
    """Return what is measured of a video that fails for good: three runs, minutes apart."""
    measured, at, waited = [], 0, 0.5
    for pause in (60, 120, 0):
        measured += run(at=at, seconds=seconds, error=True, age=waited)
        waited += seconds + pause
        at += int(seconds) + pause
    return [*measured, *lambdas("AsyncEventsDropped", at=at)]


def throttled(*, minutes: int) -> list[Measured]:
    """Events that are refused for want of concurrency, tried again every five minutes or so."""
    tries = range(0, minutes * MINUTE, 7 * MINUTE)
    return [each for at in tries for each in lambdas("Throttles", at=at, value=3)]


ACCIDENTS: dict[str, tuple[list[Measured], set[str]]] = {
    "a day of classes, and nothing goes wrong": (
        [
            *run(at=0, seconds=40),
            *logged("processed", at=40),
            *run(at=600, seconds=500, age=30),
            *logged("processed", at=1100),
            *logged("skipped", at=1200),
            *logged("ignored", at=1300),
        ],
        set(),
    ),
    "the daily event of an idle stack": (run(at=0, seconds=0.05), set()),
    "a run raises an error at once": (
        [*run(at=0, seconds=1, error=True), *run(at=61, seconds=40, age=61)],
        {"errors"},
    ),
    "a run raises an error after eight minutes": (
        [*run(at=0, seconds=480, error=True), *run(at=540, seconds=480, age=540)],
        {"errors"},
    ),
    "a run is ended by the timeout, which is known a quarter of an hour after its start": (
        [*run(at=0, seconds=TIMEOUT, error=True), *run(at=960, seconds=60, age=960)],
        {"errors", "duration"},
    ),
    "a run takes nearly as long as it may": (
        [*run(at=0, seconds=0.95 * TIMEOUT), *logged("processed", at=855)],
        {"duration"},
    ),
    "a video fails for good, in a queue that nobody has used for long": (
        [
            *three_failing_runs(seconds=20),
            *queue(1, since=240, until=2 * HOUR, late=15 * MINUTE),
        ],
        {"errors", "dropped", "failures"},
    ),
    "the longest runs fail for good": (
        [*three_failing_runs(seconds=840), *queue(1, since=2640, until=3 * HOUR)],
        {"errors", "duration", "dropped", "failures"},
    ),
    "a video fails for good, and the queue can't be reached": (
        [*three_failing_runs(seconds=20), *lambdas("DestinationDeliveryFailures", at=240)],
        {"errors", "dropped", "undelivered"},
    ),
    "throttling for two minutes": (
        [*lambdas("Throttles", at=0, value=40), *lambdas("Throttles", at=110, value=7)],
        set(),
    ),
    "throttling for half an hour": (
        [*throttled(minutes=30), *run(at=1800, seconds=40, age=1800)],
        {"throttles"},
    ),
    "videos wait for more than an hour": (
        [*throttled(minutes=90), *run(at=5400, seconds=40, age=5400)],
        {"throttles", "waiting"},
    ),
    "videos wait for six hours, and are given up": (
        [
            *throttled(minutes=360),
            *run(at=4 * HOUR, seconds=800, age=4 * HOUR),
            *lambdas("AsyncEventsDropped", at=6 * HOUR),
            *queue(3, since=6 * HOUR, until=7 * HOUR),
        ],
        {"throttles", "waiting", "dropped", "failures"},
    ),
    "a file is no good video": (
        [*run(at=0, seconds=3), *logged("unreadable", at=3)],
        {"unreadable"},
    ),
    "a video was cut off": (
        [*run(at=0, seconds=300), *logged("processed", at=300), *logged("partly", at=300)],
        {"partly"},
    ),
    "videos come before anybody is enrolled": (
        [*run(at=0, seconds=3), *logged("unenrolled", at=3)],
        {"unenrolled"},
    ),
    "a video takes longer than a run may, which ends by itself in time": (
        [*run(at=0, seconds=0.97 * TIMEOUT), *logged("too_long", at=870)],
        {"too-long", "duration"},
    ),
}


class CloudWatch:
    """The emulator's, with the alarms of the deployed stack; it begins at a midnight long ago."""

    def __init__(self, aws: LocalAws) -> None:
        self._aws = aws
        self._client = aws.client("cloudwatch")
        self._function = aws.outputs.function_name
        self._queue = aws.outputs.failures_queue_url.rpartition("/")[2]
        day = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
        day -= timedelta(days=_OLDEST_DAYS - next(_half_days) / 2)
        self._start = int(day.timestamp())
        described = self._client.describe_alarms()["MetricAlarms"]
        self.alarms = {
            each["AlarmName"].removeprefix("lambdalens-").rpartition("-")[0]: Alarm.described(each)
            for each in described
            if self._is_ours(each)
        }

    def _is_ours(self, alarm: dict[str, object]) -> bool:
        return any(name in str(alarm) for name in (self._function, self._queue))

    def states(
        self, accident: Sequence[Measured], alarms: dict[str, Alarm]
    ) -> dict[tuple[str, int], States]:
        """Return each alarm's states in the accident and the hour after it, for FURTHER_PERIODS."""
        arriving = defaultdict(list)
        for measured in accident:
            arriving[-(-measured.arrives // MINUTE) * MINUTE].append(measured)
        states: dict[tuple[str, int], States] = {
            (name, further): {-MINUTE: "OK"} for name in alarms for further in FURTHER_PERIODS
        }
        seen: dict[str, dict[int, float]] = {name: {} for name in alarms}
        for now in range(0, max(arriving) + HOUR, MINUTE):
            if now in arriving:
                self._put(arriving[now])
                seen = {name: self._minutes(alarm) for name, alarm in alarms.items()}
            for (name, further), past in states.items():
                points = alarms[name].points(seen[name], now=self._start + now, further=further)
                past[now] = alarms[name].state(points, past[now - MINUTE])
        return states

    def _put(self, measured: Sequence[Measured]) -> None:
        for each in measured:
            for namespace, dimensions in self._places(each.metric):
                self._client.put_metric_data(
                    Namespace=namespace,
                    MetricData=[
                        {
                            "MetricName": each.metric,
                            "Value": each.value,
                            "Timestamp": self._start + each.at,
                            "Dimensions": [
                                {"Name": name, "Value": value} for name, value in dimensions.items()
                            ],
                        }
                    ],
                )

    def _places(self, metric: str) -> Iterator[tuple[str, dict[str, str]]]:
        """Yield where AWS puts a metric: of an alias, of its function, of all, of another's too."""
        if metric in UPLOAD_METRICS.values():
            yield f"LambdaLens/{self._function}", {}
        elif metric.startswith("Approximate"):
            yield "AWS/SQS", {"QueueName": self._queue}
        else:
            function = {"FunctionName": self._function}
            yield "AWS/Lambda", function
            yield "AWS/Lambda", {**function, "Resource": f"{self._function}:live"}
            yield "AWS/Lambda", {}

    def _minutes(self, alarm: Alarm) -> dict[int, float]:
        """Read what there is of a metric, minute by minute."""
        found = self._client.get_metric_statistics(
            Namespace=alarm.namespace,
            MetricName=alarm.metric,
            Dimensions=[{"Name": name, "Value": value} for name, value in alarm.dimensions.items()],
            StartTime=datetime.fromtimestamp(self._start - HOUR, UTC),
            EndTime=datetime.fromtimestamp(self._start + 11 * HOUR, UTC),
            Period=MINUTE,
            Statistics=[alarm.statistic],
        )["Datapoints"]
        return {int(each["Timestamp"].timestamp()): each[alarm.statistic] for each in found}


@pytest.fixture
def cloudwatch(aws: LocalAws) -> CloudWatch:
    return CloudWatch(aws)


@pytest.mark.parametrize("accident", ACCIDENTS)
def test_the_alarms_that_are_meant_for_it_go_off_and_no_other(
    cloudwatch: CloudWatch, accident: str
) -> None:
    measured, meant = ACCIDENTS[accident]
    states = cloudwatch.states(measured, cloudwatch.alarms)
    for further in FURTHER_PERIODS:
        gone_off = {name for name in cloudwatch.alarms if "ALARM" in states[name, further].values()}
        assert gone_off == meant


def test_there_is_an_accident_for_every_alarm(cloudwatch: CloudWatch) -> None:
    assert cloudwatch.alarms.keys() == set().union(*(meant for _, meant in ACCIDENTS.values()))


def test_looking_back_five_minutes_would_miss_the_error_of_a_long_run(
    cloudwatch: CloudWatch,
) -> None:
    accident = run(at=0, seconds=TIMEOUT, error=True)
    errors = cloudwatch.alarms["errors"]
    alarms = {"errors": errors, "short": replace(errors, periods=1)}
    states = cloudwatch.states(accident, alarms)
    for further in FURTHER_PERIODS:
        assert "ALARM" in states["errors", further].values()
        assert "ALARM" not in states["short", further].values()


@pytest.mark.parametrize("further", FURTHER_PERIODS)
def test_a_queue_that_says_nothing_is_not_called_empty(
    cloudwatch: CloudWatch, further: int
) -> None:
    """Over a weekend nobody touches it, so its metrics stop; on Monday it is emptied."""
    forgotten = queue(1, since=0, until=2 * HOUR)
    emptied = queue(0, since=8 * HOUR, until=9 * HOUR)
    states = cloudwatch.states([*forgotten, *emptied], cloudwatch.alarms)["failures", further]
    assert {states[now] for now in range(10 * MINUTE, 8 * HOUR, MINUTE)} == {"ALARM"}
    assert states[max(states)] == "OK"


@pytest.mark.parametrize("further", FURTHER_PERIODS)
def test_other_alarms_end_when_it_is_over(cloudwatch: CloudWatch, further: int) -> None:
    accident = run(at=0, seconds=1, error=True)
    states = cloudwatch.states(accident, cloudwatch.alarms)["errors", further]
    assert states[3 * MINUTE] == "ALARM"
    assert states[max(states)] == "OK"
