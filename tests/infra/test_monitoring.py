"""Somebody learns of it when videos stop coming through."""

from __future__ import annotations

import json
from typing import Any

import pytest

from stacks.configuration import REPOSITORY
from tests.infra.recording import Program, run_program

ALARM = "cloudwatch/metricAlarm:MetricAlarm"


def alarms(program: Program) -> dict[str, dict[str, Any]]:
    return {each.name.removeprefix("lambdalens-"): each.inputs for each in program.every(ALARM)}


def function_dimensions(program: Program) -> dict[str, str]:
    return {
        "FunctionName": program.one("lambda/function:Function", "lambdalens-recogniser").outputs[
            "name"
        ]
    }


def queue_dimensions(program: Program) -> dict[str, str]:
    return {"QueueName": program.one("sqs/queue:Queue").outputs["name"]}


def test_what_is_charged_every_month_is_told(program: Program) -> None:
    filters = program.every("cloudwatch/logMetricFilter:LogMetricFilter")
    metrics = {each.inputs["metricTransformation"]["name"] for each in filters}
    told = (REPOSITORY / "docs" / "deploying.md").read_text(encoding="utf-8")
    assert f"CloudWatch: {len(alarms(program))} alarms, {len(metrics)} metrics," in told


def test_there_is_an_alarm_for_each_way_of_failing(program: Program) -> None:
    assert alarms(program).keys() == {
        "failures",
        "errors",
        "throttles",
        "waiting",
        "dropped",
        "undelivered",
        "long-videos-failed",
        "long-videos-aborted",
        "long-videos-timedout",
        "duration",
        "unreadable",
        "partly",
        "unenrolled",
        "too-long",
    }


def test_an_alarm_goes_off_at_the_first_failure(program: Program) -> None:
    alarm = alarms(program)["failures"]
    assert alarm["namespace"] == "AWS/SQS"
    assert alarm["metricName"] == "ApproximateNumberOfMessagesVisible"
    assert alarm["dimensions"] == queue_dimensions(program)
    assert (alarm["statistic"], alarm["threshold"]) == ("Maximum", 1)


def test_an_alarm_goes_off_at_the_first_error(program: Program) -> None:
    alarm = alarms(program)["errors"]
    assert (alarm["namespace"], alarm["metricName"]) == ("AWS/Lambda", "Errors")
    assert alarm["dimensions"] == function_dimensions(program)
    assert (alarm["statistic"], alarm["threshold"]) == ("Sum", 1)


def test_throttling_alarms_when_it_lasts(program: Program) -> None:
    alarm = alarms(program)["throttles"]
    assert (alarm["namespace"], alarm["metricName"]) == ("AWS/Lambda", "Throttles")
    assert alarm["dimensions"] == function_dimensions(program)
    assert alarm["datapointsToAlarm"] * alarm["period"] == 15 * 60
    # Lambda's tries are up to five minutes apart: not every period between has one.
    assert alarm["evaluationPeriods"] == 2 * alarm["datapointsToAlarm"]


def test_an_alarm_goes_off_before_videos_time_out() -> None:
    program = run_program("prod", timeoutSeconds="600")
    alarm = alarms(program)["duration"]
    assert (alarm["namespace"], alarm["metricName"]) == ("AWS/Lambda", "Duration")
    assert alarm["dimensions"] == function_dimensions(program)
    assert (alarm["statistic"], alarm["threshold"]) == ("Maximum", 540_000)


@pytest.mark.parametrize("timeout", [30, 301, 900])
def test_alarms_on_the_function_look_further_back_than_a_run_takes(timeout: int) -> None:
    """Lambda stamps what it measures with the time the run began, and sends it at the end."""
    of_function = {
        name: alarm
        for name, alarm in alarms(run_program("dev", timeoutSeconds=str(timeout))).items()
        if alarm["namespace"] == "AWS/Lambda"
    }
    assert len(of_function) == 6
    for name, alarm in of_function.items():
        assert alarm["period"] * alarm["evaluationPeriods"] >= timeout + 600, name
        assert alarm["datapointsToAlarm"] == (3 if name == "throttles" else 1)
        # More than a day in all, and CloudWatch refuses it.
        assert alarm["period"] * alarm["evaluationPeriods"] <= 86400


def test_an_alarm_goes_off_when_videos_have_waited_for_an_hour(program: Program) -> None:
    alarm = alarms(program)["waiting"]
    invoke = program.one("lambda/functionEventInvokeConfig:FunctionEventInvokeConfig").inputs
    function = program.one("lambda/function:Function", "lambdalens-recogniser").inputs
    assert (alarm["metricName"], alarm["statistic"]) == ("AsyncEventAge", "Maximum")
    assert alarm["threshold"] == 3_600_000  # the metric's unit is milliseconds
    # In time to do something about it, and not for retries alone.
    assert alarm["threshold"] < invoke["maximumEventAgeInSeconds"] * 1000 / 2
    assert alarm["threshold"] > (invoke["maximumRetryAttempts"] * function["timeout"] + 180) * 1000


@pytest.mark.parametrize(
    ("name", "metric"),
    [("dropped", "AsyncEventsDropped"), ("undelivered", "DestinationDeliveryFailures")],
)
def test_an_alarm_goes_off_at_the_first_video_that_is_lost(
    program: Program, name: str, metric: str
) -> None:
    alarm = alarms(program)[name]
    assert (alarm["metricName"], alarm["statistic"], alarm["threshold"]) == (metric, "Sum", 1)
    assert alarm["dimensions"] == function_dimensions(program)


def test_no_videos_is_no_alarm_and_a_silent_queue_no_news(program: Program) -> None:
    for name, alarm in alarms(program).items():
        assert alarm["treatMissingData"] == ("ignore" if name == "failures" else "notBreaching")
        assert alarm["comparisonOperator"] == "GreaterThanOrEqualToThreshold"


@pytest.mark.parametrize("end", ["Failed", "Aborted", "TimedOut"])
def test_an_alarm_goes_off_at_the_first_long_video_that_does_not_come_to_its_end(
    program: Program, end: str
) -> None:
    alarm = alarms(program)[f"long-videos-{end.lower()}"]
    machine = program.one("sfn/stateMachine:StateMachine").outputs["arn"]
    assert (alarm["namespace"], alarm["metricName"]) == ("AWS/States", f"Executions{end}")
    assert (alarm["statistic"], alarm["threshold"]) == ("Sum", 1)
    assert alarm["dimensions"] == {"StateMachineArn": machine}


@pytest.mark.parametrize(
    "event",
    [
        *("processed", "skipped", "unreadable", "unenrolled", "too_long", "ignored"),
        *("divided", "range"),
    ],
)
def test_what_the_function_says_of_uploads_is_counted(program: Program, event: str) -> None:
    counted = program.one("cloudwatch/logMetricFilter:LogMetricFilter", f"lambdalens-{event}")
    group = program.one("cloudwatch/logGroup:LogGroup", "lambdalens-recogniser")
    assert counted.inputs["pattern"] == f'{{ $.event = "{event}" }}'
    assert counted.inputs["logGroupName"] == group.outputs["name"]
    assert counted.inputs["metricTransformation"]["value"] == "1"


@pytest.mark.parametrize("event", ["unreadable", "unenrolled", "too_long"])
def test_the_alarm_on_videos_without_a_csv_watches_what_is_counted(
    program: Program, event: str
) -> None:
    counted = program.one("cloudwatch/logMetricFilter:LogMetricFilter", f"lambdalens-{event}")
    alarm = alarms(program)[event.replace("_", "-")]
    metric = counted.inputs["metricTransformation"]
    assert (alarm["namespace"], alarm["metricName"]) == (metric["namespace"], metric["name"])


def test_what_is_counted_is_on_the_dashboard(program: Program) -> None:
    dashboard = program.one("cloudwatch/dashboard:Dashboard")
    widgets = json.loads(dashboard.inputs["dashboardBody"])["widgets"]
    shown = {tuple(metric[:2]) for widget in widgets for metric in widget["properties"]["metrics"]}
    for counted in program.every("cloudwatch/logMetricFilter:LogMetricFilter"):
        metric = counted.inputs["metricTransformation"]
        assert (metric["namespace"], metric["name"]) in shown


def test_no_two_deployments_share_metrics_or_a_dashboard(program: Program) -> None:
    # The function's name is one that Pulumi makes up, so not even two of one stack name do.
    assert "name" not in program.one("lambda/function:Function", "lambdalens-recogniser").inputs
    function = program.one("lambda/function:Function", "lambdalens-recogniser").outputs["name"]
    for counted in program.every("cloudwatch/logMetricFilter:LogMetricFilter"):
        namespace = counted.inputs["metricTransformation"]["namespace"]
        assert namespace == f"LambdaLens/{function}"
    dashboard = program.one("cloudwatch/dashboard:Dashboard").inputs
    assert dashboard["dashboardName"] == function


def test_alarms_are_sent_to_the_configured_address() -> None:
    program = run_program("prod", alarmEmail="engineer@school.example")
    topic = program.one("sns/topic:Topic").outputs["arn"]
    subscription = program.one("sns/topicSubscription:TopicSubscription").inputs
    assert subscription["topic"] == topic
    assert subscription["protocol"] == "email"
    assert subscription["endpoint"] == "engineer@school.example"
    for alarm in alarms(program).values():
        assert alarm["alarmActions"] == [topic]
        assert alarm["okActions"] == [topic]


def test_without_an_address_alarms_only_show(program: Program) -> None:
    assert not program.has("sns/topic:Topic")
    assert all(alarm["alarmActions"] == [] for alarm in alarms(program).values())


def test_the_dashboard_shows_every_metric_that_alarms(program: Program) -> None:
    dashboard = program.one("cloudwatch/dashboard:Dashboard")
    widgets = json.loads(dashboard.inputs["dashboardBody"])["widgets"]
    shown = {tuple(metric[:-1]) for widget in widgets for metric in widget["properties"]["metrics"]}
    for alarm in alarms(program).values():
        dimensions = [part for pair in alarm["dimensions"].items() for part in pair]
        assert (alarm["namespace"], alarm["metricName"], *dimensions) in shown


def test_the_dashboard_is_in_the_stacks_region_and_its_graphs_do_not_overlap(
    program: Program,
) -> None:
    dashboard = program.one("cloudwatch/dashboard:Dashboard")
    widgets = json.loads(dashboard.inputs["dashboardBody"])["widgets"]
    assert {widget["properties"]["region"] for widget in widgets} == {"us-east-1"}
    assert len({(widget["x"], widget["y"]) for widget in widgets}) == len(widgets)
    assert all(widget["x"] + widget["width"] <= 24 for widget in widgets)
    assert program.exports["dashboardUrl"].endswith(dashboard.inputs["dashboardName"])
