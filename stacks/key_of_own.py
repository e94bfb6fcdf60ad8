"""What a KMS key of the account's own takes: how each service is told of it, and the rights to it.

Without the setting `kmsKeyArn`, all is encrypted with keys of AWS's, which ask for no rights.
With it, whoever reads or writes needs rights to the key besides, and the key's own policy must let
services use it (docs/deploying.md).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pulumi_aws import dynamodb, ecr, s3

from stacks.policy_document import allow

if TYPE_CHECKING:
    from stacks.settings import StackSettings

READ = ("kms:Decrypt",)
# To write by parts, S3 decrypts the data key that it wrote the first part with.
WRITE = ("kms:GenerateDataKey", "kms:Decrypt")


def key_rights(settings: StackSettings, actions: tuple[str, ...]) -> list[dict[str, object]]:
    """Return the statement that allows this on the key, if the stack has one of its own."""
    if settings.kms_key_arn is None:
        return []
    return [allow("UseTheKey", actions, [settings.kms_key_arn])]


def bucket_encryption(
    settings: StackSettings,
) -> s3.BucketServerSideEncryptionConfigurationRuleArgs:
    """Return the rule of a bucket's encryption."""
    key = settings.kms_key_arn
    return s3.BucketServerSideEncryptionConfigurationRuleArgs(
        apply_server_side_encryption_by_default=(
            s3.BucketServerSideEncryptionConfigurationRuleApplyServerSideEncryptionByDefaultArgs(
                sse_algorithm="aws:kms" if key else "AES256", kms_master_key_id=key
            )
        ),
        # One call of KMS for many objects, and not one for each.
        bucket_key_enabled=True if key else None,
    )


def table_encryption(settings: StackSettings) -> dynamodb.TableServerSideEncryptionArgs:
    """Return a table's encryption: AWS's key for DynamoDB in this account, or the account's own."""
    return dynamodb.TableServerSideEncryptionArgs(enabled=True, kms_key_arn=settings.kms_key_arn)


def repository_encryption(settings: StackSettings) -> ecr.RepositoryEncryptionConfigurationArgs:
    """Return a repository's encryption, which can't be changed when it is there."""
    key = settings.kms_key_arn
    return ecr.RepositoryEncryptionConfigurationArgs(
        encryption_type="KMS" if key else "AES256", kms_key=key
    )
