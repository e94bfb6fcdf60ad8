"""What whoever enrols students may do: the rights of `python -m enroll`, and no other.

It is exported as a document and not made a policy: who enrols, and by which user or role, is for
the account to say.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pulumi

from stacks.buckets import GALLERY_KEY

if TYPE_CHECKING:
    from pulumi_aws import dynamodb, lambda_

    from stacks.buckets import Buckets


def enroller_policy(
    buckets: Buckets, students: dynamodb.Table, alias: lambda_.Alias
) -> pulumi.Output[str]:
    """Return the policy document, in JSON; asking for metadata (HEAD) counts as s3:GetObject.

    The function is invoked by its alias, to which a right to the function without it is none.
    """
    gallery = pulumi.Output.concat(buckets.gallery.arn, "/", GALLERY_KEY)
    results = pulumi.Output.concat(buckets.output.arn, "/*")
    statements = [
        # Of the results: which were made before anybody was enrolled, and which with an earlier
        # gallery.
        _allow("ReadTheGalleryAndResults", ["s3:GetObject"], [gallery, results]),
        _allow("ReplaceTheGallery", ["s3:PutObject"], [gallery]),
        # For the gallery bucket, without it, S3 answers "forbidden" where there is none yet.
        _allow("FindResults", ["s3:ListBucket"], [buckets.gallery.arn, buckets.output.arn]),
        _allow(
            "KeepRecords",
            # Scan: to find whose last day has passed.
            ["dynamodb:BatchWriteItem", "dynamodb:DeleteItem", "dynamodb:Scan"],
            [students.arn],
        ),
        _allow("HaveVideosLookedAt", ["lambda:InvokeFunction"], [alias.arn]),
    ]
    return pulumi.Output.json_dumps({"Version": "2012-10-17", "Statement": statements})


def _allow(sid: str, actions: list[str], resources: list[pulumi.Output[str]]) -> dict[str, object]:
    return {"Sid": sid, "Effect": "Allow", "Action": actions, "Resource": resources}
