"""The objects in S3 that the function reads and writes: videos, the gallery, results.

What is put into the input bucket is called a video here, even before it is known whether it is one.
"""

from __future__ import annotations

import tempfile
import time
from contextlib import closing, contextmanager
from dataclasses import dataclass
from enum import Enum
from functools import partial
from io import BytesIO
from typing import IO, TYPE_CHECKING

from botocore.exceptions import BotoCoreError, ClientError, FlexibleChecksumError
from urllib3.exceptions import HTTPError

from function.failed_requests import RequestFailedError
from function.media_type import HEAD_BYTES
from function.recogniser.identity.gallery import Gallery
from function.results import csv_key, error_key, evidence_key

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator, Mapping
    from datetime import datetime

    from botocore.response import StreamingBody
    from types_boto3_s3 import S3Client
    from types_boto3_s3.type_defs import GetObjectOutputTypeDef

# What a result says was its gallery when there was none.
NO_GALLERY = "none"

_MISSING = {"404", "NoSuchKey"}
_NOT_MODIFIED = "304"
_NO_VERSION = {"NoSuchVersion", "MethodNotAllowed", "405"}

# What S3 answers to a conditional write or delete: another content, none any more, or another
# request at the same time. S3 User Guide, "Conditional requests".
_CHANGED = {"PreconditionFailed", "412", "ConditionalRequestConflict", "409"} | _MISSING

_COPY_BYTES = 1 << 20

# How often what is missing of an object is asked for, after its first part broke off.
_ATTEMPTS = 4

# S3 has been seen to miss an object just once. What is gone stays gone for longer.
_BETWEEN_LOOKS_SECONDS = 0.5


@dataclass(frozen=True, kw_only=True)
class StoredVideo:
    """A video in the input bucket; the ETag changes with its content.

    `uploaded` is when it was put there.
    """

    bucket: str
    key: str
    etag: str
    size: int
    uploaded: datetime


def find_video(s3: S3Client, bucket: str, key: str, *, looks: int = 1) -> StoredVideo | None:
    """Return the video as it is now, or None if it is not there any more at any of the looks."""
    for look in range(looks):
        if look:
            time.sleep(_BETWEEN_LOOKS_SECONDS)
        try:
            head = s3.head_object(Bucket=bucket, Key=key)
        except ClientError as error:
            if _code(error) not in _MISSING:
                raise
        else:
            return StoredVideo(
                bucket=bucket,
                key=key,
                etag=head["ETag"],
                size=head["ContentLength"],
                uploaded=head["LastModified"],
            )
    return None


def head_of(s3: S3Client, video: StoredVideo) -> bytes:
    """Return how the object begins: its first HEAD_BYTES, or all of it."""
    size = min(video.size, HEAD_BYTES)
    if size == 0:
        return b""  # S3 refuses to give any range of nothing
    head = BytesIO()
    for _ in received(s3, video.bucket, video.key, etag=video.etag, size=size, file=head):
        pass
    return head.getvalue()


class StoredGallery:
    """The gallery in its bucket, read again only when it has changed."""

    def __init__(self, s3: S3Client, bucket: str, key: str) -> None:
        self._s3 = s3
        self._bucket = bucket
        self._key = key
        self._gallery = Gallery.empty()
        self._etag = NO_GALLERY
        self._version: str | None = None

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
        self._read(response)
        return self._gallery, self._etag

    @property
    def version(self) -> str | None:
        """The bucket's version of what was read last, or None where it keeps none."""
        return self._version

    def as_it_was(self, etag: str, version: str | None) -> Gallery | None:
        """Return the gallery that had this ETag and version, or None if it is not there any more.

        Raises:
            function.recogniser.identity.gallery.GalleryError: the object is no gallery that this
                version can use.

        """
        # It may be in memory longer than in its bucket, out of which somebody was forgotten.
        look = partial(self._s3.head_object, Bucket=self._bucket, Key=self._key, IfMatch=etag)
        get = partial(self._s3.get_object, Bucket=self._bucket, Key=self._key, IfMatch=etag)
        try:
            if etag != self._etag:
                self._read(get(VersionId=version) if version else get())
            elif version:
                look(VersionId=version)
            else:
                look()
        except ClientError as error:
            if _code(error) in _CHANGED | _NO_VERSION:
                return None
            raise
        return self._gallery

    def _read(self, response: GetObjectOutputTypeDef) -> None:
        etag, size = response["ETag"], response["ContentLength"]
        with tempfile.TemporaryFile() as file:
            for _ in received(
                self._s3, self._bucket, self._key, etag=etag, size=size, file=file, first=response
            ):
                pass
            file.seek(0)
            self._gallery = Gallery.load(file)
        self._etag, self._version = etag, response.get("VersionId")

    def current_etag(self) -> str:
        """Return the gallery's ETag as it is now, or NO_GALLERY, without reading the gallery."""
        try:
            return self._s3.head_object(Bucket=self._bucket, Key=self._key)["ETag"]
        except ClientError as error:
            if _code(error) in _MISSING:
                return NO_GALLERY
            raise


class ResultKind(Enum):
    """What there can be of a video: its CSV with the evidence beside it, or its error report."""

    EVIDENCE = "evidence"
    CSV = "CSV"
    REPORT = "error report"

    @property
    def content_type(self) -> str:
        """As S3 is to tell it."""
        return "text/csv; charset=utf-8" if self is ResultKind.CSV else "application/json"

    @property
    def others(self) -> tuple[ResultKind, ...]:
        """What must not be beside this, if it is the result."""
        if self is ResultKind.CSV:
            return (ResultKind.REPORT,)
        return (ResultKind.CSV, ResultKind.EVIDENCE)


@dataclass(frozen=True, kw_only=True)
class Draft:
    """A result that is not written yet: a report, or a CSV and its evidence."""

    kind: ResultKind
    content: bytes
    metadata: Mapping[str, str]
    evidence: bytes | None = None

    def parts(self) -> Iterator[tuple[ResultKind, bytes]]:
        """Yield what is to be written, the result itself last: what is beside it is there then."""
        if self.evidence is not None:
            yield ResultKind.EVIDENCE, self.evidence
        yield self.kind, self.content


@dataclass(frozen=True, kw_only=True)
class Seen:
    """An object of the output bucket, as it was at one look."""

    etag: str
    metadata: Mapping[str, str]


class ResultChangedError(Exception):
    """The result is not as it was seen: somebody else has written or removed it meanwhile."""


class StoredResult:
    """The result of one video in the output bucket: its CSV with the evidence, or its error report.

    It is changed only from what was seen of it. S3's conditions are on the ETag, which is the
    content's: two results of the same bytes look the same to them, whatever their metadata.
    """

    def __init__(self, s3: S3Client, bucket: str, video_key: str) -> None:
        self._s3 = s3
        self._bucket = bucket
        self._keys = {
            ResultKind.EVIDENCE: evidence_key(video_key),
            ResultKind.CSV: csv_key(video_key),
            ResultKind.REPORT: error_key(video_key),
        }

    def seen(self) -> dict[ResultKind, Seen]:
        """Return what is there now: more than one result where a run has ended between writes."""
        found = {kind: self._found(key) for kind, key in self._keys.items()}
        return {kind: seen for kind, seen in found.items() if seen is not None}

    def put(self, draft: Draft, seen: Mapping[ResultKind, Seen]) -> None:
        """Write the draft in place of what was seen, and take away what was seen beside it.

        Raises:
            ResultChangedError: it is not as it was seen. The draft may be written all the same.

        """
        for kind, content in draft.parts():
            put = partial(
                self._s3.put_object,
                Bucket=self._bucket,
                Key=self._keys[kind],
                Body=content,
                ContentType=kind.content_type,
                Metadata=draft.metadata,
            )
            there = seen.get(kind)
            with _changed_meanwhile():
                put(IfMatch=there.etag) if there else put(IfNoneMatch="*")
        self.keep(draft.kind, seen)

    def keep(self, kind: ResultKind, seen: Mapping[ResultKind, Seen]) -> None:
        """Take away what was seen beside the result of this kind.

        Raises:
            ResultChangedError: it is not as it was seen.

        """
        for other in kind.others:
            # Deleting what is not there would leave a delete marker in a bucket with versions.
            if there := seen.get(other):
                with _changed_meanwhile():
                    self._s3.delete_object(
                        Bucket=self._bucket, Key=self._keys[other], IfMatch=there.etag
                    )

    def _found(self, key: str) -> Seen | None:
        try:
            head = self._s3.head_object(Bucket=self._bucket, Key=key)
        except ClientError as error:
            if _code(error) in _MISSING:
                return None
            raise
        return Seen(etag=head["ETag"], metadata=head["Metadata"])


@contextmanager
def _changed_meanwhile() -> Iterator[None]:
    """Tell an unfulfilled condition from other errors."""
    try:
        yield
    except ClientError as error:
        if has_changed(error):
            raise ResultChangedError from error
        raise


def has_changed(error: ClientError) -> bool:
    """Tell whether S3 refused a request because what it is about is not as it was seen."""
    return _code(error) in _CHANGED


def received(  # noqa: PLR0913 - which object, as it was, how much of it, where to
    s3: S3Client,
    bucket: str,
    key: str,
    *,
    etag: str,
    size: int,
    file: IO[bytes],
    start: int = 0,
    first: GetObjectOutputTypeDef | None = None,
) -> Generator[int, None, None]:
    """Copy `size` bytes of an object into a file, and yield how many are there by then.

    They are those from `start` on. A body that breaks off is gone on with where it did. `first` is
    the answer to a request for all of the object, if there is one already.

    Raises:
        function.failed_requests.RequestFailedError: less came, several times over.
        botocore.exceptions.ClientError: the request was refused, or the object has changed.

    """
    done = 0
    for _ in range(_ATTEMPTS):
        if done >= size:
            break
        response = first or s3.get_object(
            Bucket=bucket,
            Key=key,
            IfMatch=etag,
            Range=f"bytes={start + done}-{start + size - 1}",
        )
        first = None
        with closing(response["Body"]) as body:
            for part in _parts(body):
                file.write(part)
                done += len(part)
                yield done
    if done != size:
        raise RequestFailedError(f"GetObject: {done} of {size} bytes came")


def _parts(body: StreamingBody) -> Iterator[bytes]:
    """Yield a body part by part, as far as it comes."""
    try:
        while part := body.read(_COPY_BYTES):
            yield part
    except FlexibleChecksumError:
        raise RequestFailedError("GetObject: the checksum of what came is another") from None
    except (BotoCoreError, HTTPError, ConnectionError, TimeoutError):
        return  # what came was given


def is_missing(error: ClientError) -> bool:
    """Tell whether S3 refused a request because what it is about is not there."""
    return _code(error) in _MISSING


def _code(error: ClientError) -> str:
    return error.response["Error"]["Code"]
