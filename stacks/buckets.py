"""The buckets: videos come into one, results go into another, the gallery has its own.

The gallery is not kept beside the videos, because videos expire and the gallery must not. A
lifecycle rule selects objects by prefix, tag or size, and cannot say "all but these": videos have
no common prefix, uploaders cannot be asked to tag them, and a small video is smaller than a big
gallery. A bucket of its own also means that whoever may upload a video cannot replace the gallery.

What was seen in the ranges of a long video is in a fourth, `looks`, until the last run has made the
result of it, and some days longer: so nobody who may read results or videos reads it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pulumi
from pulumi_aws import s3

from stacks.component import Component
from stacks.key_of_own import bucket_encryption
from stacks.tls import tls_only_statement

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from stacks.settings import StackSettings

GALLERY_KEY = "gallery/encodings.npz"
# The parts of an upload that was never finished are paid for, and no listing shows them.
DAYS_TO_FINISH_AN_UPLOAD = 1
# For so long, a result or a gallery that was overwritten or deleted by mistake can be had back.
DAYS_TO_KEEP_SUPERSEDED = 30
# Two days longer than a failure is kept in its queue, from which the rest of a video is gone on
# with: no range is looked at twice.
DAYS_TO_KEEP_LOOKS = 16
DAYS_TO_KEEP_TRAIL = 365


class Buckets(Component):
    """The buckets `input`, `output`, `gallery` and `looks`: private, encrypted, over TLS only.

    Results and gallery are versioned: each is made from things that may be gone by the time a
    mistake is noticed. Videos are not: they are large, and whoever uploaded one still has it; and
    looks can be made again. With the setting `dataEvents`, there is a bucket `trail`, too.
    """

    def __init__(self, name: str, settings: StackSettings) -> None:
        super().__init__(name)
        self._name = name
        self._settings = settings
        self.input = self._private_bucket(
            f"{name}-input", rules=[_expire(after_days=settings.video_expiry_days)]
        )
        self.output = self._private_bucket(
            f"{name}-output",
            rules=[_expire(after_days=settings.result_expiry_days), _expire_superseded()],
            versioned=True,
        )
        self.gallery = self._private_bucket(
            f"{name}-gallery",
            rules=[_expire_superseded()],
            versioned=True,
            # A bucket has one policy, which is made when it is known who reads.
            has_policy_of_its_own=bool(settings.gallery_readers),
        )
        self.looks = self._private_bucket(
            f"{name}-looks", rules=[_expire(after_days=DAYS_TO_KEEP_LOOKS)]
        )
        if settings.data_events:
            self.trail = self._private_bucket(
                f"{name}-trail",
                rules=[_expire(after_days=DAYS_TO_KEEP_TRAIL)],
                has_policy_of_its_own=True,
            )
        self.register_outputs(
            {"input": self.input.id, "output": self.output.id, "gallery": self.gallery.id}
        )

    def _private_bucket(
        self,
        name: str,
        *,
        rules: Sequence[s3.BucketLifecycleConfigurationRuleArgs],
        versioned: bool = False,
        has_policy_of_its_own: bool = False,
    ) -> s3.Bucket:
        protect = self._settings.protect_data
        bucket = s3.Bucket(
            name,
            force_destroy=not protect,
            opts=pulumi.ResourceOptions(parent=self, protect=protect),
        )
        # Not children of the bucket: they would inherit its protection, and can be made again.
        configuration = pulumi.ResourceOptions(parent=self)
        s3.BucketPublicAccessBlock(
            name,
            bucket=bucket.id,
            block_public_acls=True,
            block_public_policy=True,
            ignore_public_acls=True,
            restrict_public_buckets=True,
            opts=configuration,
        )
        s3.BucketOwnershipControls(
            name,
            bucket=bucket.id,
            rule={"object_ownership": "BucketOwnerEnforced"},
            opts=configuration,
        )
        s3.BucketServerSideEncryptionConfiguration(
            name,
            bucket=bucket.id,
            rules=[bucket_encryption(self._settings)],
            opts=configuration,
        )
        if not has_policy_of_its_own:
            self._bucket_policy(name, bucket, [])
        versioning = []
        if versioned:
            versioning.append(
                s3.BucketVersioning(
                    name,
                    bucket=bucket.id,
                    versioning_configuration={"status": "Enabled"},
                    opts=configuration,
                )
            )
        s3.BucketLifecycleConfiguration(
            name,
            bucket=bucket.id,
            rules=[*rules, _abort_unfinished_uploads()],
            # A rule about superseded versions has no meaning before there are versions.
            opts=pulumi.ResourceOptions(parent=self, depends_on=versioning),
        )
        return bucket

    def keep_gallery_to_readers(self, role_arn: pulumi.Input[str]) -> None:
        """Let only the role of the function and the setting's roles read the gallery, if it is set.

        A right that a user or a role has does not help against it. Whoever may change the bucket's
        policy can still take it away.
        """
        if self._settings.gallery_readers:
            readers = [*self._settings.gallery_readers, role_arn]
            self._bucket_policy(
                f"{self._name}-gallery", self.gallery, [only_readers(self.gallery.arn, readers)]
            )

    def let_trail_be_written(
        self, trail_arn: pulumi.Input[str], account: pulumi.Input[str]
    ) -> s3.BucketPolicy | None:
        """Let CloudTrail write this trail of this account, and no other, to its bucket."""
        written = pulumi.Output.concat(self.trail.arn, "/AWSLogs/", account, "/*")
        of_cloudtrail = {
            "Effect": "Allow",
            "Principal": {"Service": "cloudtrail.amazonaws.com"},
        }
        from_trail = {"aws:SourceArn": trail_arn}
        return self._bucket_policy(
            f"{self._name}-trail",
            self.trail,
            [
                {
                    "Sid": "LookedAtByCloudTrail",
                    **of_cloudtrail,
                    "Action": ["s3:GetBucketAcl"],
                    "Resource": [self.trail.arn],
                    "Condition": {"StringEquals": from_trail},
                },
                {
                    "Sid": "WrittenByCloudTrail",
                    **of_cloudtrail,
                    "Action": ["s3:PutObject"],
                    "Resource": [written],
                    "Condition": {
                        "StringEquals": {**from_trail, "s3:x-amz-acl": "bucket-owner-full-control"}
                    },
                },
            ],
        )

    def _bucket_policy(
        self, name: str, bucket: s3.Bucket, statements: Sequence[Mapping[str, object]]
    ) -> s3.BucketPolicy | None:
        if self._settings.require_tls:
            everything = [bucket.arn, pulumi.Output.concat(bucket.arn, "/*")]
            statements = [tls_only_statement("s3:*", everything), *statements]
        if not statements:
            return None
        return s3.BucketPolicy(
            name,
            bucket=bucket.id,
            policy=pulumi.Output.json_dumps({"Version": "2012-10-17", "Statement": [*statements]}),
            opts=pulumi.ResourceOptions(parent=self),
        )


def only_readers(
    bucket_arn: pulumi.Input[str], readers: Sequence[pulumi.Input[str]]
) -> dict[str, object]:
    """Return the statement of the gallery's bucket that refuses everybody but these roles.

    The principal's ARN of whoever has assumed a role is the role's.
    """
    return {
        "Sid": "OnlyReadersReadTheGallery",
        "Effect": "Deny",
        "Principal": "*",
        "Action": ["s3:GetObject", "s3:GetObjectVersion"],
        "Resource": [pulumi.Output.concat(bucket_arn, "/", GALLERY_KEY)],
        "Condition": {"ArnNotEquals": {"aws:PrincipalArn": [*readers]}},
    }


def _expire(*, after_days: int) -> s3.BucketLifecycleConfigurationRuleArgs:
    return s3.BucketLifecycleConfigurationRuleArgs(
        id="expire",
        status="Enabled",
        filter=_every_object(),
        expiration=s3.BucketLifecycleConfigurationRuleExpirationArgs(days=after_days),
    )


def _expire_superseded() -> s3.BucketLifecycleConfigurationRuleArgs:
    return s3.BucketLifecycleConfigurationRuleArgs(
        id="expire-superseded",
        status="Enabled",
        filter=_every_object(),
        noncurrent_version_expiration=(
            s3.BucketLifecycleConfigurationRuleNoncurrentVersionExpirationArgs(
                noncurrent_days=DAYS_TO_KEEP_SUPERSEDED
            )
        ),
        # The mark that a deletion leaves goes when the last version behind it has gone.
        expiration=s3.BucketLifecycleConfigurationRuleExpirationArgs(
            expired_object_delete_marker=True
        ),
    )


def _abort_unfinished_uploads() -> s3.BucketLifecycleConfigurationRuleArgs:
    return s3.BucketLifecycleConfigurationRuleArgs(
        id="abort-unfinished-uploads",
        status="Enabled",
        filter=_every_object(),
        abort_incomplete_multipart_upload=(
            s3.BucketLifecycleConfigurationRuleAbortIncompleteMultipartUploadArgs(
                days_after_initiation=DAYS_TO_FINISH_AN_UPLOAD
            )
        ),
    )


def _every_object() -> s3.BucketLifecycleConfigurationRuleFilterArgs:
    return s3.BucketLifecycleConfigurationRuleFilterArgs(prefix="")
