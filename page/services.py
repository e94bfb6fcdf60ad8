"""What the pages work with: made once, when the function starts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from page.cognito import Cognito
from page.recordings import Recordings
from page.sessions import Archive
from page.signed_in import SignedIn
from page.uploads import Uploads

if TYPE_CHECKING:
    from types_boto3_dynamodb import DynamoDBClient
    from types_boto3_s3 import S3Client

    from page.settings import Settings


@dataclass(frozen=True, kw_only=True)
class Services:
    """The settings, the clients of AWS, and what stands on them."""

    settings: Settings
    s3: S3Client
    dynamodb: DynamoDBClient
    cognito: Cognito
    signed_in: SignedIn
    archive: Archive
    recordings: Recordings
    uploads: Uploads

    @classmethod
    def of(cls, settings: Settings, s3: S3Client, dynamodb: DynamoDBClient) -> Services:
        """Return the services of a deployment."""
        return cls(
            settings=settings,
            s3=s3,
            dynamodb=dynamodb,
            cognito=Cognito(settings=settings),
            signed_in=SignedIn(dynamodb=dynamodb, table=settings.signed_in_table),
            archive=Archive(s3=s3, videos=settings.input_bucket, results=settings.output_bucket),
            recordings=Recordings(s3=s3, bucket=settings.input_bucket),
            uploads=Uploads(
                s3=s3,
                bucket=settings.input_bucket,
                results=settings.output_bucket,
            ),
        )

    @property
    def buckets(self) -> tuple[str, str]:
        """The buckets of videos and of results."""
        return self.settings.input_bucket, self.settings.output_bucket
