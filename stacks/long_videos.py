"""The state machine that has a long video looked at in ranges, several at once.

The function starts an execution for a video that is long, and ends. The execution invokes the
function's alias for each range of the video, and then once more, for the result: what was seen in
a range is handed on in the bucket `looks`, since a state may be no larger than 256 KB. What else
came of a range is there too, and the last run says what follows from all: AWS charges for each
state, so a range has one. An error is tried again as Lambda tries an event of S3's; what stays goes
into the failures queue as one message, which looks as Lambda's own do, with the event that brings
the video back.

There is no time limit on the whole: nothing can be done any more in an execution that has timed
out. Each run has one, and each is tried so often, so that there is an end.

Nothing is logged into CloudWatch: that takes rights on every log group of the account
(https://docs.aws.amazon.com/step-functions/latest/dg/cw-logs.html), and the history that Step
Functions keeps for 90 days says more. Why it is this engine is said in
docs/decisions/0011-a-state-machine-conducts-long-videos.md.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pulumi
from pulumi_aws import get_caller_identity_output, iam, sfn

from stacks.component import Component
from stacks.key_of_own import WRITE, key_rights
from stacks.partition import partition_of
from stacks.policy_document import allow, document
from stacks.recogniser import RETRIES

if TYPE_CHECKING:
    from stacks.recogniser import Recogniser
    from stacks.settings import StackSettings

# What the function may answer in place of a result: it showed on the way that this video cannot be
# divided; gallery or recogniser are not those of the plan any more. If there is a newer video, that
# has an execution of its own. function/long_videos.py has the same words, which a test holds.
INDIVISIBLE, OUTDATED = "indivisible", "outdated"

# As Lambda does between the tries of an asynchronous event: a minute, and then two.
_FIRST_PAUSE_SECONDS = 60
# What Lambda answers while all runs that the account may have are taken, and where it fails itself.
# https://docs.aws.amazon.com/step-functions/latest/dg/sfn-best-practices.html
_NO_RUN_LEFT = ["Lambda.TooManyRequestsException"]
_OF_THE_SERVICE = [
    "Lambda.ServiceException",
    "Lambda.AWSLambdaException",
    "Lambda.SdkClientException",
]
# With pauses of up to five minutes, half of that on average: two and a half hours for each range.
# An execution may have 25,000 events, and a try takes three.
_TRIES_FOR_A_RUN = 60
_LONGEST_PAUSE_SECONDS = 300
# A run ends by itself, or Lambda ends it: only an answer that is lost takes longer.
_ANSWER_SECONDS = 60
_TRIES_OF_THE_SERVICE = 6
_DELIVERIES = 5


class LongVideos(Component):
    """The `machine`, and the role with which it invokes the alias and reports failures."""

    def __init__(
        self, name: str, settings: StackSettings, *, recogniser: Recogniser, region: str
    ) -> None:
        super().__init__(name)
        role = iam.Role(
            name,
            description="Invokes the LambdaLens function for the ranges of a long video.",
            assume_role_policy=pulumi.Output.json_dumps(
                {"Version": "2012-10-17", "Statement": [_trust()]}
            ),
            opts=pulumi.ResourceOptions(parent=self),
        )
        permissions = iam.RolePolicy(
            name,
            role=role.name,
            policy=document(
                allow("Invoke", ["lambda:InvokeFunction"], [recogniser.alias.arn]),
                allow("ReportFailures", ["sqs:SendMessage"], [recogniser.failures.arn]),
                *key_rights(settings, WRITE),
            ),
            opts=pulumi.ResourceOptions(parent=self),
        )
        self.machine = sfn.StateMachine(
            name,
            # The function is told the name before the machine is there, which is told the alias.
            name=recogniser.long_videos,
            type="STANDARD",
            role_arn=role.arn,
            definition=pulumi.Output.json_dumps(
                _Definition(settings, recogniser, region).as_states()
            ),
            logging_configuration={"level": "OFF", "include_execution_data": False},
            opts=pulumi.ResourceOptions(parent=self, depends_on=[permissions]),
        )
        self.register_outputs({"machine": self.machine.name})


def _trust() -> dict[str, object]:
    return {
        "Effect": "Allow",
        "Principal": {"Service": "states.amazonaws.com"},
        "Action": "sts:AssumeRole",
        # Or somebody else's state machine, in another account, could take the role.
        "Condition": {
            "StringEquals": {"aws:SourceAccount": get_caller_identity_output().account_id}
        },
    }


class _Definition:
    """The machine, in Amazon States Language.

    Its input is the `plan`, which has the event to begin again with, and the plan's `spans`.
    """

    def __init__(self, settings: StackSettings, recogniser: Recogniser, region: str) -> None:
        self._at_once = settings.ranges_at_once
        self._timeout = settings.timeout_seconds + _ANSWER_SECONDS
        self._alias = recogniser.alias.arn
        self._failures = recogniser.failures.url
        self._integrations = f"arn:{partition_of(region)}:states:::"

    def as_states(self) -> dict[str, object]:
        """Return the document."""
        return {
            "Comment": "Looks at a long video in ranges, and makes one result of them.",
            "StartAt": "Look at the ranges",
            "States": {
                "Look at the ranges": self._look_at_the_ranges(),
                "Conclude": self._run(
                    {
                        "conclude": {
                            "plan.$": "$.plan",
                            "spans.$": "$.spans",
                            "started.$": "$$.Execution.StartTime",
                        }
                    },
                    next_="Is it concluded",
                    result={
                        "ResultSelector": {"outcome.$": "$.Payload.outcome"},
                        "ResultPath": "$.concluded",
                    },
                ),
                "Is it concluded": _choice(
                    "$.concluded.outcome",
                    {INDIVISIBLE: "Look at the whole", OUTDATED: "Plan anew"},
                    otherwise="Done",
                ),
                "Look at the whole": self._run({"lookAtWhole": {"plan.$": "$.plan"}}, next_="Done"),
                "Plan anew": self._run(
                    {"planAnew": {"plan.$": "$.plan", "execution.$": "$$.Execution.Name"}},
                    next_="Done",
                ),
                "Report the failure": self._report(),
                "Failed": {
                    "Type": "Fail",
                    "Error": "InTheFailuresQueue",
                    "Cause": "The event is in the failures queue: 'python -m recover failures'.",
                },
                "Done": {"Type": "Succeed"},
            },
        }

    def _look_at_the_ranges(self) -> dict[str, object]:
        """Return the state that is over when all ranges are looked at, or one has failed."""
        return {
            "Type": "Map",
            "ItemsPath": "$.spans",
            "MaxConcurrency": self._at_once,
            "ItemSelector": {"plan.$": "$.plan", "span.$": "$$.Map.Item.Value"},
            "ItemProcessor": {
                "ProcessorConfig": {"Mode": "INLINE"},
                "StartAt": "Look at a range",
                "States": {
                    # Nothing comes out: what comes of all ranges is one state, and has to fit.
                    "Look at a range": self._invocation({"lookAt.$": "$"})
                    | {"OutputPath": None, "End": True}
                },
            },
            "ResultPath": None,
            "Catch": [_FAILED],
            "Next": "Conclude",
        }

    def _run(
        self, payload: dict[str, object], *, next_: str, result: dict[str, object] | None = None
    ) -> dict[str, object]:
        """Return a state that is a run of the function, whose answer is passed over by default."""
        after = {**(result or {"ResultPath": None}), "Catch": [_FAILED], "Next": next_}
        return self._invocation(payload) | after

    def _invocation(self, payload: dict[str, object]) -> dict[str, object]:
        return {
            "Type": "Task",
            "Resource": f"{self._integrations}lambda:invoke",
            "Parameters": {"FunctionName": self._alias, "Payload": payload},
            "TimeoutSeconds": self._timeout,
            "Retry": [
                {
                    "ErrorEquals": _NO_RUN_LEFT,
                    "IntervalSeconds": 1,
                    "BackoffRate": 2,
                    "MaxDelaySeconds": _LONGEST_PAUSE_SECONDS,
                    "JitterStrategy": "FULL",
                    "MaxAttempts": _TRIES_FOR_A_RUN,
                },
                {
                    "ErrorEquals": _OF_THE_SERVICE,
                    "IntervalSeconds": 2,
                    "BackoffRate": 2,
                    "MaxAttempts": _TRIES_OF_THE_SERVICE,
                },
                {
                    "ErrorEquals": ["States.ALL"],
                    "IntervalSeconds": _FIRST_PAUSE_SECONDS,
                    "BackoffRate": 2,
                    "MaxAttempts": RETRIES,
                },
            ],
        }

    def _report(self) -> dict[str, object]:
        """Return the state that puts into the failures queue what Lambda would."""
        return {
            "Type": "Task",
            "Resource": f"{self._integrations}sqs:sendMessage",
            "Parameters": {
                "QueueUrl": self._failures,
                "MessageBody": {
                    "version": "1.0",
                    "timestamp.$": "$$.State.EnteredTime",
                    "requestContext": {
                        "functionArn": self._alias,
                        "condition": "RetriesExhausted",
                        "executionArn.$": "$$.Execution.Id",
                    },
                    "requestPayload.$": "$.plan.event",
                    # As a whole, because not every error has a Cause, and a path to nothing fails.
                    "responsePayload": {"errorType.$": "$.error.Error", "error.$": "$.error"},
                },
            },
            "ResultPath": None,
            "Retry": [
                {
                    "ErrorEquals": ["States.ALL"],
                    "IntervalSeconds": 1,
                    "BackoffRate": 4,
                    "MaxAttempts": _DELIVERIES,
                }
            ],
            "Next": "Failed",
        }


_FAILED: dict[str, object] = {
    "ErrorEquals": ["States.ALL"],
    "ResultPath": "$.error",
    "Next": "Report the failure",
}


def _choice(variable: str, choices: dict[str, str], *, otherwise: str) -> dict[str, object]:
    return {
        "Type": "Choice",
        "Choices": [
            {"Variable": variable, "StringEquals": outcome, "Next": next_}
            for outcome, next_ in choices.items()
        ],
        "Default": otherwise,
    }
