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
from stacks.tls import tls_only_policy

if TYPE_CHECKING:
    from collections.abc import Sequence

    from stacks.settings import StackSettings

GALLERY_KEY = "gallery/encodings.npz"
# The parts of an upload that was never finished are paid for, and no listing shows them.
DAYS_TO_FINISH_AN_UPLOAD = 1
# For so long, a result or a gallery that was overwritten or deleted by mistake can be had back.
DAYS_TO_KEEP_SUPERSEDED = 30
# Two days longer than a failure is kept in its queue, from which the rest of a video is gone on
# with: no range is looked at twice.
DAYS_TO_KEEP_LOOKS = 16


class Buckets(Component):
    """The buckets `input`, `output`, `gallery` and `looks`: private, encrypted, over TLS only.

    Results and gallery are versioned: each is made from things that may be gone by the time a
    mistake is noticed. Videos are not: they are large, and whoever uploaded one still has it; and
    looks can be made again.
    """

    def __init__(self, name: str, settings: StackSettings) -> None:
        super().__init__(name)
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
            f"{name}-gallery", rules=[_expire_superseded()], versioned=True
        )
        self.looks = self._private_bucket(
            f"{name}-looks", rules=[_expire(after_days=DAYS_TO_KEEP_LOOKS)]
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
            rules=[{"apply_server_side_encryption_by_default": {"sse_algorithm": "AES256"}}],
            opts=configuration,
        )
        if self._settings.require_tls:
            s3.BucketPolicy(
                name,
                bucket=bucket.id,
                policy=pulumi.Output.json_dumps(
                    tls_only_policy("s3:*", [bucket.arn, pulumi.Output.concat(bucket.arn, "/*")])
                ),
                opts=configuration,
            )
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
