"""Where a run puts its videos and finds the results, and that it has the place to itself."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError

from loadtest.access import AccessError, access, in_short, opening

if TYPE_CHECKING:
    from types_boto3_s3 import S3Client

    from stacks.outputs import Deployment

# Uploads and the reading of results go on at the same time, and the main thread lists.
_CONNECTIONS_FOR_EACH_UPLOADER = 2
_ATTEMPTS = 5


class PlaceTakenError(Exception):
    """Something lies under the run's prefix already."""


@dataclass(frozen=True, kw_only=True)
class Target:
    """The two buckets, and the stack they belong to, where that is known.

    `endpoint_url` is None on AWS.
    """

    input_bucket: str
    output_bucket: str
    endpoint_url: str | None = None
    deployment: Deployment | None = None

    @classmethod
    def of(cls, deployment: Deployment) -> Target:
        """Return the buckets of a stack."""
        return cls(
            input_bucket=deployment.outputs.input_bucket,
            output_bucket=deployment.outputs.output_bucket,
            endpoint_url=deployment.endpoint_url,
            deployment=deployment,
        )

    def s3(self, *, concurrency: int, attempts: int = _ATTEMPTS) -> S3Client:
        """Return a client for all threads of a run. Raises AccessError."""
        config = Config(
            max_pool_connections=_CONNECTIONS_FOR_EACH_UPLOADER * concurrency + 1,
            retries={"mode": "standard", "max_attempts": attempts},
            # boto3 would compute a checksum that S3 computes anyway: processor time of ours.
            request_checksum_calculation="when_required",
            response_checksum_validation="when_required",
        )
        with opening("S3"):
            session = self.deployment.session() if self.deployment else boto3.Session()
            return session.client("s3", endpoint_url=self.endpoint_url, config=config)

    def client(self, service: str) -> Any:  # noqa: ANN401 - the type depends on the service
        """Return a client of another service of the stack, which must be known.

        Raises AccessError.
        """
        if self.deployment is None:
            raise ValueError("only buckets were named, and no stack")
        with opening(service):
            return self.deployment.client(service)

    def check_free(self, s3: S3Client, prefix: str) -> None:
        """Find both buckets there, and nothing under the run's prefix in either.

        Raises AccessError and PlaceTakenError.
        """
        for bucket in (self.input_bucket, self.output_bucket):
            place = f"s3://{bucket}/{prefix}"
            try:
                with access(f"listing s3://{bucket}"):
                    found = s3.list_objects_v2(Bucket=bucket, Prefix=prefix, MaxKeys=1)
            except BotoCoreError as error:
                raise AccessError(f"listing s3://{bucket}: {in_short(error)}") from None
            if found.get("Contents"):
                raise PlaceTakenError(
                    f"{place} is not empty: choose another --prefix, or leave it out for one that "
                    "is new"
                )
