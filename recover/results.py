"""What results a video has, and what the function would make of it now.

A result says in its metadata what it was made from. So nothing is compared here but words.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from function.results import Provenance, csv_key, error_key, evidence_key, is_evidence_of
from function.settings import Settings, SettingsError
from function.storage import NO_GALLERY

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from types_boto3_s3 import S3Client

    from stacks.outputs import Deployment

_MISSING = ("404", "NoSuchKey")


class FunctionSettingsError(Exception):
    """The deployed function's settings are none that this version can read."""


@dataclass(frozen=True, kw_only=True)
class Result:
    """A CSV or an error report of a video; a CSV is whole with its evidence beside it."""

    key: str
    metadata: Mapping[str, str]
    is_report: bool
    is_whole: bool = True

    @property
    def video_etag(self) -> str | None:
        """The ETag of the video that it was made from, or None where it does not say."""
        return self.metadata.get("video-etag")

    @property
    def finished(self) -> datetime | None:
        """When it was made, or None where it does not say."""
        try:
            time = datetime.fromisoformat(self.metadata.get("finished", ""))
        except ValueError:
            return None
        return time if time.tzinfo else time.replace(tzinfo=UTC)


def results_of(s3: S3Client, output_bucket: str, video_key: str) -> Sequence[Result]:
    """Return the results of a video: one, none, or both if the function was stopped between.

    Raises a botocore exception.
    """
    found = []
    csv, report = (_metadata(s3, output_bucket, key(video_key)) for key in (csv_key, error_key))
    if csv is not None:
        evidence = _metadata(s3, output_bucket, evidence_key(video_key))
        is_whole = evidence is not None and is_evidence_of(evidence, csv)
        found.append(
            Result(key=csv_key(video_key), metadata=csv, is_report=False, is_whole=is_whole)
        )
    if report is not None:
        found.append(Result(key=error_key(video_key), metadata=report, is_report=True))
    return found


def of_video(results: Sequence[Result], video_etag: str) -> Sequence[Result]:
    """Return those results that were made from the video as it is, from whatever gallery."""
    return [result for result in results if result.video_etag == video_etag]


@dataclass(frozen=True, kw_only=True)
class Making:
    """What results are made from now, but for the video."""

    gallery_etag: str
    recogniser: str

    @classmethod
    def of(cls, stack: Deployment) -> Making:
        """Ask the stack for its gallery and for its function's settings.

        The recogniser's version is that of this checkout, which no deployment tells.

        Raises FunctionSettingsError, or a botocore exception.
        """
        function = stack.client("lambda").get_function_configuration(
            FunctionName=stack.outputs.live_function
        )
        variables = function.get("Environment", {}).get("Variables", {})
        try:
            recogniser = Settings.from_environment(variables).recogniser
        except SettingsError as error:
            raise FunctionSettingsError(
                f"the function {stack.outputs.function_name}: {error} Run 'pulumi up' from this "
                "checkout, or this command from the one that was deployed"
            ) from error
        return cls(gallery_etag=_gallery_etag(stack), recogniser=recogniser)

    def would_give(self, results: Sequence[Result], video_etag: str) -> bool:
        """Tell whether these results are what would be made: then the function skips the event."""
        now = Provenance(
            video_etag=video_etag, gallery_etag=self.gallery_etag, recogniser=self.recogniser
        )
        if len(results) != 1:
            return False
        (result,) = results
        return result.is_whole and now.is_that_of(result.metadata)


def _gallery_etag(stack: Deployment) -> str:
    # By listing: so it takes no right to read the gallery, which has the students' faces in it.
    outputs = stack.outputs
    found = stack.client("s3").list_objects_v2(
        Bucket=outputs.gallery_bucket, Prefix=outputs.gallery_key
    )
    etags: dict[str, str] = {each["Key"]: each["ETag"] for each in found.get("Contents", ())}
    return etags.get(outputs.gallery_key, NO_GALLERY)


def _metadata(s3: S3Client, bucket: str, key: str) -> Mapping[str, str] | None:
    try:
        return s3.head_object(Bucket=bucket, Key=key)["Metadata"]
    except ClientError as error:
        if error.response["Error"]["Code"] in _MISSING:
            return None
        raise
