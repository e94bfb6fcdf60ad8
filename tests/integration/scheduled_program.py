"""A Pulumi program with a schedule, and with a fault where one is asked for.

Configuration: `fault`, the name of one of the faults below, or nothing; `function`, the ARN of what
the schedule invokes.
"""

from __future__ import annotations

import json

import pulumi
from pulumi_aws import iam, scheduler

config = pulumi.Config()
fault = config.get("fault")
function = config.require("function")


def _policy(statement: dict[str, object]) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", **statement}]})


trusted = "events" if fault == "role not for schedules" else "scheduler"
role = iam.Role(
    "small",
    assume_role_policy=_policy(
        {"Principal": {"Service": f"{trusted}.amazonaws.com"}, "Action": "sts:AssumeRole"}
    ),
)
invoked = f"{function}-other" if fault == "permission for another function" else function
permissions = iam.RolePolicy(
    "small",
    role=role.name,
    policy=_policy({"Action": ["lambda:InvokeFunction"], "Resource": [invoked]}),
)
scheduler.Schedule(
    "small",
    schedule_expression="rate(1 day)",
    flexible_time_window={"mode": "OFF"},
    target={"arn": function, "role_arn": role.arn, "input": "{}"},
    opts=pulumi.ResourceOptions(depends_on=[permissions]),
)
