"""What was seen in ranges of long videos, as far as students may be in it who are to be forgotten.

It is kept until the video has its result, and some days longer. Who is not in the gallery in use
is in nothing that was made with it; so the rest goes as a whole. A video that was under way is
then looked at anew, with the gallery in use.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from enroll.deployed import gallery_etag
from function.long_videos import looks_prefix
from function.recogniser.looks import Looks, LooksError
from function.storage import is_missing

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from types_boto3_s3 import S3Client

    from stacks.outputs import Deployment


def delete_looks(stack: Deployment) -> int:
    """Delete what was made with another gallery than the one in use; return how many objects.

    Raises a botocore exception.
    """
    etag = gallery_etag(stack)
    of_gallery_in_use = looks_prefix(etag) if etag else None
    s3, bucket = stack.client("s3"), stack.outputs.looks_bucket
    number = 0
    for key in _keys(s3, bucket):
        if of_gallery_in_use is None or not key.startswith(of_gallery_in_use):
            s3.delete_object(Bucket=bucket, Key=key)
            number += 1
    return number


def held_looks(stack: Deployment, student_ids: Collection[str]) -> Iterator[tuple[str, str]]:
    """Yield student and key wherever one of these students is in what was seen in a range.

    Raises a botocore exception.
    """
    wanted = set(student_ids)
    s3, bucket = stack.client("s3"), stack.outputs.looks_bucket
    for key in _keys(s3, bucket):
        try:
            content = s3.get_object(Bucket=bucket, Key=key)["Body"].read()
        except ClientError as error:
            if is_missing(error):
                continue
            raise
        for student_id in sorted(wanted & _students_in(content, perhaps=wanted)):
            yield student_id, key


def _students_in(content: bytes, *, perhaps: set[str]) -> set[str]:
    """Return who is in looks; of those of another version nobody can tell, so it may be anybody."""
    try:
        looks = Looks.from_bytes(content)
    except LooksError:
        return perhaps
    claimed = (student_id for face in looks.faces_seen for student_id in face.claims)
    return {*claimed, *(look.match.student_id for look in looks.looks)}


def _keys(s3: S3Client, bucket: str) -> Iterator[str]:
    if not bucket:
        return  # of a stack that was deployed before there were any
    for page in s3.get_paginator("list_objects_v2").paginate(Bucket=bucket):
        for entry in page.get("Contents", ()):
            yield entry["Key"]
