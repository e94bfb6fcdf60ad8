"""When CloudWatch would let an alarm go off, by what AWS documents of it.

The emulator stores alarms and metrics, but its own evaluation is not AWS's: it asks neither for
dimensions nor for single periods, and knows no missing data. So the rules are here:
https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/alarm-evaluation.html and
https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/alarms-and-missing-data.html.
Their tables are this module's own test (tests/unit/test_alarm_evaluation.py).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

# Every minute, over windows that end then: of five-minute periods those of minutes 1 to 5, then
# those of minutes 2 to 6.
MINUTE = 60
_COMBINED: dict[str, Callable[[list[float]], float]] = {"Sum": sum, "Maximum": max}


@dataclass(frozen=True, kw_only=True)
class Alarm:
    """An alarm as CloudWatch describes it."""

    name: str
    namespace: str
    metric: str
    dimensions: Mapping[str, str]
    statistic: str
    period: int
    periods: int
    bad: int
    threshold: float
    silence: str

    @classmethod
    def described(cls, alarm: Mapping[str, Any]) -> Alarm:
        """Read one of DescribeAlarms' answers."""
        assert alarm["ComparisonOperator"] == "GreaterThanOrEqualToThreshold"
        return cls(
            name=alarm["AlarmName"],
            namespace=alarm["Namespace"],
            metric=alarm["MetricName"],
            dimensions={each["Name"]: each["Value"] for each in alarm["Dimensions"]},
            statistic=alarm["Statistic"],
            period=alarm["Period"],
            periods=alarm["EvaluationPeriods"],
            bad=alarm.get("DatapointsToAlarm", alarm["EvaluationPeriods"]),
            threshold=alarm["Threshold"],
            silence=alarm["TreatMissingData"],
        )

    def points(self, minutes: Mapping[int, float], *, now: int, further: int) -> list[float | None]:
        """Return the periods of the evaluation range, the oldest first; None is a missing one.

        `minutes` has the statistic of each minute with data, by its beginning in epoch seconds.
        CloudWatch retrieves `further` periods more than the alarm evaluates, and doesn't say how
        many.
        """
        combine = _COMBINED[self.statistic]
        found: list[float | None] = []
        for number in range(self.periods + further, 0, -1):
            start = now - number * self.period
            values = [
                minutes[at] for at in range(start, start + self.period, MINUTE) if at in minutes
            ]
            found.append(combine(values) if values else None)
        return found

    def state(self, points: Sequence[float | None], before: str) -> str:
        """Return the state after these points, of which `before` was the one before them."""
        real = [point >= self.threshold for point in points if point is not None]
        if len(real) >= self.periods:
            return _state(sum(real[-self.periods :]) >= self.bad)
        # "Any real data points in the evaluation range are included in the evaluation."
        if sum(real) >= self.bad:
            return "ALARM"
        match self.silence:
            case "notBreaching":
                return "OK"
            case "ignore":
                return before if all(real) else "OK"
        raise NotImplementedError(self.silence)


def _state(goes_off: bool) -> str:  # noqa: FBT001 - a truth, and no option
    return "ALARM" if goes_off else "OK"
