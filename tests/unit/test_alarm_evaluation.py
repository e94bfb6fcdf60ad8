"""The rules by which the tests let alarms go off are CloudWatch's: its own examples."""

from __future__ import annotations

import pytest

from tests.integration.alarm_evaluation import Alarm

KEPT = "as before"

# https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/alarms-and-missing-data.html: the
# five newest points (0 is good, X is bad, - is missing), and the state where missing data is
# ignored, and where it is not breaching. First three of three, then two of three.
THREE_OF_THREE = [
    ("0 - X - X", "OK", "OK"),
    ("0 - - - -", "OK", "OK"),
    ("- - - - -", KEPT, "OK"),
    ("0 X X - X", "ALARM", "ALARM"),
    ("- - - - X", KEPT, "OK"),
    ("X - - - -", KEPT, "OK"),
]
TWO_OF_THREE = [
    ("0 - X - X", "ALARM", "ALARM"),
    ("0 0 X 0 X", "ALARM", "ALARM"),
    ("0 - X - -", "OK", "OK"),
    ("- - - - 0", "OK", "OK"),
    ("- - - - X", KEPT, "OK"),
]


def alarm(*, bad: int, silence: str) -> Alarm:
    return Alarm(
        name="alarm",
        namespace="namespace",
        metric="metric",
        dimensions={},
        statistic="Sum",
        period=300,
        periods=3,
        bad=bad,
        threshold=1,
        silence=silence,
    )


@pytest.mark.parametrize(
    ("bad", "points", "ignored", "not_breaching"),
    [*((3, *row) for row in THREE_OF_THREE), *((2, *row) for row in TWO_OF_THREE)],
)
def test_the_documented_examples(bad: int, points: str, ignored: str, not_breaching: str) -> None:
    values = [{"0": 0.0, "X": 1.0, "-": None}[point] for point in points.split()]
    assert alarm(bad=bad, silence="ignore").state(values, KEPT) == ignored
    assert alarm(bad=bad, silence="notBreaching").state(values, KEPT) == not_breaching


def test_a_period_is_the_minutes_in_it_and_slides_with_the_clock() -> None:
    watching = alarm(bad=3, silence="ignore")
    minutes = {0: 1.0, 240: 2.0, 600: 4.0}
    assert watching.points(minutes, now=900, further=0) == [3.0, None, 4.0]
    assert watching.points(minutes, now=960, further=0) == [2.0, 4.0, None]
    assert watching.points(minutes, now=900, further=1) == [None, 3.0, None, 4.0]
