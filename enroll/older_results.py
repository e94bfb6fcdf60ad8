"""Results that were made with an earlier gallery: how many there are, without looking at all."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, NamedTuple

from botocore.exceptions import ClientError

from enroll.deployed import gallery_etag
from recover.many_requests import answers

if TYPE_CHECKING:
    from types_boto3_s3 import S3Client

    from stacks.outputs import Deployment

_MISSING = ("404", "NoSuchKey")


class OlderResults(NamedTuple):
    """So many CSVs at the least; `is_all` tells whether there can be no more."""

    number: int
    is_all: bool


def older_results(stack: Deployment) -> OlderResults:
    """Count the CSVs that were made with another gallery than the stack's, of the first thousand.

    What a result was made with is in its metadata, which no listing shows: each costs a request.
    So there is one page of the listing and no more. Raises a botocore exception.
    """
    s3, bucket = stack.client("s3"), stack.outputs.output_bucket
    page = s3.list_objects_v2(Bucket=bucket)
    csvs = [entry["Key"] for entry in page.get("Contents", ()) if entry["Key"].endswith(".csv")]
    current = gallery_etag(stack)
    galleries = answers(partial(_gallery_of, s3, bucket), csvs)
    number = sum(gallery not in (None, current) for gallery in galleries)
    return OlderResults(number=number, is_all=not page["IsTruncated"])


def _gallery_of(s3: S3Client, bucket: str, key: str) -> str | None:
    try:
        metadata = s3.head_object(Bucket=bucket, Key=key)["Metadata"]
    except ClientError as error:
        if error.response["Error"]["Code"] in _MISSING:
            return None
        raise
    return metadata.get("gallery-etag")
