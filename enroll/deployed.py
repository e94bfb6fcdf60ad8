"""What a deployed stack knows of students: the gallery in S3 and the records in DynamoDB.

This module decides how both are changed so that nothing is lost and no face is known without a
record: records are written before the gallery, and deleted after it; and the gallery is replaced
only if it is still the one that was changed (an S3 conditional write), so that two people who
enrol at the same time do not undo each other.
"""

from __future__ import annotations

import io
import random
import time
from dataclasses import asdict
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from enroll.gallery_edits import with_students, without_students
from function.gallery import Gallery, GalleryError

if TYPE_CHECKING:
    from collections.abc import Callable, Collection

    from types_boto3_s3 import S3Client

    from function.students import Student
    from stacks.outputs import Deployment, StackOutputs

_ATTEMPTS = 10
_LONGEST_PAUSE_SECONDS = 1.0

# What S3 answers when the object is not, or no more, the one the condition names.
_CHANGED_MEANWHILE = ("PreconditionFailed", "ConditionalRequestConflict", "NoSuchKey")


class GalleryBusyError(Exception):
    """Others changed the stack's gallery each time that this change was to be written."""


def load_gallery(deployment: Deployment) -> Gallery:
    """Return the stack's gallery, which is empty before the first enrolment.

    Raises GalleryError, or a botocore exception.
    """
    return _load(deployment.client("s3"), deployment.outputs)[0]


def enrol_students(
    deployment: Deployment, students: Collection[Student], enrolled: Gallery
) -> Gallery:
    """Write the students' records, then the enrolled rows; return the stack's new gallery.

    Whoever is in `enrolled` is added or replaced, and everybody else in the gallery is kept.
    Raises GalleryBusyError, GalleryError, or a botocore exception.
    """
    dynamodb = deployment.session().resource("dynamodb", endpoint_url=deployment.endpoint_url)
    with dynamodb.Table(deployment.outputs.students_table).batch_writer() as records:
        for student in students:
            records.put_item(Item=asdict(student))
    return _change(deployment, lambda gallery: with_students(gallery, enrolled))


def forget_students(deployment: Deployment, student_ids: Collection[str]) -> set[str]:
    """Delete the students' rows, then their records; return the ids that there were any of.

    Raises GalleryBusyError, GalleryError, or a botocore exception.
    """
    known = set(load_gallery(deployment).student_ids)
    if not known.isdisjoint(student_ids):
        _change(deployment, lambda gallery: without_students(gallery, student_ids))
    client = deployment.client("dynamodb")
    for student_id in student_ids:
        deleted = client.delete_item(
            TableName=deployment.outputs.students_table,
            Key={"student_id": {"S": student_id}},
            ReturnValues="ALL_OLD",
        )
        if "Attributes" in deleted:
            known.add(student_id)
    return known.intersection(student_ids)


def _change(deployment: Deployment, change: Callable[[Gallery], Gallery]) -> Gallery:
    client = deployment.client("s3")
    for _ in range(_ATTEMPTS):
        gallery, etag = _load(client, deployment.outputs)
        changed = change(gallery)
        content = io.BytesIO()
        changed.save(content)
        condition = {"IfMatch": etag} if etag else {"IfNoneMatch": "*"}
        try:
            client.put_object(
                Bucket=deployment.outputs.gallery_bucket,
                Key=deployment.outputs.gallery_key,
                Body=content.getvalue(),
                **condition,
            )
        except ClientError as error:
            if error.response["Error"]["Code"] not in _CHANGED_MEANWHILE:
                raise
            # Random, so that those who met do not meet again.
            time.sleep(random.uniform(0, _LONGEST_PAUSE_SECONDS))  # noqa: S311 - no secret
        else:
            return changed
    raise GalleryBusyError(
        f"the gallery was changed by others {_ATTEMPTS} times in a row: try again later"
    )


def _load(client: S3Client, outputs: StackOutputs) -> tuple[Gallery, str | None]:
    """Return the gallery and its ETag, which is None when there is no gallery yet."""
    try:
        found = client.get_object(Bucket=outputs.gallery_bucket, Key=outputs.gallery_key)
    except ClientError as error:
        if error.response["Error"]["Code"] != "NoSuchKey":
            raise
        return Gallery.empty(), None
    try:
        return Gallery.load(io.BytesIO(found["Body"].read())), found["ETag"]
    except GalleryError as error:
        raise GalleryError(f"the stack's gallery: {error}") from error
