"""The daily event is there on the embedded AWS, and the function passes it over."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from local.program import DeploymentError

if TYPE_CHECKING:
    from local.aws import LocalAws
    from tests.integration.pipeline import Pipeline

PROGRAM = Path(__file__).parent / "scheduled_program.py"


def daily(aws: LocalAws) -> dict[str, Any]:
    scheduler = aws.client("scheduler")
    (name,) = (
        schedule["Name"]
        for schedule in scheduler.list_schedules()["Schedules"]
        if schedule["Name"].startswith("lambdalens-keep-alive-")
    )
    found: dict[str, Any] = scheduler.get_schedule(Name=name)
    return found


def test_it_is_sent_to_the_function_every_day(aws: LocalAws) -> None:
    schedule = daily(aws)
    assert (schedule["State"], schedule["ScheduleExpression"]) == ("ENABLED", "rate(1 day)")
    assert f":function:{aws.outputs.function_name}" in schedule["Target"]["Arn"]


def test_a_run_for_it_does_nothing(pipeline: Pipeline) -> None:
    event = json.loads(daily(pipeline.aws)["Target"]["Input"])
    before = [line for line in pipeline.log() if '"event"' in line]
    assert pipeline.run(event) is None
    assert [line for line in pipeline.log() if '"event"' in line] == before


@pytest.mark.parametrize(
    ("fault", "reason"),
    [
        ("role not for schedules", "can't be assumed by scheduler.amazonaws.com"),
        ("permission for another function", "lacks lambda:InvokeFunction on arn:aws:lambda"),
    ],
)
def test_a_schedule_that_would_fail_on_aws_is_refused(
    aws: LocalAws, fault: str, reason: str
) -> None:
    configuration = {"lambdalens:function": daily(aws)["Target"]["Arn"]}
    aws.deploy(PROGRAM, configuration)
    with pytest.raises(DeploymentError) as refusal:
        aws.deploy(PROGRAM, {**configuration, "lambdalens:fault": fault})
    message = str(refusal.value)
    assert message.startswith("aws:scheduler/schedule:Schedule small: ")
    assert reason in message
    assert "\n" not in message
