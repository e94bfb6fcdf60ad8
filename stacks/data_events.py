"""Who read the gallery or a result, and when: a trail of CloudTrail's, in a bucket of its own.

What is done to buckets and roles is in every account's event history anyway; reads of objects are
not, and each of them costs. So this trail has the reads of these two buckets, and nothing else. Its
records name principals and keys, and no content. No policy of the stack's has a right to them: they
are for whoever administers the account.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pulumi
from pulumi_aws import cloudtrail, get_caller_identity_output

from stacks.component import Component
from stacks.partition import partition_of

if TYPE_CHECKING:
    from stacks.buckets import Buckets
    from stacks.settings import StackSettings


class DataEvents(Component):
    """The trail, which writes to the bucket `trail` of the buckets."""

    def __init__(
        self, name: str, settings: StackSettings, *, buckets: Buckets, region: str
    ) -> None:
        super().__init__(name)
        # Two stacks' trails have two names, and the bucket's policy can name the trail before
        # there is one.
        trail = buckets.trail.id
        account = get_caller_identity_output().account_id
        policy = buckets.let_trail_be_written(
            pulumi.Output.concat(
                f"arn:{partition_of(region)}:cloudtrail:{region}:", account, ":trail/", trail
            ),
            account,
        )
        cloudtrail.Trail(
            name,
            name=trail,
            s3_bucket_name=buckets.trail.id,
            kms_key_id=settings.kms_key_arn,
            enable_log_file_validation=True,
            # Management events, and those of services without a region, are not what it is for.
            include_global_service_events=False,
            advanced_event_selectors=[
                {
                    "name": "Reads of the gallery and of results",
                    "field_selectors": [
                        {"field": "eventCategory", "equals": ["Data"]},
                        {"field": "resources.type", "equals": ["AWS::S3::Object"]},
                        {"field": "readOnly", "equals": ["true"]},
                        {
                            "field": "resources.ARN",
                            "starts_withs": [
                                pulumi.Output.concat(bucket.arn, "/")
                                for bucket in (buckets.gallery, buckets.output)
                            ],
                        },
                    ],
                }
            ],
            opts=pulumi.ResourceOptions(parent=self, depends_on=[policy] if policy else []),
        )
        self.register_outputs({})
