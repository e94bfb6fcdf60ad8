"""The error reports among a stack's results: which videos have no CSV, and why."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from function.results import ERROR_SUFFIX
from recover.many_requests import answers

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from types_boto3_s3 import S3Client

    from stacks.outputs import Deployment


@dataclass(frozen=True, kw_only=True)
class ErrorReport:
    """What the function has written of a video in place of a CSV."""

    video: str
    problem: str
    remedy: str
    metadata: Mapping[str, str]


def error_reports(stack: Deployment, *, prefix: str = "") -> Iterator[ErrorReport]:
    """Find the reports of the videos whose keys begin with the prefix, in the order of the keys.

    Whatever else in the bucket has a report's name is passed over. Raises a botocore exception.
    """
    s3, bucket = stack.client("s3"), stack.outputs.output_bucket
    # A video's key is not always the beginning of its report's, but the folder is the same.
    keys = _keys(s3, bucket, prefix[: prefix.rfind("/") + 1])
    for report in answers(partial(find_report, s3, bucket), keys):
        if report is not None and report.video.startswith(prefix):
            yield report


def find_report(s3: S3Client, bucket: str, key: str) -> ErrorReport | None:
    """Read the report of this key, or return None if there is none. Raises a botocore exception."""
    try:
        found = s3.get_object(Bucket=bucket, Key=key)
    except ClientError as error:
        # The second is what is left of the first when XML can't have the key.
        if error.response["Error"]["Code"] in ("NoSuchKey", "404"):
            return None  # the video has a CSV since
        raise
    return _read(found["Body"].read(), found["Metadata"])


def _read(content: bytes, metadata: Mapping[str, str]) -> ErrorReport | None:
    try:
        report = json.loads(content)
    except ValueError:
        return None
    match report:
        case {"video": str(video), "error": str(problem), "remedy": str(remedy)}:
            return ErrorReport(video=video, problem=problem, remedy=remedy, metadata=metadata)
        case _:
            return None


def _keys(s3: S3Client, bucket: str, folder: str) -> Iterator[str]:
    for page in s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=folder):
        for found in page.get("Contents", ()):
            if found["Key"].endswith(ERROR_SUFFIX):
                yield found["Key"]
