"""S3's notifications are read as S3 sends them."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import quote_plus

import pytest
from hypothesis import given
from hypothesis import strategies as st

from function.events import UnexpectedEventError, Upload, notification, uploads


def record(key: str, bucket: str = "videos") -> dict[str, Any]:
    return {
        "eventVersion": "2.1",
        "eventSource": "aws:s3",
        "eventTime": "2026-11-23T18:00:00.000Z",
        "eventName": "ObjectCreated:Put",
        "s3": {"bucket": {"name": bucket}, "object": {"key": key, "size": 3, "eTag": "e"}},
    }


@given(st.text(min_size=1))
def test_keys_come_out_as_they_are_in_the_bucket(key: str) -> None:
    event = {"Records": [record(quote_plus(key))]}
    assert uploads(event) == [
        Upload(bucket="videos", key=key, time="2026-11-23T18:00:00.000Z"),
    ]


@given(st.builds(Upload, bucket=st.text(), key=st.text(), time=st.text()))
def test_a_notification_tells_of_the_upload_it_was_made_from(upload: Upload) -> None:
    assert uploads(json.loads(json.dumps(notification(upload)))) == [upload]


def test_several_records_are_several_uploads() -> None:
    event = {"Records": [record("a.mp4"), record("b+%2B+%C3%BC.mp4", "others")]}
    assert [(upload.bucket, upload.key) for upload in uploads(event)] == [
        ("videos", "a.mp4"),
        ("others", "b + ü.mp4"),
    ]


def test_the_test_event_of_a_new_notification_tells_of_no_upload() -> None:
    event = {"Service": "Amazon S3", "Event": "s3:TestEvent", "Bucket": "videos"}
    assert uploads(event) == []


@pytest.mark.parametrize(
    "event",
    [
        {},
        {"Records": None},
        {"Records": [{"body": "{}"}]},
        {"Records": [record("a.mp4") | {"s3": {"bucket": {"name": "videos"}}}]},
    ],
)
def test_anything_else_is_refused(event: dict[str, object]) -> None:
    with pytest.raises(UnexpectedEventError):
        uploads(event)
