"""Long videos are looked at in ranges, several at once, and have one result, or one failure."""

from __future__ import annotations

import json
import os
import signal
import time
from contextlib import suppress
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote_plus

import pytest

from enroll.deployed import enrol_students, load_gallery
from enroll.erasure import erase, traces
from function.events import Upload, notification
from function.results import csv_key
from function.student_list import read_students
from local.aws import LocalAws
from local.sandbox import ProcessSandbox
from recover.__main__ import main as recover
from samples.sample_class import BIDEN as BIDENS_ID
from samples.sample_class import make_sample_class
from stacks import outputs
from tests.integration.conftest import BIDEN, COLLINS, OBAMA
from tests.integration.long_class import RANGE_SECONDS, write_long_class
from tests.integration.pipeline import Pipeline, Result
from tests.integration.test_permissions import Permissions

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path

    from local.function_configuration import FunctionConfiguration
    from local.lifeline import Lifeline
    from tests.integration.conftest import ClassVideo

GROUPS = ((OBAMA,), (BIDEN,), (COLLINS, OBAMA))
NAMES = {"Barack Obama", "Joe Biden", "Eileen Collins"}
RANGES = len(GROUPS)
SAMPLES_PER_SECOND = "0.05"
"""Everybody sits still: more would only take longer."""

_PATIENCE_SECONDS = 120


class LongVideos(Pipeline):
    """A stack in which videos of two minutes are long, and its workers, as they can be killed."""

    def __init__(self, aws: LocalAws, workers: list[ProcessSandbox]) -> None:
        super().__init__(aws)
        self._workers = workers
        self._stepfunctions = aws.client("stepfunctions")

    def executions(self) -> list[Mapping[str, Any]]:
        """Return all executions that there have been, the first one first."""
        found: list[Mapping[str, Any]] = self._stepfunctions.list_executions(
            stateMachineArn=self.aws.outputs.long_videos_arn
        )["executions"]
        return sorted(found, key=lambda it: it["startDate"])

    def wait_until(self, holds: Callable[[], bool]) -> None:
        """Wait for something to be so."""
        deadline = time.monotonic() + _PATIENCE_SECONDS
        while not holds():
            assert time.monotonic() < deadline, (self.executions(), self.log()[-20:])
            time.sleep(0.05)

    def wait_until_at_rest(self) -> None:
        """Wait until no execution runs."""
        self.wait_until(lambda: all(it["status"] != "RUNNING" for it in self.executions()))

    def kill_workers(self) -> None:
        """Kill them all, whatever they are doing."""
        for worker in self._workers:
            with suppress(ProcessLookupError):
                os.kill(worker._process.pid, signal.SIGKILL)

    def send(self, key: str, *, at: str = "2026-11-23T18:00:00.000Z") -> None:
        """Send the event of a video once more."""
        event = notification(Upload(bucket=self.aws.outputs.input_bucket, key=key, time=at))
        self.aws.client("lambda").invoke(
            FunctionName=self.aws.outputs.live_function,
            InvocationType="Event",
            Payload=json.dumps(event),
        )

    def failures_seen(self) -> list[dict[str, Any]]:
        """Return the messages in the failures queue, and leave them there."""
        sqs, url = self.aws.client("sqs"), self.aws.outputs.failures_queue_url
        received = sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10, VisibilityTimeout=0)
        return [json.loads(message["Body"]) for message in received.get("Messages", [])]


@pytest.fixture(scope="module")
def long_class(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    return write_long_class(tmp_path_factory.mktemp("long") / "class.mp4", GROUPS)


@pytest.fixture(scope="module")
def long_videos(
    pipeline: Pipeline, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[LongVideos]:
    workers: list[ProcessSandbox] = []

    def start(
        function: FunctionConfiguration, variables: Mapping[str, str], lifeline: Lifeline
    ) -> ProcessSandbox:
        worker = ProcessSandbox(function, variables, lifeline)
        if function.handler == "function.app.handler":
            workers.append(worker)
        return worker

    students = read_students(make_sample_class(tmp_path_factory.mktemp("class")).students)
    with LocalAws(workers=2, start=start) as aws:
        aws.update(rangesFromSeconds=str(2 * RANGE_SECONDS), samplesPerSecond=SAMPLES_PER_SECOND)
        enrol_students(aws.deployment, students, load_gallery(pipeline.aws.deployment))
        yield LongVideos(aws, workers)


@pytest.fixture(scope="module")
def undivided(long_videos: LongVideos, long_class: bytes) -> Result:
    """Return the result of the class in one run."""
    aws = long_videos.aws
    aws.update(rangesFromSeconds="86400", samplesPerSecond=SAMPLES_PER_SECOND)
    result = long_videos.csv_of("undivided.mp4", long_class)
    aws.update(rangesFromSeconds=str(2 * RANGE_SECONDS), samplesPerSecond=SAMPLES_PER_SECOND)
    assert long_videos.executions() == []
    return result


def _told(result: Result) -> list[tuple[str, ...]]:
    """Return the rows without the distances, which may differ a little where tracks begin anew."""
    return [
        tuple(value for name, value in row.items() if name != "distance") for row in result.rows
    ]


def test_a_class_in_ranges_has_the_result_that_one_run_gives(
    long_videos: LongVideos, long_class: bytes, undivided: Result
) -> None:
    processed, ranges = long_videos.logged("processed"), long_videos.logged("range")

    divided = long_videos.csv_of("divided.mp4", long_class)

    assert divided.names == NAMES
    assert _told(divided) == _told(undivided)
    for one, other in zip(divided.rows, undivided.rows, strict=True):
        assert float(one["distance"]) == pytest.approx(float(other["distance"]), abs=0.01)
    same = ("video-etag", "gallery-etag", "recogniser", "frames", "faces", "video-seconds")
    assert [divided.metadata[name] for name in same] == [undivided.metadata[name] for name in same]
    assert (divided.metadata["ranges"], undivided.metadata["ranges"]) == (str(RANGES), "1")
    long_videos.wait_until_at_rest()
    (execution,) = long_videos.executions()
    assert execution["status"] == "SUCCEEDED"
    # One video, and its ranges.
    long_videos.wait_until_logged("processed", beyond=processed)
    assert long_videos.logged("processed") == processed + 1
    assert long_videos.logged("range") == ranges + RANGES
    assert long_videos.versions(csv_key("divided.mp4")) == 1


def test_an_event_that_comes_again_makes_nothing_again(
    long_videos: LongVideos, long_class: bytes
) -> None:
    ranges, divided = long_videos.logged("range"), long_videos.logged("divided")
    before = len(long_videos.executions())
    long_videos.upload("twice.mp4", long_class)
    # It names another time, as those of `recover missing` do.
    long_videos.send("twice.mp4")

    long_videos.wait_for(csv_key("twice.mp4"), "twice.mp4")
    long_videos.wait_until_at_rest()

    long_videos.wait_until_logged("divided", beyond=divided)
    assert len(long_videos.executions()) == before + 1
    assert long_videos.logged("range") == ranges + RANGES


def test_workers_that_are_killed_cost_a_range_and_no_result(
    long_videos: LongVideos, long_class: bytes, undivided: Result
) -> None:
    ranges = long_videos.logged("range")
    long_videos.upload("killed.mp4", long_class)
    long_videos.wait_until(lambda: long_videos.logged("range") > ranges)
    long_videos.kill_workers()

    result = long_videos.wait_for(csv_key("killed.mp4"), "killed.mp4")

    assert _told(result) == _told(undivided)
    assert long_videos.failures() == []
    long_videos.wait_until_at_rest()
    assert long_videos.versions(csv_key("killed.mp4")) == 1


@pytest.mark.parametrize(
    ("action", "resource", "done"),
    [
        pytest.param("s3:PutObject", "looks", 0, id="a range"),
        pytest.param("s3:PutObject", "results", RANGES, id="the result"),
    ],
)
def test_what_fails_for_good_is_one_message_and_is_gone_on_with(  # noqa: PLR0913, PLR0917
    long_videos: LongVideos,
    long_class: bytes,
    undivided: Result,
    action: str,
    resource: str,
    done: int,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    key = f"fails {done}.mp4"
    ranges = long_videos.logged("range")
    with Permissions(long_videos.aws).without(action, resource):
        long_videos.upload(key, long_class)
        before = len(long_videos.executions())
        long_videos.wait_until(lambda: len(long_videos.executions()) > before)
        long_videos.wait_until_at_rest()
    assert long_videos.executions()[-1]["status"] == "FAILED"
    assert long_videos.logged("range") == ranges + done
    assert long_videos.result(csv_key(key)) is None
    # What Lambda's own would say, and which execution it was.
    (message,) = long_videos.failures_seen()
    (record,) = message["requestPayload"]["Records"]
    assert unquote_plus(record["s3"]["object"]["key"]) == key
    assert message["responsePayload"]["errorType"] == "RequestFailedError"
    assert "PutObject: 403 AccessDenied" in message["responsePayload"]["error"]["Cause"]
    assert message["requestContext"]["condition"] == "RetriesExhausted"
    execution = long_videos.executions()[-1]["executionArn"]
    assert message["requestContext"]["executionArn"] == execution

    monkeypatch.setattr(outputs, "LOCAL_STACK_FILE", long_videos.stack_file(tmp_path))
    command = ["failures", "--stack", "local", "--rate", "1000", "--wait"]
    assert recover(command) == 0

    result = long_videos.result(csv_key(key))
    assert result is not None
    assert _told(result) == _told(undivided)
    assert long_videos.logged("range") == ranges + RANGES
    assert long_videos.failures() == []


@pytest.mark.parametrize(
    ("action", "resource", "said"),
    [
        ("states:StartExecution", "the state machine", "StartExecution: 403 AccessDenied"),
        ("s3:GetObject", "looks", "HeadObject: 403"),
    ],
)
def test_without_a_right_for_long_videos_there_is_one_failure_that_says_so(
    long_videos: LongVideos, long_class: bytes, action: str, resource: str, said: str
) -> None:
    with Permissions(long_videos.aws).without(action, resource):
        long_videos.upload("not permitted.mp4", long_class)
        long_videos.wait_until(lambda: bool(long_videos.failures_seen()))
        long_videos.wait_until_at_rest()
    (failure,) = long_videos.failures()
    assert said in json.dumps(failure["responsePayload"])


def test_a_video_that_is_replaced_meanwhile_is_superseded(
    long_videos: LongVideos, long_class: bytes, class_video: ClassVideo
) -> None:
    before = len(long_videos.executions())
    long_videos.upload("replaced.mp4", long_class)
    long_videos.wait_until(lambda: len(long_videos.executions()) > before)

    newer = long_videos.csv_of("replaced.mp4", class_video((BIDEN,)))

    assert newer.names == {"Joe Biden"}
    long_videos.wait_until_at_rest()
    assert long_videos.executions()[-1]["status"] == "SUCCEEDED"
    assert long_videos.result(csv_key("replaced.mp4")) == newer
    assert long_videos.failures() == []


def test_who_is_forgotten_meanwhile_is_in_no_looks_and_in_no_result(
    long_videos: LongVideos, long_class: bytes
) -> None:
    ranges = long_videos.logged("range")
    long_videos.upload("forgotten.mp4", long_class)
    long_videos.wait_until(lambda: long_videos.logged("range") > ranges)

    erasure = erase(long_videos.aws.deployment, [BIDENS_ID])

    assert erasure.looks > 0
    # Made with the gallery in use, or with the one before, if its last range was looked at by then.
    long_videos.wait_until(lambda: long_videos.result(csv_key("forgotten.mp4")) is not None)
    long_videos.wait_until_at_rest()
    result = long_videos.result(csv_key("forgotten.mp4"))
    assert result is not None
    assert result.names == NAMES - {"Joe Biden"}
    # A range that was under way may have come to its end after all.
    erase(long_videos.aws.deployment, [BIDENS_ID])
    assert list(traces(long_videos.aws.deployment, [BIDENS_ID])) == []
