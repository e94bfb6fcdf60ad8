"""The handler against S3 and DynamoDB, without the trigger: what it writes, and what it leaves."""

from __future__ import annotations

import importlib
import io
import json
import logging
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings

from function.events import UnexpectedEventError
from function.evidence import SURE, Evidence, Source, is_of_csv
from function.failed_requests import RequestFailedError
from function.recogniser.identity.enrolled import Enrolled
from function.recogniser.identity.gallery import Gallery, GalleryError
from function.results import error_key, is_for_want_of_enrolment
from tests.integration.handler_alone import (
    GALLERY,
    HEADER,
    RESULTS,
    STUDENTS,
    VIDEOS,
    event,
    metadata,
    put,
    results,
    written,
)
from tests.unit.made_events import events

if TYPE_CHECKING:
    from types_boto3_dynamodb import DynamoDBClient
    from types_boto3_s3 import S3Client

    from tests.integration.handler_alone import App


@pytest.mark.usefixtures("enrolled")
def test_a_video_becomes_a_csv_of_who_was_seen(app: App, s3: S3Client, video: bytes) -> None:
    key = "2026/première leçon + 1.mp4"
    app.handler(put(s3, key, video), None)
    ((name, content),) = results(s3).items()
    assert name == "2026/première leçon + 1.csv"
    assert content.startswith(HEADER + b"senior,law,Barack,44,0.00,0.52,2,0.")
    said = metadata(s3, name)
    assert said["video-etag"] == s3.head_object(Bucket=VIDEOS, Key=key)["ETag"]
    assert said["gallery-etag"] == s3.head_object(Bucket=VIDEOS, Key=GALLERY)["ETag"]
    assert "samples=2" in said["recogniser"]
    assert said["event-time"] == "2026-11-23T18:00:00.000Z"
    assert said["started"] < said["finished"]
    assert (said["cold"], said["frames"], said["faces"]) == ("true", "2", "2")


@pytest.mark.usefixtures("enrolled")
def test_beside_the_csv_is_the_evidence_of_it(app: App, s3: S3Client, video: bytes) -> None:
    key = "2026/première leçon + 1.mp4"
    app.handler(put(s3, key, video), None)
    found = written(s3)
    assert found.keys() == {"2026/première leçon + 1.csv", "2026/première leçon + 1.json"}
    evidence = Evidence.from_bytes(found["2026/première leçon + 1.json"])
    assert is_of_csv(evidence, found["2026/première leçon + 1.csv"])
    said = metadata(s3, "2026/première leçon + 1.json")
    assert said == metadata(s3, "2026/première leçon + 1.csv")
    assert evidence.source == Source(
        video=key,
        course=None,
        recogniser=said["recogniser"],
        step=0.5,
        video_etag=said["video-etag"],
        gallery_etag=said["gallery-etag"],
    )
    (seen,) = evidence.students
    assert (seen.student_id, seen.name, seen.major, seen.year) == ("44", "Barack", "law", "senior")
    assert (seen.presence, seen.sightings, seen.certainty) == (((0.0, 0.52),), 2, SURE)
    # The picture's face, which is in the middle of the film.
    assert seen.best.box.left < 0.5 < seen.best.box.left + seen.best.box.width
    assert evidence.please_check == ()
    assert evidence.strangers == 0
    assert (evidence.frames, evidence.video_seconds, evidence.unread) == (2, 1.0, "")


@pytest.mark.usefixtures("courses")
def test_the_evidence_says_of_which_course_it_is(app: App, s3: S3Client, video: bytes) -> None:
    app.handler(put(s3, "chess/v.mp4", video), None)
    evidence = Evidence.from_bytes(written(s3)["chess/v.json"])
    assert (evidence.source.course, evidence.students) == ("chess", ())


@pytest.mark.usefixtures("enrolled")
def test_the_same_video_and_gallery_give_the_same_evidence(
    app: App, s3: S3Client, video: bytes
) -> None:
    uploaded = put(s3, "v.mp4", video)
    app.handler(uploaded, None)
    first = written(s3)
    for key in first:
        s3.delete_object(Bucket=RESULTS, Key=key)
    app.handler(uploaded, None)
    assert written(s3) == first


@pytest.mark.usefixtures("enrolled")
def test_the_same_event_again_changes_nothing(
    app: App, s3: S3Client, video: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    # As Lambda is told to log. Clients are made anew, and botocore would tell of it.
    caplog.set_level(logging.INFO)
    uploaded = put(s3, "v.mp4", video)
    app.handler(uploaded, None)
    before = metadata(s3, "v.csv")
    app.handler(uploaded, None)
    assert metadata(s3, "v.csv") == before
    assert [vars(record)["event"] for record in caplog.records] == ["processed", "skipped"]


def test_a_new_gallery_brings_a_new_result(
    app: App, s3: S3Client, video: bytes, request: pytest.FixtureRequest
) -> None:
    uploaded = put(s3, "v.mp4", video)
    app.handler(uploaded, None)
    assert list(results(s3)) == ["v.error.json"]
    assert metadata(s3, "v.error.json")["gallery-etag"] == "none"
    request.getfixturevalue("enrolled")
    app.handler(uploaded, None)
    ((name, content),) = results(s3).items()
    assert name == "v.csv"
    assert b"Barack" in content
    s3.delete_object(Bucket=VIDEOS, Key=GALLERY)
    app.handler(uploaded, None)
    assert list(results(s3)) == ["v.error.json"]


def put_gallery(s3: S3Client, gallery: Gallery) -> None:
    content = io.BytesIO()
    gallery.save(content)
    s3.put_object(Bucket=VIDEOS, Key=GALLERY, Body=content.getvalue())


@pytest.fixture
def courses(s3: S3Client, enrolled: Gallery) -> Gallery:
    """Enrol the student in one course, and somebody else in another."""
    gallery = Gallery(
        student_ids=("44", "46"),
        encodings=np.concatenate([enrolled.encodings, -enrolled.encodings]),
        students={
            "44": Enrolled(courses=("Ph\u00fcsik 10b",)),
            "46": Enrolled(courses=("chess",)),
        },
    )
    put_gallery(s3, gallery)
    return gallery


@pytest.mark.usefixtures("courses")
@pytest.mark.parametrize(
    ("key", "course", "is_seen"),
    [
        ("Ph\u00fcsik 10b/week 1/v.mp4", "Ph%C3%BCsik%2010b", True),
        ("Phu\u0308sik 10b/v.mp4", "Ph%C3%BCsik%2010b", True),
        ("chess/v.mp4", "chess", False),
        ("Chess/v.mp4", None, True),
        ("chess", None, True),
        ("week 1/chess/v.mp4", None, True),
        ("/v.mp4", None, True),
    ],
)
def test_the_first_folder_names_the_course_whose_students_are_compared(  # noqa: PLR0913
    app: App, s3: S3Client, video: bytes, key: str, course: str | None, *, is_seen: bool
) -> None:
    app.handler(put(s3, key, video), None)
    ((name, content),) = results(s3).items()
    assert (b"Barack" in content) is is_seen
    assert metadata(s3, name).get("course") == course


def test_another_course_is_another_result(
    app: App, s3: S3Client, video: bytes, courses: Gallery
) -> None:
    uploaded = put(s3, "chess/v.mp4", video)
    app.handler(uploaded, None)
    assert b"Barack" not in results(s3)["chess/v.csv"]
    both = {"44": Enrolled(courses=("chess",)), "46": courses.student("46")}
    put_gallery(s3, replace(courses, students=both))
    app.handler(uploaded, None)
    assert b"Barack" in results(s3)["chess/v.csv"]


def test_who_is_past_the_last_day_is_not_looked_for(
    app: App, s3: S3Client, video: bytes, courses: Gallery
) -> None:
    today = datetime.now(UTC).date()
    for until, is_seen in ((today, True), (today - timedelta(days=1), False)):
        ended = {**courses.students, "44": Enrolled(until=until)}
        put_gallery(s3, replace(courses, students=ended))
        app.handler(put(s3, f"until {until}/v.mp4", video), None)
        assert (b"Barack" in results(s3)[f"until {until}/v.csv"]) is is_seen


def test_when_everybody_s_last_day_has_passed_a_report_says_so(
    app: App, s3: S3Client, video: bytes, courses: Gallery
) -> None:
    over = Enrolled(courses=("chess",), until=date(2026, 1, 1))
    put_gallery(s3, replace(courses, students={**courses.students, "46": over}))
    app.handler(put(s3, "chess/v.mp4", video), None)
    ((name, report),) = results(s3).items()
    assert name == "chess/v.error.json"
    assert "The last day (until) of everybody" in json.loads(report)["error"]
    said = metadata(s3, name)
    assert is_for_want_of_enrolment(said)
    assert said["course"] == "chess"


@pytest.mark.parametrize("gallery", ["none", "empty"])
@pytest.mark.parametrize("key", ["v.mp4", "lecture"])
def test_with_nobody_enrolled_a_report_says_so_and_nothing_is_decoded(
    app: App, s3: S3Client, gallery: str, key: str, caplog: pytest.LogCaptureFixture
) -> None:
    if gallery == "empty":
        content = io.BytesIO()
        Gallery.empty().save(content)
        s3.put_object(Bucket=VIDEOS, Key=GALLERY, Body=content.getvalue())
    caplog.set_level(logging.INFO)
    uploaded = put(s3, key, b"GIF89a, and no more")
    app.handler(uploaded, None)
    app.handler(uploaded, None)
    ((name, report),) = results(s3).items()
    assert name == error_key(key)
    assert "Nobody is enrolled yet" in json.loads(report)["error"]
    assert "python -m enroll --stack NAME" in json.loads(report)["remedy"]
    assert is_for_want_of_enrolment(metadata(s3, name))
    assert [vars(record)["event"] for record in caplog.records] == ["unenrolled", "skipped"]


def test_who_enrols_while_the_report_is_written_has_the_video_looked_at(
    app: App, s3: S3Client, video: bytes, request: pytest.FixtureRequest
) -> None:
    reports = count()

    def enrol(**_: object) -> None:
        if next(reports) == 0:
            request.getfixturevalue("enrolled")

    uploaded = put(s3, "v.mp4", video)
    app.ENVIRONMENT.s3.meta.events.register("after-call.s3.PutObject", enrol)
    app.handler(uploaded, None)
    ((name, content),) = results(s3).items()
    assert name == "v.csv"
    assert b"Barack" in content


def test_a_video_that_is_gone_when_somebody_is_enrolled_is_said_to_be(
    app: App, s3: S3Client, video: bytes, request: pytest.FixtureRequest
) -> None:
    uploaded = put(s3, "v.mp4", video)
    app.handler(uploaded, None)
    s3.delete_object(Bucket=VIDEOS, Key="v.mp4")
    request.getfixturevalue("enrolled")
    app.handler(uploaded, None)
    assert "no longer in the bucket" in json.loads(results(s3)["v.error.json"])["error"]
    assert not is_for_want_of_enrolment(metadata(s3, "v.error.json"))


@pytest.mark.usefixtures("enrolled")
def test_a_face_without_a_record_is_a_row_and_a_warning_that_names_nobody(
    app: App,
    s3: S3Client,
    dynamodb: DynamoDBClient,
    video: bytes,
    caplog: pytest.LogCaptureFixture,
) -> None:
    dynamodb.delete_item(TableName=STUDENTS, Key={"student_id": {"S": "44"}})
    app.handler(put(s3, "v.mp4", video), None)
    assert results(s3)["v.csv"].startswith(HEADER + b",,,44,0.00,")
    (warning,) = [record for record in caplog.records if record.levelno == logging.WARNING]
    assert vars(warning)["unrecorded"] == 1
    assert "44" not in "\n".join(caplog.messages)


@pytest.mark.usefixtures("enrolled")
def test_what_cannot_be_read_becomes_an_error_report_and_a_mended_video_a_csv(
    app: App, s3: S3Client, blank_video: bytes
) -> None:
    app.handler(put(s3, "v.mp4", b"no video"), None)
    ((name, content),) = results(s3).items()
    assert name == "v.error.json"
    report = json.loads(content)
    assert report["video"] == "v.mp4"
    assert "not a video" in report["error"]
    assert report["remedy"]
    app.handler(put(s3, "v.mp4", blank_video), None)
    assert results(s3) == {"v.csv": HEADER}
    app.handler(put(s3, "v.mp4", b""), None)
    assert list(results(s3)) == ["v.error.json"]


@pytest.mark.usefixtures("enrolled")
@pytest.mark.parametrize(
    ("key", "result"),
    [
        ("lecture", "lecture.video.csv"),
        ("week 1/LECTURE.Mp4", "week 1/LECTURE.Mp4.csv"),
        ("notes.txt", "notes.txt.video.csv"),
        ("week 1/", "week 1/.video.csv"),
    ],
)
def test_the_content_of_a_video_is_enough(
    app: App, s3: S3Client, blank_video: bytes, key: str, result: str
) -> None:
    app.handler(put(s3, key, blank_video), None)
    assert results(s3) == {result: HEADER}


@pytest.mark.usefixtures("enrolled")
@pytest.mark.parametrize("content", [b"notes", b""])
def test_the_name_of_a_video_is_enough(app: App, s3: S3Client, content: bytes) -> None:
    app.handler(put(s3, "notes.ts", content), None)
    assert list(results(s3)) == ["notes.ts.error.json"]


@pytest.mark.parametrize(
    ("key", "content"),
    [
        ("Ada's notes.txt", b"She was here."),
        ("Ada/", b""),
        ("Ada", b""),
        ("Ada/._lecture.mp4", b"\0\x05\x16\x07\0\x02\0\0Mac OS X        "),
    ],
)
def test_what_is_no_video_is_passed_over_and_not_named(
    app: App, s3: S3Client, key: str, content: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    app.handler(put(s3, key, content), None)
    app.handler(event("Ada's other notes, deleted meanwhile"), None)
    assert results(s3) == {}
    assert [vars(record)["event"] for record in caplog.records] == ["ignored", "ignored"]
    assert "Ada" not in caplog.text


def test_what_is_replaced_while_it_is_looked_at_is_tried_again(app: App, s3: S3Client) -> None:
    def replace(**_: object) -> None:
        s3.put_object(Bucket=VIDEOS, Key="lecture", Body=b"GIF89a")

    app.ENVIRONMENT.s3.meta.events.register("after-call.s3.HeadObject", replace)
    with pytest.raises(RequestFailedError, match="GetObject: 412 PreconditionFailed"):
        app.handler(put(s3, "lecture", b"notes"), None)
    assert results(s3) == {}


@pytest.mark.usefixtures("enrolled")
def test_a_video_that_is_gone_is_reported_unless_it_has_a_result(
    app: App, s3: S3Client, blank_video: bytes
) -> None:
    app.handler(event("absent.mp4"), None)
    assert "no longer in the bucket" in json.loads(results(s3)["absent.error.json"])["error"]
    app.handler(put(s3, "v.mp4", blank_video), None)
    s3.delete_object(Bucket=VIDEOS, Key="v.mp4")
    app.handler(event("v.mp4"), None)
    assert results(s3)["v.csv"] == HEADER
    assert "v.error.json" not in results(s3)


@pytest.mark.usefixtures("enrolled")
@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"model": np.array("another")}, "made with 'another'"),
        ({"encodings": np.zeros((1, 64), np.float32)}, r"\(1, 64\)"),
    ],
    ids=["model", "shape"],
)
def test_a_gallery_of_another_model_or_shape_is_a_failure_and_not_a_result(
    app: App, s3: S3Client, blank_video: bytes, changes: dict[str, Any], said: str
) -> None:
    s3.put_object(Bucket=VIDEOS, Key=GALLERY, Body=changed_gallery(s3, changes))
    with pytest.raises(GalleryError, match=said):
        app.handler(put(s3, "v.mp4", blank_video), None)
    assert results(s3) == {}


def changed_gallery(s3: S3Client, changes: dict[str, Any]) -> bytes:
    stored = io.BytesIO(s3.get_object(Bucket=VIDEOS, Key=GALLERY)["Body"].read())
    changed = io.BytesIO()
    with np.load(stored) as gallery:
        np.savez(changed, **{**gallery, **changes})
    return changed.getvalue()


@pytest.mark.usefixtures("enrolled")
def test_one_failure_does_not_keep_the_other_videos_of_an_event_back(
    app: App, s3: S3Client, blank_video: bytes
) -> None:
    put(s3, "v.mp4", blank_video)
    impossible_bucket = event("a.mp4")["Records"][0] | {
        "s3": {"bucket": {"name": "no such bucket"}, "object": {"key": "notes.txt"}}
    }
    with pytest.raises(UnexpectedEventError, match="1 of the event's 2 records"):
        app.handler({"Records": [impossible_bucket, *event("v.mp4")["Records"]]}, None)
    assert list(results(s3)) == ["v.csv"]


@pytest.mark.usefixtures("enrolled")
def test_a_table_that_is_missing_is_a_failure(
    s3: S3Client,
    app: App,
    video: bytes,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("STUDENTS_TABLE", "no-such-table")
    app = cast("App", importlib.reload(cast("Any", app)))
    with pytest.raises(RequestFailedError, match="BatchGetItem: 400 ResourceNotFoundException"):
        app.handler(put(s3, "v.mp4", video), None)
    assert results(s3) == {}


@pytest.mark.usefixtures("enrolled")
def test_nothing_stays_on_the_disk(
    app: App, s3: S3Client, blank_video: bytes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    app.handler(put(s3, "v.mp4", blank_video), None)
    app.handler(put(s3, "w.mp4", b"no video"), None)
    assert list(tmp_path.iterdir()) == []
    still_open = [entry.resolve() for entry in Path("/proc/self/fd").iterdir()]
    assert not [path for path in still_open if path.is_relative_to(tmp_path)]


@pytest.mark.usefixtures("enrolled")
def test_a_video_that_is_replaced_meanwhile_leaves_the_result_to_its_own_event(
    app: App, s3: S3Client, blank_video: bytes
) -> None:
    reads = count()

    def replace(**_: object) -> None:
        if next(reads) == 1:  # the first one is the gallery's
            s3.put_object(Bucket=VIDEOS, Key="v.mp4", Body=b"no video")

    app.ENVIRONMENT.s3.meta.events.register("after-call.s3.GetObject", replace)
    uploaded = put(s3, "v.mp4", blank_video)
    app.handler(uploaded, None)
    assert results(s3) == {}
    app.handler(uploaded, None)
    assert list(results(s3)) == ["v.error.json"]


@pytest.mark.usefixtures("enrolled")
def test_a_video_that_is_replaced_before_it_is_read_is_tried_again(
    app: App, s3: S3Client, blank_video: bytes
) -> None:
    reads = count()

    def replace(**_: object) -> None:
        if next(reads) == 0:
            s3.put_object(Bucket=VIDEOS, Key="v.mp4", Body=b"no video")

    app.ENVIRONMENT.s3.meta.events.register("after-call.s3.GetObject", replace)
    with pytest.raises(RequestFailedError, match="GetObject: 412 PreconditionFailed"):
        app.handler(put(s3, "v.mp4", blank_video), None)
    assert results(s3) == {}


@pytest.mark.usefixtures("enrolled")
@pytest.mark.parametrize(
    ("operation", "missing"),
    [
        ("HeadObject", "v.mp4"),
        ("HeadObject", "v.csv"),
        ("GetObject", GALLERY),
    ],
    ids=["video", "result", "gallery"],
)
def test_what_is_forbidden_is_not_taken_for_missing(
    app: App, s3: S3Client, blank_video: bytes, operation: str, missing: str
) -> None:
    # What S3 answers, and the emulator does not, where s3:ListBucket is lacking.
    def forbid(parsed: dict[str, Any], **_: object) -> None:
        if parsed.get("Error", {}).get("Code") in {"404", "NoSuchKey"}:
            parsed["Error"] = {"Code": "403", "Message": "Forbidden"}
            forbidden.append(operation)

    forbidden: list[str] = []
    uploaded = put(s3, "v.mp4", blank_video)
    if missing != "v.csv":
        s3.delete_object(Bucket=VIDEOS, Key=missing)
    app.ENVIRONMENT.s3.meta.events.register(f"after-call.s3.{operation}", forbid)
    with pytest.raises(RequestFailedError, match="403"):
        app.handler(uploaded, None)
    assert forbidden == [operation]
    assert results(s3) == {}


@settings(
    max_examples=150,
    deadline=None,
    # One module and one bucket for all of them: what one event leaves, the next has to bear.
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(made=events(VIDEOS))
def test_whatever_comes_as_an_event_ends_well_or_is_said_to_be_none(app: App, made: object) -> None:
    with suppress(UnexpectedEventError):
        app.handler(made, None)


@pytest.mark.usefixtures("enrolled")
def test_the_next_event_is_served_after_what_is_none(
    app: App, s3: S3Client, blank_video: bytes
) -> None:
    uploaded = put(s3, "v.mp4", blank_video)
    others: tuple[object, ...] = (
        None,
        [],
        {},
        {"Records": [7]},
        {"Records": [{"s3": "x" * 10**6}]},
    )
    for made in others:
        with pytest.raises(UnexpectedEventError):
            app.handler(made, None)
    app.handler(uploaded, None)
    assert list(results(s3)) == ["v.csv"]
