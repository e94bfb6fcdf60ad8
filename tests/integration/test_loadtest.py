"""Load tests of the embedded AWS: what they report is what is in its buckets."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from function.results import csv_key, error_key
from loadtest.__main__ import main
from loadtest.cloudwatch import measured
from loadtest.completions import Listing
from loadtest.expectations import sample_expectations
from loadtest.options import parse
from loadtest.session import Session
from loadtest.sources import Source, find_sources
from loadtest.target import Target
from loadtest.workload import key_start, plan
from stacks.outputs import LOCAL_STACK_FILE
from tests.integration.conftest import BIDEN, OBAMA

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from local.aws import LocalAws
    from tests.integration.conftest import ClassVideo
    from tests.integration.pipeline import Pipeline

    Run = Callable[..., tuple[int, dict[str, Any]]]

_A_SECOND = timedelta(seconds=1)


@pytest.fixture(autouse=True)
def _as_administrator(aws: LocalAws, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Find the emulator's credentials by the standard chain, and give signals back."""
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", aws.administrator.key_id)
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", aws.administrator.secret)
    monkeypatch.setenv("AWS_DEFAULT_REGION", aws.outputs.region)
    taken = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    handlers = [signal.getsignal(number) for number in taken]
    yield
    for number, handler in zip(taken, handlers, strict=True):
        signal.signal(number, handler)


@pytest.fixture
def run(aws: LocalAws, tmp_path: Path) -> Run:
    """Return what runs the command on the stack's buckets, for its exit code and its JSON."""

    def run(*arguments: str) -> tuple[int, dict[str, Any]]:
        report = tmp_path / "report.json"
        exit_code = main([*arguments, *_stack_buckets(aws), "--json", str(report)])
        return exit_code, json.loads(report.read_text(encoding="utf-8"))

    return run


@pytest.fixture(scope="module")
def videos(class_video: ClassVideo, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Make a folder of two videos and a file that is none, with what is expected of them."""
    folder = tmp_path_factory.mktemp("sources")
    (folder / "obama.mp4").write_bytes(class_video((OBAMA,)))
    (folder / "both.mp4").write_bytes(class_video((OBAMA,), (BIDEN,)))
    (folder / "broken.mp4").write_bytes(b"no video")
    (folder / "expected.csv").write_text(
        "video,name,unreadable\n"
        "obama.mp4,Barack Obama,\n"
        "both.mp4,Joe Biden,\nboth.mp4,Barack Obama,\n"
        "broken.mp4,,yes\n",
        encoding="utf-8",
    )
    return folder


@pytest.fixture
def buckets(aws: LocalAws, request: pytest.FixtureRequest) -> Iterator[tuple[str, str]]:
    """Make two buckets in which nothing happens."""
    name = f"{abs(hash(request.node.nodeid)):x}"
    pair = f"in-{name}", f"out-{name}"
    for bucket in pair:
        aws.client("s3").create_bucket(Bucket=bucket)
    yield pair
    for bucket in pair:
        _empty(aws, bucket)
        aws.client("s3").delete_bucket(Bucket=bucket)


def test_a_run_says_what_an_independent_count_of_the_buckets_says(
    pipeline: Pipeline, run: Run, videos: Path
) -> None:
    exit_code, report = run(
        str(videos), "--count", "12", "--expect", str(videos / "expected.csv"), "--keep"
    )
    assert exit_code == 0
    assert report["counts"] == {
        "planned": 12,
        "attempted": 12,
        "uploads": 12,
        "csvs": 8,
        "error_reports": 4,
        "right": 12,
        "wrong": 0,
        "unchecked": 0,
        "errors": 0,
        "missing": 0,
        "not_waited_for": 0,
        "not_uploaded": 0,
        "duplicates": 0,
    }

    outputs = pipeline.aws.outputs
    uploaded = _objects(pipeline.aws, outputs.input_bucket, report["prefix"])
    results = _objects(pipeline.aws, outputs.output_bucket, report["prefix"])
    assert sorted(uploaded) == sorted(video["key"] for video in report["videos"])
    assert sum(key.endswith(".csv") for key in results) == report["counts"]["csvs"]
    assert sum(key.endswith(".error.json") for key in results) == report["counts"]["error_reports"]
    assert sum(entry["Size"] for entry in uploaded.values()) / 1e6 == pytest.approx(
        report["throughput"]["uploaded_megabytes"]
    )

    started, functions, queues = [], [], []
    for video in report["videos"]:
        expected_key = error_key if video["source"] == "broken.mp4" else csv_key
        result = pipeline.result(expected_key(video["key"]))
        assert result
        begun, over, event = (
            datetime.fromisoformat(result.metadata[name])
            for name in ("started", "finished", "event-time")
        )
        started.append(begun - _A_SECOND * video["started"])
        functions.append((over - begun) / _A_SECOND)
        queues.append((begun - event) / _A_SECOND)
        if expected_key is csv_key:
            in_it = {"Barack Obama"} | ({"Joe Biden"} if video["source"] == "both.mp4" else set())
            assert result.names == in_it
    # All times are seconds from one start.
    assert max(started) - min(started) < timedelta(milliseconds=1)
    for name, seconds in (("function", functions), ("queue", queues)):
        figures = report["durations"][name]
        assert figures["min"] == pytest.approx(min(seconds), abs=1e-6)
        assert figures["max"] == pytest.approx(max(seconds), abs=1e-6)
        assert figures["mean"] == pytest.approx(sum(seconds) / 12, abs=1e-6)
    latencies = [video["finished"] - video["arrival"] for video in report["videos"]]
    assert report["durations"]["latency"]["max"] == pytest.approx(max(latencies), abs=1e-6)
    assert sum(report["histogram"]["counts"]) == 12

    requests = report["generator"]["requests"]
    assert requests["PutObject"] == requests["GetObject"] == 12
    for bucket in (outputs.input_bucket, outputs.output_bucket):
        _empty(pipeline.aws, bucket, report["prefix"])


def test_a_run_deletes_what_is_its_own_with_all_versions_and_nothing_else(
    pipeline: Pipeline, run: Run, videos: Path
) -> None:
    s3, outputs = pipeline.aws.client("s3"), pipeline.aws.outputs
    others = {
        (outputs.input_bucket, "loadtest/notes.txt"),
        (outputs.input_bucket, "loadtest/mine/notes.txt"),
        (outputs.output_bucket, "loadtest/mine/notes.csv"),
        (outputs.output_bucket, "loadtest/minestrone.csv"),
    }

    def leave_notes() -> None:
        """Put something under the prefix of the run, once it has begun."""
        while not _objects(pipeline.aws, outputs.input_bucket, "loadtest/mine/"):
            time.sleep(0.01)
        for bucket, key in others:
            s3.put_object(Bucket=bucket, Key=key, Body=b"somebody else's")

    somebody = threading.Thread(target=leave_notes)
    somebody.start()
    try:
        exit_code, report = run(str(videos), "--prefix", "loadtest/mine")
    finally:
        somebody.join()

    assert report["prefix"] == "loadtest/mine/"
    assert report["counts"]["error_reports"] == 1
    assert report["counts"]["unchecked"] == 2
    assert exit_code == 1, "an error report that nobody expected is an error"
    left = {
        (bucket, entry["Key"])
        for bucket in (outputs.input_bucket, outputs.output_bucket)
        for page in s3.get_paginator("list_object_versions").paginate(
            Bucket=bucket, Prefix="loadtest/mi"
        )
        for kind in ("Versions", "DeleteMarkers")
        for entry in page.get(kind, [])
    }
    assert left == {(bucket, key) for bucket, key in others if key.startswith("loadtest/mi")}
    for bucket, key in others:
        _empty(pipeline.aws, bucket, key)


@pytest.mark.usefixtures("pipeline")
def test_a_wrong_result_is_named_with_its_difference(
    run: Run, videos: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    wrong = videos / "wrong.csv"
    wrong.write_text("video,major,year\nobama.mp4,law,freshman\n", encoding="utf-8")
    exit_code, report = run(str(videos / "obama.mp4"), "--count", "2", "--expect", str(wrong))
    assert exit_code == 1
    assert report["counts"]["wrong"] == 2
    difference = "expected freshman, law; found senior, law"
    said = capsys.readouterr().out
    assert {video["detail"] for video in report["videos"]} <= {
        difference,
        "expected law, freshman; found law, senior",
    }
    assert "obama.mp4 (number 0) wrong: expected" in said
    assert "MISSED  wrong==0 (2)" in said

    exit_code, report = run(
        str(videos / "obama.mp4"), "--expect", str(wrong), "--alias", "freshman=senior"
    )
    assert exit_code == 0
    assert report["counts"]["right"] == 1


@pytest.mark.usefixtures("pipeline")
def test_latency_counts_from_the_intended_arrival_however_late_the_generator_is(
    run: Run, tmp_path: Path
) -> None:
    """A dozen large files at once, through one uploader: each waits for all before it.

    Measured from the upload, the pipeline looks fast. Those who meant to upload waited longer.
    """
    (tmp_path / "large.mp4").write_bytes(np.random.default_rng(0).bytes(8_000_000))
    _, report = run(
        str(tmp_path / "large.mp4"), "--count", "12", "--rate", "1000", "--concurrency", "1"
    )
    videos = report["videos"]
    assert [video["arrival"] for video in videos] == sorted(video["arrival"] for video in videos)
    assert videos[-1]["arrival"] < 0.1
    # One uploader is one queue: nobody is served before all who came earlier have been (Lindley).
    for earlier, later in pairwise(videos):
        assert later["upload_started"] >= max(later["arrival"], earlier["uploaded"])
    lateness = sum(video["upload_started"] - video["arrival"] for video in videos)
    uploads = sum(video["uploaded"] - video["upload_started"] for video in videos)
    assert lateness > 4 * uploads, "the wait of 11 for their turn is more than all the uploads"

    durations = report["durations"]
    assert durations["lateness"]["mean"] == pytest.approx(lateness / 12, abs=1e-6)
    assert durations["latency"]["mean"] == pytest.approx(
        durations["upload_to_result"]["mean"] + (lateness + uploads) / 12, abs=1e-6
    )
    assert durations["latency"]["max"] > durations["upload_to_result"]["max"]


@pytest.mark.usefixtures("pipeline")
def test_a_closed_loop_waits_for_nobody(run: Run, videos: Path) -> None:
    _, report = run(str(videos / "broken.mp4"), "--count", "5", "--concurrency", "1")
    assert report["durations"]["lateness"]["max"] == 0
    assert report["settings"]["arrivals"].startswith("closed loop")


def test_a_video_that_is_deleted_while_it_waits_is_an_error_by_name(
    pipeline: Pipeline, run: Run, videos: Path
) -> None:
    aws = pipeline.aws
    held = threading.Event()

    def delete_the_last() -> None:
        while not held.is_set():
            for key in _objects(aws, aws.outputs.input_bucket, "loadtest/vanishing/"):
                if key.startswith("loadtest/vanishing/000007"):
                    aws.client("s3").delete_object(Bucket=aws.outputs.input_bucket, Key=key)
                    held.set()
            time.sleep(0.01)

    somebody = threading.Thread(target=delete_the_last)
    somebody.start()
    try:
        exit_code, report = run(
            str(videos / "both.mp4"), "--count", "8", "--prefix", "loadtest/vanishing"
        )
    finally:
        held.set()
        somebody.join()
    assert exit_code == 1
    assert report["counts"]["errors"] == 1
    (bad,) = (video for video in report["videos"] if video["verdict"] == "error")
    assert bad["number"] == 7
    assert "no longer in the bucket" in bad["detail"]


def test_what_was_processed_twice_is_a_duplicate(
    aws: LocalAws, buckets: tuple[str, str], tmp_path: Path
) -> None:
    s3 = aws.client("s3")
    s3.put_bucket_versioning(Bucket=buckets[1], VersioningConfiguration={"Status": "Enabled"})
    with _StandIn(aws, buckets, times={0: 1, 1: 2}):
        exit_code, report = _run_on(
            aws, buckets, tmp_path, "--count", "2", "--require", "duplicates==0"
        )
    assert exit_code == 1
    assert report["counts"]["duplicates"] == 1
    assert [video["written"] for video in report["videos"]] == [1, 2]
    versions = s3.list_object_versions(Bucket=buckets[1])
    assert not versions.get("Versions")
    assert not versions.get("DeleteMarkers")


def test_where_there_are_no_versions_duplicates_are_unknown_and_times_those_of_the_watcher(
    aws: LocalAws, buckets: tuple[str, str], tmp_path: Path
) -> None:
    with _StandIn(aws, buckets, times={0: 1}):
        exit_code, report = _run_on(aws, buckets, tmp_path, "--require", "duplicates==0")
    assert exit_code == 1
    assert report["counts"]["duplicates"] is None
    (video,) = report["videos"]
    assert video["finished"] is None
    assert report["durations"]["latency"]["max"] == pytest.approx(
        video["seen"] - video["arrival"], abs=1e-6
    )
    assert "do not say when they were made" in report["notes"][0]


def test_the_sample_class_is_right_and_a_stack_tells_what_it_costs(
    pipeline: Pipeline, tmp_path: Path
) -> None:
    options = parse(["sample:", "--expect", "sample:", "--stack", "local"])
    sources = find_sources(options.sources, made=tmp_path)
    session = Session(
        options, Target.of(pipeline.aws.deployment), sources, sample_expectations(sources)
    )
    session.check()
    session.go(lambda _: None)
    report = session.report(say=print)

    assert report.thresholds_are_met
    assert report.counts.right == report.counts.planned == len(sources)
    assert report.counts.error_reports == 1, "one of them is no video"
    assert report.notes == ()
    assert report.metrics is None, "the embedded AWS measures nothing"
    assert report.cost
    assert report.cost.memory_mb == 1769
    assert report.durations.function
    # The results' times are to the millisecond, each.
    assert report.cost.billed_seconds == pytest.approx(
        report.durations.function.mean * report.counts.planned,
        abs=0.002 * report.counts.planned,
    )


def test_results_that_never_come_are_missing(
    aws: LocalAws, buckets: tuple[str, str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with _StandIn(aws, buckets, times={1: 1}):
        exit_code, report = _run_on(aws, buckets, tmp_path, "--count", "3", "--timeout", "2")
    assert exit_code == 1
    assert report["ending"] == "no result came for too long"
    assert report["counts"]["csvs"] == 1
    assert report["counts"]["missing"] == 2
    assert "a.mp4 (number 0) missing" in capsys.readouterr().out
    assert not _objects(aws, buckets[0], "")


def test_a_place_that_is_taken_is_refused(
    aws: LocalAws, buckets: tuple[str, str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for bucket in buckets:
        key = "loadtest/taken/000000-a.csv"
        aws.client("s3").put_object(Bucket=bucket, Key=key, Body=b"")
        exit_code, _ = _run_on(aws, buckets, tmp_path, "--prefix", "loadtest/taken")
        assert exit_code == 3
        said = capsys.readouterr().err
        assert f"s3://{bucket}/loadtest/taken/ is not empty" in said
        assert said.count("\n") == 1
        assert list(_objects(aws, bucket, "")) == [key]
        _empty(aws, bucket)


def test_a_bucket_that_is_not_there_is_one_line(
    aws: LocalAws, buckets: tuple[str, str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for pair in (("no-such-bucket", buckets[1]), (buckets[0], "no-such-bucket")):
        exit_code, _ = _run_on(aws, pair, tmp_path)
        assert exit_code == 3
        assert capsys.readouterr().err == (
            "loadtest: listing s3://no-such-bucket: there is no such bucket: it is misspelt, or "
            "was deleted\n"
        )


def test_nobody_answering_is_one_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "a.mp4").write_bytes(b"")
    where = ["--input-bucket", "in", "--output-bucket", "out"]
    exit_code = main([str(tmp_path), *where, "--endpoint-url", "http://127.0.0.1:9"])
    assert exit_code == 3
    said = capsys.readouterr().err
    assert "nothing answers" in said
    assert said.count("\n") == 1


def test_without_a_permission_nothing_is_left_and_the_reason_is_one_line(
    aws: LocalAws,
    buckets: tuple[str, str],
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    _become_a_user_who_may(aws, monkeypatch, ["s3:ListBucket"])
    exit_code, report = _run_on(aws, buckets, tmp_path, "--count", "40", "--concurrency", "1")
    assert exit_code == 3
    assert f"uploading to s3://{buckets[0]}: not permitted" in capsys.readouterr().err
    assert report["ending"] == "it could not go on"
    assert report["counts"]["not_uploaded"] == 1, "it does not try 40 times"

    _become_a_user_who_may(aws, monkeypatch, [])
    exit_code, _ = _run_on(aws, buckets, tmp_path)
    assert exit_code == 3
    assert f"listing s3://{buckets[0]}: not permitted" in capsys.readouterr().err


def test_a_bucket_that_vanishes_ends_the_run_with_what_is_known(
    aws: LocalAws, buckets: tuple[str, str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    s3 = aws.client("s3")
    s3.create_bucket(Bucket="for-a-moment")
    with _StandIn(aws, (buckets[0], "for-a-moment"), times={0: 1}):

        def vanish() -> None:
            while not _objects(aws, "for-a-moment", ""):
                time.sleep(0.01)
            time.sleep(1.5)
            _empty(aws, "for-a-moment")
            s3.delete_bucket(Bucket="for-a-moment")

        fate = threading.Thread(target=vanish)
        fate.start()
        exit_code, report = _run_on(aws, (buckets[0], "for-a-moment"), tmp_path, "--count", "2")
        fate.join()
    assert exit_code == 3
    assert "there is no such bucket" in capsys.readouterr().err
    assert report["counts"]["csvs"] == 1
    assert report["counts"]["not_waited_for"] == 1
    assert report["counts"]["missing"] is None
    assert not _objects(aws, buckets[0], ""), "what could be deleted is"


def test_ctrl_c_ends_with_what_is_known(
    aws: LocalAws, buckets: tuple[str, str], tmp_path: Path
) -> None:
    (tmp_path / "a.mp4").write_bytes(b"")
    report_file, page_file = tmp_path / "report.json", tmp_path / "report.html"
    command = [sys.executable, "-m", "loadtest", str(tmp_path), "--count", "500", "--rate", "20"]
    where = _where(aws, buckets)
    reports = ["--json", str(report_file), "--html", str(page_file)]
    with (
        _StandIn(aws, buckets, times={0: 1, 1: 1}),
        subprocess.Popen(
            [*command, *where, *reports],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env=os.environ,
        ) as process,
    ):
        # Both results that ever come are there, and videos that get none have been uploaded.
        while len(_objects(aws, buckets[1], "")) < 2 or len(_objects(aws, buckets[0], "")) < 6:
            time.sleep(0.05)
            assert process.poll() is None
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=60)
    assert process.returncode == 130
    assert "Traceback" not in err
    assert err.splitlines()[-1] == (
        "loadtest: interrupted; the summary is of what was known by then"
    )
    report = json.loads(report_file.read_text(encoding="utf-8"))
    assert report["ending"] == "interrupted"
    assert report["counts"]["planned"] == 500
    assert report["counts"]["csvs"] == 2
    assert 2 <= report["counts"]["uploads"] < 500
    assert "of 500 videos uploaded: interrupted" in out
    unanswered = report["counts"]["uploads"] - report["counts"]["csvs"]
    assert unanswered > 0
    assert report["counts"]["not_waited_for"] == unanswered
    assert report["counts"]["missing"] is None
    assert f"{unanswered} not waited for (missing: unknown)" in out
    assert "MISSED  missing==0 (not known)" in out
    assert f"a result of each of the {unanswered} without one may still appear" in out
    assert "a CSV with the students in it" in out
    place = f"s3://{buckets[1]}/{report['prefix']}"
    assert f"aws --endpoint-url {aws.endpoint_url} s3 rm --recursive {place}" in out
    assert page_file.exists()
    assert not _objects(aws, buckets[0], "")


def test_memory_does_not_grow_with_the_number_of_videos(
    aws: LocalAws, buckets: tuple[str, str], tmp_path: Path
) -> None:
    (tmp_path / "a.mp4").write_bytes(b"")
    report = tmp_path / "report.json"
    command = [sys.executable, "-m", "loadtest", str(tmp_path), "--json", str(report)]
    peaks = []
    for count in (20, 400):
        with _StandIn(aws, buckets, times=dict.fromkeys(range(count), 1)):
            subprocess.run(
                [*command, "--count", str(count), *_where(aws, buckets)],
                check=True,
                capture_output=True,
            )
        generator = json.loads(report.read_text(encoding="utf-8"))["generator"]
        assert generator["requests"]["GetObject"] == count
        peaks.append(generator["peak_memory_mb"])
    assert peaks[1] < peaks[0] + 5, "twenty times as many"


@pytest.mark.skipif(LOCAL_STACK_FILE.exists(), reason="a local stack is up on this machine")
def test_a_stack_that_is_not_up_is_one_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "a.mp4").write_bytes(b"")
    assert main([str(tmp_path), "--stack", "local"]) == 3
    assert capsys.readouterr().err == (
        "loadtest: The local stack is not running: start it with 'make up' in another terminal.\n"
    )


def test_a_listing_finds_every_result_in_few_pages(aws: LocalAws, buckets: tuple[str, str]) -> None:
    """Any results, any waiting: what is found is what is there, by as few pages as claimed."""
    s3, (_, bucket) = aws.client("s3"), buckets
    randomly = np.random.default_rng(7)
    source = Source(name="a.mp4", path=Path("a.mp4"), size=0)
    there = {number for number in range(120) if randomly.random() < 0.7}
    videos = plan([source], count=120, prefix="p/", loop=None, seed=0)
    for number in there:
        suffix = ".error.json" if number % 5 == 0 else ".csv"
        s3.put_object(Bucket=bucket, Key=f"{key_start('p/', number)}-a{suffix}", Body=b"")
        if number % 35 == 0:
            s3.put_object(Bucket=bucket, Key=f"{key_start('p/', number)}-a.csv", Body=b"")
    for _ in range(20):
        waiting = {number for number in range(120) if randomly.random() < 0.4}
        listing = Listing(s3, bucket, "p/", videos, page=10)
        found = listing.results_of(waiting)
        assert set(found) == waiting & there
        assert all(key.startswith(key_start("p/", number)) for number, key in found.items())
        assert all(key.endswith(".csv") for number, key in found.items() if number % 35 == 0)
        assert listing.requests <= len(there) // 10 + 2

    # In order up to 100, and one that came last of all: the stretch between is jumped over.
    listing = Listing(s3, bucket, "p/", videos, page=10)
    oldest = min(there)
    assert set(listing.results_of({oldest, *range(100, 120)})) == {
        oldest,
        *(number for number in there if number >= 100),
    }
    assert listing.requests <= 1 + 2
    assert Listing(s3, bucket, "p/", videos).results_of([]) == {}


def test_what_cloudwatch_and_the_log_say_is_read(aws: LocalAws) -> None:
    """The emulator keeps what it is told: here, what AWS would have told it."""
    # Of a function that nobody else invokes in these minutes.
    outputs = replace(aws.outputs, function_name="measured")
    started = datetime.now(UTC).replace(second=20, microsecond=0) - timedelta(minutes=4)
    minute = started.replace(second=0)
    dimensions = [{"Name": "FunctionName", "Value": outputs.function_name}]
    aws.client("cloudwatch").put_metric_data(
        Namespace="AWS/Lambda",
        MetricData=[
            {
                "MetricName": name,
                "Dimensions": dimensions,
                "Timestamp": minute + timedelta(minutes=late),
                "Value": value,
            }
            for name, values in (
                ("ConcurrentExecutions", (3.0, 8.0)),
                ("Invocations", (5.0, 7.0)),
                ("Throttles", (2.0, 0.0)),
                ("Errors", (0.0, 1.0)),
            )
            for late, value in enumerate(values)
        ],
    )
    logs, stream = aws.client("logs"), "loadtest-metrics"
    logs.create_log_stream(logGroupName=outputs.log_group, logStreamName=stream)
    reports = [
        {"durationMs": 900.5, "billedDurationMs": 2000, "initDurationMs": 1099.5},
        {"durationMs": 499.5, "billedDurationMs": 500},
    ]
    logs.put_log_events(
        logGroupName=outputs.log_group,
        logStreamName=stream,
        logEvents=[
            {
                "timestamp": int(started.timestamp() * 1000) + 1,
                "message": json.dumps(
                    {
                        "type": "platform.report",
                        "record": {
                            "metrics": {**one, "memorySizeMB": 1769, "maxMemoryUsedMB": 300 + more}
                        },
                    }
                ),
            }
            for more, one in enumerate(reports)
        ],
    )

    metrics = measured(
        Target.of(replace(aws.deployment, outputs=outputs)),
        started=started,
        ended=started + timedelta(seconds=90),
        invocations=12,
    )
    assert (metrics.invocations, metrics.errors, metrics.throttles) == (12, 1, 2)
    assert metrics.highest_concurrency == 8
    assert metrics.concurrency == ((-20.0, 3.0), (40.0, 8.0))
    assert metrics.reports == 2
    assert metrics.billed_seconds == 2.5
    assert metrics.duration
    assert metrics.duration.max == pytest.approx(0.9005)
    assert metrics.init
    assert metrics.init.count == 1
    assert (metrics.memory_mb, metrics.highest_memory_mb) == (1769, 301)


def _stack_buckets(aws: LocalAws) -> list[str]:
    return _where(aws, (aws.outputs.input_bucket, aws.outputs.output_bucket))


def _where(aws: LocalAws, buckets: tuple[str, str]) -> list[str]:
    options = ("--input-bucket", buckets[0], "--output-bucket", buckets[1])
    return [*options, "--endpoint-url", aws.endpoint_url]


def _run_on(
    aws: LocalAws, buckets: tuple[str, str], folder: Path, *arguments: str
) -> tuple[int, dict[str, Any]]:
    """Run on an empty video, and return the exit code and the JSON, if it was written."""
    (folder / "a.mp4").write_bytes(b"")
    report = folder / "report.json"
    exit_code = main(
        [str(folder / "a.mp4"), *arguments, *_where(aws, buckets), "--json", str(report)]
    )
    return exit_code, json.loads(report.read_text(encoding="utf-8")) if report.exists() else {}


class _StandIn:
    """In the function's place: write a CSV for these videos, by number, so many times."""

    def __init__(self, aws: LocalAws, buckets: tuple[str, str], *, times: dict[int, int]) -> None:
        self._aws, self._buckets, self._times = aws, buckets, times
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._work)

    def __enter__(self) -> None:
        self._thread.start()

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()

    def _work(self) -> None:
        s3, left = self._aws.client("s3"), dict(self._times)
        while left and not self._stop.is_set():
            for key in _objects(self._aws, self._buckets[0], ""):
                number = int(key.rpartition("/")[2].partition("-")[0])
                for _ in range(left.pop(number, 0)):
                    s3.put_object(Bucket=self._buckets[1], Key=csv_key(key), Body=_no_rows())
            time.sleep(0.02)


def _no_rows() -> bytes:
    columns = ("year", "major", "name", "student_id")
    return (",".join(columns) + "\r\n").encode("utf-8-sig")


def _objects(aws: LocalAws, bucket: str, prefix: str) -> dict[str, Any]:
    pages = aws.client("s3").get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix)
    return {entry["Key"]: entry for page in pages for entry in page.get("Contents", [])}


def _empty(aws: LocalAws, bucket: str, prefix: str = "") -> None:
    s3 = aws.client("s3")
    versions = s3.list_object_versions(Bucket=bucket, Prefix=prefix)
    for kind in ("Versions", "DeleteMarkers"):
        for entry in versions.get(kind, []):
            s3.delete_object(Bucket=bucket, Key=entry["Key"], VersionId=entry["VersionId"])


def _become_a_user_who_may(
    aws: LocalAws, monkeypatch: pytest.MonkeyPatch, actions: list[str]
) -> None:
    iam, name = aws.client("iam"), f"tester-{len(actions)}"
    iam.create_user(UserName=name)
    if actions:
        statement = {"Effect": "Allow", "Action": actions, "Resource": "*"}
        policy = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
        iam.put_user_policy(UserName=name, PolicyName="may", PolicyDocument=policy)
    key = iam.create_access_key(UserName=name)["AccessKey"]
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", key["AccessKeyId"])
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", key["SecretAccessKey"])
