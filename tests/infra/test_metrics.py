"""Every metric that an alarm or the dashboard names is one that somebody emits, and so is named."""

from __future__ import annotations

import ast
import json
from typing import TYPE_CHECKING

from stacks.configuration import REPOSITORY

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.infra.recording import Program

# What AWS emits, as far as it could concern us, and by which dimensions one may ask for it.
# https://docs.aws.amazon.com/lambda/latest/dg/monitoring-metrics-types.html and, for dimensions,
# https://docs.aws.amazon.com/lambda/latest/dg/monitoring-metrics-view.html: by FunctionName alone,
# all versions and aliases together; by FunctionName and Resource, one of them.
_OF_A_FUNCTION = ({"FunctionName"}, {"FunctionName", "Resource"})
# https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-available-cloudwatch-metrics.html
_OF_A_QUEUE = ({"QueueName"},)
# https://docs.aws.amazon.com/step-functions/latest/dg/procedure-cw-metrics.html
_OF_A_STATE_MACHINE = ({"StateMachineArn"},)
EMITTED_BY_AWS = {
    **{
        ("AWS/Lambda", name): _OF_A_FUNCTION
        for name in (
            *("Invocations", "Errors", "Throttles", "Duration", "ConcurrentExecutions"),
            *("AsyncEventsReceived", "AsyncEventAge", "AsyncEventsDropped"),
            *("DeadLetterErrors", "DestinationDeliveryFailures"),
        )
    },
    **{
        ("AWS/States", f"Executions{end}"): _OF_A_STATE_MACHINE
        for end in ("Started", "Succeeded", "Failed", "Aborted", "TimedOut")
    },
    **{
        ("AWS/SQS", name): _OF_A_QUEUE
        for name in (
            *("ApproximateAgeOfOldestMessage", "ApproximateNumberOfMessagesVisible"),
            *("ApproximateNumberOfMessagesNotVisible", "NumberOfMessagesSent"),
        )
    },
}


def logged_events() -> Iterator[str]:
    """Yield what the function's log records have under `event`, read from its source."""
    files = [REPOSITORY / "function" / f"{module}.py" for module in ("app", "ranges", "log")]
    for node in (node for file in files for node in ast.walk(ast.parse(file.read_bytes()))):
        match node:
            case ast.Assign(targets=[ast.Name(id="event")], value=value):
                yield from _texts(value)
            case ast.Assign(
                targets=[ast.Tuple(elts=[ast.Name(id="event"), *_])],
                value=ast.Tuple(elts=[value, *_]),
            ):
                yield from _texts(value)
            case ast.Call(func=ast.Name(id="log_upload"), args=[event, *_]):
                yield from _texts(event)
            case ast.Dict(keys=[ast.Constant(value="event"), *_], values=[value, *_]):
                yield from _texts(value)


def _texts(node: ast.expr) -> Iterator[str]:
    """Yield the texts that an expression may have for its value."""
    match node:
        case ast.Constant(value=str(text)):
            yield text
        case ast.IfExp(body=body, orelse=otherwise):
            yield from (*_texts(body), *_texts(otherwise))


def counted(program: Program) -> dict[tuple[str, str], str]:
    """Return the metrics that are made of log records, and of which."""
    return {
        (metric["namespace"], metric["name"]): each.inputs["pattern"]
        for each in program.every("cloudwatch/logMetricFilter:LogMetricFilter")
        for metric in [each.inputs["metricTransformation"]]
    }


def named(program: Program) -> Iterator[tuple[str, str, frozenset[str]]]:
    """Yield namespace, name and dimensions of what alarms watch and the dashboard shows."""
    for each in program.every("cloudwatch/metricAlarm:MetricAlarm"):
        alarm = each.inputs
        yield alarm["namespace"], alarm["metricName"], frozenset(alarm["dimensions"])
    body = program.one("cloudwatch/dashboard:Dashboard").inputs["dashboardBody"]
    for widget in json.loads(body)["widgets"]:
        for namespace, name, *dimensions, _ in widget["properties"]["metrics"]:
            yield namespace, name, frozenset(dimensions[::2])


def test_what_is_watched_or_shown_is_emitted_by_these_dimensions(program: Program) -> None:
    ours = counted(program)
    metrics = set(named(program))
    assert len(metrics) > len(ours)
    for namespace, name, dimensions in metrics:
        if (namespace, name) in ours:
            assert not dimensions
        else:
            assert dimensions in EMITTED_BY_AWS[namespace, name], name


def test_what_the_function_logs_of_uploads_is_what_is_counted(program: Program) -> None:
    events = set(logged_events())
    assert len(events) > 5
    assert {f'{{ $.event = "{event}" }}' for event in events} == set(counted(program).values())
