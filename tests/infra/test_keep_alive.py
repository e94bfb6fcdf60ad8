"""Once a day the function is sent an event that it passes over, by a role that may do only that."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from function.events import uploads
from tests.infra.recording import ACCOUNT, statements

if TYPE_CHECKING:
    from tests.infra.recording import Program

NAME = "lambdalens-keep-alive"


def test_it_comes_every_day(program: Program) -> None:
    schedule = program.one("scheduler/schedule:Schedule").inputs
    assert schedule["scheduleExpression"] == "rate(1 day)"
    assert schedule["flexibleTimeWindow"] == {"mode": "FLEXIBLE", "maximumWindowInMinutes": 60}


def test_what_s3_invokes_is_invoked(program: Program) -> None:
    target = program.one("scheduler/schedule:Schedule").inputs["target"]
    (entry,) = program.one("s3/bucketNotification:BucketNotification").inputs["lambdaFunctions"]
    assert target["arn"] == entry["lambdaFunctionArn"]


def test_the_function_passes_the_event_over(program: Program) -> None:
    target = program.one("scheduler/schedule:Schedule").inputs["target"]
    assert uploads(json.loads(target["input"])) == []


def test_the_role_may_invoke_that_and_nothing_else(program: Program) -> None:
    schedule = program.one("scheduler/schedule:Schedule")
    role = program.one("iam/role:Role", NAME)
    policy = program.one("iam/rolePolicy:RolePolicy", NAME)
    (statement,) = statements(policy.inputs["policy"])
    assert policy.inputs["role"] == role.outputs["name"]
    assert statement["Action"] == ["lambda:InvokeFunction"]
    assert statement["Resource"] == [schedule.inputs["target"]["arn"]]
    assert schedule.inputs["target"]["roleArn"] == role.outputs["arn"]
    assert policy.urn in schedule.depends_on


def test_only_this_account_s_schedules_may_take_the_role(program: Program) -> None:
    (statement,) = statements(program.one("iam/role:Role", NAME).inputs["assumeRolePolicy"])
    assert statement["Principal"] == {"Service": "scheduler.amazonaws.com"}
    assert statement["Condition"] == {"StringEquals": {"aws:SourceAccount": ACCOUNT}}
