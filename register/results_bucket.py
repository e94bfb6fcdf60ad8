"""The sessions of a course in an output bucket, and the students who have the course."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
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
from register.corrections import CorrectionsError, read_corrections, read_lesson
from register.sessions import Found, session_of, session_without_csv

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping
    from datetime import date

    from types_boto3_dynamodb import DynamoDBClient
    from types_boto3_s3 import S3Client

    from register.corrections import Correction, Lesson
    from register.sessions import Session

_MISSING = {"404", "NoSuchKey"}

# As many as a client keeps connections.
_AT_ONCE = 10


def sessions_in_bucket(s3: S3Client, bucket: str, course: str) -> Found:
    """Read the results of a course. Raises a botocore exception.

    Evidence counts if it was made from the same as the CSV beside it.
    """
    there = {key for folder in _folders_of(s3, bucket, course) for key in _keys(s3, bucket, folder)}
    wanted = [
        key
        for key in sorted(there)
        if key.endswith(".csv")
        or (key.endswith(ERROR_SUFFIX) and f"{key.removesuffix(ERROR_SUFFIX)}.csv" not in there)
    ]
    threads = ThreadPoolExecutor(_AT_ONCE)
    try:
        read = list(threads.map(partial(_session, s3, bucket, there), wanted))
    finally:
        threads.shutdown(cancel_futures=True)
    found = [each for each in read if each is not None]
    return Found(
        sessions=tuple(session for session, _ in found),
        notes=tuple(note for _, notes in found for note in notes),
    )


def session_in_bucket(s3: S3Client, bucket: str, name: str) -> tuple[Session, list[str]] | None:
    """Return the session of this name, with its folders, and what could not be used of it.

    That is None where there is no result of it. Raises a botocore exception.
    """
    return _session(s3, bucket, None, f"{name}.csv") or _session(
        s3, bucket, None, f"{name}{ERROR_SUFFIX}"
    )


def students_of_course(dynamodb: DynamoDBClient, table: str, course: str) -> list[Student]:
    """Return the records of the students who have a course. Raises a botocore exception.

    They are read from the table, so it takes no right to read the gallery, with the faces in it.
    """
    pages = dynamodb.get_paginator("scan").paginate(
        TableName=table,
        FilterExpression="contains(courses, :course)",
        ExpressionAttributeValues={":course": {"S": course}},
    )
    return [Student.from_item(item) for page in pages for item in page["Items"]]


class _Stored(NamedTuple):
    content: bytes
    metadata: Mapping[str, str]
    written: date


def _session(
    s3: S3Client, bucket: str, there: Collection[str] | None, key: str
) -> tuple[Session, list[str]] | None:
    """Return the session of a CSV or an error report, and what is to be said of what is beside.

    What is not `there`, where that is known, is not asked for.
    """
    stored = _get(s3, bucket, key)
    if stored is None:
        return None  # gone since it was listed
    notes: list[str] = []
    is_report = key.endswith(ERROR_SUFFIX)
    name = key.removesuffix(ERROR_SUFFIX if is_report else ".csv")
    corrections, lesson = _corrections(s3, bucket, name, there, notes)
    day = _uploaded(stored.metadata) or stored.written
    if is_report:
        session = session_without_csv(name, stored.content, corrections=corrections, uploaded=day)
        return session, notes
    evidence = _evidence(s3, bucket, key, stored.metadata, notes)
    session = session_of(name, stored.content, evidence, corrections=corrections, uploaded=day)
    session = replace(session, video_etag=stored.metadata.get("video-etag", ""))
    return (replace(session, starts=lesson.starts) if lesson else session), notes


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
    s3: S3Client, bucket: str, name: str, there: Collection[str] | None, notes: list[str]
) -> tuple[tuple[Correction, ...], Lesson | None]:
    key = f"{name}{CORRECTIONS_SUFFIX}"
    stored = _get(s3, bucket, key) if there is None or key in there else None
    if stored is None:
        return (), None
    try:
        return read_corrections(stored.content), read_lesson(stored.content)
    except CorrectionsError as error:
        notes.append(f"{key}: passed over: {error}")
        return (), None


def _folders_of(s3: S3Client, bucket: str, course: str) -> Iterator[str]:
    """Yield the folders that name the course, in whichever way its letters are stored."""
    pages = s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Delimiter="/")
    for page in pages:
        for found in page.get("CommonPrefixes", ()):
            if course_of_video(found["Prefix"], {course}) == course:
                yield found["Prefix"]


def _keys(s3: S3Client, bucket: str, folder: str) -> Iterator[str]:
    for page in s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=folder):
        for found in page.get("Contents", ()):
            yield found["Key"]


def _get(s3: S3Client, bucket: str, key: str) -> _Stored | None:
    try:
        found = s3.get_object(Bucket=bucket, Key=key)
    except ClientError as error:
        if error.response["Error"]["Code"] in _MISSING:
            return None
        raise
    return _Stored(found["Body"].read(), found["Metadata"], found["LastModified"].date())
