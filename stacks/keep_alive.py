"""A run a day that does nothing, so that the function is there after the holidays.

A function that nobody has invoked for weeks becomes inactive: Lambda takes back what it held ready
for it, and the invocation that comes next fails
(https://docs.aws.amazon.com/lambda/latest/dg/functions-states.html). Here, that would be the first
video of the term. So EventBridge Scheduler sends the event that S3 sends when a notification is
set up, which the function passes over.
"""

from __future__ import annotations

import json

import pulumi
from pulumi_aws import get_caller_identity_output, iam, scheduler

from stacks.component import Component

EVENT = {"Service": "Amazon S3", "Event": "s3:TestEvent"}
# At any time of the day will do.
WINDOW_MINUTES = 60


class KeepAlive(Component):
    """The schedule, and the role that it invokes the function with, and nothing else.

    `invoked_arn` is what S3 invokes too: the function, or an alias of it.
    """

    def __init__(self, name: str, *, invoked_arn: pulumi.Input[str]) -> None:
        super().__init__(name)
        trust = {
            "Effect": "Allow",
            "Principal": {"Service": "scheduler.amazonaws.com"},
            "Action": "sts:AssumeRole",
            # Or somebody else's schedule, in another account, could take the role.
            "Condition": {
                "StringEquals": {"aws:SourceAccount": get_caller_identity_output().account_id}
            },
        }
        role = iam.Role(
            name,
            description="Invokes the LambdaLens function once a day.",
            assume_role_policy=pulumi.Output.json_dumps(
                {"Version": "2012-10-17", "Statement": [trust]}
            ),
            opts=pulumi.ResourceOptions(parent=self),
        )
        invoke = {
            "Sid": "Invoke",
            "Effect": "Allow",
            "Action": ["lambda:InvokeFunction"],
            "Resource": [invoked_arn],
        }
        permissions = iam.RolePolicy(
            name,
            role=role.name,
            policy=pulumi.Output.json_dumps({"Version": "2012-10-17", "Statement": [invoke]}),
            opts=pulumi.ResourceOptions(parent=self),
        )
        scheduler.Schedule(
            name,
            description="Keeps the LambdaLens function from becoming inactive.",
            schedule_expression="rate(1 day)",
            flexible_time_window={
                "mode": "FLEXIBLE",
                "maximum_window_in_minutes": WINDOW_MINUTES,
            },
            target={"arn": invoked_arn, "role_arn": role.arn, "input": json.dumps(EVENT)},
            opts=pulumi.ResourceOptions(parent=self, depends_on=[permissions]),
        )
        self.register_outputs({})
