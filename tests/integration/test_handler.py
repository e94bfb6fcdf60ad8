"""The handler against S3 and DynamoDB, without the trigger: what it writes, and what it leaves."""

from __future__ import annotations

import importlib
import io
import json
import logging
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, cast
from urllib.parse import quote_plus

import boto3
import numpy as np
import pytest
from botocore.exceptions import ClientError, ParamValidationError
from PIL import Image

from function.recogniser.faces.encoding import find_faces
from function.recogniser.identity.gallery import Gallery, GalleryError
from function.recogniser.video.unreadable import UnreadableVideoError
from function.results import COLUMNS, error_key, is_for_want_of_enrolment
from function.storage import StoredVideo, downloaded
from function.students import Student
from local.emulator import REGION, start_emulator
from local.lifeline import Lifeline
from samples.pictures import sample_picture
from samples.sample_video import Scene, write_video

if TYPE_CHECKING:
    from collections.abc import Iterator

    from types_boto3_dynamodb import DynamoDBClient
    from types_boto3_s3 import S3Client

VIDEOS, RESULTS, STUDENTS, GALLERY = "videos", "results", "students", "gallery/encodings.npz"
HEADER = b"\xef\xbb\xbf" + ",".join(COLUMNS).encode() + b"\r\n"


class App(Protocol):
    """The handler's module, loaded with the settings below."""

    def _s3(self) -> S3Client: ...

    def handler(self, event: dict[str, Any], context: object) -> None:
        """Answer a notification."""


@pytest.fixture(scope="module")
def environment() -> Iterator[None]:
    """Start an emulator with the buckets and the table, and point this process to it."""
    with Lifeline() as lifeline, pytest.MonkeyPatch.context() as patch:
        emulator = start_emulator(lifeline, port=0, retry_base_seconds=1)
        for name, value in {
            "AWS_ENDPOINT_URL": emulator.endpoint_url,
            "AWS_ACCESS_KEY_ID": emulator.administrator.key_id,
            "AWS_SECRET_ACCESS_KEY": emulator.administrator.secret,
            "AWS_DEFAULT_REGION": REGION,
            "OUTPUT_BUCKET": RESULTS,
            "STUDENTS_TABLE": STUDENTS,
            "GALLERY_BUCKET": VIDEOS,
            "GALLERY_KEY": GALLERY,
            "SAMPLES_PER_SECOND": "2",
            "TOLERANCE": "0.6",
            "MARGIN": "0.02",
        }.items():
            patch.setenv(name, value)
        yield


@pytest.fixture(scope="module")
def s3(environment: None) -> S3Client:  # noqa: ARG001 - boto3 reads it
    client = boto3.client("s3")
    client.create_bucket(Bucket=VIDEOS)
    client.create_bucket(Bucket=RESULTS)
    return client


@pytest.fixture(scope="module")
def dynamodb(environment: None) -> DynamoDBClient:  # noqa: ARG001 - boto3 reads it
    client = boto3.client("dynamodb")
    client.create_table(
        TableName=STUDENTS,
        BillingMode="PAY_PER_REQUEST",
        KeySchema=[{"AttributeName": "student_id", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "student_id", "AttributeType": "S"}],
    )
    return client


@pytest.fixture(autouse=True)
def emptied(s3: S3Client, dynamodb: DynamoDBClient) -> None:
    """Leave nothing of one test to the next."""
    for bucket in (VIDEOS, RESULTS):
        for stored in s3.list_objects_v2(Bucket=bucket).get("Contents", []):
            s3.delete_object(Bucket=bucket, Key=stored["Key"])
    for student_id in ("44", "46"):
        dynamodb.delete_item(TableName=STUDENTS, Key={"student_id": {"S": student_id}})


@pytest.fixture
def app(s3: S3Client) -> App:  # noqa: ARG001 - the module reads the environment as it loads
    """Return the handler's module as a new execution environment would load it."""
    return cast("App", importlib.reload(importlib.import_module("function.app")))


@pytest.fixture(scope="module")
def obama() -> Image.Image:
    with Image.open(sample_picture("obama.jpg")) as picture:
        return picture.convert("RGB")


@pytest.fixture(scope="module")
def video(tmp_path_factory: pytest.TempPathFactory, obama: Image.Image) -> bytes:
    path = tmp_path_factory.mktemp("videos") / "v.mp4"
    return write_video(path, [Scene(seconds=1, pictures=[obama])]).read_bytes()


@pytest.fixture(scope="module")
def blank_video(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    path = tmp_path_factory.mktemp("videos") / "blank.mp4"
    return write_video(path, [Scene(seconds=0.2)], size=(160, 90)).read_bytes()


@pytest.fixture
def enrolled(s3: S3Client, dynamodb: DynamoDBClient, obama: Image.Image) -> Gallery:
    (face,) = find_faces(np.asarray(obama))
    gallery = Gallery(student_ids=("44",), encodings=face.encoding[np.newaxis])
    content = io.BytesIO()
    gallery.save(content)
    s3.put_object(Bucket=VIDEOS, Key=GALLERY, Body=content.getvalue())
    student = Student(student_id="44", name="Barack", major="law", year="senior")
    dynamodb.put_item(TableName=STUDENTS, Item=student.as_item())
    return gallery


def event(*keys: str) -> dict[str, Any]:
    return {
        "Records": [
            {
                "eventTime": "2026-11-23T18:00:00.000Z",
                "s3": {"bucket": {"name": VIDEOS}, "object": {"key": quote_plus(key)}},
            }
            for key in keys
        ]
    }


def put(s3: S3Client, key: str, body: bytes) -> dict[str, Any]:
    s3.put_object(Bucket=VIDEOS, Key=key, Body=body)
    return event(key)


def results(s3: S3Client) -> dict[str, bytes]:
    stored = s3.list_objects_v2(Bucket=RESULTS).get("Contents", [])
    keys = [entry["Key"] for entry in stored]
    return {key: s3.get_object(Bucket=RESULTS, Key=key)["Body"].read() for key in keys}


def metadata(s3: S3Client, key: str) -> dict[str, str]:
    return s3.head_object(Bucket=RESULTS, Key=key)["Metadata"]


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
    app._s3().meta.events.register("after-call.s3.PutObject", enrol)
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
    assert "44" not in caplog.text


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

    app._s3().meta.events.register("after-call.s3.HeadObject", replace)
    with pytest.raises(ClientError, match=r"PreconditionFailed|412"):
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
    with pytest.raises(ParamValidationError, match="Invalid bucket name"):
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
    with pytest.raises(ClientError):
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


def test_a_video_larger_than_the_disk_is_unreadable_and_the_remedy_is_the_setting(
    s3: S3Client,
) -> None:
    video = StoredVideo(bucket=VIDEOS, key="v.mp4", etag="e", size=10**18)
    with pytest.raises(UnreadableVideoError, match="ephemeralStorageMb"), downloaded(s3, video):
        pass


@pytest.mark.usefixtures("enrolled")
def test_a_video_that_is_replaced_meanwhile_leaves_the_result_to_its_own_event(
    app: App, s3: S3Client, blank_video: bytes
) -> None:
    reads = count()

    def replace(**_: object) -> None:
        if next(reads) == 1:  # the first one is the gallery's
            s3.put_object(Bucket=VIDEOS, Key="v.mp4", Body=b"no video")

    app._s3().meta.events.register("after-call.s3.GetObject", replace)
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

    app._s3().meta.events.register("after-call.s3.GetObject", replace)
    with pytest.raises(ClientError, match=r"PreconditionFailed|412"):
        app.handler(put(s3, "v.mp4", blank_video), None)
    assert results(s3) == {}
