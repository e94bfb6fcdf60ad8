"""What the people around a stack may do: a policy document for each, and managed policies of them.

The documents are always exported: who is who, and by which user or role, is for the account to say.
Where the setting `peoplePolicies` is true, they are made managed policies, too, which are attached
by their ARNs. They name this stack's resources, no wildcard actions, and no right that none of the
person's commands needs; tests/integration/test_people.py takes each away in turn.

The enroller's and the forgetter's documents are in `stacks/enroller.py`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pulumi
from pulumi_aws import iam

from stacks.component import Component
from stacks.enroller import enroller_policy, forgetter_policy
from stacks.key_of_own import READ, WRITE, key_rights
from stacks.policy_document import allow, document

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from pulumi_aws import cloudwatch, dynamodb

    from stacks.buckets import Buckets
    from stacks.recogniser import Recogniser
    from stacks.settings import StackSettings

_DESCRIPTIONS = {
    "uploader": "Puts videos into the input bucket of LambdaLens.",
    "reader": "Reads the results of LambdaLens, and makes registers of them.",
    "enroller": "Enrols students of LambdaLens, and takes them out.",
    "forgetter": "Erases a student of LambdaLens everywhere, and exports what is held of one.",
    "operator": "Sends failed videos of LambdaLens again, and reads the logs.",
}


class PeoplePolicies(Component):
    """A managed policy for each person's document; `arns` has theirs by the person."""

    def __init__(self, name: str, documents: Mapping[str, pulumi.Output[str]]) -> None:
        super().__init__(name)
        self.arns = {
            person: iam.Policy(
                f"{name}-{person}",
                description=_DESCRIPTIONS[person],
                policy=policy,
                opts=pulumi.ResourceOptions(parent=self),
            ).arn
            for person, policy in documents.items()
        }
        self.register_outputs({"arns": self.arns})


def people_documents(
    settings: StackSettings,
    buckets: Buckets,
    students: dynamodb.Table,
    recogniser: Recogniser,
    *,
    log_groups: Sequence[cloudwatch.LogGroup],
) -> dict[str, pulumi.Output[str]]:
    """Return each person's policy document, in JSON. An operator reads the `log_groups`."""
    return {
        "uploader": _uploader(settings, buckets),
        "reader": _reader(settings, buckets, students),
        "enroller": enroller_policy(settings, buckets, students, recogniser.alias),
        "forgetter": forgetter_policy(settings, buckets, students),
        "operator": _operator(settings, buckets, recogniser, log_groups),
    }


def _uploader(settings: StackSettings, buckets: Buckets) -> pulumi.Output[str]:
    videos = pulumi.Output.concat(buckets.input.arn, "/*")
    return document(
        # To begin an upload by parts, to send them and to complete it is s3:PutObject, too.
        allow("PutVideosIn", ["s3:PutObject"], [videos]),
        # Or what was sent of an upload that broke off would be paid for until it expires.
        allow("GiveAnUploadUp", ["s3:AbortMultipartUpload"], [videos]),
        *key_rights(settings, WRITE),
    )


def _reader(
    settings: StackSettings, buckets: Buckets, students: dynamodb.Table
) -> pulumi.Output[str]:
    results = pulumi.Output.concat(buckets.output.arn, "/*")
    return document(
        # CSVs, the evidence, reports and corrections: all are beside one another.
        allow("ReadResults", ["s3:GetObject"], [results]),
        allow("FindResults", ["s3:ListBucket"], [buckets.output.arn]),
        # Whom a register has lines for, those who were never seen included.
        allow("ReadWhoHasACourse", ["dynamodb:Scan"], [students.arn]),
        *key_rights(settings, READ),
    )


def _operator(
    settings: StackSettings,
    buckets: Buckets,
    recogniser: Recogniser,
    log_groups: Sequence[cloudwatch.LogGroup],
) -> pulumi.Output[str]:
    videos, results = (
        pulumi.Output.concat(bucket.arn, "/*") for bucket in (buckets.input, buckets.output)
    )
    return document(
        # What `python -m recover policy` prints, for a stack that is up: a test compares them.
        allow("ReadVideosAndResults", ["s3:GetObject"], [videos, results]),
        # Of the gallery, its ETag is enough.
        allow(
            "FindThemAndTheGallery",
            ["s3:ListBucket"],
            [buckets.input.arn, buckets.output.arn, buckets.gallery.arn],
        ),
        allow(
            "WorkThroughFailures",
            [
                "sqs:GetQueueAttributes",
                "sqs:ReceiveMessage",
                "sqs:ChangeMessageVisibility",
                "sqs:DeleteMessage",
            ],
            [recogniser.failures.arn],
        ),
        allow(
            "SendEventsAgain",
            ["lambda:InvokeFunction", "lambda:GetFunctionConfiguration"],
            [recogniser.alias.arn],
        ),
        # What `aws logs tail` asks for. AWS's list of actions has the group as what it is of; what
        # AWS says in refusing it is of the group's streams.
        allow(
            "ReadLogs",
            ["logs:FilterLogEvents"],
            [
                *(group.arn for group in log_groups),
                *(pulumi.Output.concat(group.arn, ":*") for group in log_groups),
            ],
        ),
        *key_rights(settings, READ),
    )
