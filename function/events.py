"""S3's notification, as Lambda hands it over, into the uploads it tells of, and back."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import quote_plus, unquote_plus

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

# What S3 lets them be. Nothing else in a record came from S3, and nothing else is passed on to it.
_BUCKET = re.compile(r"(?!.*\.\.)[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]")
_TIME = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]{1,9})?Z")
_KEY_BYTES = 1024


class UnexpectedEventError(ValueError):
    """The event, or a part of it, is no notification from S3.

    `uploads` are those that the rest of the event tells of.
    """

    def __init__(self, message: str, uploads: Sequence[Upload] = ()) -> None:
        super().__init__(message)
        self.uploads = tuple(uploads)


@dataclass(frozen=True, kw_only=True)
class Upload:
    """An object that was put into a bucket, and when S3 says it was (ISO 8601, UTC)."""

    bucket: str
    key: str
    time: str


def uploads(event: object) -> list[Upload]:
    """Return the uploads that an event tells of, with their keys as they are in the bucket.

    S3 sends a test event when the notification is set up: it tells of none.

    Raises:
        UnexpectedEventError: something other than S3 invoked the function, or made one of the
            event's records.

    """
    if not isinstance(event, Mapping):
        raise UnexpectedEventError("The event is not an object: it is not from S3.")
    if event.get("Event") == "s3:TestEvent":
        return []
    records = event.get("Records")
    if not isinstance(records, list):
        raise UnexpectedEventError("The event has no list of Records: it is not from S3.")
    found = [upload for upload in map(_upload, records) if upload is not None]
    unknown = len(records) - len(found)
    if unknown:
        raise UnexpectedEventError(
            f"{unknown} of the event's {len(records)} records do not name a bucket, a key and a "
            "time as S3 does.",
            found,
        )
    return found


def notification(upload: Upload) -> dict[str, object]:
    """Return what S3 sends of an upload, as far as it matters here: `uploads` has it back."""
    record = {
        "eventSource": "aws:s3",
        "eventName": "ObjectCreated:Put",
        "eventTime": upload.time,
        "s3": {"bucket": {"name": upload.bucket}, "object": {"key": quote_plus(upload.key)}},
    }
    return {"Records": [record]}


def event_time(time: datetime) -> str:
    """Return a time in UTC in the form that S3 gives it in an event, to the millisecond."""
    return time.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _upload(record: object) -> Upload | None:
    """Return the upload that a record tells of, or None if it is not from S3."""
    match record:
        case {
            "eventTime": str(time),
            "s3": {"bucket": {"name": str(bucket)}, "object": {"key": str(encoded)}},
        }:
            key = _decoded(encoded)
            if key is None or not _BUCKET.fullmatch(bucket) or not _TIME.fullmatch(time):
                return None
            return Upload(bucket=bucket, key=key, time=time)
        case _:
            return None


def _decoded(encoded: str) -> str | None:
    """Return a key as it is in the bucket; in an event, and only there, it is as in a web form."""
    try:
        key = unquote_plus(encoded, errors="strict")
        fits = 0 < len(key.encode()) <= _KEY_BYTES
    except UnicodeError:
        return None
    return key if fits else None
