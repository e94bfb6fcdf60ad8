"""Videos that came before anybody was enrolled: they are looked at again once somebody is.

The function leaves a report for each of them. They are found by these reports, and the function is
sent what S3 sent it when they were uploaded. Whoever enrols needs to be allowed to list and read
the output bucket and to invoke the function.

Every enrolment looks for them, and not the first alone, so that one that was interrupted here, or
was not allowed to, is made good by the next.
"""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

from function.events import Upload, notification
from function.results import ERROR_SUFFIX, is_for_want_of_enrolment

if TYPE_CHECKING:
    from collections.abc import Iterator

    from types_boto3_s3 import S3Client

    from stacks.outputs import Deployment

# A report takes one request, which is mostly waiting.
_READ_AT_ONCE = 16


def look_again(deployment: Deployment) -> int:
    """Have the function look again at the videos that wait for an enrolment; return how many.

    It does so by itself, and after this has returned. Raises a botocore exception.
    """
    function = deployment.client("lambda")
    count = 0
    for upload in _waiting(deployment):
        function.invoke(
            FunctionName=deployment.outputs.function_name,
            InvocationType="Event",
            Payload=json.dumps(notification(upload)),
        )
        count += 1
    return count


def _waiting(deployment: Deployment) -> Iterator[Upload]:
    """Find the uploads whose reports say that nobody was enrolled."""
    s3, outputs = deployment.client("s3"), deployment.outputs

    def read(key: str) -> Upload | None:
        return _upload_waiting(s3, outputs.output_bucket, key, uploaded_to=outputs.input_bucket)

    with ThreadPoolExecutor(_READ_AT_ONCE) as threads:
        yield from filter(None, threads.map(read, _reports(s3, outputs.output_bucket)))


def _reports(s3: S3Client, bucket: str) -> Iterator[str]:
    for page in s3.get_paginator("list_objects_v2").paginate(Bucket=bucket):
        for found in page.get("Contents", ()):
            if found["Key"].endswith(ERROR_SUFFIX):
                yield found["Key"]


def _upload_waiting(s3: S3Client, bucket: str, key: str, *, uploaded_to: str) -> Upload | None:
    """Return the upload that a report is about, or None if it says something else, or is gone."""
    try:
        found = s3.get_object(Bucket=bucket, Key=key)
    except s3.exceptions.NoSuchKey:
        return None
    if not is_for_want_of_enrolment(found["Metadata"]):
        return None
    video: str = json.loads(found["Body"].read())["video"]
    return Upload(bucket=uploaded_to, key=video, time=found["Metadata"]["event-time"])
