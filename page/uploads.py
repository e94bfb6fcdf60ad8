"""Videos on their way into the input bucket: from the browser straight to S3, part by part.

The function signs an address for each part, which is good for that part of that object, of exactly
its size, and for a while. So no video goes through the function, and no key to the bucket to the
browser. What arrived stays, and is not sent again when a connection breaks.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from function.media_type import VIDEO_SUFFIXES
from function.results import ERROR_SUFFIX

if TYPE_CHECKING:
    from collections.abc import Iterable

    from types_boto3_s3 import S3Client
    from types_boto3_s3.type_defs import CompletedPartTypeDef

MB = 1024 * 1024
SMALLEST_PART = 8 * MB
LARGEST = 5 * 1024 * 1024 * MB
"""How many bytes S3 takes of one object, as of the parts below."""

MOST_PARTS = 9_000
"""S3 takes 10,000 (https://docs.aws.amazon.com/AmazonS3/latest/userguide/qfacts.html)."""

ADDRESS_SECONDS = 3600
MOST_ADDRESSES = 20
MOST_LESSONS = 20
EARLIEST = date(2000, 1, 1)

_NAME = re.compile(r"(?P<day>\d{4}-\d\d-\d\d)(?:-(?P<lesson>[1-9]\d?))?(?P<suffix>\.[a-z0-9]{1,5})")
_GONE = {"NoSuchUpload"}
_THERE_ALREADY = {"PreconditionFailed", "ConditionalRequestConflict"}


class NotAVideoError(Exception):
    """The file's name is not that of a video."""


class DayError(Exception):
    """The day is none, or none on which a video can have been taken."""


class SizeError(Exception):
    """The file is empty, or larger than S3 takes; or what arrived is not all of it."""


class TakenError(Exception):
    """There is a video of this name already, or the result of one."""


class UploadGoneError(Exception):
    """The upload is finished, given up, or was never begun."""


def video_name(*, day: str, lesson: int, file: str) -> str:
    """Return what a video is called in its course's folder: its day, and of several which.

    Raises:
        DayError: the day is no date, is in the future or was long ago.
        NotAVideoError: by its name the file is no video.

    """
    suffix = "." + file.rpartition(".")[2].lower()
    if suffix not in VIDEO_SUFFIXES:
        raise NotAVideoError
    try:
        date_of = date.fromisoformat(day)
    except ValueError as error:
        raise DayError from error
    # Somewhere on Earth it may be tomorrow already.
    tomorrow = datetime.now(UTC).date() + timedelta(days=1)
    if not EARLIEST <= date_of <= tomorrow or not 1 <= lesson <= MOST_LESSONS:
        raise DayError
    return f"{date_of.isoformat()}{f'-{lesson}' if lesson > 1 else ''}{suffix}"


def checked_name(name: str) -> str:
    """Return a name as `video_name` makes them. Raise UploadGoneError for any other text."""
    found = _NAME.fullmatch(name)
    if found is None:
        raise UploadGoneError
    try:
        same = video_name(day=found["day"], lesson=int(found["lesson"] or 1), file=name)
    except (DayError, NotAVideoError) as error:
        raise UploadGoneError from error
    if same != name:
        raise UploadGoneError
    return name


def part_size(size: int) -> int:
    """Return how large the parts of a video of so many bytes are, all but the last."""
    megabytes = -(-size // (MOST_PARTS * MB))
    return max(SMALLEST_PART, megabytes * MB)


@dataclass(frozen=True, kw_only=True)
class Upload:
    """An upload that was begun: its id, how large its parts are, and which have arrived."""

    id: str
    part_size: int
    arrived: dict[int, int]


@dataclass(frozen=True, kw_only=True)
class Uploads:
    """The uploads into a bucket. `folder` is a course's, with its slash at the end.

    `results` is the bucket of results.
    """

    s3: S3Client
    bucket: str
    results: str

    def begin(self, folder: str, name: str, size: int, *, resume: str | None) -> Upload:
        """Begin the upload of a video, or go on with one that was begun and is there still.

        A video that could not be read may be put in again.

        Raises:
            SizeError: there is nothing to upload, or too much.
            TakenError: it would overwrite another.

        """
        if not 0 < size <= LARGEST:
            raise SizeError
        self._check_free(f"{folder}{name}")
        key, each = f"{folder}{name}", part_size(size)
        if resume:
            try:
                parts = self._parts(key, resume)
            except UploadGoneError:
                pass
            else:
                sizes = {number: size for number, (size, _) in parts.items()}
                return Upload(id=resume, part_size=each, arrived=sizes)
        begun = self.s3.create_multipart_upload(Bucket=self.bucket, Key=key)
        return Upload(id=begun["UploadId"], part_size=each, arrived={})

    def _check_free(self, key: str) -> bool:
        """Say whether there is nothing of this day and lesson, whatever it ends in.

        What could not be read may be put in again, and then False is returned. Raise TakenError
        for what else is there.
        """
        stem = key.rpartition(".")[0]
        found = {
            each["Key"].removeprefix(stem)
            for bucket in (self.bucket, self.results)
            for each in self.s3.list_objects_v2(Bucket=bucket, Prefix=f"{stem}.").get(
                "Contents", ()
            )
        }
        if not found:
            return True
        has_failed = any(suffix.endswith(ERROR_SUFFIX) for suffix in found)
        if not has_failed or any(suffix.endswith(".csv") for suffix in found):
            raise TakenError
        return False

    def addresses(self, key: str, upload: str, size: int, numbers: Iterable[int]) -> dict[int, str]:
        """Return where to put each of these parts of a video of `size` bytes."""
        each = part_size(size)
        return {
            number: self.s3.generate_presigned_url(
                "upload_part",
                Params={
                    "Bucket": self.bucket,
                    "Key": key,
                    "UploadId": upload,
                    "PartNumber": number,
                    "ContentLength": min(each, size - (number - 1) * each),
                },
                ExpiresIn=ADDRESS_SECONDS,
            )
            for number in numbers
            if 0 < number <= -(-size // each)
        }

    def finish(self, key: str, upload: str, size: int) -> None:
        """Make a video of its parts, if all have arrived, and nobody else has put one there.

        Raises:
            SizeError: parts are missing.
            TakenError: there is one of this name by now.
            UploadGoneError: there is no such upload.

        """
        parts = self._parts(key, upload)
        if sum(arrived for arrived, _ in parts.values()) != size or size > LARGEST:
            raise SizeError
        completed: list[CompletedPartTypeDef] = [
            {"PartNumber": number, "ETag": etag} for number, (_, etag) in sorted(parts.items())
        ]
        # Another may have come in the meantime.
        condition = {"IfNoneMatch": "*"} if self._check_free(key) else {}
        try:
            self.s3.complete_multipart_upload(
                Bucket=self.bucket,
                Key=key,
                UploadId=upload,
                MultipartUpload={"Parts": completed},
                **condition,  # type: ignore[arg-type]
            )
        except ClientError as error:
            if error.response["Error"]["Code"] in _THERE_ALREADY:
                raise TakenError from error
            raise _gone_or(error) from error

    def give_up(self, key: str, upload: str) -> None:
        """Forget what has arrived. Raise UploadGoneError if there is no such upload."""
        try:
            self.s3.abort_multipart_upload(Bucket=self.bucket, Key=key, UploadId=upload)
        except ClientError as error:
            raise _gone_or(error) from error

    def _parts(self, key: str, upload: str) -> dict[int, tuple[int, str]]:
        """Return the sizes and tags of the parts that have arrived, by their numbers."""
        pages = self.s3.get_paginator("list_parts").paginate(
            Bucket=self.bucket, Key=key, UploadId=upload
        )
        try:
            return {
                part["PartNumber"]: (part["Size"], part["ETag"])
                for page in pages
                for part in page.get("Parts", ())
            }
        except ClientError as error:
            raise _gone_or(error) from error


def _gone_or(error: ClientError) -> Exception:
    return UploadGoneError() if error.response["Error"]["Code"] in _GONE else error
