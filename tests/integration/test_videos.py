"""Videos that are put into the input bucket become CSVs, or error reports, in the output bucket."""

from __future__ import annotations

import io
import re
from typing import TYPE_CHECKING
from urllib.parse import quote_plus

import av
import pytest

from enroll.deployed import enrol_students, forget_students, load_gallery
from enroll.enrolment import enrol
from function.results import csv_key
from function.students import Student
from samples.sample_class import person_in_class
from tests.integration.conftest import BIDEN, COLLINS, OBAMA, STRANGER

if TYPE_CHECKING:
    from pathlib import Path

    from tests.integration.conftest import ClassVideo
    from tests.integration.pipeline import Pipeline

OBAMA_RECORD = {
    "year": "senior",
    "major": "law",
    "name": "Barack Obama",
    "student_id": "1001",
}


@pytest.fixture(scope="session")
def obama(class_video: ClassVideo) -> bytes:
    return class_video((OBAMA,))


def test_a_video_of_a_student_becomes_a_csv_of_that_student(
    pipeline: Pipeline, obama: bytes
) -> None:
    result = pipeline.csv_of("obama.mp4", obama)

    (row,) = result.rows
    assert list(row) == [
        "year",
        "major",
        "name",
        "student_id",
        "first_seen",
        "last_seen",
        "sightings",
        "distance",
    ]
    assert OBAMA_RECORD.items() <= row.items()
    assert 0 < float(row["distance"]) < 0.6
    assert result.body.startswith("\ufeff".encode())


def test_all_students_of_a_video_are_named_in_order_of_appearance(
    pipeline: Pipeline, class_video: ClassVideo
) -> None:
    video = class_video((BIDEN,), (OBAMA, COLLINS))

    rows = pipeline.csv_of("several.mp4", video).rows

    assert rows[0]["name"] == "Joe Biden"
    assert {row["name"] for row in rows[1:]} == {"Barack Obama", "Eileen Collins"}


def test_a_video_of_nobody_becomes_a_csv_without_rows(
    pipeline: Pipeline, class_video: ClassVideo
) -> None:
    result = pipeline.csv_of("nobody.mp4", class_video(()))

    assert result.rows == []
    assert result.body.decode("utf-8-sig").startswith("year,major,name")


def test_a_stranger_is_not_named(pipeline: Pipeline, class_video: ClassVideo) -> None:
    result = pipeline.csv_of("stranger.mp4", class_video((STRANGER, BIDEN)))

    assert result.names == {"Joe Biden"}
    assert int(result.metadata["faces"]) > int(result.rows[0]["sightings"])


@pytest.mark.parametrize(
    "key",
    [
        "a name with spaces.mp4",
        "1+1=2 & 100%.mp4",
        "Übung für Łukasz 講義.mp4",
        "term 1/week+2/day 3/lecture.mp4",
        "CAMERA.MP4",
    ],
)
def test_keys_of_all_kinds_come_through(pipeline: Pipeline, obama: bytes, key: str) -> None:
    assert pipeline.csv_of(key, obama).names == {"Barack Obama"}


def test_containers_of_other_suffixes_come_through(
    pipeline: Pipeline, class_video: ClassVideo
) -> None:
    video = class_video((OBAMA,), suffix=".mov")

    assert pipeline.csv_of("phone.mov", video).names == {"Barack Obama"}


def test_a_broken_file_becomes_an_error_report(pipeline: Pipeline, obama: bytes) -> None:
    result = pipeline.error_of("broken.mp4", obama[: len(obama) // 3])

    assert result.error["video"] == "broken.mp4"
    assert result.error["error"]
    assert result.error["remedy"]
    assert pipeline.result("broken.csv") is None


def test_a_file_with_sound_alone_becomes_an_error_report(pipeline: Pipeline) -> None:
    assert pipeline.error_of("sound.mp4", _sound()).error["video"] == "sound.mp4"


def test_a_good_upload_replaces_the_error_report(pipeline: Pipeline, obama: bytes) -> None:
    pipeline.error_of("second try.mp4", b"no video")

    assert pipeline.csv_of("second try.mp4", obama).names == {"Barack Obama"}
    assert pipeline.result("second try.error.json") is None


@pytest.mark.parametrize("key", ["no suffix", "mixed.Mp4", "part.mp4.part"])
def test_a_video_comes_through_whatever_its_key(pipeline: Pipeline, obama: bytes, key: str) -> None:
    assert pipeline.csv_of(key, obama).names == {"Barack Obama"}


def test_what_is_no_video_is_passed_over(pipeline: Pipeline, obama: bytes) -> None:
    others = {
        "Ada's notes.txt": b"not for the function",
        "Ada's folder/": b"",
        "Ada's empty object": b"",
        "Ada's folder/._lecture.mp4": b"\0\x05\x16\x07\0\x02\0\0Mac OS X        ",
    }
    versions, ignored = pipeline.versions(""), pipeline.logged("ignored")
    for key, content in others.items():
        pipeline.upload(key, content)
    pipeline.csv_of("after the notes.mp4", obama)

    pipeline.wait_until_logged("ignored", beyond=ignored + len(others) - 1)
    assert pipeline.logged("ignored") == ignored + len(others)
    assert pipeline.versions("") == versions + 2  # a CSV, and its evidence
    assert pipeline.failures() == []
    assert "Ada" not in "\n".join(pipeline.log())


def test_a_text_with_the_name_of_a_video_is_reported(pipeline: Pipeline) -> None:
    report = pipeline.error_of("notes.ts", b"const notes: string[] = [];\n").error

    assert "not a video" in report["error"]


def test_a_duplicate_event_is_skipped(pipeline: Pipeline, obama: bytes) -> None:
    key = "twice over.mp4"
    pipeline.csv_of(key, obama)
    skipped = pipeline.logged("skipped")

    pipeline.run(_event(pipeline, key))

    pipeline.wait_until_logged("skipped", beyond=skipped)
    assert pipeline.logged("skipped") == skipped + 1
    assert pipeline.versions(csv_key(key)) == 1


def test_the_test_event_of_a_new_notification_is_ignored(pipeline: Pipeline) -> None:
    versions = pipeline.versions("")

    pipeline.run({"Service": "Amazon S3", "Event": "s3:TestEvent", "Bucket": "any"})

    assert pipeline.versions("") == versions


def test_an_enrolment_shows_in_the_next_upload_of_the_same_video(
    pipeline: Pipeline, class_video: ClassVideo, tmp_path: Path
) -> None:
    video = class_video((STRANGER,))
    hopper = Student(student_id="1004", name="Grace Hopper", major="math", year="senior")
    deployment = pipeline.aws.deployment
    assert pipeline.csv_of("new student.mp4", video).names == set()

    (tmp_path / "1004").mkdir()
    person_in_class(STRANGER).save(tmp_path / "1004" / "portrait.jpg")
    enrolment = enrol([hopper], tmp_path, known=load_gallery(deployment))
    enrol_students(deployment, [hopper], enrolment.rows)
    try:
        assert pipeline.csv_of("new student.mp4", video).names == {"Grace Hopper"}
    finally:
        forget_students(deployment, ["1004"])

    assert pipeline.csv_of("new student.mp4", video).names == set()


def test_an_enrolled_face_without_a_record_is_a_row_with_empty_fields(
    pipeline: Pipeline, obama: bytes
) -> None:
    outputs = pipeline.aws.outputs
    table = pipeline.aws.session().resource("dynamodb", endpoint_url=pipeline.aws.endpoint_url)
    records = table.Table(outputs.students_table)
    record = records.get_item(Key={"student_id": "1001"})["Item"]
    records.delete_item(Key={"student_id": "1001"})
    try:
        (row,) = pipeline.csv_of("no record.mp4", obama).rows
    finally:
        records.put_item(Item=record)

    assert (row["student_id"], row["name"], row["major"], row["year"]) == ("1001", "", "", "")


def test_the_log_names_neither_videos_nor_students(pipeline: Pipeline, obama: bytes) -> None:
    processed = pipeline.logged("processed")
    pipeline.csv_of("private matter.mp4", obama)
    pipeline.wait_until_logged("processed", beyond=processed)

    log = "\n".join(pipeline.log())

    assert "private matter" not in log
    assert "Obama" not in log
    assert not re.search(r"\b1001\b", log.replace('"duration_ms": 1001', ""))


def _event(pipeline: Pipeline, key: str) -> dict[str, object]:
    """Return what S3 says when an object has been put."""
    record = {
        "eventSource": "aws:s3",
        "eventName": "ObjectCreated:Put",
        "eventTime": "2026-09-01T08:00:00.000Z",
        "s3": {
            "bucket": {"name": pipeline.aws.outputs.input_bucket},
            "object": {"key": quote_plus(key, safe="/")},
        },
    }
    return {"Records": [record]}


def _sound() -> bytes:
    output = io.BytesIO()
    with av.open(output, "w", format="mp4") as container:
        stream = container.add_stream("aac", rate=8000)
        assert isinstance(stream, av.AudioStream)
        frame = av.AudioFrame(format="fltp", layout="mono", samples=1024)
        frame.rate = 8000
        for plane in frame.planes:
            plane.update(bytes(plane.buffer_size))
        container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return output.getvalue()


def test_a_video_that_was_cut_off_has_its_csv_and_says_what_is_missing(
    pipeline: Pipeline, class_video: ClassVideo
) -> None:
    whole = class_video((OBAMA,), (OBAMA,), (OBAMA,), (OBAMA,), (BIDEN,), suffix=".mkv")
    told = pipeline.logged("partly")

    result = pipeline.csv_of("cut.mkv", whole[: len(whole) // 2])

    assert result.names == {"Barack Obama"}
    assert re.fullmatch(r"read to 0:0[1-3] of 0:05", result.metadata["unread"])
    pipeline.wait_until_logged("partly", beyond=told)
    assert "unread" not in pipeline.csv_of("whole.mkv", whole).metadata
