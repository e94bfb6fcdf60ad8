"""Which courses there are, and in which folders of the buckets their videos and results lie."""

from __future__ import annotations

from typing import TYPE_CHECKING

from function.recogniser.identity.enrolled import CourseNameError, course_name

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from types_boto3_dynamodb import DynamoDBClient
    from types_boto3_s3 import S3Client


def folders(s3: S3Client, buckets: Iterable[str]) -> dict[str, set[str]]:
    """Return the first folders of keys, as they are spelled, by the course that each names.

    The spellings of one course differ in what nobody sees: how accents are stored, and blanks.
    """
    found: dict[str, set[str]] = {}
    for bucket in buckets:
        for page in s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Delimiter="/"):
            for each in page.get("CommonPrefixes", ()):
                folder = each["Prefix"].removesuffix("/")
                for course in _named([folder]):
                    found.setdefault(course, set()).add(folder)
    return found


def courses_of_students(dynamodb: DynamoDBClient, table: str) -> set[str]:
    """Return the courses that students have, by their records; nothing else of them is read."""
    found: set[str] = set()
    pages = dynamodb.get_paginator("scan").paginate(TableName=table, ProjectionExpression="courses")
    for page in pages:
        for item in page["Items"]:
            found.update(_named(each.get("S", "") for each in item.get("courses", {}).get("L", ())))
    return found


def _named(texts: Iterable[str]) -> Iterator[str]:
    for text in texts:
        try:
            yield course_name(text)
        except CourseNameError:
            continue
