"""What was seen in ranges of long videos, as far as students may be in it who are asked for.

It is kept until the video has its result, and some days longer. Who is not in the gallery in use
is in nothing that was made with it; so the rest goes as a whole. A video that was under way is
then looked at anew, with the gallery in use.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from botocore.exceptions import ClientError

from enroll.deployed import gallery_etag
from function.composed_text import composed
from function.long_videos import looks_prefix
from function.recogniser.looks import Looks, LooksError
from function.storage import is_missing

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator
    from datetime import datetime

    from types_boto3_s3 import S3Client

    from stacks.outputs import Deployment


@dataclass(frozen=True, kw_only=True)
class HeldLooks:
    """What was seen in one range, in which some of the students asked for are.

    `looks` is None where they have the form of another version: they may be in those.
    """

    key: str
    written: datetime
    student_ids: frozenset[str]
    looks: Looks | None


class DeletedLooks(NamedTuple):
    """How many objects were deleted, and of which of the students asked for there was anything."""

    number: int
    student_ids: frozenset[str]


def delete_looks(stack: Deployment, student_ids: Collection[str]) -> DeletedLooks:
    """Delete what was made with another gallery than the one in use.

    Raises a botocore exception.
    """
    etag = gallery_etag(stack)
    of_gallery_in_use = looks_prefix(etag) if etag else None
    wanted = frozenset(student_ids)
    s3, bucket = stack.client("s3"), stack.outputs.looks_bucket
    number = 0
    found: set[str] = set()
    for key, _ in _stored(s3, bucket):
        if of_gallery_in_use is None or not key.startswith(of_gallery_in_use):
            content = _content(s3, bucket, key)
            looks = _read(content) if content else None
            found |= wanted & _students_in(looks) if looks else set()
            s3.delete_object(Bucket=bucket, Key=key)
            number += 1
    return DeletedLooks(number, frozenset(found))


def held_looks(stack: Deployment, student_ids: Collection[str]) -> Iterator[HeldLooks]:
    """Yield what was seen in each range in which one of these students is, or may be.

    Raises a botocore exception.
    """
    wanted = frozenset(student_ids)
    s3, bucket = stack.client("s3"), stack.outputs.looks_bucket
    for key, written in _stored(s3, bucket):
        content = _content(s3, bucket, key)
        if content is None:
            continue
        looks = _read(content)
        # Of those of another version nobody can tell who is in them.
        found = wanted if looks is None else wanted & _students_in(looks)
        if found:
            yield HeldLooks(key=key, written=written, student_ids=found, looks=looks)


def _content(s3: S3Client, bucket: str, key: str) -> bytes | None:
    try:
        return s3.get_object(Bucket=bucket, Key=key)["Body"].read()
    except ClientError as error:
        if is_missing(error):
            return None
        raise


def _read(content: bytes) -> Looks | None:
    try:
        return Looks.from_bytes(content)
    except LooksError:
        return None


def _students_in(looks: Looks) -> set[str]:
    claimed = (student_id for face in looks.faces_seen for student_id in face.claims)
    # Another version may have written the gallery, and not composed the ids.
    return {composed(it) for it in (*claimed, *(look.match.student_id for look in looks.looks))}


def _stored(s3: S3Client, bucket: str) -> Iterator[tuple[str, datetime]]:
    """Yield the key of each object, and when it was written."""
    if not bucket:
        return  # of a stack that was deployed before there were any
    for page in s3.get_paginator("list_objects_v2").paginate(Bucket=bucket):
        for entry in page.get("Contents", ()):
            yield entry["Key"], entry["LastModified"]
