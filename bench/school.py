"""A whole school's gallery: reading it, and naming a frame's faces among a course or everybody."""

from __future__ import annotations

import hashlib
import tempfile
from datetime import date
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import face_recognition
import numpy as np

from bench.measure import Median, cpu_seconds_each, in_turns
from bench.report import megabytes, number
from function.recogniser.identity.enrolled import Enrolled
from function.recogniser.identity.gallery import Gallery

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    from bench.report import Report

_STUDENTS, _PORTRAITS = 10_000, 3
_OF_A_COURSE = 200
_COURSES_EACH = 5
_FACES = 30
_ENCODING_NORM = 1.4  # about that of dlib's encodings
_SAME_PERSON = 0.4  # how far a face is from its student's portrait
_TODAY, _LAST_DAY = date(2026, 11, 27), date(2027, 7, 31)


def measure_school(report: Report, *, repeats: int) -> None:
    """Measure what reading and matching cost, beside face_recognition's distances face by face."""
    chance = np.random.default_rng(2)
    with report.doing("a school's gallery"):
        school = _school(chance)
        course = school.looked_for(course=_course(0), today=_TODAY)
        faces, students = _faces(chance, course)
        with tempfile.TemporaryDirectory(prefix="lambdalens-bench-") as folder:
            file = Path(folder, "gallery.npz")
            school.save(file)
            size = file.stat().st_size
            ways: dict[str, Callable[[], object]] = {
                "read": partial(Gallery.load, file),
                "narrow": partial(school.looked_for, course=_course(0), today=_TODAY),
            }
            for name, gallery in (("course", course), ("everybody", school)):
                known = list(gallery.encodings.astype(np.float64))
                ways[name] = partial(gallery.nearest, faces)
                ways[f"{name}, plainly"] = partial(_distances, known, faces)
            costs = in_turns(
                {name: partial(cpu_seconds_each, way) for name, way in ways.items()},
                repeats=repeats,
                cost=float,
            )
    medians = {name: Median.of(each) for name, each in costs.items()}
    report.table(
        f"CPU milliseconds with {_STUDENTS:,} students of {_PORTRAITS} portraits each "
        f"({megabytes(size)} MB)",
        ("", "ours", "face_distance per face", "ratio"),
        [
            ["reading the gallery", _milliseconds(medians["read"]), "-", "-"],
            [f"choosing a course of {_OF_A_COURSE}", _milliseconds(medians["narrow"]), "-", "-"],
            *(
                _beside(f"{_FACES} faces among {who}", medians[name], medians[f"{name}, plainly"])
                for name, who in (
                    ("course", f"the course's {_OF_A_COURSE}"),
                    ("everybody", f"all {_STUDENTS:,}"),
                )
            ),
        ],
    )
    for name, gallery in (("the course", course), ("everybody", school)):
        _check(report, name, gallery, faces, students)


def _school(chance: np.random.Generator) -> Gallery:
    ids = [f"{number:06d}" for number in range(_STUDENTS)]
    rows = _STUDENTS * _PORTRAITS
    return Gallery(
        student_ids=tuple(student_id for student_id in ids for _ in range(_PORTRAITS)),
        encodings=_encodings(chance, rows),
        sources=tuple(hashlib.sha256(str(row).encode()).hexdigest() for row in range(rows)),
        enrolled=(_TODAY.isoformat(),) * rows,
        students={
            student_id: Enrolled(
                courses=tuple(_course(number + each) for each in range(_COURSES_EACH)),
                consent=_TODAY,
                until=_LAST_DAY,
            )
            for number, student_id in enumerate(ids)
        },
    )


def _course(place: int) -> str:
    """Name a course: each of them has so many students."""
    courses = _STUDENTS * _COURSES_EACH // _OF_A_COURSE
    return f"course-{place % courses:03d}"


def _faces(
    chance: np.random.Generator, gallery: Gallery
) -> tuple[NDArray[np.float32], Sequence[str]]:
    """Return faces of students of the gallery, and whose they are."""
    rows = chance.choice(len(gallery.student_ids), _FACES, replace=False)
    away = chance.normal(size=(_FACES, 128))
    away *= _SAME_PERSON / np.linalg.norm(away, axis=1, keepdims=True)
    faces = (gallery.encodings[rows] + away).astype(np.float32)
    return faces, [gallery.student_ids[row] for row in rows]


def _encodings(chance: np.random.Generator, count: int) -> NDArray[np.float32]:
    encodings = chance.normal(size=(count, 128))
    lengths = np.linalg.norm(encodings, axis=1, keepdims=True)
    return np.asarray(_ENCODING_NORM * encodings / lengths, dtype=np.float32)


def _distances(known: list[NDArray[np.float64]], faces: NDArray[np.float32]) -> None:
    for face in faces:
        face_recognition.face_distance(known, face).argmin()


def _check(
    report: Report, name: str, gallery: Gallery, faces: NDArray[np.float32], students: Sequence[str]
) -> None:
    wrong = sum(
        match.student_id != student
        for match, student in zip(gallery.nearest(faces), students, strict=True)
    )
    if wrong:
        report.failure(f"{wrong} of {len(students)} faces got another name among {name}")


def _beside(name: str, ours: Median, plainly: Median) -> list[str]:
    ratio = f"{plainly.value / ours.value:.0f}"
    return [name, _milliseconds(ours), _milliseconds(plainly), ratio]


def _milliseconds(median: Median) -> str:
    return number(1000 * median.value, 1)
