"""What teachers ask for of the gallery: own tolerances below a distance at which it was not them.

The page on which they say so has no right to the gallery. It writes what is asked for beside the
result, and the audit, with the rights of enrolling, finds it there.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from botocore.exceptions import ClientError

from function.composed_text import composed
from function.results import CORRECTIONS_SUFFIX
from recover.many_requests import answers
from register.corrections import CorrectionsError, What, read_corrections, standing

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from types_boto3_s3 import S3Client

    from register.corrections import Correction
    from stacks.outputs import Deployment


class AskedFor(NamedTuple):
    """The least tolerance asked for of each student, and what could not be read."""

    tolerances: Mapping[str, float]
    notes: tuple[str, ...]


def asked_for(stack: Deployment) -> AskedFor:
    """Read the corrections of all videos. What was taken back does not count.

    Raises a botocore exception.
    """
    s3, bucket = stack.client("s3"), stack.outputs.output_bucket
    least: dict[str, float] = {}
    notes = []
    for found in answers(lambda key: _corrections(s3, bucket, key), _keys(s3, bucket)):
        if isinstance(found, str):
            notes.append(found)
            continue
        for student_id, correction in standing(found).items():
            if correction.what is What.NOT_THEM and correction.tolerance is not None:
                known_as = composed(student_id)
                least[known_as] = min(correction.tolerance, least.get(known_as, 1.0))
    return AskedFor(least, tuple(notes))


def _corrections(s3: S3Client, bucket: str, key: str) -> tuple[Correction, ...] | str:
    """Return the corrections, or what is to be said of them if they cannot be read."""
    try:
        return read_corrections(s3.get_object(Bucket=bucket, Key=key)["Body"].read())
    except CorrectionsError as error:
        return f"{key}: passed over: {error}"
    except ClientError as error:
        if error.response["Error"]["Code"] != "NoSuchKey":
            raise
        return ()  # gone since it was listed


def _keys(s3: S3Client, bucket: str) -> Iterator[str]:
    for page in s3.get_paginator("list_objects_v2").paginate(Bucket=bucket):
        for found in page.get("Contents", ()):
            if found["Key"].endswith(CORRECTIONS_SUFFIX):
                yield found["Key"]
