"""The handler in this process, with S3 and DynamoDB and nothing else: no trigger, no workers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol
from urllib.parse import quote_plus

from function.results import COLUMNS, ERROR_SUFFIX, EVIDENCE_SUFFIX

if TYPE_CHECKING:
    from types_boto3_s3 import S3Client

    from function.execution_environment import ExecutionEnvironment

VIDEOS, RESULTS, STUDENTS, GALLERY = "videos", "results", "students", "gallery/encodings.npz"
LOOKS = "looks"
LONG_VIDEOS = f"arn:aws:states:us-east-1:{'0' * 12}:stateMachine:long-videos"
HEADER = b"\xef\xbb\xbf" + ",".join(COLUMNS).encode() + b"\r\n"


class App(Protocol):
    """The handler's module, loaded with the settings below."""

    ENVIRONMENT: ExecutionEnvironment

    def handler(self, event: object, context: object) -> None:
        """Answer a notification."""


class Context:
    """What Lambda tells the handler of a run: `left` is in seconds."""

    def __init__(self) -> None:
        self.left = 900.0
        self.memory_limit_in_mb = "1769"

    def get_remaining_time_in_millis(self) -> int:
        return int(self.left * 1000)

    def pass_until(self, left: float) -> None:
        """Let time pass until so many seconds are left."""
        self.left = left


def event(*keys: str) -> dict[str, Any]:
    return {
        "Records": [
            {
                "eventTime": "2026-11-23T18:00:00.000Z",
                "s3": {"bucket": {"name": VIDEOS}, "object": {"key": quote_plus(key)}},
            }
            for key in keys
        ]
    }


def put(s3: S3Client, key: str, body: bytes) -> dict[str, Any]:
    s3.put_object(Bucket=VIDEOS, Key=key, Body=body)
    return event(key)


def results(s3: S3Client) -> dict[str, bytes]:
    """Return the CSVs and the error reports."""
    return {
        key: content
        for key, content in written(s3).items()
        if not key.endswith(EVIDENCE_SUFFIX) or key.endswith(ERROR_SUFFIX)
    }


def written(s3: S3Client) -> dict[str, bytes]:
    """Return all that is in the output bucket, the evidence too."""
    stored = s3.list_objects_v2(Bucket=RESULTS).get("Contents", [])
    keys = [entry["Key"] for entry in stored]
    return {key: s3.get_object(Bucket=RESULTS, Key=key)["Body"].read() for key in keys}


def metadata(s3: S3Client, key: str) -> dict[str, str]:
    return s3.head_object(Bucket=RESULTS, Key=key)["Metadata"]
