"""The result is the newest video's, in whichever order runs begin, are interrupted and end.

One run is held up at one of its requests, and another run begins and ends in the meantime.
"""

from __future__ import annotations

import io
import logging
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import ClientError
from botocore.httpsession import URLLib3Session

from function.evidence import Evidence, is_of_csv
from function.recogniser.identity.gallery import Gallery
from function.results import is_evidence_of
from function.settling import UnsettledResultError
from stacks.configuration import REPOSITORY
from tests.integration.handler_alone import (
    GALLERY,
    HEADER,
    RESULTS,
    VIDEOS,
    event,
    metadata,
    put,
    results,
    written,
)
from tests.integration.interrupted import answered, at

if TYPE_CHECKING:
    from collections.abc import Callable
    from concurrent.futures import Future

    from botocore.awsrequest import AWSPreparedRequest, AWSResponse
    from types_boto3_s3 import S3Client

    from tests.integration.handler_alone import App

BROKEN = b"no video"

DIES_BEFORE = """
import os, signal, sys
from function import app
from tests.integration.handler_alone import event
from tests.integration.interrupted import at
_, request, number = sys.argv
at(
    app.ENVIRONMENT.s3,
    f"before-call.s3.{request}",
    lambda: os.kill(os.getpid(), signal.SIGKILL),
    number=int(number),
)
app.handler(event("v.mp4"), None)
"""

# The requests of a run that put something, in their order.
EVIDENCE, CSV = 0, 1


def etag(s3: S3Client, key: str) -> str:
    return s3.head_object(Bucket=VIDEOS, Key=key)["ETag"]


def die_before(request: str, number: int) -> None:
    """Have a worker look at v.mp4, and die before its request of this name and number."""
    program = [sys.executable, "-c", DIES_BEFORE, request, str(number)]
    assert subprocess.run(program, cwd=REPOSITORY, check=False).returncode < 0


def is_whole(s3: S3Client) -> bool:
    """Tell whether v.mp4 has a CSV, and beside it the evidence of that, and nothing else."""
    found = written(s3)
    return found.keys() == {"v.csv", "v.json"} and (
        is_evidence_of(metadata(s3, "v.json"), metadata(s3, "v.csv"))
        and is_of_csv(Evidence.from_bytes(found["v.json"]), found["v.csv"])
    )


def events(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [vars(record)["event"] for record in caplog.records if record.name == "function.log"]


@pytest.mark.parametrize(
    ("attempt", "code"),
    [
        (lambda s3: s3.put_object(Bucket=RESULTS, Key="there", IfNoneMatch="*"), 412),
        (lambda s3: s3.put_object(Bucket=RESULTS, Key="there", IfMatch='"another"'), 412),
        (lambda s3: s3.put_object(Bucket=RESULTS, Key="not there", IfMatch='"any"'), 404),
        (lambda s3: s3.delete_object(Bucket=RESULTS, Key="there", IfMatch='"another"'), 412),
        (lambda s3: s3.delete_object(Bucket=RESULTS, Key="not there", IfMatch='"any"'), 404),
    ],
)
@pytest.mark.usefixtures("emptied")
def test_the_embedded_aws_keeps_to_conditions_as_aws_documents_them(
    s3: S3Client, attempt: Callable[[S3Client], object], code: int
) -> None:
    s3.put_object(Bucket=RESULTS, Key="there", Body=b"as it was")
    with pytest.raises(ClientError) as refused:
        attempt(s3)
    assert refused.value.response["ResponseMetadata"]["HTTPStatusCode"] == code
    assert results(s3) == {"there": b"as it was"}


@pytest.mark.usefixtures("enrolled")
@pytest.mark.parametrize("before", [EVIDENCE, CSV], ids=["its evidence", "its CSV"])
def test_a_csv_does_not_replace_that_of_a_newer_video(
    app: App, s3: S3Client, video: bytes, blank_video: bytes, before: int
) -> None:
    older = put(s3, "v.mp4", video)
    at(
        app.ENVIRONMENT.s3,
        "before-call.s3.PutObject",
        lambda: app.handler(put(s3, "v.mp4", blank_video), None),
        number=before,
    )
    app.handler(older, None)
    assert results(s3) == {"v.csv": HEADER}
    assert is_whole(s3)
    assert metadata(s3, "v.csv")["video-etag"] == etag(s3, "v.mp4")


@pytest.mark.usefixtures("enrolled")
@pytest.mark.parametrize("before", ["video", "blank_video"], ids=["other bytes", "same bytes"])
def test_clearing_up_does_not_take_the_csv_of_a_newer_video(
    app: App, s3: S3Client, blank_video: bytes, before: str, request: pytest.FixtureRequest
) -> None:
    app.handler(put(s3, "v.mp4", request.getfixturevalue(before)), None)
    broken = put(s3, "v.mp4", BROKEN)
    at(
        app.ENVIRONMENT.s3,
        "before-call.s3.DeleteObject",
        lambda: app.handler(put(s3, "v.mp4", blank_video), None),
    )
    app.handler(broken, None)
    assert results(s3) == {"v.csv": HEADER}
    assert metadata(s3, "v.csv")["video-etag"] == etag(s3, "v.mp4")


@pytest.mark.usefixtures("enrolled")
def test_a_report_does_not_stay_beside_the_csv_of_a_newer_video(
    app: App, s3: S3Client, blank_video: bytes
) -> None:
    broken = put(s3, "v.mp4", BROKEN)
    at(
        app.ENVIRONMENT.s3,
        "before-call.s3.PutObject",
        lambda: app.handler(put(s3, "v.mp4", blank_video), None),
    )
    app.handler(broken, None)
    assert results(s3) == {"v.csv": HEADER}


@pytest.mark.usefixtures("enrolled")
def test_a_video_that_comes_while_the_result_is_written_is_gone_on_with(
    app: App, s3: S3Client, video: bytes, blank_video: bytes
) -> None:
    older = put(s3, "v.mp4", video)
    # Its event may have come already, to a run that ended before this one wrote.
    at(app.ENVIRONMENT.s3, "before-call.s3.PutObject", lambda: put(s3, "v.mp4", blank_video))
    app.handler(older, None)
    assert results(s3) == {"v.csv": HEADER}
    assert metadata(s3, "v.csv")["video-etag"] == etag(s3, "v.mp4")


@pytest.mark.usefixtures("enrolled")
def test_what_a_worker_leaves_that_dies_between_its_two_writes_is_put_right(
    app: App, s3: S3Client, blank_video: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    app.handler(put(s3, "v.mp4", BROKEN), None)
    again = put(s3, "v.mp4", blank_video)
    die_before("DeleteObject", 0)
    assert results(s3).keys() == {"v.csv", "v.error.json"}
    caplog.clear()
    app.handler(again, None)
    assert results(s3) == {"v.csv": HEADER}
    assert events(caplog) == ["skipped"]


@pytest.mark.usefixtures("enrolled")
@pytest.mark.parametrize("before", ["nothing", "a CSV", "a report"])
def test_a_worker_that_dies_after_the_evidence_leaves_none_that_counts(
    app: App, s3: S3Client, video: bytes, blank_video: bytes, before: str
) -> None:
    if before != "nothing":
        app.handler(put(s3, "v.mp4", video if before == "a CSV" else BROKEN), None)
    earlier = results(s3)
    again = put(s3, "v.mp4", blank_video)
    die_before("PutObject", CSV)
    assert results(s3) == earlier
    assert metadata(s3, "v.json")["video-etag"] == etag(s3, "v.mp4")
    assert not is_whole(s3)
    app.handler(again, None)
    assert is_whole(s3)
    assert results(s3) == {"v.csv": HEADER}


@pytest.mark.usefixtures("enrolled")
def test_the_evidence_goes_with_the_csv_also_when_a_worker_dies_between(
    app: App, s3: S3Client, blank_video: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    app.handler(put(s3, "v.mp4", blank_video), None)
    broken = put(s3, "v.mp4", BROKEN)
    die_before("DeleteObject", 1)
    assert written(s3).keys() == {"v.error.json", "v.json"}
    caplog.set_level(logging.INFO)
    app.handler(broken, None)
    assert written(s3).keys() == {"v.error.json"}
    assert events(caplog)[-1] == "skipped"


@pytest.mark.usefixtures("enrolled")
@pytest.mark.parametrize("there", ["none", "that of another video"])
def test_an_event_that_comes_again_brings_the_evidence_that_is_missing(
    app: App, s3: S3Client, blank_video: bytes, there: str
) -> None:
    uploaded = put(s3, "v.mp4", blank_video)
    app.handler(uploaded, None)
    whole = written(s3)
    if there == "none":
        s3.delete_object(Bucket=RESULTS, Key="v.json")
    else:
        other = metadata(s3, "v.json") | {"video-etag": "another"}
        s3.put_object(Bucket=RESULTS, Key="v.json", Body=b"{}", Metadata=other)
    app.handler(uploaded, None)
    assert is_whole(s3)
    assert written(s3) == whole


@pytest.mark.usefixtures("enrolled")
def test_of_a_video_that_is_gone_the_csv_stays_without_evidence(
    app: App, s3: S3Client, blank_video: bytes
) -> None:
    uploaded = put(s3, "v.mp4", blank_video)
    app.handler(uploaded, None)
    for bucket, key in ((RESULTS, "v.json"), (VIDEOS, "v.mp4")):
        s3.delete_object(Bucket=bucket, Key=key)
    app.handler(uploaded, None)
    assert written(s3) == {"v.csv": HEADER}


def test_a_run_that_has_replaced_the_evidence_of_a_newer_result_is_tried_again(
    app: App, s3: S3Client, video: bytes, enrolled: Gallery
) -> None:
    """The one run puts its CSV between the other's look and the other's evidence."""
    uploaded = put(s3, "v.mp4", video)
    newer_is_at_its_csv, older_is_at_its_evidence = threading.Event(), threading.Event()
    newer: list[Future[None]] = []

    def begin_newer() -> None:
        content = io.BytesIO()
        Gallery(student_ids=("46",), encodings=enrolled.encodings).save(content)
        s3.put_object(Bucket=VIDEOS, Key=GALLERY, Body=content.getvalue())
        newer.append(runs.submit(app.handler, uploaded, None))
        assert newer_is_at_its_csv.wait(60)

    def hold_newer() -> None:
        newer_is_at_its_csv.set()
        assert older_is_at_its_evidence.wait(60)

    def let_newer_end() -> None:
        older_is_at_its_evidence.set()
        newer[0].result(60)

    at(app.ENVIRONMENT.s3, "after-call.s3.GetObject", begin_newer, number=1)
    # In this order: the one that waits would keep the other from counting.
    at(app.ENVIRONMENT.s3, "before-call.s3.PutObject", let_newer_end, number=2)
    at(app.ENVIRONMENT.s3, "before-call.s3.PutObject", hold_newer, number=1)
    with ThreadPoolExecutor(1) as runs, pytest.raises(UnsettledResultError):
        app.handler(uploaded, None)
    assert b",46,0.00" in results(s3)["v.csv"]
    assert not is_whole(s3)
    app.handler(uploaded, None)  # as Lambda does
    assert is_whole(s3)
    assert b",46,0.00" in results(s3)["v.csv"]


@pytest.mark.usefixtures("enrolled")
def test_two_runs_of_one_video_at_the_same_time_leave_one_result(
    app: App, s3: S3Client, blank_video: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    uploaded = put(s3, "v.mp4", blank_video)
    both_write = threading.Barrier(2)

    for first in range(2):
        at(
            app.ENVIRONMENT.s3,
            "before-call.s3.PutObject",
            lambda: both_write.wait(60),
            number=first,
        )
    caplog.set_level(logging.INFO)
    with ThreadPoolExecutor(2) as runs:
        for run in [runs.submit(app.handler, uploaded, None) for _ in range(2)]:
            run.result()
    assert results(s3) == {"v.csv": HEADER}
    assert is_whole(s3)
    assert sorted(events(caplog)) == ["processed", "skipped"]


@pytest.mark.parametrize(
    "moment",
    [("before-call.s3.PutObject", 0), ("after-call.s3.GetObject", 1)],
    ids=["while it writes", "while it looks"],
)
def test_a_slow_run_with_an_older_gallery_leaves_the_result_of_a_newer_one(
    app: App, s3: S3Client, video: bytes, enrolled: Gallery, moment: tuple[str, int]
) -> None:
    uploaded = put(s3, "v.mp4", video)

    def enrol_and_run() -> None:
        content = io.BytesIO()
        Gallery(student_ids=("46",), encodings=enrolled.encodings).save(content)
        s3.put_object(Bucket=VIDEOS, Key=GALLERY, Body=content.getvalue())
        app.handler(uploaded, None)

    name, number = moment
    at(app.ENVIRONMENT.s3, name, enrol_and_run, number=number)
    app.handler(uploaded, None)
    ((name, content),) = results(s3).items()
    assert name == "v.csv"
    assert b",46,0.00" in content
    assert metadata(s3, name)["gallery-etag"] == etag(s3, GALLERY)


def test_a_run_does_not_name_who_was_forgotten_while_it_looked(
    app: App, s3: S3Client, video: bytes, enrolled: Gallery
) -> None:
    uploaded = put(s3, "v.mp4", video)

    def forget() -> None:
        content = io.BytesIO()
        Gallery(student_ids=("46",), encodings=enrolled.encodings + 1).save(content)
        s3.put_object(Bucket=VIDEOS, Key=GALLERY, Body=content.getvalue())

    # After the gallery and the video were read, and before the result is written.
    at(app.ENVIRONMENT.s3, "after-call.s3.GetObject", forget, number=1)
    app.handler(uploaded, None)
    assert results(s3) == {"v.csv": HEADER}
    assert b'"44"' not in s3.get_object(Bucket=RESULTS, Key="v.json")["Body"].read()


def delete_gallery_when_it_is_read(app: App, s3: S3Client) -> None:
    """Delete it after the next run has read it and the video, before the result is written."""
    at(
        app.ENVIRONMENT.s3,
        "after-call.s3.GetObject",
        lambda: s3.delete_object(Bucket=VIDEOS, Key=GALLERY),
        number=1,
    )


@pytest.mark.usefixtures("enrolled")
def test_who_was_left_out_is_looked_for_again_when_the_gallery_comes_back(
    app: App, s3: S3Client, video: bytes
) -> None:
    uploaded = put(s3, "v.mp4", video)
    was = s3.get_object(Bucket=VIDEOS, Key=GALLERY)["Body"].read()
    delete_gallery_when_it_is_read(app, s3)
    app.handler(uploaded, None)
    assert results(s3) == {"v.csv": HEADER}

    # The same bytes have the same ETag.
    s3.put_object(Bucket=VIDEOS, Key=GALLERY, Body=was)
    app.handler(uploaded, None)

    assert b",44,0.00" in results(s3)["v.csv"]
    assert metadata(s3, "v.csv")["gallery-etag"] == etag(s3, GALLERY)


@pytest.mark.usefixtures("enrolled")
def test_a_run_whose_gallery_is_replaced_has_a_result_all_the_same(
    app: App, s3: S3Client, blank_video: bytes
) -> None:
    uploaded = put(s3, "v.mp4", blank_video)
    delete_gallery_when_it_is_read(app, s3)
    app.handler(uploaded, None)
    assert results(s3) == {"v.csv": HEADER}


@pytest.mark.usefixtures("enrolled")
@pytest.mark.parametrize("lost", [EVIDENCE, CSV], ids=["evidence", "CSV"])
def test_a_write_whose_answer_is_lost_is_known_again(
    app: App, s3: S3Client, blank_video: bytes, caplog: pytest.LogCaptureFixture, lost: int
) -> None:
    sent: list[AWSPreparedRequest] = []

    def write_and_lose_the_answer(request: AWSPreparedRequest, **_: object) -> AWSResponse | None:
        sent.append(request)
        if len(sent) != lost + 1:
            return None
        assert URLLib3Session().send(request).status_code == 200
        return answered(request, 500)

    hook: Any = write_and_lose_the_answer
    app.ENVIRONMENT.s3.meta.events.register("before-send.s3.PutObject", hook)
    caplog.set_level(logging.INFO)
    app.handler(put(s3, "v.mp4", blank_video), None)
    assert len(sent) == {EVIDENCE: 4, CSV: 3}[lost]
    assert results(s3) == {"v.csv": HEADER}
    assert is_whole(s3)
    assert events(caplog) == ["processed"]


@pytest.mark.usefixtures("enrolled")
def test_the_result_of_a_video_that_is_deleted_meanwhile_stays(
    app: App, s3: S3Client, blank_video: bytes
) -> None:
    uploaded = put(s3, "v.mp4", blank_video)

    def delete_and_run() -> None:
        s3.delete_object(Bucket=VIDEOS, Key="v.mp4")
        app.handler(event("v.mp4"), None)

    at(app.ENVIRONMENT.s3, "after-call.s3.GetObject", delete_and_run, number=1)
    app.handler(uploaded, None)
    assert results(s3) == {"v.csv": HEADER}
