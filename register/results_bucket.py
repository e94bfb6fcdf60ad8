"""The sessions of a course in a stack's output bucket, and the students who have the course."""

from __future__ import annotations

from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING, NamedTuple

from botocore.exceptions import ClientError

from function.courses import course_of_video
from function.evidence import Evidence, EvidenceError
from function.results import (
    CORRECTIONS_SUFFIX,
    ERROR_SUFFIX,
    evidence_beside,
    is_evidence_of,
)
from function.students import Student
from recover.many_requests import answers
from register.corrections import CorrectionsError, read_corrections
from register.results_folder import Found
from register.sessions import session_of, session_without_csv

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping
    from datetime import date

    from types_boto3_s3 import S3Client

    from register.corrections import Correction
    from register.sessions import Session
    from stacks.outputs import Deployment

_MISSING = {"404", "NoSuchKey"}


def sessions_in_bucket(stack: Deployment, course: str) -> Found:
    """Read the results of a course. Raises a botocore exception.

    Evidence counts if it was made from the same as the CSV beside it.
    """
    s3, bucket = stack.client("s3"), stack.outputs.output_bucket
    there = {
        key: day
        for folder in _folders_of(s3, bucket, course)
        for key, day in _keys(s3, bucket, folder)
    }
    wanted = [
        key
        for key in there
        if key.endswith(".csv")
        or (key.endswith(ERROR_SUFFIX) and f"{key.removesuffix(ERROR_SUFFIX)}.csv" not in there)
    ]
    read = answers(partial(_session, s3, bucket, there), wanted)
    found = [each for each in read if each is not None]
    return Found(
        sessions=tuple(session for session, _ in found),
        notes=tuple(note for _, notes in found for note in notes),
    )


def students_of_course(stack: Deployment, course: str) -> list[Student]:
    """Return the records of the students who have a course. Raises a botocore exception.

    They are read from the table, so it takes no right to read the gallery, with the faces in it.
    """
    pages = (
        stack.client("dynamodb")
        .get_paginator("scan")
        .paginate(
            TableName=stack.outputs.students_table,
            FilterExpression="contains(courses, :course)",
            ExpressionAttributeValues={":course": {"S": course}},
        )
    )
    return [Student.from_item(item) for page in pages for item in page["Items"]]


class _Stored(NamedTuple):
    content: bytes
    metadata: Mapping[str, str]


def _session(
    s3: S3Client, bucket: str, there: Mapping[str, date], key: str
) -> tuple[Session, list[str]] | None:
    """Return the session of a CSV or an error report, and what is to be said of what is beside."""
    stored = _get(s3, bucket, key)
    if stored is None:
        return None  # gone since it was listed
    notes: list[str] = []
    is_report = key.endswith(ERROR_SUFFIX)
    name = key.removesuffix(ERROR_SUFFIX if is_report else ".csv")
    corrections = _corrections(s3, bucket, name, there.keys(), notes)
    day = _uploaded(stored.metadata) or there[key]
    if is_report:
        session = session_without_csv(name, stored.content, corrections=corrections, uploaded=day)
        return session, notes
    evidence = _evidence(s3, bucket, key, stored.metadata, notes)
    session = session_of(name, stored.content, evidence, corrections=corrections, uploaded=day)
    return session, notes


def _uploaded(metadata: Mapping[str, str]) -> date | None:
    """Return the day (UTC) on which the video was uploaded, as its result says."""
    try:
        return datetime.fromisoformat(metadata.get("event-time", "")).date()
    except ValueError:
        return None


def _evidence(
    s3: S3Client, bucket: str, csv_key: str, csv: Mapping[str, str], notes: list[str]
) -> Evidence | None:
    key = evidence_beside(csv_key)
    stored = _get(s3, bucket, key)
    if stored is None:
        return None
    if not is_evidence_of(stored.metadata, csv):
        notes.append(f"{key}: passed over, the CSV counts: it was made from something else")
        return None
    try:
        return Evidence.from_bytes(stored.content)
    except EvidenceError as error:
        notes.append(f"{key}: passed over, the CSV counts: {error}")
        return None


def _corrections(
    s3: S3Client, bucket: str, name: str, there: Collection[str], notes: list[str]
) -> tuple[Correction, ...]:
    key = f"{name}{CORRECTIONS_SUFFIX}"
    stored = _get(s3, bucket, key) if key in there else None
    if stored is None:
        return ()
    try:
        return read_corrections(stored.content)
    except CorrectionsError as error:
        notes.append(f"{key}: passed over: {error}")
        return ()


def _folders_of(s3: S3Client, bucket: str, course: str) -> Iterator[str]:
    """Yield the folders that name the course, in whichever way its letters are stored."""
    pages = s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Delimiter="/")
    for page in pages:
        for found in page.get("CommonPrefixes", ()):
            if course_of_video(found["Prefix"], {course}) == course:
                yield found["Prefix"]


def _keys(s3: S3Client, bucket: str, folder: str) -> Iterator[tuple[str, date]]:
    for page in s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=folder):
        for found in page.get("Contents", ()):
            yield found["Key"], found["LastModified"].date()


def _get(s3: S3Client, bucket: str, key: str) -> _Stored | None:
    try:
        found = s3.get_object(Bucket=bucket, Key=key)
    except ClientError as error:
        if error.response["Error"]["Code"] in _MISSING:
            return None
        raise
    return _Stored(found["Body"].read(), found["Metadata"])
