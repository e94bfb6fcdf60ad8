"""What the state machine for long videos is told and asks for, and how executions are named."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from botocore.exceptions import ClientError

from function.events import UnexpectedEventError, Upload, notification
from function.long_videos import (
    Conclude,
    LongVideo,
    LookAt,
    LookAtWhole,
    PlanAnew,
    TooManyExecutionsError,
    looks_prefix,
    request_of,
    start_execution,
)
from function.recogniser.video.plan import Span

VIDEO = LongVideo(
    upload=Upload(bucket="videos", key="Größe+1/ä b.mp4", time="2026-11-23T18:00:00.000Z"),
    video_etag='"v"',
    gallery_etag='"g"',
    gallery_version="3",
    course=None,
    looked_for="0123456789abcdef",
    recogniser="dlib",
)
SPANS = (Span(start=0.0, end=120.5), Span(start=120.5, end=None))
NAME = "a" * 64


def through_json(event: object) -> Any:  # noqa: ANN401 - any JSON value
    return json.loads(json.dumps(event))


def test_requests_come_through_the_machine_as_they_were_meant() -> None:
    plan, spans = VIDEO.as_json(), [span.as_json() for span in SPANS]
    asked = {
        LookAt(video=VIDEO, span=SPANS[1]): {"lookAt": {"plan": plan, "span": spans[1]}},
        LookAtWhole(video=VIDEO): {"lookAtWhole": {"plan": plan}},
        PlanAnew(video=VIDEO, execution=NAME): {"planAnew": {"plan": plan, "execution": NAME}},
    }
    for request, event in asked.items():
        assert request_of(through_json(event)) == request
    of_all = {"plan": plan, "spans": spans, "started": "2026-11-23T18:00:00.5Z"}
    assert request_of(through_json({"conclude": of_all})) == Conclude(
        video=VIDEO,
        spans=list(SPANS),
        started=datetime(2026, 11, 23, 18, 0, 0, 500_000, tzinfo=UTC),
    )


def test_events_of_s3_are_none_of_its_requests() -> None:
    events: list[object] = [notification(VIDEO.upload), {"Event": "s3:TestEvent"}, {}, [], "lookAt"]
    assert [request_of(event) for event in events] == [None] * 5


PLAN = VIDEO.as_json()
SPAN = SPANS[0].as_json()


@pytest.mark.parametrize(
    "event",
    [
        {"lookAt": None},
        {"lookAt": {"plan": PLAN}},
        {"lookAt": {"plan": None, "span": SPAN}},
        {"lookAt": {"plan": PLAN | {"event": {}}, "span": SPAN}},
        {"lookAt": {"plan": PLAN | {"event": {"Event": "s3:TestEvent"}}, "span": SPAN}},
        {"lookAt": {"plan": PLAN | {"video_etag": ""}, "span": SPAN}},
        {"lookAt": {"plan": PLAN | {"recogniser": 1}, "span": SPAN}},
        {"lookAt": {"plan": PLAN | {"course": ["x"]}, "span": SPAN}},
        {"lookAt": {"plan": PLAN, "span": {"start": -1, "end": None}}},
        {"lookAt": {"plan": PLAN, "span": {"start": "0", "end": None}}},
        {"conclude": {"plan": PLAN, "spans": [], "started": "2026-11-23T18:00:00Z"}},
        {"conclude": {"plan": PLAN, "spans": [SPAN], "started": "yesterday"}},
        {"planAnew": {"plan": PLAN, "execution": "../x"}},
        {"lookAtWhole": {}},
    ],
)
def test_what_the_machine_would_not_send_is_refused(event: object) -> None:
    with pytest.raises(UnexpectedEventError):
        request_of(event)


def test_looks_are_found_by_what_they_were_made_from_and_name_nobody() -> None:
    key = VIDEO.looks_key(SPANS[0])
    later = replace(VIDEO.upload, time="2026-11-24T18:00:00.000Z")
    assert replace(VIDEO, upload=later).looks_key(SPANS[0]) == key
    assert key.startswith(looks_prefix(VIDEO.gallery_etag))
    assert "b.mp4" not in key
    others = {
        VIDEO.looks_key(SPANS[1]),
        *(
            replace(VIDEO, **{name: "another"}).looks_key(SPANS[0])  # type: ignore[arg-type]
            for name in ("video_etag", "gallery_etag", "course", "looked_for", "recogniser")
        ),
        replace(VIDEO, upload=replace(VIDEO.upload, key="c.mp4")).looks_key(SPANS[0]),
    }
    assert len({key, *others}) == 8


class Executions:
    """Step Functions, as far as it says whether a name is taken."""

    def __init__(self, ended: int) -> None:
        self.started: list[dict[str, str]] = []
        self._ended = ended

    def start_execution(self, **request: str) -> None:
        self.started.append(request)
        if len(self.started) <= self._ended:
            error = {"Error": {"Code": "ExecutionAlreadyExists", "Message": ""}}
            raise ClientError(error, "StartExecution")  # type: ignore[arg-type]


def start(client: Any, **after: str) -> None:  # noqa: ANN401 - a client of Step Functions
    start_execution(client, "arn:machine", VIDEO, SPANS, **after)


def test_the_same_is_one_execution_and_what_comes_after_another_is_a_new_one() -> None:
    once, again, redriven, anew = Executions(0), Executions(0), Executions(2), Executions(0)
    start(once)
    start(again)
    assert once.started == again.started
    start(redriven)
    start(anew, after=once.started[0]["name"])
    names = [request["name"] for request in redriven.started]
    assert names[0] == once.started[0]["name"]
    assert names[1] == anew.started[0]["name"]
    assert len(set(names)) == 3
    given = json.loads(once.started[0]["input"])
    assert given == {"plan": PLAN, "spans": [span.as_json() for span in SPANS]}


def test_a_hundred_that_have_ended_are_enough() -> None:
    with pytest.raises(TooManyExecutionsError):
        start(Executions(100))
