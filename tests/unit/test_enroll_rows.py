"""What a row says beside the face: which picture, and which day; and who gets none."""

from __future__ import annotations

import hashlib
import io
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import numpy as np

from enroll.enrolment import enrol
from enroll.gallery_edits import described, with_students, without_students
from enroll.known_names import enrol_encodings
from function.recogniser.identity.enrolled import Enrolled
from function.recogniser.identity.gallery import Gallery
from function.student_list import read_students
from samples.sample_class import BIDEN, COLLINS, OBAMA, make_sample_class

if TYPE_CHECKING:
    from pathlib import Path


def content(gallery: Gallery) -> bytes:
    file = io.BytesIO()
    gallery.save(file)
    return file.getvalue()


def rows(*student_ids: str, day: str = "2026-09-01", value: float = 0.5) -> Gallery:
    return Gallery(
        student_ids=student_ids,
        encodings=np.full((len(student_ids), 128), value, np.float32),
        sources=tuple(
            hashlib.sha256(student_id.encode()).hexdigest() for student_id in student_ids
        ),
        enrolled=(day,) * len(student_ids),
    )


def test_a_row_says_of_which_picture_it_is_and_when_it_was_made(tmp_path: Path) -> None:
    sample = make_sample_class(tmp_path)
    students = read_students(sample.students)
    before = datetime.now(UTC).date()
    made = enrol(students, sample.portraits, known=Gallery.empty()).rows
    after = datetime.now(UTC).date()
    assert made.student_ids == (OBAMA, BIDEN, COLLINS)
    pictures = [next((sample.portraits / it).iterdir()) for it in made.student_ids]
    assert list(made.sources) == [
        hashlib.sha256(picture.read_bytes()).hexdigest() for picture in pictures
    ]
    assert set(made.enrolled) <= {before.isoformat(), after.isoformat()}


def test_of_an_imported_encoding_the_picture_is_not_known(tmp_path: Path) -> None:
    students = read_students(make_sample_class(tmp_path).students)
    encodings = np.zeros((1, 128), np.float32)
    made = enrol_encodings([students[0].name], encodings, students, known=Gallery.empty()).rows
    assert made.sources == ("",)
    assert made.enrolled[0] != ""


def test_no_picture_is_opened_of_a_student_who_is_barred(tmp_path: Path) -> None:
    sample = make_sample_class(tmp_path)
    (sample.portraits / BIDEN / "broken.jpg").write_bytes(b"no picture")
    enrolment = enrol(
        read_students(sample.students),
        sample.portraits,
        known=Gallery.empty(),
        barred={BIDEN: "has no consent"},
    )
    assert enrolment.rows.student_ids == (OBAMA, COLLINS)
    assert enrolment.refused == (f"student {BIDEN} has no consent",)
    assert enrolment.doubtful == ()


def test_the_same_portraits_on_another_day_are_the_same_gallery() -> None:
    first = with_students(Gallery.empty(), rows("a", "b"))
    again = with_students(first, rows("b", day="2026-11-27"))
    assert content(again) == content(first)


def test_another_picture_has_its_own_day() -> None:
    first = with_students(Gallery.empty(), rows("a", "b"))
    new = with_students(first, rows("b", day="2026-11-27", value=0.25))
    assert new.enrolled == ("2026-09-01", "2026-11-27")


def test_what_is_known_of_students_follows_their_rows() -> None:
    known = {"a": Enrolled(courses=("x",)), "b": Enrolled(tolerance=0.4)}
    gallery = replace(rows("a", "b"), students=known)
    assert with_students(gallery, rows("b", "c", value=0.25)).students == known
    assert without_students(gallery, ["a"]).students == {"b": known["b"]}


def test_a_description_is_of_those_in_the_gallery_and_not_of_their_tolerance() -> None:
    gallery = replace(rows("a", "b"), students={"a": Enrolled(courses=("x",), tolerance=0.4)})
    new = Enrolled(courses=("y",))
    assert described(gallery, {"a": new, "stranger": new}).students == {
        "a": Enrolled(courses=("y",), tolerance=0.4)
    }
