"""What is kept as long as Lambda keeps the execution environment: clients, and what was read.

Each is made when it is first needed, so that no run waits for what it has no use for.
"""

from __future__ import annotations

from datetime import UTC, datetime
from functools import cached_property
from itertools import count
from typing import TYPE_CHECKING

from function.clients import dynamodb_client, s3_client, stepfunctions_client
from function.long_videos import StoredLooks
from function.results import NO_VIDEO
from function.settling import Now
from function.storage import StoredGallery, StoredResult, find_video

if TYPE_CHECKING:
    from datetime import date

    from types_boto3_dynamodb import DynamoDBClient
    from types_boto3_s3 import S3Client
    from types_boto3_stepfunctions import SFNClient

    from function.events import Upload
    from function.settings import Settings
    from function.storage import StoredVideo


class ExecutionEnvironment:
    """The deployment as one execution environment reaches it, for any number of runs."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self._begun = count()

    @cached_property
    def s3(self) -> S3Client:
        """The client for S3."""
        return s3_client()

    @cached_property
    def dynamodb(self) -> DynamoDBClient:
        """The client for DynamoDB."""
        return dynamodb_client()

    @cached_property
    def stepfunctions(self) -> SFNClient:
        """The client for Step Functions, which only long videos need."""
        return stepfunctions_client()

    @cached_property
    def gallery(self) -> StoredGallery:
        """The gallery, which is not read again while it is the same."""
        return StoredGallery(self.s3, self.settings.gallery_bucket, self.settings.gallery_key)

    @cached_property
    def looks(self) -> StoredLooks:
        """What was seen in ranges of long videos."""
        return StoredLooks(self.s3, self.settings.looks_bucket)

    def begins_cold(self) -> bool:
        """Count a video that is begun with, and tell whether it waits for the models to load.

        The first does.
        """
        return next(self._begun) == 0

    def video(self, upload: Upload, *, looks: int = 1) -> StoredVideo | None:
        """Return the video as it is now, or None if it is gone at each of the looks."""
        return find_video(self.s3, upload.bucket, upload.key, looks=looks)

    def result(self, upload: Upload) -> StoredResult:
        """Return the result of an uploaded video, whatever there is of it."""
        return StoredResult(self.s3, self.settings.output_bucket, upload.key)

    def now(self, upload: Upload) -> Now:
        """Look at which video and which gallery are in use."""
        video = self.video(upload)
        return Now(
            video_etag=video.etag if video else NO_VIDEO, gallery_etag=self.gallery.current_etag()
        )


def today() -> date:
    """Return the day by which students' last days are judged: UTC's."""
    return datetime.now(UTC).date()
