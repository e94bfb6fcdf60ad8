"""What AWS itself measured while a run went on: the function as CloudWatch and its log saw it.

The metrics are of the function, so other people's videos of the same minutes are in them. They
come a minute or two late: we wait for them, and not for ever.
"""

from __future__ import annotations

import json
import time
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from loadtest.figures import Spread

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from loadtest.target import Target

_NAMESPACE = "AWS/Lambda"
_METRICS = {
    "concurrency": ("ConcurrentExecutions", "Maximum"),
    "invocations": ("Invocations", "Sum"),
    "errors": ("Errors", "Sum"),
    "throttles": ("Throttles", "Sum"),
}
_PERIOD = timedelta(minutes=1)
_LONGEST_WAIT_SECONDS = 180
_LOOK_EVERY_SECONDS = 15
# The function's log format is JSON, and so are Lambda's own records in it.
_REPORTS = '{ $.type = "platform.report" }'


@dataclass(frozen=True, kw_only=True)
class Metrics:
    """The function in the minutes of the run. `concurrency` has its highest value a minute.

    The moments are seconds from the start of the run. Durations and memory are from Lambda's
    report on each invocation, of which there are `reports`.
    """

    invocations: int
    errors: int
    throttles: int
    highest_concurrency: int
    concurrency: tuple[tuple[float, float], ...]
    duration: Spread | None
    reports: int
    billed_seconds: float
    init: Spread | None
    memory_mb: int | None
    highest_memory_mb: int | None


def measured(
    target: Target, *, started: datetime, ended: datetime, invocations: int, wait: bool = True
) -> Metrics:
    """Return what AWS measured of a stack's function from `started` to `ended`.

    Wait until at least so many `invocations` are in the metrics, for three minutes at most.
    """
    if target.deployment is None:
        raise ValueError("the metrics are a function's, and the stack that has it is not known")
    outputs = target.deployment.outputs
    cloudwatch, logs = target.client("cloudwatch"), target.client("logs")
    deadline = time.monotonic() + (_LONGEST_WAIT_SECONDS if wait else 0)
    while True:
        values = _metric_values(cloudwatch, outputs.function_name, started, ended)
        if _total(values["invocations"]) >= invocations or time.monotonic() >= deadline:
            break
        time.sleep(_LOOK_EVERY_SECONDS)
    reports = list(_reports(logs, outputs.log_group, started, ended))
    memory = [int(report["maxMemoryUsedMB"]) for report in reports if "maxMemoryUsedMB" in report]
    return Metrics(
        invocations=_total(values["invocations"]),
        errors=_total(values["errors"]),
        throttles=_total(values["throttles"]),
        highest_concurrency=int(max((value for _, value in values["concurrency"]), default=0)),
        concurrency=tuple(
            ((moment - started) / timedelta(seconds=1), value)
            for moment, value in sorted(values["concurrency"])
        ),
        duration=Spread.of(_seconds(report, "durationMs") for report in reports),
        reports=len(reports),
        billed_seconds=sum(_seconds(report, "billedDurationMs") or 0.0 for report in reports),
        init=Spread.of(_seconds(report, "initDurationMs") for report in reports),
        memory_mb=int(reports[0]["memorySizeMB"]) if reports else None,
        highest_memory_mb=max(memory, default=None),
    )


def _metric_values(
    cloudwatch: Any,  # noqa: ANN401 - a boto3 client
    function_name: str,
    started: datetime,
    ended: datetime,
) -> dict[str, list[tuple[datetime, float]]]:
    queries = [
        {
            "Id": name,
            "MetricStat": {
                "Metric": {
                    "Namespace": _NAMESPACE,
                    "MetricName": metric,
                    "Dimensions": [{"Name": "FunctionName", "Value": function_name}],
                },
                "Period": int(_PERIOD.total_seconds()),
                "Stat": statistic,
            },
        }
        for name, (metric, statistic) in _METRICS.items()
    ]
    whole_minute = started.replace(second=0, microsecond=0)
    values: dict[str, list[tuple[datetime, float]]] = {name: [] for name in _METRICS}
    pages = cloudwatch.get_paginator("get_metric_data").paginate(
        MetricDataQueries=queries, StartTime=whole_minute, EndTime=ended + _PERIOD
    )
    for page in pages:
        for result in page["MetricDataResults"]:
            values[result["Id"]] += zip(result["Timestamps"], result["Values"], strict=True)
    return values


def _reports(
    logs: Any,  # noqa: ANN401 - a boto3 client
    log_group: str,
    started: datetime,
    ended: datetime,
) -> Iterator[dict[str, float]]:
    pages = logs.get_paginator("filter_log_events").paginate(
        logGroupName=log_group,
        filterPattern=_REPORTS,
        startTime=_milliseconds(started),
        endTime=_milliseconds(ended + _PERIOD),
    )
    for page in pages:
        for event in page["events"]:
            try:
                yield json.loads(event["message"])["record"]["metrics"]
            except (ValueError, KeyError, TypeError):
                continue  # a filter that matches loosely brings other lines too


def _total(values: Sequence[tuple[datetime, float]]) -> int:
    return int(sum(value for _, value in values))


def _seconds(report: dict[str, float], name: str) -> float | None:
    return report[name] / 1e3 if name in report else None


def _milliseconds(moment: datetime) -> int:
    return (moment - datetime.fromtimestamp(0, UTC)) // timedelta(milliseconds=1)
