"""S3's notifications are read as S3 sends them."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import quote_plus

import pytest
from hypothesis import given
from hypothesis import strategies as st

from function.events import UnexpectedEventError, Upload, notification, uploads
from tests.unit.made_events import events


def record(key: str, bucket: str = "videos") -> dict[str, Any]:
    return {
        "eventVersion": "2.1",
        "eventSource": "aws:s3",
        "eventTime": "2026-11-23T18:00:00.000Z",
        "eventName": "ObjectCreated:Put",
        "s3": {"bucket": {"name": bucket}, "object": {"key": key, "size": 3, "eTag": "e"}},
    }


KEYS = st.text(min_size=1, max_size=256)  # of four bytes each at most
BUCKETS = st.from_regex(r"[a-z0-9][a-z0-9-]{1,61}[a-z0-9]", fullmatch=True)
TIMES = st.datetimes().map(lambda time: f"{time:%Y}".zfill(4) + f"{time:-%m-%dT%H:%M:%S.%f}Z")


@given(KEYS)
def test_keys_come_out_as_they_are_in_the_bucket(key: str) -> None:
    event = {"Records": [record(quote_plus(key))]}
    assert uploads(event) == [
        Upload(bucket="videos", key=key, time="2026-11-23T18:00:00.000Z"),
    ]


@given(st.builds(Upload, bucket=BUCKETS, key=KEYS, time=TIMES))
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
        {"Records": [record("a.mp4") | {"eventTime": "today\r\nx-amz-acl: public-read"}]},
        {"Records": [record("a.mp4", "..")]},
        {"Records": [record("a.mp4", "no such bucket")]},
        {"Records": [record("a.mp4", "arn:aws:s3:us-east-1:111111111111:accesspoint/theirs")]},
        {"Records": [record("")]},
        {"Records": [record("%FF.mp4")]},
        {"Records": [record("\ud800.mp4")]},
        {"Records": [record("%ED%A0%80.mp4")]},
        {"Records": [record("a" * 1021 + ".mp4")]},
        {"Records": [record("%C3%BC" * 512 + "a")]},
        None,
        [record("a.mp4")],
        "a.mp4",
        7,
    ],
)
def test_anything_else_is_refused(event: object) -> None:
    with pytest.raises(UnexpectedEventError):
        uploads(event)


@pytest.mark.parametrize("key", ["a" * 1024, "\u00fc" * 512, "100%", "a+b %2B.mp4", "\0"])
def test_any_key_that_s3_takes_is_read(key: str) -> None:
    assert [upload.key for upload in uploads({"Records": [record(quote_plus(key))]})] == [key]


def test_records_beside_one_that_is_not_from_s3_are_told() -> None:
    event = {"Records": [record("a.mp4"), {"key": "Ada"}, record("%FF"), record("b.mp4")]}
    with pytest.raises(UnexpectedEventError, match=r"^2 of the event's 4 records") as refusal:
        uploads(event)
    assert [upload.key for upload in refusal.value.uploads] == ["a.mp4", "b.mp4"]


@given(events())
def test_whatever_comes_is_read_or_refused(event: object) -> None:
    try:
        told = uploads(event)
    except UnexpectedEventError as refusal:
        told = list(refusal.uploads)
    for upload in told:
        assert 0 < len(upload.key.encode()) <= 1024
