"""The trigger: an object put into the input bucket invokes the function, by its alias.

Any object, since S3 can filter by suffixes in given letters only, and the function tells videos by
their content besides. Without the permission, AWS refuses the notification; with a permission that
named no account, a bucket of the same name in other hands could invoke the function. A permission
is for the alias or for the function without it, never for both. And a video that came before the
on-failure destination was set, or after it was gone, could be lost: the notification is made after
it, and deleted before it.
"""

from __future__ import annotations

import pulumi
from pulumi_aws import get_caller_identity_output, lambda_, s3, sfn

from stacks.component import Component


class Trigger(Component):
    """The bucket's one notification, and the permission that it depends on.

    `invocation` is the alias's, with the on-failure destination; `long_videos` is what the function
    starts for some of the videos, and has to be there as long as they come.
    """

    def __init__(
        self,
        name: str,
        *,
        bucket: s3.Bucket,
        alias: lambda_.Alias,
        invocation: lambda_.FunctionEventInvokeConfig,
        long_videos: sfn.StateMachine,
    ) -> None:
        super().__init__(name)
        permission = lambda_.Permission(
            name,
            function=alias.function_name,
            qualifier=alias.name,
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
                    "id": "uploads",
                    "lambda_function_arn": alias.arn,
                    "events": ["s3:ObjectCreated:*"],
                }
            ],
            opts=pulumi.ResourceOptions(
                parent=self, depends_on=[permission, invocation, long_videos]
            ),
        )
        self.register_outputs({})
