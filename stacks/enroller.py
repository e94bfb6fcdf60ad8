"""What those who enrol students and those who erase them may do: exactly the commands' rights.

There are two policies, since not everybody who enrols should be able to change results, or to
delete what could be restored: the enroller's, for `python -m enroll` but for `forget`, `export` and
`restore`, and the forgetter's, for these three.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pulumi

from stacks.buckets import GALLERY_KEY
from stacks.key_of_own import WRITE, key_rights
from stacks.policy_document import allow, document

if TYPE_CHECKING:
    from pulumi_aws import dynamodb, lambda_

    from stacks.buckets import Buckets
    from stacks.settings import StackSettings


def enroller_policy(
    settings: StackSettings,
    buckets: Buckets,
    students: dynamodb.Table,
    alias: lambda_.Alias,
) -> pulumi.Output[str]:
    """Return the policy document, in JSON; asking for metadata (HEAD) counts as s3:GetObject.

    The function is invoked by its alias, to which a right to the function without it is none.
    """
    gallery, results = _gallery(buckets), _results(buckets)
    return document(
        # Of the results: which were made before anybody was enrolled, and which with an earlier
        # gallery.
        allow("ReadTheGalleryAndResults", ["s3:GetObject"], [gallery, results]),
        allow("ReplaceTheGallery", ["s3:PutObject"], [gallery]),
        # For the gallery bucket, without it, S3 answers "forbidden" where there is none yet.
        allow("FindResults", ["s3:ListBucket"], [buckets.gallery.arn, buckets.output.arn]),
        allow(
            "KeepRecords",
            # Scan: to list them all, and to find whose last day has passed.
            ["dynamodb:BatchWriteItem", "dynamodb:DeleteItem", "dynamodb:Scan"],
            [students.arn],
        ),
        allow("HaveVideosLookedAt", ["lambda:InvokeFunction"], [alias.arn]),
        *key_rights(settings, WRITE),
    )


def forgetter_policy(
    settings: StackSettings, buckets: Buckets, students: dynamodb.Table
) -> pulumi.Output[str]:
    """Return the policy document, in JSON.

    It deletes versions, for good, of the gallery and of results; the latest ones are replaced. What
    was seen in ranges of long videos has no versions, and goes.
    """
    gallery, results = _gallery(buckets), _results(buckets)
    looks = pulumi.Output.concat(buckets.looks.arn, "/*")
    return document(
        allow(
            "ReadAndReplaceTheGalleryAndResults",
            ["s3:GetObject", "s3:PutObject"],
            [gallery, results],
        ),
        allow(
            "ReadAndDeleteTheirVersions",
            ["s3:GetObjectVersion", "s3:DeleteObjectVersion"],
            [gallery, results],
        ),
        allow(
            "FindTheirVersions",
            ["s3:ListBucketVersions"],
            [buckets.gallery.arn, buckets.output.arn],
        ),
        # Without it, S3 answers "forbidden" in place of "not found".
        allow(
            "TellMissingFromForbidden", ["s3:ListBucket"], [buckets.gallery.arn, buckets.output.arn]
        ),
        allow("FindLooks", ["s3:ListBucket"], [buckets.looks.arn]),
        allow("ReadAndDeleteLooks", ["s3:GetObject", "s3:DeleteObject"], [looks]),
        allow("ReadAndDeleteRecords", ["dynamodb:GetItem", "dynamodb:DeleteItem"], [students.arn]),
        *key_rights(settings, WRITE),
    )


def _gallery(buckets: Buckets) -> pulumi.Output[str]:
    return pulumi.Output.concat(buckets.gallery.arn, "/", GALLERY_KEY)


def _results(buckets: Buckets) -> pulumi.Output[str]:
    return pulumi.Output.concat(buckets.output.arn, "/*")
