"""S3: buckets, what is set on them, and the notification that is the trigger."""

from __future__ import annotations

import json
from itertools import combinations
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from local.resources.request import Created, RefusedError, Request, aws_spelling

if TYPE_CHECKING:
    from collections.abc import Mapping

    from local.account import Account
    from local.resources.request import Creator


def _bucket(request: Request) -> Created:
    chosen = request.take("bucket")
    name = chosen or request.physical_name()
    request.account.client("s3").create_bucket(Bucket=name)
    return Created(id=name, outputs={"bucket": name, "arn": f"arn:aws:s3:::{name}"})


def _public_access_block(request: Request) -> Created:
    bucket = request.take("bucket")
    names = ("blockPublicAcls", "blockPublicPolicy", "ignorePublicAcls", "restrictPublicBuckets")
    request.account.client("s3").put_public_access_block(
        Bucket=bucket,
        PublicAccessBlockConfiguration=aws_spelling(
            {name: request.take(name, default=False) for name in names}
        ),
    )
    return Created(id=bucket)


def _ownership_controls(request: Request) -> Created:
    bucket = request.take("bucket")
    request.account.client("s3").put_bucket_ownership_controls(
        Bucket=bucket, OwnershipControls={"Rules": [aws_spelling(request.take("rule"))]}
    )
    return Created(id=bucket)


def _encryption(request: Request) -> Created:
    bucket = request.take("bucket")
    for rule in request.take("rules"):
        request.refuse_key(rule["applyServerSideEncryptionByDefault"].get("kmsMasterKeyId"))
    rules = aws_spelling(
        request.take("rules"), sseAlgorithm="SSEAlgorithm", kmsMasterKeyId="KMSMasterKeyID"
    )
    request.account.client("s3").put_bucket_encryption(
        Bucket=bucket, ServerSideEncryptionConfiguration={"Rules": rules}
    )
    return Created(id=bucket)


def _versioning(request: Request) -> Created:
    bucket = request.take("bucket")
    request.account.client("s3").put_bucket_versioning(
        Bucket=bucket,
        VersioningConfiguration=aws_spelling(request.take("versioningConfiguration")),
    )
    return Created(id=bucket)


def _lifecycle(request: Request) -> Created:
    bucket = request.take("bucket")
    rules = aws_spelling(request.take("rules"), id="ID")
    request.account.client("s3").put_bucket_lifecycle_configuration(
        Bucket=bucket, LifecycleConfiguration={"Rules": rules}
    )
    return Created(id=bucket)


def _cors(request: Request) -> Created:
    bucket = request.take("bucket")
    request.account.client("s3").put_bucket_cors(
        Bucket=bucket,
        CORSConfiguration={
            "CORSRules": aws_spelling(request.take("corsRules"), id="ID"),
        },
    )
    return Created(id=bucket)


def _policy(request: Request) -> Created:
    bucket = request.take("bucket")
    request.account.client("s3").put_bucket_policy(Bucket=bucket, Policy=request.take("policy"))
    return Created(id=bucket)


def _notification(request: Request) -> Created:
    """Make the trigger, after the checks that AWS makes and the emulator does not."""
    s3 = request.account.client("s3")
    bucket = request.take("bucket")
    entries = request.take("lambdaFunctions", default=[])
    if "LambdaFunctionConfigurations" in s3.get_bucket_notification_configuration(Bucket=bucket):
        raise RefusedError(
            f"the bucket {bucket} has a notification already, which this one would replace"
        )
    for first, second in combinations(entries, 2):
        if _overlap(first, second):
            raise RefusedError(
                "two entries overlap, so that one object would match both: "
                f"{_described(first)} and {_described(second)}"
            )
    for function in {entry["lambdaFunctionArn"] for entry in entries}:
        if not _may_invoke(request.account, bucket=bucket, function=function):
            raise RefusedError(
                f"no permission lets the bucket {bucket} invoke {function}: "
                "the notification needs a lambda.Permission for it, and to depend on it"
            )
    s3.put_bucket_notification_configuration(
        Bucket=bucket,
        NotificationConfiguration={
            "LambdaFunctionConfigurations": [_notification_entry(entry) for entry in entries]
        },
    )
    return Created(id=bucket)


def _notification_entry(entry: Mapping[str, Any]) -> dict[str, object]:
    rules = [
        {"Name": kind, "Value": entry[given]}
        for kind, given in (("prefix", "filterPrefix"), ("suffix", "filterSuffix"))
        if given in entry
    ]
    return {
        "Id": entry["id"],
        "LambdaFunctionArn": entry["lambdaFunctionArn"],
        "Events": entry["events"],
        **({"Filter": {"Key": {"FilterRules": rules}}} if rules else {}),
    }


def _overlap(one: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    """Whether some object and event would match both entries, as S3 sees it."""
    return (
        _one_begins(one.get("filterPrefix", ""), other.get("filterPrefix", ""))
        and _one_begins(one.get("filterSuffix", "")[::-1], other.get("filterSuffix", "")[::-1])
        and any(
            # "s3:ObjectCreated:*" is every event of its kind
            _one_begins(event.removesuffix("*"), another.removesuffix("*"))
            for event in one["events"]
            for another in other["events"]
        )
    )


def _one_begins(one: str, other: str) -> bool:
    """Whether one of the texts begins with the other."""
    return one.startswith(other) or other.startswith(one)


def _described(entry: Mapping[str, Any]) -> str:
    return f"prefix '{entry.get('filterPrefix', '')}' suffix '{entry.get('filterSuffix', '')}'"


def _may_invoke(account: Account, *, bucket: str, function: str) -> bool:
    """Whether the function's resource policy lets S3 invoke it for this bucket of this account."""
    try:
        answer = account.client("lambda").get_policy(FunctionName=function)
    except ClientError as error:
        if error.response["Error"]["Code"] == "ResourceNotFoundException":
            return False
        raise
    circumstances = {
        "aws:sourcearn": f"arn:aws:s3:::{bucket}",
        "aws:sourceaccount": account.account_id,
    }
    return any(
        statement["Effect"] == "Allow"
        # That of an alias lets nobody invoke the function without it.
        and statement["Resource"] == function
        and statement["Principal"] == {"Service": "s3.amazonaws.com"}
        and statement["Action"] == "lambda:InvokeFunction"
        and all(
            circumstances.get(key.lower()) == value
            for condition in statement.get("Condition", {}).values()
            for key, value in condition.items()
        )
        for statement in json.loads(answer["Policy"])["Statement"]
    )


CREATORS: dict[str, Creator] = {
    "aws:s3/bucket:Bucket": _bucket,
    "aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock": _public_access_block,
    "aws:s3/bucketOwnershipControls:BucketOwnershipControls": _ownership_controls,
    "aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration": (
        _encryption
    ),
    "aws:s3/bucketVersioning:BucketVersioning": _versioning,
    "aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration": _lifecycle,
    "aws:s3/bucketCorsConfiguration:BucketCorsConfiguration": _cors,
    "aws:s3/bucketPolicy:BucketPolicy": _policy,
    "aws:s3/bucketNotification:BucketNotification": _notification,
}
