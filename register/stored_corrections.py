"""The corrections of a video in the output bucket: read, and written if nobody else has meanwhile.

Two teachers may correct the same session at the same time. Each write is under S3's condition that
the object is as it was read; where it is not, it is read again and what was to be said is said of
that.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from function.results import corrections_key
from register.corrections import corrections_bytes, read_corrections, read_lesson

if TYPE_CHECKING:
    from collections.abc import Callable

    from types_boto3_s3 import S3Client

    from register.corrections import Correction, Lesson

    Said = tuple[tuple[Correction, ...], Lesson | None]

_MISSING = {"404", "NoSuchKey"}

# S3 User Guide, "Conditional requests".
_CHANGED = {"PreconditionFailed", "412", "ConditionalRequestConflict", "409"} | _MISSING

# So many people do not correct one session in the same second.
_MOST_LOOKS = 10


class CorrectionsBusyError(Exception):
    """Others changed the corrections each time they were to be written."""


class StoredCorrections:
    """The corrections of one video, by the video's key."""

    def __init__(self, s3: S3Client, bucket: str, video_key: str) -> None:
        self._s3 = s3
        self._bucket = bucket
        self._key = corrections_key(video_key)

    def read(self) -> tuple[Correction, ...]:
        """Return them, in the order in which they were made.

        Raises:
            register.corrections.CorrectionsError: the object is none of this version.
            botocore.exceptions.ClientError: the request was refused.

        """
        return self._read()[0][0]

    def change(
        self, change: Callable[[tuple[Correction, ...]], tuple[Correction, ...]]
    ) -> tuple[Correction, ...]:
        """Write what `change` makes of those that are there, and return it.

        It may be called several times, each time with what is there by then.

        Raises:
            CorrectionsBusyError: others wrote in between, again and again.
            register.corrections.CorrectionsError: the object is none of this version. It stays.
            botocore.exceptions.ClientError: a request was refused.

        """
        return self._change(lambda said: (change(said[0]), said[1]))[0]

    def set_lesson(self, lesson: Lesson) -> None:
        """Write when the lesson began. Raises as `change` does."""
        self._change(lambda said: (said[0], lesson))

    def _change(self, change: Callable[[Said], Said]) -> Said:
        for _ in range(_MOST_LOOKS):
            there, etag = self._read()
            changed = change(there)
            if changed == there:
                return there
            condition = {"IfNoneMatch": "*"} if etag is None else {"IfMatch": etag}
            try:
                self._s3.put_object(
                    Bucket=self._bucket,
                    Key=self._key,
                    Body=corrections_bytes(*changed),
                    ContentType="application/json",
                    **condition,  # type: ignore[arg-type]
                )
            except ClientError as error:
                if error.response["Error"]["Code"] not in _CHANGED:
                    raise
            else:
                return changed
        raise CorrectionsBusyError(
            f"Others changed the corrections {_MOST_LOOKS} times in a row: try again."
        )

    def _read(self) -> tuple[Said, str | None]:
        try:
            found = self._s3.get_object(Bucket=self._bucket, Key=self._key)
        except ClientError as error:
            if error.response["Error"]["Code"] in _MISSING:
                return ((), None), None
            raise
        content = found["Body"].read()
        return (read_corrections(content), read_lesson(content)), found["ETag"]
