"""What a deployed stack knows of students: the gallery in S3 and the records in DynamoDB.

This module decides how both are changed so that nothing is lost, no face is enrolled without a
record, and nobody gets a record who is not enrolled: records are written before the gallery, and
deleted after it; and the gallery is replaced only if it is still the one that was changed (an S3
conditional write), so that two people who enrol at the same time do not undo each other.
"""

from __future__ import annotations

import io
import random
import time
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from boto3.dynamodb.types import TypeDeserializer
from botocore.exceptions import ClientError

from enroll.descriptions import as_described, descriptions
from enroll.gallery_edits import (
    described,
    with_students,
    with_tolerances,
    without_students,
)
from function.composed_text import composed, spellings
from function.recogniser.identity.gallery import Gallery, GalleryError

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping

    from types_boto3_s3 import S3Client

    from function.students import Student
    from stacks.outputs import Deployment, StackOutputs

_ATTEMPTS = 10
_LONGEST_PAUSE_SECONDS = 1.0

# What S3 answers when the object is not, or no more, the one the condition names.
_CHANGED_MEANWHILE = ("PreconditionFailed", "ConditionalRequestConflict", "NoSuchKey")


class GalleryBusyError(Exception):
    """Others changed the stack's gallery when this change was to be written."""


@dataclass(frozen=True, kw_only=True)
class Forgotten:
    """What was deleted of students: each one's number of portraits, and whose records."""

    portraits: Counter[str]
    records: frozenset[str]

    @property
    def student_ids(self) -> frozenset[str]:
        """Of whom there was anything."""
        return self.records.union(self.portraits)


class FacesNotForgottenError(Exception):
    """The records were deleted, but the gallery can't be read, and so no face can be taken out."""


def load_gallery(deployment: Deployment) -> Gallery:
    """Return the stack's gallery, which is empty before the first enrolment.

    Its ids are composed, as those of lists are, however an earlier version kept them. Raises
    GalleryError, or a botocore exception.
    """
    return _load(deployment.client("s3"), deployment.outputs)[0]


def gallery_etag(deployment: Deployment) -> str | None:
    """Return the ETag of the stack's gallery, usable or not, or None when there is none yet."""
    outputs = deployment.outputs
    try:
        found = deployment.client("s3").head_object(
            Bucket=outputs.gallery_bucket, Key=outputs.gallery_key
        )
    except ClientError as error:
        if error.response["Error"]["Code"] != "404":
            raise
        return None
    etag: str = found["ETag"]
    return etag


def put_gallery(deployment: Deployment, content: bytes, *, in_place_of: str | None) -> bool:
    """Put a gallery file, byte for byte, in the place of the one with this ETag, or of none.

    Tells whether that one was still there, without which nothing is put. Raises a botocore
    exception.
    """
    return _put_bytes(deployment.client("s3"), deployment.outputs, content, in_place_of=in_place_of)


def enrol_students(
    deployment: Deployment,
    students: Collection[Student],
    enrolled: Gallery,
    *,
    joined: Callable[[Gallery, Gallery], Gallery] = with_students,
) -> Gallery:
    """Write the students' records, then the enrolled rows; return the stack's new gallery.

    How the rows come to the gallery's is up to `joined`: as it stands, whoever is in `enrolled` is
    added or replaced, and everybody else in the gallery is kept. What the students' list says of
    courses, consent and last day goes into both. Of the students, of whom everybody in `enrolled`
    must be one, those in neither get no record. Raises CourseNameError, GalleryBusyError,
    GalleryError, or a botocore exception.
    """

    def change(gallery: Gallery) -> Gallery:
        known = descriptions(students, known=gallery)
        return described(joined(gallery, enrolled), known)

    _check_all_are_students(enrolled, students)
    _write_records(deployment, students, change(load_gallery(deployment)))
    return change_gallery(deployment, change)


def change_gallery(deployment: Deployment, change: Callable[[Gallery], Gallery]) -> Gallery:
    """Put the changed gallery in the place of the stack's, and return it.

    `change` is applied once more to what others have made of the gallery meanwhile. Raises
    GalleryBusyError, GalleryError, or a botocore exception.
    """
    client = deployment.client("s3")
    for _ in range(_ATTEMPTS):
        gallery, etag = _load(client, deployment.outputs)
        changed = change(gallery)
        if _put(client, deployment.outputs, changed, in_place_of=etag):
            return changed
        # Random, so that those who met do not meet again.
        time.sleep(random.uniform(0, _LONGEST_PAUSE_SECONDS))  # noqa: S311 - no secret
    raise GalleryBusyError(
        f"the gallery was changed by others {_ATTEMPTS} times in a row: try again later"
    )


def enrol_anew(
    deployment: Deployment,
    students: Collection[Student],
    enrolled: Gallery,
    *,
    in_place_of: str | None,
) -> None:
    """Write the records of those enrolled, then their rows as the whole of the stack's gallery.

    The gallery with the ETag `in_place_of`, which need not be usable, is replaced. Raises
    CourseNameError, GalleryBusyError when it is no longer there, or a botocore exception.
    """
    _check_all_are_students(enrolled, students)
    whole = described(enrolled, descriptions(students, known=Gallery.empty()))
    _write_records(deployment, students, whole)
    if not _put(deployment.client("s3"), deployment.outputs, whole, in_place_of=in_place_of):
        raise GalleryBusyError(
            "others have changed the stack's gallery meanwhile: enrol without --new-gallery to add "
            "to theirs, or with it to replace theirs"
        )


def set_tolerances(deployment: Deployment, tolerances: Mapping[str, float | None]) -> Gallery:
    """Set students' own tolerances in the stack's gallery, None for everybody's; return it.

    Raises GalleryBusyError, GalleryError, or a botocore exception.
    """
    return change_gallery(deployment, lambda gallery: with_tolerances(gallery, tolerances))


def forget_students(deployment: Deployment, student_ids: Collection[str]) -> Forgotten:
    """Delete the students' rows, then their records; return what there was of whom.

    A gallery that is not usable does not keep the records from being deleted. Raises
    FacesNotForgottenError then, or GalleryBusyError, or a botocore exception.
    """
    try:
        portraits = _forget_faces(deployment, student_ids)
    except GalleryError as error:
        deleted = _delete_records(deployment, student_ids)
        raise FacesNotForgottenError(
            f"the records are deleted ({len(deleted)} there were), and the faces are not: {error}"
        ) from error
    return Forgotten(
        portraits=portraits, records=frozenset(_delete_records(deployment, student_ids))
    )


def _check_all_are_students(enrolled: Gallery, students: Collection[Student]) -> None:
    if set(enrolled.student_ids) - {student.student_id for student in students}:
        raise ValueError("somebody in the rows to enrol is none of the students")


def _write_records(deployment: Deployment, students: Collection[Student], gallery: Gallery) -> None:
    """Write the records of those students who are in the gallery, with what it knows of them."""
    known = set(gallery.student_ids)
    plain = TypeDeserializer()  # batch_writer, which writes what was left again, takes plain values
    dynamodb = deployment.session().resource("dynamodb", endpoint_url=deployment.endpoint_url)
    with dynamodb.Table(deployment.outputs.students_table).batch_writer() as records:
        for student in students:
            if student.student_id in known:
                record = as_described(student, gallery.student(student.student_id))
                records.put_item(Item=plain.deserialize({"M": record.as_item()}))


def _delete_records(deployment: Deployment, student_ids: Collection[str]) -> set[str]:
    """Delete the students' records; return the ids of those that had one."""
    client = deployment.client("dynamodb")
    deleted = set()
    for student_id in student_ids:
        # Earlier versions kept an id as it was typed.
        for spelling in spellings(student_id):
            answer = client.delete_item(
                TableName=deployment.outputs.students_table,
                Key={"student_id": {"S": spelling}},
                ReturnValues="ALL_OLD",
            )
            if "Attributes" in answer:
                deleted.add(student_id)
    return deleted


def _forget_faces(deployment: Deployment, student_ids: Collection[str]) -> Counter[str]:
    """Delete the students' rows; return how many each had."""
    portraits = Counter(it for it in load_gallery(deployment).student_ids if it in student_ids)
    if portraits:
        change_gallery(deployment, lambda gallery: without_students(gallery, student_ids))
    return portraits


def _put(
    client: S3Client, outputs: StackOutputs, gallery: Gallery, *, in_place_of: str | None
) -> bool:
    """Replace the gallery that has this ETag, or is not there, and tell whether it still was so."""
    content = io.BytesIO()
    gallery.save(content)
    return _put_bytes(client, outputs, content.getvalue(), in_place_of=in_place_of)


def _put_bytes(
    client: S3Client, outputs: StackOutputs, content: bytes, *, in_place_of: str | None
) -> bool:
    condition: dict[str, Any] = {"IfMatch": in_place_of} if in_place_of else {"IfNoneMatch": "*"}
    try:
        client.put_object(
            Bucket=outputs.gallery_bucket, Key=outputs.gallery_key, Body=content, **condition
        )
    except ClientError as error:
        if error.response["Error"]["Code"] not in _CHANGED_MEANWHILE:
            raise
        return False
    return True


def _load(client: S3Client, outputs: StackOutputs) -> tuple[Gallery, str | None]:
    """Return the gallery and its ETag, which is None when there is no gallery yet."""
    try:
        found = client.get_object(Bucket=outputs.gallery_bucket, Key=outputs.gallery_key)
    except ClientError as error:
        if error.response["Error"]["Code"] != "NoSuchKey":
            raise
        return Gallery.empty(), None
    try:
        gallery = Gallery.load(io.BytesIO(found["Body"].read()))
    except GalleryError as error:
        # Its own message says to enrol again, which for a stack must be everybody.
        raise GalleryError(
            f"the stack's gallery: {error} (everybody's, with --new-gallery)"
        ) from error
    return gallery.renamed(composed), found["ETag"]
