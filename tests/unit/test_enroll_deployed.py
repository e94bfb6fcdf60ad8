"""What a stack knows is changed whole, in the right order, and never by losing another's change."""

from __future__ import annotations

import io
import pickle
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from botocore.exceptions import ClientError

from enroll.__main__ import main
from enroll.deployed import (
    FacesNotForgottenError,
    GalleryBusyError,
    enrol_anew,
    enrol_students,
    forget_students,
    gallery_etag,
    load_gallery,
)
from enroll.older_results import older_results
from function.recogniser.identity.enrolled import CourseNameError, Enrolled
from function.recogniser.identity.gallery import Gallery, GalleryError
from function.students import Student, look_up
from samples.sample_class import make_sample_class
from stacks import outputs
from tests.unit.stack_alone import note_of

if TYPE_CHECKING:
    from pathlib import Path

    from stacks.outputs import Deployment


def _student(student_id: str) -> Student:
    return Student(student_id=student_id, name=f"N{student_id}", major="maths", year="senior")


def _gallery(*student_ids: str, value: float = 0.5) -> Gallery:
    encodings = np.full((len(student_ids), 128), value, np.float32)
    return Gallery(student_ids=student_ids, encodings=encodings)


def _records(stack: Deployment, *student_ids: str) -> dict[str, Student]:
    return look_up(stack.client("dynamodb"), stack.outputs.students_table, student_ids)


def _put_gallery(stack: Deployment, content: bytes) -> None:
    place = {"Bucket": stack.outputs.gallery_bucket, "Key": stack.outputs.gallery_key}
    stack.client("s3").put_object(**place, Body=content)


def _of_another_model() -> bytes:
    """Return a gallery that would be a good one, were it not of another model."""
    content = io.BytesIO()
    arrays: dict[str, Any] = {
        "model": np.array("a model that came later"),
        "version": np.array(1),
        "student_ids": np.array(["1001"]),
        "encodings": np.zeros((1, 128), np.float32),
    }
    np.savez(content, **arrays)
    return content.getvalue()


def test_before_the_first_enrolment_nobody_is_known(stack: Deployment) -> None:
    assert load_gallery(stack).student_ids == ()


def test_an_enrolment_adds_and_replaces_and_keeps_the_others(stack: Deployment) -> None:
    enrol_students(stack, [_student("1"), _student("2")], _gallery("1", "2", "2"))
    enrol_students(stack, [_student("2"), _student("3")], _gallery("3", "2", value=0.25))
    gallery = load_gallery(stack)
    assert gallery.student_ids == ("1", "2", "3")
    assert gallery.encodings[:, 0].tolist() == [0.5, 0.25, 0.25]
    assert _records(stack, "1", "2", "3").keys() == {"1", "2", "3"}


def test_the_same_enrolment_in_another_order_is_the_same_gallery(stack: Deployment) -> None:
    enrol_students(stack, [_student("1"), _student("2")], _gallery("1", "2"))
    before = gallery_etag(stack)
    enrol_students(stack, [_student("1")], _gallery("1"))
    assert gallery_etag(stack) == before


def test_enrolments_at_the_same_time_do_not_lose_each_other(stack: Deployment) -> None:
    ids = [f"{number}" for number in range(1, 7)]
    with ThreadPoolExecutor(max_workers=len(ids)) as threads:
        list(threads.map(lambda i: enrol_students(stack, [_student(i)], _gallery(i)), ids))
    assert list(load_gallery(stack).student_ids) == ids


def test_no_face_is_known_when_its_record_cannot_be_written(stack: Deployment) -> None:
    stack.client("dynamodb").delete_table(TableName=stack.outputs.students_table)
    with pytest.raises(ClientError):
        enrol_students(stack, [_student("1")], _gallery("1"))
    assert load_gallery(stack).student_ids == ()


def test_more_records_than_one_batch_holds_are_all_written(stack: Deployment) -> None:
    students = [_student(f"{number}") for number in range(60)]
    ids = [student.student_id for student in students]
    enrol_students(stack, students, _gallery(*ids))
    assert len(_records(stack, *ids)) == len(students)


def test_only_those_enrolled_or_known_get_a_record(stack: Deployment) -> None:
    enrol_students(stack, [_student("1"), _student("never asked")], _gallery("1"))
    enrol_students(stack, [_student("1"), _student("2"), _student("refused")], _gallery("2"))
    assert _records(stack, "1", "2", "never asked", "refused").keys() == {"1", "2"}


def test_whoever_is_no_student_is_not_enrolled(stack: Deployment) -> None:
    with pytest.raises(ValueError, match="none of the students"):
        enrol_students(stack, [_student("1")], _gallery("1", "a stranger"))
    with pytest.raises(ValueError, match="none of the students"):
        enrol_anew(stack, [_student("1")], _gallery("a stranger"), in_place_of=None)
    assert load_gallery(stack).student_ids == ()
    assert _records(stack, "1") == {}


def test_forgetting_removes_rows_and_records_and_says_whose(stack: Deployment) -> None:
    students = [_student(student_id) for student_id in ("1", "2", "face-only")]
    enrol_students(stack, students, _gallery("1", "2", "face-only"))
    stack.client("dynamodb").delete_item(
        TableName=stack.outputs.students_table, Key={"student_id": {"S": "face-only"}}
    )
    forgotten = forget_students(stack, ["1", "face-only", "nobody"])
    assert forgotten.portraits == {"1": 1, "face-only": 1}
    assert forgotten.records == {"1"}
    assert forgotten.student_ids == {"1", "face-only"}
    assert load_gallery(stack).student_ids == ("2",)
    assert _records(stack, "1", "2").keys() == {"2"}


def test_whoever_was_enrolled_as_typed_is_known_by_the_composed_id(stack: Deployment) -> None:
    typed, composed = "Mu\u0308ller", "M\u00fcller"
    enrol_students(stack, [_student(typed)], _gallery(typed))
    enrol_students(stack, [_student(composed)], _gallery(composed, value=0.25))
    assert load_gallery(stack).student_ids == (composed,)
    assert forget_students(stack, [composed]).student_ids == {composed}
    assert load_gallery(stack).student_ids == ()
    assert _records(stack, typed, composed) == {}


def test_a_gallery_that_is_none_is_not_overwritten(stack: Deployment) -> None:
    _put_gallery(stack, b"something else")
    before = gallery_etag(stack)
    with pytest.raises(GalleryError, match=r"the stack's gallery: .* with --new-gallery"):
        enrol_students(stack, [_student("1")], _gallery("1"))
    assert gallery_etag(stack) == before
    assert _records(stack, "1") == {}


def test_a_new_gallery_takes_the_place_of_one_that_is_none(stack: Deployment) -> None:
    _put_gallery(stack, b"something else")
    enrol_anew(
        stack,
        [_student("1"), _student("refused")],
        _gallery("1"),
        in_place_of=gallery_etag(stack),
    )
    assert load_gallery(stack).student_ids == ("1",)
    assert _records(stack, "1", "refused").keys() == {"1"}


def test_a_new_gallery_does_not_take_the_place_of_one_put_meanwhile(stack: Deployment) -> None:
    assert gallery_etag(stack) is None
    enrol_students(stack, [_student("1")], _gallery("1"))
    for seen_before in (None, '"the ETag of an earlier one"'):
        with pytest.raises(GalleryBusyError, match="changed the stack's gallery meanwhile"):
            enrol_anew(stack, [_student("2")], _gallery("2"), in_place_of=seen_before)
    assert load_gallery(stack).student_ids == ("1",)


def test_records_are_forgotten_though_the_gallery_cannot_be_read(stack: Deployment) -> None:
    enrol_students(stack, [_student("1"), _student("2")], _gallery("1", "2"))
    _put_gallery(stack, b"something else")
    with pytest.raises(FacesNotForgottenError, match="the faces are not: the stack's gallery: "):
        forget_students(stack, ["1"])
    assert _records(stack, "1", "2").keys() == {"2"}


ADA = Student(
    student_id="1",
    name="Ada",
    major="maths",
    year="senior",
    courses=("physics-10b", "Ethik"),
    consent=date(2026, 9, 1),
    until=date(2027, 7, 31),
)
KNOWN_OF_ADA = Enrolled(
    courses=("Ethik", "physics-10b"), consent=date(2026, 9, 1), until=date(2027, 7, 31)
)


def test_courses_consent_and_last_day_are_in_the_gallery_and_in_the_record(
    stack: Deployment,
) -> None:
    gallery = enrol_students(stack, [ADA, _student("2")], _gallery("1", "2"))
    assert gallery.students["1"] == KNOWN_OF_ADA
    assert load_gallery(stack).students == {"1": KNOWN_OF_ADA}
    records = _records(stack, "1", "2")
    assert records["1"] == replace(ADA, courses=("Ethik", "physics-10b"))
    assert records["2"] == _student("2")


def test_a_list_that_says_nothing_of_them_takes_them_from_nobody(stack: Deployment) -> None:
    enrol_students(stack, [ADA], _gallery("1"))
    enrol_students(stack, [replace(_student("1"), name="Ada L."), _student("2")], _gallery("2"))
    assert load_gallery(stack).students["1"] == KNOWN_OF_ADA
    record = _records(stack, "1")["1"]
    assert (record.name, record.courses) == ("Ada L.", ("Ethik", "physics-10b"))


def test_a_list_that_says_them_of_anybody_says_them_of_everybody(stack: Deployment) -> None:
    enrol_students(stack, [ADA, _student("2")], _gallery("1", "2"))
    chess = replace(_student("2"), courses=(" chess ",))
    enrol_students(stack, [replace(ADA, courses=()), chess], _gallery())
    assert load_gallery(stack).courses == {"chess"}
    assert load_gallery(stack).students["1"].until == ADA.until
    assert _records(stack, "1")["1"].courses == ()


def test_a_students_own_tolerance_stays_whatever_the_list_says(stack: Deployment) -> None:
    strict = replace(_gallery("1"), students={"1": Enrolled(tolerance=0.4)})
    enrol_students(stack, [_student("1")], strict)
    enrol_students(stack, [ADA], _gallery("1", value=0.25))
    assert load_gallery(stack).students["1"] == replace(KNOWN_OF_ADA, tolerance=0.4)


def test_a_course_that_cannot_be_a_folder_is_refused_and_nothing_is_written(
    stack: Deployment,
) -> None:
    with pytest.raises(CourseNameError, match="student 1: the course 'a/b' cannot be used"):
        enrol_students(stack, [replace(ADA, courses=("a/b",))], _gallery("1"))
    assert load_gallery(stack).student_ids == ()
    assert _records(stack, "1") == {}


def test_forgetting_forgets_what_was_known_of_the_student(stack: Deployment) -> None:
    enrol_students(stack, [ADA, _student("2")], _gallery("1", "2"))
    forget_students(stack, ["1"])
    assert load_gallery(stack).students == {}


def test_results_of_another_gallery_are_counted_in_the_first_thousand(
    stack: Deployment,
) -> None:
    enrol_students(stack, [_student("1")], _gallery("1"))
    s3, bucket = stack.client("s3"), stack.outputs.output_bucket

    def put(key: str, **metadata: str) -> None:
        s3.put_object(
            Bucket=bucket,
            Key=key,
            Metadata={name.replace("_", "-"): value for name, value in metadata.items()},
        )

    assert older_results(stack) == (0, True)
    put("new.csv", gallery_etag=str(gallery_etag(stack)))
    put("old.csv", gallery_etag="another")
    put("somebody-elses.csv")
    put("old.error.json", gallery_etag="another")
    assert older_results(stack) == (1, True)
    with ThreadPoolExecutor(20) as threads:
        list(threads.map(lambda number: put(f"z{number}.csv", gallery_etag="another"), range(999)))
    number, is_all = older_results(stack)
    assert not is_all
    assert 990 < number <= 1000


@pytest.fixture
def local_stack(stack: Deployment, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Deployment:
    """Make the stack the one that is called 'local'."""
    return _as_local(stack, monkeypatch, tmp_path)


@pytest.fixture
def strict_stack(stack: Deployment, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Deployment:
    """Make a stack that requires consent the one that is called 'local'."""
    strict = replace(stack, outputs=replace(stack.outputs, require_consent=True))
    return _as_local(strict, monkeypatch, tmp_path)


def _as_local(stack: Deployment, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Deployment:
    file = note_of(stack, tmp_path)
    monkeypatch.setattr(outputs, "LOCAL_STACK_FILE", file)
    return stack


def test_the_command_enrols_in_a_stack_and_forgets(
    local_stack: Deployment, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    sample = make_sample_class(tmp_path)
    enrol = ["--students", str(sample.students), "--portraits", str(sample.portraits)]
    assert main([*enrol, "--stack", "local"]) == 0
    assert "3 students, 3 portraits, in the stack local, which now knows 3 students" in (
        capsys.readouterr().out
    )
    assert main(["forget", "1002", "--stack", "local"]) == 0
    assert load_gallery(local_stack).student_ids == ("1001", "1003")
    assert _records(local_stack, "1001", "1002", "1003").keys() == {"1001", "1003"}


LIST = """\
Student ID,Name,Major,Year,Courses,Consent,Until
1001,Barack Obama,law,4, physics-10b ;Ethik und Fu\u0308hrung,2026-01-15,31.7.2099
1002,Joe Biden,law,4,physics-10b,2026-01-15 00:00:00,
1003,Eileen Collins,,,,,
"""
"""As a school may have it: nobody knows of the third student's courses, consent and last day."""

DESCRIBED = {
    "1001": Enrolled(
        courses=("physics-10b", "Ethik und F\u00fchrung"),
        consent=date(2026, 1, 15),
        until=date(2099, 7, 31),
    ),
    "1002": Enrolled(courses=("physics-10b",), consent=date(2026, 1, 15)),
    "1003": Enrolled(),
}


@pytest.mark.parametrize("place", ["stack", "file"])
def test_what_a_list_says_of_courses_consent_and_last_days_is_kept(
    local_stack: Deployment, tmp_path: Path, place: str
) -> None:
    sample = make_sample_class(tmp_path)
    (tmp_path / "list.csv").write_text(LIST, encoding="utf-8")
    file = tmp_path / "gallery.npz"
    command = ["--students", str(tmp_path / "list.csv"), "--portraits", str(sample.portraits)]
    command += ["--stack", "local"] if place == "stack" else ["--output", str(file)]
    assert main(command) == 0

    gallery = load_gallery(local_stack) if place == "stack" else Gallery.load(file)
    assert {each: gallery.student(each) for each in gallery.student_ids} == DESCRIBED
    assert gallery.courses == {"physics-10b", "Ethik und F\u00fchrung"}
    assert all(gallery.sources)
    records = _records(local_stack, *DESCRIBED)
    assert records.keys() == (DESCRIBED.keys() if place == "stack" else set())
    for student_id, record in records.items():
        known = DESCRIBED[student_id]
        assert record.courses == known.courses
        assert (record.consent, record.until) == (known.consent, known.until)


def test_a_course_that_no_folder_can_name_ends_the_command(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    sample = make_sample_class(tmp_path)
    (tmp_path / "list.csv").write_text("id,name,courses\n1001,Ada,ethics;physics/10b\n")
    command = ["--students", str(tmp_path / "list.csv"), "--portraits", str(sample.portraits)]
    assert main([*command, "--output", str(tmp_path / "gallery.npz")]) == 2
    said = capsys.readouterr().err
    assert said.startswith("enroll: student 1001: the course 'physics/10b' cannot be used")
    assert said.count("\n") == 1
    assert not (tmp_path / "gallery.npz").exists()


def test_a_list_describes_whom_an_earlier_version_enrolled_as_typed(
    local_stack: Deployment, tmp_path: Path
) -> None:
    typed, composed = "Mu\u0308ller", "M\u00fcller"
    enrol_students(local_stack, [_student(typed)], _gallery(typed))
    (tmp_path / "list.csv").write_text(f"id,name,courses\n{composed},Ada,ethics\n", "utf-8")
    assert main(["--students", str(tmp_path / "list.csv"), "--stack", "local"]) == 0
    gallery = load_gallery(local_stack)
    assert gallery.students == {composed: Enrolled(courses=("ethics",))}
    assert _records(local_stack, composed)[composed].courses == ("ethics",)


def test_a_student_who_is_known_needs_no_new_portraits(
    local_stack: Deployment, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    enrol_students(local_stack, [_student("1001")], _gallery("1001"))
    (tmp_path / "portraits").mkdir()
    (tmp_path / "students.csv").write_text("student_id,name,major,year\n1001,Ada,maths,senior\n")
    command = ["--students", str(tmp_path / "students.csv")]
    command += ["--portraits", str(tmp_path / "portraits"), "--stack", "local"]
    assert main(command) == 0
    assert "known as before: 1 student" in capsys.readouterr().out
    assert _records(local_stack, "1001")["1001"].name == "Ada"
    assert load_gallery(local_stack).student_ids == ("1001",)


def test_a_stack_with_a_gallery_of_another_model_is_forgotten_in_and_then_enrolled_anew(
    local_stack: Deployment, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    sample = make_sample_class(tmp_path)
    enrol = ["--students", str(sample.students), "--portraits", str(sample.portraits)]
    assert main([*enrol, "--stack", "local"]) == 0
    _put_gallery(local_stack, _of_another_model())
    capsys.readouterr()

    assert main(["forget", "1002", "--stack", "local"]) == 2
    assert "the stack's gallery: the gallery was made with 'a model that came later'" in (
        capsys.readouterr().err
    )
    assert _records(local_stack, "1001", "1002", "1003").keys() == {"1001", "1003"}
    assert main([*enrol, "--stack", "local"]) == 2
    assert "(everybody's, with --new-gallery)\n" in capsys.readouterr().err

    assert main([*enrol, "--stack", "local", "--new-gallery"]) == 0
    assert "which now knows 3 students" in capsys.readouterr().out
    assert load_gallery(local_stack).student_ids == ("1001", "1002", "1003")


def test_a_new_gallery_of_nobody_does_not_replace_one_of_somebody(
    local_stack: Deployment, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    enrol_students(local_stack, [_student("1001")], _gallery("1001"))
    (tmp_path / "portraits").mkdir()
    (tmp_path / "students.csv").write_text("student_id,name,major,year\n1001,Ada,maths,senior\n")
    command = ["--students", str(tmp_path / "students.csv")]
    command += ["--portraits", str(tmp_path / "portraits"), "--stack", "local", "--new-gallery"]
    assert main(command) == 1
    assert "nothing was written to the stack local" in capsys.readouterr().out
    assert load_gallery(local_stack).student_ids == ("1001",)


def test_encodings_of_people_the_stack_knows_under_other_ids_are_refused(
    local_stack: Deployment, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "encoding").write_bytes(
        pickle.dumps({"name": ["Ada", "Passer-by"], "encoding": [np.full(128, 0.1), np.ones(128)]})
    )
    students = tmp_path / "students.csv"
    command = ["import-encodings", str(tmp_path / "encoding"), "--students", str(students)]
    command += ["--stack", "local"]
    students.write_text("student_id,name,major,year\n1,Ada,maths,senior\n")
    assert main(command) == 0
    assert "looks like" not in capsys.readouterr().err

    students.write_text("student_id,name,major,year\nA-1,Ada,maths,senior\n")
    assert main(command) == 1
    said = capsys.readouterr().err
    assert "an encoding of student A-1 looks like student 1 (distance 0.00)" in said
    assert "if what is enrolled of 1 is wrong, forget 1 first" in said
    assert load_gallery(local_stack).student_ids == ("1",)

    assert main([*command, "--allow-alike", "1", "A-1", "--dry-run"]) == 0
    assert "which would then know 2 students" in capsys.readouterr().out
    assert load_gallery(local_stack).student_ids == ("1",)
    assert _records(local_stack, "1", "A-1", "Passer-by").keys() == {"1"}

    assert main([*command, "--allow-alike", "1", "A-1"]) == 0
    assert load_gallery(local_stack).student_ids == ("1", "A-1")
    assert _records(local_stack, "1", "A-1", "Passer-by").keys() == {"1", "A-1"}


def test_the_audit_of_a_stack_sets_own_tolerances_when_it_is_told(
    local_stack: Deployment, capsys: pytest.CaptureFixture[str]
) -> None:
    students = [replace(_student(each), courses=("x",)) for each in ("1", "2")]
    enrol_students(local_stack, students, _gallery("1", "2"))
    etag = gallery_etag(local_stack)
    assert main(["audit", "--stack", "local"]) == 1
    assert "students 1 and 2, at 0.00, both in x" in capsys.readouterr().out
    assert gallery_etag(local_stack) == etag
    assert main(["audit", "--stack", "local", "--apply"]) == 1
    known = Enrolled(courses=("x",), tolerance=0.4)
    assert load_gallery(local_stack).students == {"1": known, "2": known}


def test_a_portrait_that_the_stack_knows_is_not_encoded_again(
    local_stack: Deployment, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    sample = make_sample_class(tmp_path)
    enrol = ["--students", str(sample.students), "--portraits", str(sample.portraits)]
    assert main([*enrol, "--stack", "local"]) == 0
    before = gallery_etag(local_stack)
    sheet = ["--contact-sheet", str(tmp_path / "sheet.html")]
    for more in ([], sheet):
        assert main([*enrol, "--stack", "local", *more]) == 0
        assert gallery_etag(local_stack) == before
    assert capsys.readouterr().err == ""


def test_aws_that_refuses_is_one_line_with_a_remedy(
    local_stack: Deployment, capsys: pytest.CaptureFixture[str]
) -> None:
    local_stack.client("s3").delete_bucket(Bucket=local_stack.outputs.gallery_bucket)
    assert main(["forget", "1", "--stack", "local"]) == 2
    message = capsys.readouterr().err
    assert message.count("\n") == 1
    assert "NoSuchBucket" in message
    assert "check that the stack is up" in message


def _list(tmp_path: Path, *rows: str) -> list[str]:
    file = tmp_path / "list.csv"
    file.write_text("\n".join(("student_id,name,major,year", *rows)) + "\n")
    return ["--students", str(file), "--stack", "local"]


def test_without_portraits_what_is_known_is_brought_up_to_date_and_no_face_changes(
    local_stack: Deployment, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    enrol_students(local_stack, [ADA, _student("2")], _gallery("1", "2"))
    before = gallery_etag(local_stack)
    assert main(_list(tmp_path, "1,Ada L.,logic,junior")) == 0
    said = capsys.readouterr()
    assert said.err == ""
    assert "Nobody new was enrolled in the stack local, which now knows 2 students." in said.out
    assert gallery_etag(local_stack) == before
    record = _records(local_stack, "1")["1"]
    assert (record.name, record.major, record.until) == ("Ada L.", "logic", ADA.until)

    assert main(_list(tmp_path, "1,Ada,maths,senior", "3,Carl,maths,junior")) == 1
    assert "student 3 is not enrolled: give --portraits" in capsys.readouterr().err
    assert _records(local_stack, "3") == {}


def test_where_consent_is_required_nobody_is_encoded_without(
    strict_stack: Deployment, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    sample = make_sample_class(tmp_path)
    enrol = ["--students", str(sample.students), "--portraits", str(sample.portraits)]
    assert main([*enrol, "--stack", "local"]) == 1
    said = capsys.readouterr()
    for student_id in ("1001", "1002", "1003"):
        assert f"student {student_id} has no consent: put its day into the list's" in said.err
    assert "Nobody was enrolled" in said.out
    assert load_gallery(strict_stack).student_ids == ()
    assert _records(strict_stack, "1001", "1002", "1003") == {}

    # What is known of consent counts where the list has no such column.
    today = datetime.now(UTC).date()
    days = {"1001": today, "1002": today + timedelta(days=1)}
    students = [replace(_student(it), consent=day) for it, day in days.items()]
    enrol_students(strict_stack, students, _gallery(*days))
    assert main([*enrol, "--stack", "local"]) == 1
    said = capsys.readouterr()
    assert "student 1001" not in said.err
    assert "1001/portrait.jpg looks unlike what is enrolled of the student" in said.err
    assert f"student 1002 has a consent of {days['1002']}, which is in the future" in said.err
    assert "student 1003 has no consent" in said.err
    gallery = load_gallery(strict_stack)
    assert gallery.student_ids == ("1001", "1002")
    assert [source != "" for source in gallery.sources] == [True, False]


def test_where_consent_is_required_encodings_are_not_imported_without(
    strict_stack: Deployment, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "encoding").write_bytes(
        pickle.dumps({"name": ["Ada", "Alan"], "encoding": [np.full(128, 0.1), np.ones(128)]})
    )
    enrol_students(strict_stack, [replace(_student("2"), consent=date(2026, 9, 1))], _gallery("2"))
    command = ["import-encodings", str(tmp_path / "encoding")]
    command += _list(tmp_path, "1,Ada,maths,senior", "2,Alan,logic,senior", "3,Nobody,x,y")
    assert main(command) == 1
    said = capsys.readouterr().err
    assert "student 1 has no consent" in said
    assert "student 3" not in said
    assert load_gallery(strict_stack).student_ids == ("2",)
    assert load_gallery(strict_stack).encodings[0, 0] == 1


def test_whose_last_day_has_passed_is_not_enrolled_again(
    local_stack: Deployment, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    sample = make_sample_class(tmp_path)
    over = replace(_student("1001"), until=date(2026, 1, 31))
    enrol_students(local_stack, [over], _gallery("1001"))
    enrol = ["--students", str(sample.students), "--portraits", str(sample.portraits)]
    assert main([*enrol, "--stack", "local"]) == 1
    assert "student 1001 has the last day 2026-01-31, which has passed" in capsys.readouterr().err
    gallery = load_gallery(local_stack)
    assert [gallery.student_ids[row] for row in range(3) if gallery.sources[row]] == [
        "1002",
        "1003",
    ]


def test_the_command_says_how_many_videos_were_looked_at_before_and_what_looks_again(
    local_stack: Deployment, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    enrol_students(local_stack, [_student("1")], _gallery("1"))
    local_stack.client("s3").put_object(
        Bucket=local_stack.outputs.output_bucket, Key="a.csv", Metadata={"gallery-etag": "other"}
    )
    assert main(_list(tmp_path, "1,Ada,maths,senior")) == 0
    said = capsys.readouterr().out
    assert "1 video was looked at before with another gallery." in said
    assert "'python -m recover outdated --stack local'" in said


def test_pruning_deletes_what_is_held_of_those_past_their_last_day(
    local_stack: Deployment, capsys: pytest.CaptureFixture[str]
) -> None:
    today = datetime.now(UTC).date()
    days = {
        "1": today - timedelta(days=1),
        "2": today,
        "3": None,
        "gone": today - timedelta(days=400),
    }
    students = [replace(_student(it), until=until) for it, until in days.items()]
    enrol_students(local_stack, students, _gallery("1", "1", "2", "3", "gone"))
    # A gallery made anew leaves the records of those it has not.
    enrol_anew(
        local_stack,
        students[:3],
        _gallery("1", "1", "2", "3"),
        in_place_of=gallery_etag(local_stack),
    )
    prune = ["prune", "--stack", "local"]

    assert main([*prune, "--dry-run"]) == 1
    assert capsys.readouterr().out.splitlines() == [
        f"student 1, until {days['1']}: 2 portraits and the record would be deleted",
        f"student gone, until {days['gone']}: the record would be deleted",
        "What is held of 2 students, whose last day has passed, would be deleted.",
    ]
    assert load_gallery(local_stack).student_ids == ("1", "1", "2", "3")

    assert main(prune) == 0
    assert f"student 1, until {days['1']}: 2 portraits and the record deleted" in (
        capsys.readouterr().out
    )
    assert load_gallery(local_stack).student_ids == ("2", "3")
    assert _records(local_stack, *days).keys() == {"2", "3"}

    assert main([*prune, "--dry-run"]) == 0
    assert capsys.readouterr().out == "Nothing is held of students whose last day has passed.\n"


def test_a_gallery_that_cannot_be_read_is_not_pruned(
    local_stack: Deployment, capsys: pytest.CaptureFixture[str]
) -> None:
    _put_gallery(local_stack, b"something else")
    assert main(["prune", "--stack", "local"]) == 2
    assert "the stack's gallery: the file is not a gallery" in capsys.readouterr().err
