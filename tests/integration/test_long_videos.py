"""Long videos are looked at in ranges, several at once, and have one result, or one failure."""

from __future__ import annotations

import json
import os
import random
import signal
import time
from contextlib import suppress
from hashlib import sha256
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote_plus

import pytest

from enroll.deployed import enrol_students, load_gallery
from enroll.erasure import erase, traces
from function.events import Upload, notification
from function.results import csv_key
from function.student_list import read_students
from loadtest.expectations import read_expectations
from loadtest.options import parse
from loadtest.pricing import STATES_AROUND
from loadtest.session import Session
from loadtest.sources import find_sources
from loadtest.target import Target
from local.aws import LocalAws
from local.sandbox import ProcessSandbox
from recover.__main__ import main as recover
from samples.sample_class import BIDEN as BIDENS_ID
from samples.sample_class import make_sample_class
from stacks import outputs
from tests.integration.conftest import BIDEN, COLLINS, OBAMA
from tests.integration.long_class import RANGE_SECONDS, write_long_class
from tests.integration.pipeline import Pipeline, Result, unnoticed
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

    def states_entered(self, execution: str) -> int:
        """Return how many states an execution came into."""
        history = self._stepfunctions.get_execution_history(executionArn=execution, maxResults=1000)
        return sum(it["type"].endswith("StateEntered") for it in history["events"])

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

    def begin(self, key: str, **otherwise: str) -> None:
        """Start an execution for a video, of the first one's plan, as if made `otherwise`."""
        first = self.executions()[0]["executionArn"]
        given = json.loads(self._stepfunctions.describe_execution(executionArn=first)["input"])
        bucket = self.aws.outputs.input_bucket
        etag = self.aws.client("s3").head_object(Bucket=bucket, Key=key)["ETag"]
        event = notification(Upload(bucket=bucket, key=key, time="2026-11-23T18:00:00.000Z"))
        given["plan"] |= {"event": event, "video_etag": etag, **otherwise}
        self._stepfunctions.start_execution(
            stateMachineArn=self.aws.outputs.long_videos_arn,
            name=sha256(key.encode()).hexdigest(),
            input=json.dumps(given),
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
    # Each state costs. The emulator's history has none of those of the ranges.
    assert long_videos.states_entered(execution["executionArn"]) == STATES_AROUND
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


@pytest.mark.parametrize("kills", [2, 9])
def test_whatever_is_killed_and_when_there_is_one_result_or_a_failure_to_go_on_from(  # noqa: PLR0913, PLR0917
    long_videos: LongVideos,
    long_class: bytes,
    undivided: Result,
    kills: int,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    numbers = random.Random(kills)  # noqa: S311 - no secret
    key, ranges = f"killed {kills} times.mp4", long_videos.logged("range")
    long_videos.upload(key, long_class)
    for _ in range(kills):
        time.sleep(numbers.uniform(0, 0.7))
        long_videos.kill_workers()
    long_videos.wait_until(
        lambda: bool(long_videos.result(csv_key(key)) or long_videos.failures_seen())
    )
    long_videos.wait_until_at_rest()
    assert len(long_videos.failures_seen()) <= 1

    monkeypatch.setattr(outputs, "LOCAL_STACK_FILE", long_videos.stack_file(tmp_path))
    assert recover(["failures", "--stack", "local", "--rate", "1000", "--wait"]) == 0

    result = long_videos.result(csv_key(key))
    assert result is not None
    assert _told(result) == _told(undivided)
    assert long_videos.failures() == []
    # One that was killed after it had kept its looks has told of nothing.
    assert long_videos.logged("range") <= ranges + RANGES


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
        ("s3:GetObject", "looks", "GetObject: 403"),
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


def test_what_shows_on_the_way_that_it_cannot_be_divided_is_looked_at_in_one_run(
    long_videos: LongVideos, tmp_path: Path
) -> None:
    # Its clock begins anew in the middle: the times of the second part are known from the first.
    part = write_long_class(tmp_path / "part.ts", GROUPS[:2])
    before = len(long_videos.executions())

    result = long_videos.csv_of("joined.ts", 2 * part)

    assert result.names == {"Barack Obama", "Joe Biden"}
    assert max(float(row["last_seen"]) for row in result.rows) > 3 * RANGE_SECONDS
    assert float(result.metadata["video-seconds"]) == pytest.approx(4 * RANGE_SECONDS, abs=2)
    assert result.metadata["ranges"] == "1"
    long_videos.wait_until_at_rest()
    (execution,) = long_videos.executions()[before:]
    assert execution["status"] == "SUCCEEDED"
    assert long_videos.versions(csv_key("joined.ts")) == 1
    assert long_videos.failures() == []


@pytest.mark.parametrize(
    ("what", "then"), [("looked_for", "0" * 16), ("recogniser", "of another version")]
)
def test_what_was_planned_for_others_is_planned_anew(
    long_videos: LongVideos, long_class: bytes, undivided: Result, what: str, then: str
) -> None:
    key = f"outdated {what}.mp4"
    with unnoticed(long_videos.aws):
        long_videos.upload(key, long_class)
    before = len(long_videos.executions())
    long_videos.begin(key, **{what: then})

    result = long_videos.wait_for(csv_key(key), key)

    assert _told(result) == _told(undivided)
    assert result.metadata["ranges"] == str(RANGES)
    long_videos.wait_until_at_rest()
    assert [it["status"] for it in long_videos.executions()[before:]] == ["SUCCEEDED"] * 2
    assert long_videos.versions(csv_key(key)) == 1
    assert long_videos.failures() == []


def test_looks_that_cannot_be_read_are_made_again(
    long_videos: LongVideos, long_class: bytes, undivided: Result
) -> None:
    s3, stack, key = long_videos.aws.client("s3"), long_videos.aws.outputs, "damaged looks.mp4"
    long_videos.csv_of(key, long_class)
    long_videos.wait_until_at_rest()
    for entry in s3.list_objects_v2(Bucket=stack.looks_bucket)["Contents"]:
        s3.put_object(Bucket=stack.looks_bucket, Key=entry["Key"], Body=b"{}")
    s3.delete_object(Bucket=stack.output_bucket, Key=csv_key(key))
    ranges, before = long_videos.logged("range"), len(long_videos.executions())

    long_videos.send(key)

    assert _told(long_videos.wait_for(csv_key(key), key)) == _told(undivided)
    long_videos.wait_until_at_rest()
    assert long_videos.logged("range") == ranges + RANGES
    assert len(long_videos.executions()) == before + 1
    assert long_videos.failures() == []


def test_without_the_right_to_the_gallery_that_was_planned_for_there_is_one_failure(
    long_videos: LongVideos, long_class: bytes
) -> None:
    s3, stack = long_videos.aws.client("s3"), long_videos.aws.outputs
    gallery = {"Bucket": stack.gallery_bucket, "Key": stack.gallery_key}
    planned = s3.get_object(**gallery)
    content = planned["Body"].read()
    s3.put_object(**gallery, Body=content + b"\0")
    # Those that live have read it already.
    long_videos.kill_workers()
    key = "an earlier gallery.mp4"
    with unnoticed(long_videos.aws):
        long_videos.upload(key, long_class)
    with Permissions(long_videos.aws).without("s3:GetObjectVersion", "the gallery"):
        long_videos.begin(key, gallery_etag=planned["ETag"], gallery_version=planned["VersionId"])
        long_videos.wait_until(lambda: bool(long_videos.failures_seen()))
        long_videos.wait_until_at_rest()
    (failure,) = long_videos.failures()
    assert "GetObject: 403" in json.dumps(failure["responsePayload"])
    s3.put_object(**gallery, Body=content)


def test_a_load_test_counts_a_class_once_however_many_runs_it_took(
    long_videos: LongVideos,
    long_class: bytes,
    undivided: Result,
    class_video: ClassVideo,
    tmp_path: Path,
) -> None:
    (tmp_path / "long.mp4").write_bytes(long_class)
    (tmp_path / "short.mp4").write_bytes(class_video((OBAMA,)))
    expected = tmp_path / "expected.csv"
    in_long = "".join(f"long.mp4,{name}\n" for name in sorted(NAMES))
    expected.write_text(f"video,name\n{in_long}short.mp4,Barack Obama\n", encoding="utf-8")
    options = parse(
        [str(tmp_path), "--count", "4", "--expect", str(expected), "--stack", "local", "--keep"]
    )
    session = Session(
        options,
        Target.of(long_videos.aws.deployment),
        find_sources(options.sources, made=tmp_path),
        read_expectations(expected, {}),
    )

    session.check()
    session.go(lambda _: None)
    report = session.report(say=print)

    assert report.thresholds_are_met
    assert report.counts.csvs == report.counts.right == 4
    assert report.counts.duplicates == 0
    long, short = (
        [it for it in report.videos if it.source == name] for name in ("long.mp4", "short.mp4")
    )
    assert [it.runs for it in long + short] == [RANGES + 2] * 2 + [1] * 2
    for journey in long:
        result = long_videos.wait_for(csv_key(journey.key), journey.key)
        assert _told(result) == _told(undivided)
    # A class costs what all its runs worked, which some did at the same time.
    results = [long_videos.wait_for(csv_key(it.key), it.key) for it in report.videos]
    worked = [float(result.metadata["worked-seconds"]) for result in results]
    assert report.cost
    assert report.cost.billed_seconds == pytest.approx(sum(worked))
    assert report.cost.per_video == pytest.approx(report.cost.total / 4)
    long_videos.wait_until_at_rest()
    assert long_videos.failures() == []


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
