"""The versions that a bucket keeps of its objects: found, read, and deleted for good.

In a bucket without versioning, every object has one version, which is the latest.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import groupby
from operator import itemgetter
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from datetime import datetime

    from types_boto3_s3 import S3Client

_MISSING = ("NoSuchKey", "NoSuchVersion", "404")


@dataclass(frozen=True, kw_only=True)
class ObjectVersion:
    """A version of an object; `written` is when it was put there."""

    bucket: str
    key: str
    version_id: str
    is_latest: bool
    written: datetime

    def __str__(self) -> str:
        """Say which of the versions it is."""
        if self.is_latest:
            return "as it is now"
        return f"version {self.version_id} of {self.written:%Y-%m-%d %H:%M:%S} UTC"


@dataclass(frozen=True, kw_only=True)
class Content:
    """What is in a version: which one it is, and what S3 keeps beside it."""

    version_id: str
    body: bytes
    etag: str
    metadata: Mapping[str, str]
    content_type: str


def versions_by_key(
    s3: S3Client, bucket: str, prefix: str = ""
) -> Iterator[tuple[str, list[ObjectVersion]]]:
    """Yield each key that begins with the prefix, in their order, and its versions.

    What marks an object as deleted is no version. Raises a botocore exception.
    """
    pages = s3.get_paginator("list_object_versions").paginate(Bucket=bucket, Prefix=prefix)
    entries = (entry for page in pages for entry in page.get("Versions", ()))
    for key, of_key in groupby(entries, key=itemgetter("Key")):
        yield (
            key,
            [
                ObjectVersion(
                    bucket=bucket,
                    key=key,
                    version_id=entry["VersionId"],
                    is_latest=entry["IsLatest"],
                    written=entry["LastModified"],
                )
                for entry in of_key
            ],
        )


def versions_of(s3: S3Client, bucket: str, key: str) -> list[ObjectVersion]:
    """Return the versions of this key alone. Raises a botocore exception."""
    return next((found for name, found in versions_by_key(s3, bucket, key) if name == key), [])


def read_latest(s3: S3Client, bucket: str, key: str) -> Content | None:
    """Read an object as it is now, or return None where there is none.

    Raises a botocore exception.
    """
    return _read(s3, Bucket=bucket, Key=key)


def read_version(s3: S3Client, version: ObjectVersion) -> Content | None:
    """Read a version, or return None if it is gone: of the latest, what is the latest now.

    Raises a botocore exception.
    """
    if version.is_latest:
        return read_latest(s3, version.bucket, version.key)
    return _read(s3, Bucket=version.bucket, Key=version.key, VersionId=version.version_id)


def delete_version(s3: S3Client, version: ObjectVersion) -> None:
    """Delete a version that is not the latest, for good. Raises a botocore exception."""
    if version.is_latest:
        raise ValueError(f"{version.key}: the latest version is replaced, and not deleted")
    s3.delete_object(Bucket=version.bucket, Key=version.key, VersionId=version.version_id)


def _read(s3: S3Client, **which: Any) -> Content | None:  # noqa: ANN401 - GetObject's own
    try:
        found = s3.get_object(**which)
    except ClientError as error:
        if error.response["Error"]["Code"] in _MISSING:
            return None
        raise
    return Content(
        # In a bucket without versioning, S3 lists it so and answers without.
        version_id=found.get("VersionId", "null"),
        body=found["Body"].read(),
        etag=found["ETag"],
        metadata=found["Metadata"],
        content_type=found["ContentType"],
    )
