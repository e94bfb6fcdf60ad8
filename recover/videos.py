"""What is meant as videos in a stack's input bucket."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from function.events import Upload
from function.media_type import has_name_of_video, is_meant_as_video
from function.results import error_key
from function.storage import StoredVideo, head_of
from recover.many_requests import answers

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from types_boto3_s3 import S3Client

    from stacks.outputs import Deployment

LONGEST_KEY_BYTES = 1024
"""S3's own limit."""

# It was replaced, or deleted, after it had been found.
_NO_LONGER_THAT = ("404", "NoSuchKey", "PreconditionFailed")


@dataclass(frozen=True, kw_only=True)
class UploadedVideo:
    """A video in the input bucket, and what S3 told of it."""

    stored: StoredVideo

    @property
    def uploaded(self) -> datetime:
        """When it was put there."""
        return self.stored.uploaded

    @property
    def key(self) -> str:
        """Its key in the input bucket."""
        return self.stored.key

    @property
    def upload(self) -> Upload:
        """What S3 told the function when it was uploaded."""
        time = self.uploaded.isoformat(timespec="milliseconds").replace("+00:00", "Z")
        return Upload(bucket=self.stored.bucket, key=self.key, time=time)


@dataclass(frozen=True, kw_only=True)
class Choice:
    """Which videos are asked about: by the start of their keys, and when they were uploaded.

    `since` is the first moment that counts, `until` the first that does not.
    """

    prefix: str = ""
    since: datetime | None = None
    until: datetime | None = None

    def includes(self, uploaded: datetime) -> bool:
        """Tell whether a video is chosen that was uploaded then."""
        is_old = self.since is not None and uploaded < self.since
        is_new = self.until is not None and uploaded >= self.until
        return not is_old and not is_new


def videos(stack: Deployment, choice: Choice) -> Iterator[UploadedVideo]:
    """Find the chosen videos, in the order of their keys. Raises a botocore exception."""
    s3 = stack.client("s3")
    uploads = _uploads(s3, stack.outputs.input_bucket, choice)
    for found in answers(partial(_if_video, s3), uploads):
        if found is not None:
            yield found


def is_video(s3: S3Client, upload: StoredVideo) -> bool:
    """Tell whether what was uploaded is meant as a video, as the function tells it.

    Raises a botocore exception.
    """
    if has_name_of_video(upload.key):
        return True
    try:
        return is_meant_as_video(upload.key, head_of(s3, upload))
    except ClientError as error:
        if error.response["Error"]["Code"] in _NO_LONGER_THAT:
            return False
        raise


def has_room_for_result(key: str) -> bool:
    """Tell whether S3 takes the keys of all results that a video of this key may have."""
    return len(error_key(key).encode()) <= LONGEST_KEY_BYTES


def _if_video(s3: S3Client, found: UploadedVideo) -> UploadedVideo | None:
    return found if is_video(s3, found.stored) else None


def _uploads(s3: S3Client, bucket: str, choice: Choice) -> Iterator[UploadedVideo]:
    pages = s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=choice.prefix)
    for page in pages:
        for entry in page.get("Contents", ()):
            if choice.includes(entry["LastModified"]):
                yield UploadedVideo(
                    stored=StoredVideo(
                        bucket=bucket,
                        key=entry["Key"],
                        etag=entry["ETag"],
                        size=entry["Size"],
                        uploaded=entry["LastModified"],
                    )
                )
