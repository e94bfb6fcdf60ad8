"""The trigger: a video put into the input bucket invokes the function.

The object must bear the suffix of a video, as cameras write it: lower case or upper case. Without
the permission, AWS refuses the notification; with a permission that named no account, a bucket of
the same name in other hands could invoke the function.
"""

from __future__ import annotations

import pulumi
from pulumi_aws import get_caller_identity_output, lambda_, s3

from function.results import VIDEO_SUFFIXES
from stacks.component import Component

# S3 refuses two entries that one key would match. No suffix here ends with another one, because
# each has one dot and begins with it.
SUFFIXES = tuple(form for suffix in VIDEO_SUFFIXES for form in (suffix, suffix.upper()))


class Trigger(Component):
    """The bucket's one notification, and the permission that it depends on."""

    def __init__(self, name: str, *, bucket: s3.Bucket, function: lambda_.Function) -> None:
        super().__init__(name)
        permission = lambda_.Permission(
            name,
            function=function.name,
            action="lambda:InvokeFunction",
            principal="s3.amazonaws.com",
            source_arn=bucket.arn,
            source_account=get_caller_identity_output().account_id,
            opts=pulumi.ResourceOptions(parent=self),
        )
        s3.BucketNotification(
            name,
            bucket=bucket.id,
            lambda_functions=[
                {
                    "id": f"video{suffix}",
                    "lambda_function_arn": function.arn,
                    "events": ["s3:ObjectCreated:*"],
                    "filter_suffix": suffix,
                }
                for suffix in SUFFIXES
            ],
            opts=pulumi.ResourceOptions(parent=self, depends_on=[permission]),
        )
        self.register_outputs({})
