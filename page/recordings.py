"""The recording that a session's result was made from, to be played in the browser.

It goes from S3 straight to the browser, by an address that is signed for one object, and for as
long as it takes to look at somebody. Who looks longer is given another.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from function.results import csv_key

if TYPE_CHECKING:
    from types_boto3_s3 import S3Client

ADDRESS_SECONDS = 5 * 60
_MISSING = {"404", "NoSuchKey"}


class RecordingGoneError(Exception):
    """The recording is not kept any more, or another is in its place."""


@dataclass(frozen=True, kw_only=True)
class Recordings:
    """The bucket of videos, as far as they are played."""

    s3: S3Client
    bucket: str

    def key(self, session: str, etag: str) -> str:
        """Return the key of the video that a session is of, by its name and the video's ETag.

        Where the ETag is not known, any video of the name is it. Raise RecordingGoneError.
        """
        for video in video_keys(session):
            try:
                found = self.s3.head_object(Bucket=self.bucket, Key=video)
            except ClientError as error:
                if error.response["Error"]["Code"] not in _MISSING:
                    raise
                continue
            if not etag or found["ETag"] == etag:
                return video
        raise RecordingGoneError

    def address(self, video: str) -> str:
        """Return an address from which this video, and nothing else, can be fetched for a while."""
        return self.s3.generate_presigned_url(
            "get_object", Params={"Bucket": self.bucket, "Key": video}, ExpiresIn=ADDRESS_SECONDS
        )


def video_keys(session: str) -> list[str]:
    """Return the keys that the video of a session can have: those whose CSV is called so."""
    candidates = (f"{session}.mp4", session, session.removesuffix(".video"))
    return [key for key in dict.fromkeys(candidates) if csv_key(key) == f"{session}.csv"]
