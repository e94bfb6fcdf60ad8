"""The register of a stack's course, and corrections in its output bucket."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest
from botocore.exceptions import ClientError

from enroll.deployed import enrol_students, load_gallery
from enroll.gallery_edits import without_students
from function.results import corrections_key, csv_key, evidence_key
from function.students import Student
from register.__main__ import main
from register.corrections import CorrectionsError, What, undone
from register.results_bucket import sessions_in_bucket, students_of_course
from register.stored_corrections import CorrectionsBusyError, StoredCorrections
from stacks import outputs
from tests.integration.conftest import BIDEN, OBAMA
from tests.unit.register_samples import said

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from register.corrections import Correction
    from tests.integration.conftest import ClassVideo
    from tests.integration.pipeline import Pipeline

COURSE = "Physik für 10b"
DECOMPOSED = "Physik fu\u0308r 10b"
FIRST, SECOND = f"{COURSE}/2026-11-23.mp4", f"{DECOMPOSED}/2026-11-30.mov"
BROKEN = f"{COURSE}/2026-12-07.mp4"


@pytest.fixture(scope="module")
def course(pipeline: Pipeline, class_video: ClassVideo) -> Iterator[Pipeline]:
    """Give the sample class a course, and the course two lessons and a broken video."""
    stack = pipeline.aws.deployment
    gallery = load_gallery(stack)
    students = [
        Student(student_id="1001", name="Ada", major="law", year="1", courses=(COURSE,)),
        Student(student_id="1002", name="Zoë", major="law", year="1", courses=(COURSE, "chess")),
    ]
    enrol_students(stack, students, without_students(gallery, set(gallery.student_ids)))
    pipeline.csv_of(FIRST, class_video((OBAMA, BIDEN)))
    pipeline.csv_of(SECOND, class_video((OBAMA,), suffix=".mov"))
    pipeline.error_of(BROKEN, b"no video")
    yield pipeline
    enrol_students(
        stack,
        [
            Student(student_id="1001", name="Barack Obama", major="law", year="senior"),
            Student(student_id="1002", name="Joe Biden", major="history", year="junior"),
        ],
        without_students(gallery, set(gallery.student_ids)),
    )


def test_the_register_of_a_stack_is_of_the_course_s_students_and_sessions(
    course: Pipeline, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(outputs, "LOCAL_STACK_FILE", course.stack_file(tmp_path))
    out = tmp_path / "out"
    assert main([COURSE, "--stack", "local", "--output", str(out)]) == 0
    rows = (out / "register.csv").read_text("utf-8-sig").splitlines()
    assert rows[0].startswith("id,name,major,year,2026-11-23,2026-11-30,2026-12-07,")
    assert rows[1].startswith("1001,Ada,law,1,present,present,,")
    assert rows[2].startswith("1002,Zoë,law,1,present,not seen,,")
    session = (out / "sessions" / "2026-11-23.html").read_text("utf-8")
    assert "Recording: 0:00:01" in session
    assert main(["geography", "--stack", "local", "--output", str(out)]) == 2


def test_evidence_of_something_else_does_not_count(course: Pipeline) -> None:
    s3, bucket = course.aws.client("s3"), course.aws.outputs.output_bucket
    key = evidence_key(FIRST)
    stored = s3.get_object(Bucket=bucket, Key=key)
    content, metadata = stored["Body"].read(), stored["Metadata"]
    s3.put_object(
        Bucket=bucket, Key=key, Body=content, Metadata=metadata | {"video-etag": "another"}
    )
    try:
        found = sessions_in_bucket(
            course.aws.client("s3"), course.aws.outputs.output_bucket, COURSE
        )
    finally:
        s3.put_object(Bucket=bucket, Key=key, Body=content, Metadata=metadata)
    assert found.notes == (f"{key}: passed over, the CSV counts: it was made from something else",)
    (session,) = [each for each in found.sessions if each.title == "2026-11-23"]
    assert session.seconds is None
    assert session.seen.keys() == {"1001", "1002"}


def test_students_of_a_course_are_those_who_have_it(course: Pipeline) -> None:
    found = students_of_course(
        course.aws.client("dynamodb"), course.aws.outputs.students_table, "chess"
    )
    assert [student.name for student in found] == ["Zoë"]


# Corrections.


@pytest.fixture
def stored(course: Pipeline) -> Iterator[StoredCorrections]:
    s3, bucket = course.aws.client("s3"), course.aws.outputs.output_bucket
    yield StoredCorrections(s3, bucket, FIRST)
    s3.delete_object(Bucket=bucket, Key=corrections_key(FIRST))


def add(stored: StoredCorrections, correction: Correction) -> tuple[Correction, ...]:
    return stored.change(lambda there: (*there, correction))


def test_what_is_corrected_is_there_for_the_next_and_in_the_register(
    course: Pipeline, stored: StoredCorrections
) -> None:
    assert stored.read() == ()
    first, second = said("1002", What.NOT_THEM), said("1001", What.EXCUSED)
    add(stored, first)
    assert add(stored, second) == (first, second) == stored.read()
    found = sessions_in_bucket(course.aws.client("s3"), course.aws.outputs.output_bucket, COURSE)
    (session,) = [each for each in found.sessions if each.title == "2026-11-23"]
    assert session.corrections == {"1002": first, "1001": second}
    stored.change(lambda there: undone(there, "1002"))
    assert [each.undone for each in stored.read()] == [True, False]


def test_no_run_takes_corrections_away(
    course: Pipeline, stored: StoredCorrections, class_video: ClassVideo
) -> None:
    made = add(stored, said("1001", What.WAS_HERE))
    course.error_of(FIRST, b"no video")
    course.csv_of(FIRST, class_video((OBAMA, BIDEN)))
    assert course.result(csv_key(FIRST)) is not None
    assert stored.read() == made


def test_two_people_at_the_same_time_lose_nothing(stored: StoredCorrections) -> None:
    both_have_read = threading.Barrier(2)

    def correct(student_id: str) -> None:
        first = True

        def change(there: tuple[Correction, ...]) -> tuple[Correction, ...]:
            nonlocal first
            if first:
                first = False
                both_have_read.wait(60)
            return (*there, said(student_id, What.CONFIRM))

        stored.change(change)

    with ThreadPoolExecutor(2) as people:
        for person in [people.submit(correct, student) for student in ("1001", "1002")]:
            person.result()
    assert {each.student_id for each in stored.read()} == {"1001", "1002"}


def test_who_is_always_too_late_is_told(stored: StoredCorrections) -> None:
    def others_first(there: tuple[Correction, ...]) -> tuple[Correction, ...]:
        add(stored, said(f"{len(there)}", What.CONFIRM))
        return (*there, said("1001", What.CONFIRM))

    with pytest.raises(CorrectionsBusyError, match="10 times in a row: try again"):
        stored.change(others_first)


def test_what_this_version_cannot_read_is_not_written_over(
    course: Pipeline, stored: StoredCorrections
) -> None:
    s3, bucket = course.aws.client("s3"), course.aws.outputs.output_bucket
    s3.put_object(Bucket=bucket, Key=corrections_key(FIRST), Body=b'{"version": 2}')
    with pytest.raises(CorrectionsError):
        add(stored, said("1001", What.CONFIRM))
    there = s3.get_object(Bucket=bucket, Key=corrections_key(FIRST))
    assert there["Body"].read() == b'{"version": 2}'


def test_what_is_refused_is_raised(course: Pipeline) -> None:
    elsewhere = StoredCorrections(course.aws.client("s3"), "no-such-bucket", FIRST)
    with pytest.raises(ClientError, match="NoSuchBucket"):
        elsewhere.read()
