"""The function, and all that it may do, say and fail into.

It is invoked asynchronously: Lambda keeps the event, tries again when the function raises, and
sends what failed for good to the failures queue, from which it can be put back. The role allows
the actions the function uses on the resources it uses them on, and nothing else.

Each deployment publishes a version, which never changes again, and then moves the alias `live` to
it. The alias is what is invoked, and what retries and the on-failure destination are set for. The
provider updates the function's configuration, then its code, and publishes when both are done: so
no video meets the new settings with the old code, and when an update fails halfway, the alias stays
where it was. A run that is under way ends in the version it began in. AWS does not document which
of the two runs an event that waits meanwhile: either makes the whole result.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pulumi
from pulumi_aws import cloudwatch, get_caller_identity_output, iam, lambda_, sqs

from stacks.buckets import GALLERY_KEY
from stacks.component import Component
from stacks.image_processor import processor_hook
from stacks.key_of_own import WRITE, key_rights
from stacks.limits import limit_hook
from stacks.partition import partition_of
from stacks.policy_document import allow
from stacks.tls import tls_only_policy

if TYPE_CHECKING:
    from pulumi_aws import dynamodb

    from stacks.buckets import Buckets
    from stacks.settings import StackSettings

ALIAS = "live"
RETRIES = 2
# Lambda's least, and free: nothing but the gallery's file is ever there.
DISK_MB = 512
# As long as Lambda keeps an event: a throttled burst of videos is worth waiting for.
LONGEST_WAIT_SECONDS = 6 * 60 * 60
# As long as SQS keeps a message: failures may wait for someone to come back from holidays.
FAILURES_KEPT_SECONDS = 14 * 24 * 60 * 60


class Recogniser(Component):
    """The `function`, the `alias` to invoke it by, its `role`, `log_group` and `failures` queue.

    `invocation` is what is set for the alias: how often it tries, and where failures go.
    `long_videos` is the name of the state machine that it starts, which is made after it.
    """

    def __init__(  # noqa: PLR0913 - what a function is made of, and where
        self,
        name: str,
        settings: StackSettings,
        *,
        image_uri: pulumi.Input[str],
        buckets: Buckets,
        students: dynamodb.Table,
        region: str,
    ) -> None:
        super().__init__(name)
        self._settings = settings
        self.failures = self._failures_queue(f"{name}-failures")
        # Made here, and not by Lambda at the first record, so that records expire.
        self.log_group = cloudwatch.LogGroup(
            name,
            retention_in_days=settings.log_retention_days,
            kms_key_id=settings.kms_key_arn,
            opts=pulumi.ResourceOptions(parent=self),
        )
        # Pulumi made this name up, and the role and the function have to know it before the
        # machine is there, which has to know the function.
        self.long_videos = self.log_group.name
        machine = _state_machine_arn(self.long_videos, region)
        self.role = self._role(name)
        permissions = iam.RolePolicy(
            name,
            role=self.role.name,
            policy=pulumi.Output.json_dumps(self._permissions(buckets, students, machine)),
            opts=pulumi.ResourceOptions(parent=self),
        )
        self.function = lambda_.Function(
            name,
            description="Names the students who are seen in a video.",
            package_type="Image",
            image_uri=image_uri,
            architectures=[settings.architecture],
            role=self.role.arn,
            memory_size=settings.memory_mb,
            timeout=settings.timeout_seconds,
            # Said because one that was set before would stay otherwise.
            ephemeral_storage={"size": DISK_MB},
            reserved_concurrent_executions=settings.reserved_concurrency,
            logging_config={
                "log_format": "JSON",
                "log_group": self.log_group.name,
                "application_log_level": "INFO",
                "system_log_level": "INFO",
            },
            environment={"variables": _environment(settings, buckets, students, machine)},
            publish=True,
            # A function that starts before its permissions fails on its first videos.
            opts=pulumi.ResourceOptions(
                parent=self, depends_on=[permissions], hooks=_checks(name, settings)
            ),
        )
        self.alias = lambda_.Alias(
            name,
            name=ALIAS,
            description="The version that videos go to.",
            function_name=self.function.name,
            function_version=self.function.version,
            opts=pulumi.ResourceOptions(parent=self),
        )
        # What is set for the function without a qualifier does not hold for its alias.
        self.invocation = lambda_.FunctionEventInvokeConfig(
            name,
            function_name=self.function.name,
            qualifier=self.alias.name,
            maximum_retry_attempts=RETRIES,
            maximum_event_age_in_seconds=LONGEST_WAIT_SECONDS,
            destination_config={"on_failure": {"destination": self.failures.arn}},
            opts=pulumi.ResourceOptions(parent=self, depends_on=[permissions]),
        )
        self.register_outputs({"function": self.function.name, "failures": self.failures.url})

    def _failures_queue(self, name: str) -> sqs.Queue:
        key = self._settings.kms_key_arn
        queue = sqs.Queue(
            name,
            message_retention_seconds=FAILURES_KEPT_SECONDS,
            # Either this or a key.
            sqs_managed_sse_enabled=None if key else True,
            kms_master_key_id=key,
            opts=pulumi.ResourceOptions(parent=self),
        )
        if self._settings.require_tls:
            sqs.QueuePolicy(
                name,
                queue_url=queue.url,
                policy=pulumi.Output.json_dumps(tls_only_policy("sqs:*", [queue.arn])),
                opts=pulumi.ResourceOptions(parent=self),
            )
        return queue

    def _role(self, name: str) -> iam.Role:
        assume = {
            "Effect": "Allow",
            "Principal": {"Service": "lambda.amazonaws.com"},
            "Action": "sts:AssumeRole",
        }
        return iam.Role(
            name,
            description="What the LambdaLens function may do.",
            assume_role_policy=pulumi.Output.json_dumps(
                {"Version": "2012-10-17", "Statement": [assume]}
            ),
            opts=pulumi.ResourceOptions(parent=self),
        )

    def _permissions(
        self, buckets: Buckets, students: dynamodb.Table, machine: pulumi.Output[str]
    ) -> dict[str, object]:
        """Return the role's policy; asking for metadata (HEAD) counts as s3:GetObject."""
        videos = pulumi.Output.concat(buckets.input.arn, "/*")
        results = pulumi.Output.concat(buckets.output.arn, "/*")
        gallery = pulumi.Output.concat(buckets.gallery.arn, "/", GALLERY_KEY)
        looks = pulumi.Output.concat(buckets.looks.arn, "/*")
        log_streams = pulumi.Output.concat(self.log_group.arn, ":*")
        return {
            "Version": "2012-10-17",
            "Statement": [
                allow("ReadVideosAndGallery", ["s3:GetObject"], [videos, gallery]),
                allow(
                    "WriteResults",
                    ["s3:GetObject", "s3:PutObject", "s3:DeleteObject"],
                    [results],
                ),
                # All ranges of a video are compared with the gallery of the first.
                allow("ReadTheSameGallery", ["s3:GetObjectVersion"], [gallery]),
                allow("HandLooksOn", ["s3:GetObject", "s3:PutObject"], [looks]),
                # Without it, S3 answers "forbidden" in place of "not found".
                allow(
                    "TellMissingFromForbidden",
                    ["s3:ListBucket"],
                    [it.arn for it in (buckets.input, buckets.output, buckets.gallery)]
                    + [buckets.looks.arn],
                ),
                allow("HaveLongVideosLookedAt", ["states:StartExecution"], [machine]),
                allow("ReadStudents", ["dynamodb:BatchGetItem"], [students.arn]),
                allow("WriteLogs", ["logs:CreateLogStream", "logs:PutLogEvents"], [log_streams]),
                # Lambda itself sends what failed for good, with the function's role.
                allow("ReportFailures", ["sqs:SendMessage"], [self.failures.arn]),
                *key_rights(self._settings, WRITE),
            ],
        }


def _checks(name: str, settings: StackSettings) -> pulumi.ResourceHookBinding:
    """Return what is looked at before the function is made or changed, in a preview too."""
    hooks = [limit_hook(name, settings)]
    if settings.image_digest is not None or settings.image_uri is not None:
        hooks.append(processor_hook(name))
    return pulumi.ResourceHookBinding(before_create=[*hooks], before_update=[*hooks])


def _state_machine_arn(name: pulumi.Output[str], region: str) -> pulumi.Output[str]:
    account = get_caller_identity_output().account_id
    return pulumi.Output.concat(
        f"arn:{partition_of(region)}:states:{region}:", account, ":stateMachine:", name
    )


def _environment(
    settings: StackSettings,
    buckets: Buckets,
    students: dynamodb.Table,
    machine: pulumi.Output[str],
) -> dict[str, pulumi.Input[str]]:
    """Return what `function/settings.py` reads."""
    return {
        "OUTPUT_BUCKET": buckets.output.id,
        "STUDENTS_TABLE": students.name,
        "GALLERY_BUCKET": buckets.gallery.id,
        "GALLERY_KEY": GALLERY_KEY,
        "LOOKS_BUCKET": buckets.looks.id,
        "LONG_VIDEOS": machine,
        "RANGES_FROM_SECONDS": str(settings.ranges_from_seconds),
        "SAMPLES_PER_SECOND": str(settings.samples_per_second),
        "TOLERANCE": str(settings.tolerance),
        "MARGIN": str(settings.margin),
    }
