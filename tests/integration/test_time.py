"""A run ends by itself in time to say so, and requests that are disturbed are made again."""

from __future__ import annotations

import io
import json
import re
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import av
import pytest

from function.events import Upload, notification
from function.failed_requests import RequestFailedError
from function.recogniser.identity.gallery import Gallery
from function.run_time import InterruptedRunError
from local.execution_environment import ExecutionEnvironment, Outcome
from local.function_configuration import FunctionConfiguration
from local.resources.functions import HANDLER
from local.sandbox import ProcessSandbox
from tests.integration.conftest import BIDEN, OBAMA
from tests.integration.handler_alone import (
    GALLERY,
    HEADER,
    VIDEOS,
    Context,
    event,
    metadata,
    put,
    results,
)
from tests.integration.interrupted import answered, at, break_off

if TYPE_CHECKING:
    from collections.abc import Iterator

    from botocore.awsrequest import AWSPreparedRequest, AWSResponse
    from types_boto3_s3 import S3Client

    from local.aws import LocalAws
    from tests.integration.conftest import ClassVideo
    from tests.integration.handler_alone import App
    from tests.integration.pipeline import Pipeline

# The gallery's is the first.
OF_THE_VIDEO = "after-call.s3.GetObject"


def events(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [vars(record)["event"] for record in caplog.records if record.name == "function.log"]


@pytest.fixture
def too_long(app: App, s3: S3Client, video: bytes, enrolled: object) -> Context:  # noqa: ARG001
    """Have a run whose time is up while it looks at v.mp4, and return its context."""
    context = Context()
    at(app.ENVIRONMENT.s3, OF_THE_VIDEO, lambda: context.pass_until(40), number=1)
    app.handler(put(s3, "v.mp4", video), context)
    return context


@pytest.mark.usefixtures("too_long")
def test_a_video_that_takes_too_long_has_a_report_of_how_far_the_run_came(
    s3: S3Client, caplog: pytest.LogCaptureFixture
) -> None:
    ((name, content),) = results(s3).items()
    assert name == "v.error.json"
    report = json.loads(content)
    assert report["error"].endswith("after looking at 0:00:00 of 0:00:01 in 14 minutes.")
    assert "memoryMb" in report["remedy"]
    assert "split" in report["remedy"]
    assert metadata(s3, name)["reason"] == "too-long"
    assert metadata(s3, name)["limits"] == "1769 MB, 900 s, ranges from 86400 s"
    assert "too_long" in [vars(record).get("event") for record in caplog.get_records("setup")]
    assert "ahead" not in [thread.name for thread in threading.enumerate()]


@pytest.mark.usefixtures("too_long")
def test_it_is_not_looked_at_again_before_a_run_may_come_further(
    app: App, s3: S3Client, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.clear()
    app.handler(event("v.mp4"), Context())
    assert events(caplog) == ["skipped"]
    larger = Context()
    larger.memory_limit_in_mb = "3008"
    app.handler(event("v.mp4"), larger)
    assert list(results(s3)) == ["v.csv"]


@pytest.mark.usefixtures("enrolled")
def test_a_video_that_takes_too_long_to_fetch_is_reported_so(
    app: App, s3: S3Client, blank_video: bytes
) -> None:
    context = Context()
    at(app.ENVIRONMENT.s3, OF_THE_VIDEO, lambda: context.pass_until(40), number=1)
    app.handler(put(s3, "v.mp4", blank_video + bytes(6_000_000)), context)
    said = json.loads(results(s3)["v.error.json"])["error"]
    assert "after fetching 1 of its 6 MB in 14 minutes" in said


def test_a_result_of_the_same_video_is_more_than_that_the_time_was_up(
    app: App, s3: S3Client, video: bytes, enrolled: Gallery, caplog: pytest.LogCaptureFixture
) -> None:
    context = Context()
    app.handler(put(s3, "v.mp4", video), context)
    before = results(s3)
    changed = io.BytesIO()
    Gallery(student_ids=("46",), encodings=enrolled.encodings).save(changed)
    s3.put_object(Bucket=VIDEOS, Key=GALLERY, Body=changed.getvalue())
    caplog.clear()
    at(app.ENVIRONMENT.s3, OF_THE_VIDEO, lambda: context.pass_until(40), number=1)
    app.handler(event("v.mp4"), context)
    assert results(s3) == before
    assert events(caplog) == ["too_long"]


def test_that_the_time_was_up_is_more_than_that_nobody_was_enrolled(
    app: App, s3: S3Client, video: bytes, request: pytest.FixtureRequest
) -> None:
    context = Context()
    app.handler(put(s3, "v.mp4", video), context)
    assert metadata(s3, "v.error.json")["reason"] == "nobody-enrolled"
    request.getfixturevalue("enrolled")
    at(app.ENVIRONMENT.s3, OF_THE_VIDEO, lambda: context.pass_until(40), number=1)
    app.handler(event("v.mp4"), context)
    assert metadata(s3, "v.error.json")["reason"] == "too-long"


@pytest.mark.usefixtures("enrolled")
def test_of_two_runs_at_once_the_one_that_comes_to_the_end_has_the_result(
    app: App, s3: S3Client, video: bytes
) -> None:
    uploaded, other = put(s3, "v.mp4", video), Context()
    at(app.ENVIRONMENT.s3, "before-call.s3.PutObject", lambda: app.handler(uploaded, other))
    at(app.ENVIRONMENT.s3, OF_THE_VIDEO, lambda: other.pass_until(40), number=3)
    app.handler(uploaded, Context())
    assert other.left == 40
    assert list(results(s3)) == ["v.csv"]


@pytest.mark.usefixtures("enrolled")
def test_a_video_that_had_a_part_of_a_run_only_is_tried_again(
    app: App, s3: S3Client, video: bytes, blank_video: bytes
) -> None:
    context = Context()
    put(s3, "v.mp4", blank_video)
    put(s3, "w.mp4", video)
    # The first video takes most of the time, the second all that is left.
    at(app.ENVIRONMENT.s3, "after-call.s3.PutObject", lambda: context.pass_until(300))
    at(app.ENVIRONMENT.s3, OF_THE_VIDEO, lambda: context.pass_until(40), number=3)
    with pytest.raises(InterruptedRunError, match="4 minutes were left for one"):
        app.handler(event("v.mp4", "w.mp4"), context)
    assert results(s3) == {"v.csv": HEADER}
    app.handler(event("v.mp4", "w.mp4"), Context())
    assert list(results(s3)) == ["v.csv", "w.csv"]


@pytest.mark.usefixtures("enrolled")
@pytest.mark.parametrize("key", ["v.mp4", GALLERY, "lecture"])
def test_what_breaks_off_is_gone_on_with(
    app: App, s3: S3Client, blank_video: bytes, key: str
) -> None:
    requests = break_off(app.ENVIRONMENT.s3, key, times=2)
    app.handler(put(s3, "lecture" if key == "lecture" else "v.mp4", blank_video), Context())
    assert len(requests) >= 3
    assert "Range" in requests[2].headers
    assert list(results(s3).values()) == [HEADER]


@pytest.mark.usefixtures("enrolled")
def test_what_breaks_off_every_time_is_a_failure(
    app: App, s3: S3Client, blank_video: bytes
) -> None:
    break_off(app.ENVIRONMENT.s3, "v.mp4", times=99)
    with pytest.raises(RequestFailedError, match=r"^GetObject: \d+ of \d+ bytes came$"):
        app.handler(put(s3, "v.mp4", blank_video), Context())
    assert results(s3) == {}


@pytest.mark.usefixtures("enrolled")
@pytest.mark.parametrize("times", [1, 2])
def test_a_video_that_is_missed_is_not_called_gone(
    app: App, s3: S3Client, blank_video: bytes, times: int
) -> None:
    missed: list[AWSPreparedRequest] = []

    def miss(request: AWSPreparedRequest, **_: object) -> AWSResponse | None:
        missed.append(request)
        return answered(request, 404) if len(missed) <= times else None

    hook: Any = miss
    app.ENVIRONMENT.s3.meta.events.register("before-send.s3.HeadObject", hook)
    app.handler(put(s3, "v.mp4", blank_video), Context())
    assert results(s3) == {"v.csv": HEADER}


def test_no_request_waits_longer_than_a_run_can_bear(app: App) -> None:
    config: Any = app.ENVIRONMENT.s3.meta.config
    tries = 4
    assert config.retries == {"mode": "standard", "total_max_attempts": tries}
    assert tries * (config.connect_timeout + config.read_timeout) < 60


def test_a_worker_says_so_before_its_time_is_up(
    pipeline: Pipeline, class_video: ClassVideo
) -> None:
    aws = pipeline.aws
    with muted(aws):
        pipeline.upload("long.mp4", repeated(class_video((OBAMA, BIDEN)), times=600))
        upload = Upload(
            bucket=aws.outputs.input_bucket, key="long.mp4", time="2026-11-23T18:00:00.000Z"
        )
        outcome = run_with(aws, json.dumps(notification(upload)).encode(), timeout=10)
    assert (outcome.succeeded, outcome.payload) == (True, b"null")
    report = pipeline.result("long.error.json")
    assert report is not None
    assert report.metadata["reason"] == "too-long"
    assert re.search(r"looking at 0:0\d:\d\d of 0:10:00 in \d seconds", report.error["error"])


def repeated(video: bytes, *, times: int) -> bytes:
    """Return a video that shows another so many times: ten minutes are made in no time."""
    content = io.BytesIO()
    with av.open(io.BytesIO(video), "r") as once, av.open(content, "w", "mp4") as container:
        stream = container.add_stream_from_template(once.streams.video[0])
        length = once.streams.video[0].duration
        packets = [it for it in once.demux(video=0) if it.dts is not None]
        assert length
        for time in range(times):
            for packet in packets:
                copy = av.Packet(bytes(packet))
                assert packet.dts is not None
                assert packet.pts is not None
                copy.dts, copy.pts = packet.dts + time * length, packet.pts + time * length
                copy.duration, copy.time_base = packet.duration, packet.time_base
                copy.is_keyframe, copy.stream = packet.is_keyframe, stream
                container.mux(copy)
    return content.getvalue()


@contextmanager
def muted(aws: LocalAws) -> Iterator[None]:
    """Keep the deployed function from hearing of uploads."""
    s3, bucket = aws.client("s3"), aws.outputs.input_bucket
    told = s3.get_bucket_notification_configuration(Bucket=bucket)
    told.pop("ResponseMetadata")
    s3.put_bucket_notification_configuration(Bucket=bucket, NotificationConfiguration={})
    try:
        yield
    finally:
        s3.put_bucket_notification_configuration(Bucket=bucket, NotificationConfiguration=told)


def run_with(aws: LocalAws, upload: bytes, *, timeout: int) -> Outcome:
    """Run the function in a worker of its own, with this timeout, and many frames to look at."""
    deployed = aws.client("lambda").get_function_configuration(
        FunctionName=aws.outputs.function_name
    )
    function = FunctionConfiguration(
        name=deployed["FunctionName"],
        arn=deployed["FunctionArn"],
        version=deployed["Version"],
        role_arn=deployed["Role"],
        handler=HANDLER,
        timeout=timeout,
        memory_mb=1769,
        ephemeral_storage_mb=512,
        log_group=aws.outputs.log_group,
        log_format="JSON",
        log_level="INFO",
        variables=deployed["Environment"]["Variables"] | {"SAMPLES_PER_SECOND": "25"},
    )
    environment = ExecutionEnvironment(function, aws.account, aws.lifeline, ProcessSandbox)
    try:
        environment.wait_until_ready()
        return environment.invoke("a-request", upload)
    finally:
        environment.close()
