"""The objects in S3 that the function reads and writes: videos, the gallery, results.

What is put into the input bucket is called a video here, even before it is known whether it is one.
"""

from __future__ import annotations

import shutil
import tempfile
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from function.media_type import HEAD_BYTES
from function.recogniser.identity.gallery import Gallery
from function.recogniser.video.unreadable import UnreadableVideoError
from function.results import csv_key, error_key, is_for_want_of_enrolment

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from types_boto3_s3 import S3Client

    from function.results import Provenance

# What a result says was its gallery when there was none.
NO_GALLERY = "none"

_MISSING = {"404", "NoSuchKey"}
_NOT_MODIFIED = "304"

_COPY_BYTES = 1 << 20


@dataclass(frozen=True, kw_only=True)
class StoredVideo:
    """A video in the input bucket; the ETag changes with its content."""

    bucket: str
    key: str
    etag: str
    size: int


def find_video(s3: S3Client, bucket: str, key: str) -> StoredVideo | None:
    """Return the video as it is now, or None if it is not there any more."""
    try:
        head = s3.head_object(Bucket=bucket, Key=key)
    except ClientError as error:
        if _code(error) in _MISSING:
            return None
        raise
    return StoredVideo(bucket=bucket, key=key, etag=head["ETag"], size=head["ContentLength"])


def head_of(s3: S3Client, video: StoredVideo) -> bytes:
    """Return how the object begins: its first HEAD_BYTES, or all of it."""
    if video.size == 0:
        return b""  # S3 refuses to give any range of nothing
    response = s3.get_object(
        Bucket=video.bucket, Key=video.key, Range=f"bytes=0-{HEAD_BYTES - 1}", IfMatch=video.etag
    )
    return response["Body"].read()


@contextmanager
def downloaded(s3: S3Client, video: StoredVideo) -> Iterator[Path]:
    """Give the path of a temporary copy of the video.

    The file has no name in the file system, only the path of an open file of this process, so
    nothing of it is left for the next run even if this one is killed.

    Raises:
        UnreadableVideoError: the video does not fit on the disk.

    """
    free = shutil.disk_usage(tempfile.gettempdir()).free
    if video.size > free:
        raise UnreadableVideoError(
            f"The video of {_megabytes(video.size)} does not fit into the {_megabytes(free)} "
            "that the function has free.",
            "Raise ephemeralStorageMb in the stack's configuration, or upload the video in parts.",
        )
    with tempfile.TemporaryFile() as file:
        # Only as it was when it was found: the result carries that ETag.
        response = s3.get_object(Bucket=video.bucket, Key=video.key, IfMatch=video.etag)
        shutil.copyfileobj(response["Body"], file, _COPY_BYTES)
        file.flush()
        yield Path(f"/proc/self/fd/{file.fileno()}")


class StoredGallery:
    """The gallery in its bucket, read again only when it has changed."""

    def __init__(self, s3: S3Client, bucket: str, key: str) -> None:
        self._s3 = s3
        self._bucket = bucket
        self._key = key
        self._gallery = Gallery.empty()
        self._etag = NO_GALLERY

    def current(self) -> tuple[Gallery, str]:
        """Return the gallery and its ETag: the empty one and NO_GALLERY before any enrolment.

        Raises:
            function.recogniser.identity.gallery.GalleryError: the object is no gallery that this
                version can use.

        """
        try:
            response = self._s3.get_object(
                Bucket=self._bucket, Key=self._key, IfNoneMatch=self._etag
            )
        except ClientError as error:
            if _code(error) == _NOT_MODIFIED:
                return self._gallery, self._etag
            if _code(error) in _MISSING:
                return Gallery.empty(), NO_GALLERY
            raise
        with tempfile.TemporaryFile() as file:
            shutil.copyfileobj(response["Body"], file, _COPY_BYTES)
            self._gallery = Gallery.load(file)
        self._etag = response["ETag"]
        return self._gallery, self._etag


class StoredResult:
    """The result of one video in the output bucket: its CSV or its error report, not both."""

    def __init__(self, s3: S3Client, bucket: str, video_key: str) -> None:
        self._s3 = s3
        self._bucket = bucket
        self._csv_key = csv_key(video_key)
        self._error_key = error_key(video_key)

    def exists(self) -> bool:
        """Tell whether the video was looked at and has a result, made from whatever."""
        return any(not is_for_want_of_enrolment(metadata) for metadata in self._found())

    def is_from(self, provenance: Provenance) -> bool:
        """Tell whether the result is there and was made from the same."""
        found = self._found()
        return len(found) == 1 and provenance.is_that_of(found[0])

    def put_csv(self, content: bytes, metadata: Mapping[str, str]) -> None:
        """Make this CSV the result."""
        self._put(self._csv_key, content, "text/csv; charset=utf-8", metadata)
        self._remove(self._error_key)

    def put_error(self, content: bytes, metadata: Mapping[str, str]) -> None:
        """Make this error report the result."""
        self._put(self._error_key, content, "application/json", metadata)
        self._remove(self._csv_key)

    def _found(self) -> list[Mapping[str, str]]:
        found = (self._metadata(key) for key in (self._csv_key, self._error_key))
        return [metadata for metadata in found if metadata is not None]

    def _metadata(self, key: str) -> Mapping[str, str] | None:
        try:
            return self._s3.head_object(Bucket=self._bucket, Key=key)["Metadata"]
        except ClientError as error:
            if _code(error) in _MISSING:
                return None
            raise

    def _put(self, key: str, body: bytes, content_type: str, metadata: Mapping[str, str]) -> None:
        self._s3.put_object(
            Bucket=self._bucket, Key=key, Body=body, ContentType=content_type, Metadata=metadata
        )

    def _remove(self, key: str) -> None:
        # Deleting what is not there would leave a delete marker in a bucket with versions.
        if self._metadata(key) is not None:
            self._s3.delete_object(Bucket=self._bucket, Key=key)


def _code(error: ClientError) -> str:
    return error.response["Error"]["Code"]


def _megabytes(size: int) -> str:
    return f"{size / 1e6:,.0f} MB"
