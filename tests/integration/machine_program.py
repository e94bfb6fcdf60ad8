"""A Pulumi program of a state machine that runs a function, and has a fault where one is asked for.

The machine invokes the function with its input's `payload`, and if that fails tells a queue.
Configuration: `fault`, the name of one of the faults below, or nothing.
"""

from __future__ import annotations

import json
from pathlib import Path
from runpy import run_path
from typing import Any

import pulumi
from pulumi_aws import iam, sfn

small: dict[str, Any] = run_path(str(Path(__file__).with_name("small_program.py")))
fault = pulumi.Config().get("machineFault")

trusted = "lambda" if fault == "role not for Step Functions" else "states"
role = iam.Role(
    "machine",
    assume_role_policy=json.dumps(
        {
            "Version": "2012-10-17",
            "Statement": [
                {
                    "Effect": "Allow",
                    "Principal": {"Service": f"{trusted}.amazonaws.com"},
                    "Action": "sts:AssumeRole",
                }
            ],
        }
    ),
)
statements = {
    "no permission to invoke": ("lambda:InvokeFunction", small["arn"]),
    "no permission to send": ("sqs:SendMessage", small["queue"].arn),
}
permissions = iam.RolePolicy(
    "machine",
    role=role.name,
    policy=pulumi.Output.json_dumps(
        {
            "Version": "2012-10-17",
            "Statement": [
                {"Effect": "Allow", "Action": [action], "Resource": [resource]}
                for name, (action, resource) in statements.items()
                if name != fault
            ],
        }
    ),
)
machine = sfn.StateMachine(
    "machine",
    role_arn=role.arn,
    definition=pulumi.Output.json_dumps(
        {
            "StartAt": "Invoke",
            "States": {
                "Invoke": {
                    "Type": "Task",
                    "Resource": "arn:aws:states:::lambda:invoke",
                    "Parameters": {"FunctionName": small["arn"], "Payload.$": "$.payload"},
                    "Catch": [
                        {"ErrorEquals": ["States.ALL"], "ResultPath": "$.error", "Next": "Tell"}
                    ],
                    "End": True,
                },
                "Tell": {
                    "Type": "Task",
                    "Resource": "arn:aws:states:::sqs:sendMessage",
                    "Parameters": {
                        "QueueUrl": small["queue"].url,
                        "MessageBody": {"error.$": "$.error.Error"},
                    },
                    "End": True,
                },
            },
        }
    ),
    opts=pulumi.ResourceOptions(depends_on=[permissions]),
)
pulumi.export("machine", machine.arn)
pulumi.export("machineRole", role.name)
