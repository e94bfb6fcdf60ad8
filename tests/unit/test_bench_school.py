"""The school of the benchmark: its answers are checked, and a wrong one is a failure."""

from __future__ import annotations

import numpy as np
import pytest
from rich.console import Console

from bench import school
from bench.report import Report


@pytest.fixture
def report(monkeypatch: pytest.MonkeyPatch) -> Report:
    """Return a report, for a school that is small enough for a test."""
    monkeypatch.setattr(school, "_STUDENTS", 400)
    return Report(Console(width=160), Console(stderr=True))


def test_what_it_costs_is_told_beside_the_plain_way(
    report: Report, capsys: pytest.CaptureFixture[str]
) -> None:
    school.measure_school(report, repeats=1)
    said = capsys.readouterr().out
    for line in ("reading the gallery", "30 faces among the course's 200", "30 faces among all"):
        assert line in said
    assert report.failures == []


@pytest.mark.usefixtures("report")
def test_a_course_has_two_hundred_students_and_each_student_five_courses() -> None:
    gallery = school._school(np.random.default_rng(0))
    course = gallery.looked_for(course=school._course(0), today=school._TODAY)
    assert len(set(course.student_ids)) == 200
    assert {len(known.courses) for known in gallery.students.values()} == {5}


def test_a_face_that_is_called_something_else_is_a_failure(report: Report) -> None:
    chance = np.random.default_rng(0)
    gallery = school._school(chance)
    faces, students = school._faces(chance, gallery)
    school._check(report, "everybody", gallery, faces, students)
    assert report.failures == []
    school._check(report, "everybody", gallery, faces, ["nobody", *students[1:]])
    assert report.failures == ["1 of 30 faces got another name among everybody"]
