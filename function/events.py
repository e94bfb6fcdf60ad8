"""S3's notification, as Lambda hands it over, into the uploads it tells of, and back."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import quote_plus, unquote_plus

if TYPE_CHECKING:
    from collections.abc import Mapping


class UnexpectedEventError(ValueError):
    """The event is no notification from S3."""


@dataclass(frozen=True, kw_only=True)
class Upload:
    """An object that was put into a bucket, and when S3 says it was (ISO 8601, UTC)."""

    bucket: str
    key: str
    time: str


def uploads(event: Mapping[str, object]) -> list[Upload]:
    """Return the uploads that an event tells of, with their keys as they are in the bucket.

    S3 sends a test event when the notification is set up: it tells of none.

    Raises:
        UnexpectedEventError: something other than S3 invoked the function.

    """
    if event.get("Event") == "s3:TestEvent":
        return []
    records = event.get("Records")
    if not isinstance(records, list):
        raise UnexpectedEventError("The event has no list of Records: it is not from S3.")
    return [_upload(record) for record in records]


def notification(upload: Upload) -> dict[str, object]:
    """Return what S3 sends of an upload, as far as it matters here: `uploads` has it back."""
    record = {
        "eventSource": "aws:s3",
        "eventName": "ObjectCreated:Put",
        "eventTime": upload.time,
        "s3": {"bucket": {"name": upload.bucket}, "object": {"key": quote_plus(upload.key)}},
    }
    return {"Records": [record]}


def _upload(record: object) -> Upload:
    match record:
        case {
            "eventTime": str(time),
            "s3": {"bucket": {"name": str(bucket)}, "object": {"key": str(key)}},
        }:
            # In the event, and only there, keys are encoded as in a web form.
            return Upload(bucket=bucket, key=unquote_plus(key), time=time)
        case _:
            raise UnexpectedEventError("A record of the event does not name a bucket and a key.")
