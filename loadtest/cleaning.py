"""What a run leaves in the buckets: counted, and then deleted, its own and nothing else.

Only keys that the run itself has planned are touched, so not even what somebody else puts under
its prefix is lost. In a bucket with versions, a deletion only hides an object; here the versions
themselves go.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from loadtest.access import NOT_PERMITTED, access, error_code

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence

    from types_boto3_s3 import S3Client

_OBJECTS_IN_A_REQUEST = 1000
_UNVERSIONED = "null"


@dataclass(frozen=True, kw_only=True, slots=True)
class Version:
    """One version of an object, or the mark that a deletion has left."""

    key: str
    version_id: str
    is_delete_marker: bool

    def as_identifier(self) -> Mapping[str, str]:
        """Return it as S3 wants to be told what to delete."""
        return {"Key": self.key, "VersionId": self.version_id}


def own_versions(
    s3: S3Client, bucket: str, prefix: str, own_keys: Collection[str]
) -> list[Version] | None:
    """Return all versions of these keys, or None if one may not list them.

    Raises AccessError if the bucket is gone.
    """
    pages = s3.get_paginator("list_object_versions").paginate(Bucket=bucket, Prefix=prefix)
    versions = []
    try:
        for page in pages:
            versions += [
                Version(key=entry["Key"], version_id=entry["VersionId"], is_delete_marker=is_marker)
                for is_marker, entries in (
                    (False, page.get("Versions", [])),
                    (True, page.get("DeleteMarkers", [])),
                )
                for entry in entries
                if entry["Key"] in own_keys
            ]
    except ClientError as error:
        if error_code(error) in NOT_PERMITTED:
            return None
        with access(f"listing the versions in s3://{bucket}"):
            raise
    return versions


def times_written(versions: Sequence[Version] | None) -> dict[str, int] | None:
    """Return how often each key was written, or None if the bucket keeps no versions to tell."""
    if versions is None or any(version.version_id == _UNVERSIONED for version in versions):
        return None
    times: dict[str, int] = {}
    for version in versions:
        if not version.is_delete_marker:
            times[version.key] = times.get(version.key, 0) + 1
    return times


def delete_own(s3: S3Client, bucket: str, prefix: str, own_keys: Collection[str]) -> int:
    """Delete these keys with all their versions; return how many could not be deleted.

    Raises AccessError.
    """
    versions = own_versions(s3, bucket, prefix, own_keys)
    objects = (
        [{"Key": key} for key in own_keys]
        if versions is None
        else [version.as_identifier() for version in versions]
    )
    failed = 0
    for some in _batches(objects):
        with access(f"deleting from s3://{bucket}"):
            answer = s3.delete_objects(Bucket=bucket, Delete={"Objects": some, "Quiet": True})  # type: ignore[typeddict-item]
        failed += len(answer.get("Errors", []))
    return failed


def _batches(objects: Sequence[Mapping[str, str]]) -> Iterable[Sequence[Mapping[str, str]]]:
    for start in range(0, len(objects), _OBJECTS_IN_A_REQUEST):
        yield objects[start : start + _OBJECTS_IN_A_REQUEST]
