"""The gallery: who is known, and whose face is this.

A gallery has a row for each enrolled portrait, so a student may have several. This module says who
of it is looked for, and names faces: by the nearest *student*, whose distance to the next one is
told as well.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass, field, replace
from datetime import date
from functools import cached_property
from typing import IO, TYPE_CHECKING

import numpy as np

from function.recogniser.faces.encoding import ENCODING_LENGTH
from function.recogniser.identity import gallery_file
from function.recogniser.identity.enrolled import NOTHING_KNOWN, Enrolled
from function.recogniser.identity.gallery_file import ENROL_AGAIN, GalleryError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

__all__ = ["Gallery", "GalleryError", "Match"]

# Distances computed at once. They and what they are made of take less than 100 MB, whatever the
# number of faces and rows.
_DISTANCES_AT_ONCE = 4_000_000

_SHA_256 = re.compile(r"(?:[0-9a-f]{64})?")


@dataclass(frozen=True, kw_only=True)
class Match:
    """The student whose portraits a face is likest to.

    `distance` is the Euclidean distance of the encodings, of the student's nearest portrait, and
    `margin` how much farther the nearest portrait of any other student is. `own_tolerance` is the
    distance beyond which a face is not this student's, whatever everybody's tolerance is.
    """

    student_id: str
    distance: float
    margin: float
    own_tolerance: float = math.inf


@dataclass(frozen=True, kw_only=True, eq=False)
class Gallery:
    """The encodings of the enrolled portraits and whose they are, row by row.

    `encodings` has the shape (rows, 128), float32; `student_ids` names each row's student.
    `sources` has the SHA-256 of each row's picture in hexadecimal, and `enrolled` the day on which
    the row was made as an ISO date; what is not known is empty. `students` says what is known of
    those students of whom more is known.
    """

    student_ids: tuple[str, ...]
    encodings: NDArray[np.float32]
    sources: tuple[str, ...] = ()
    enrolled: tuple[str, ...] = ()
    students: Mapping[str, Enrolled] = field(default_factory=dict)

    def __post_init__(self) -> None:
        rows = len(self.student_ids)
        for column in ("sources", "enrolled"):
            if not getattr(self, column):
                object.__setattr__(self, column, ("",) * rows)
        if self.encodings.shape != (rows, ENCODING_LENGTH):
            raise GalleryError(
                f"the encodings have the shape {self.encodings.shape} where {rows} students' rows "
                f"need {(rows, ENCODING_LENGTH)}: {ENROL_AGAIN}"
            )
        if self.encodings.dtype != np.float32:
            raise GalleryError(
                f"the encodings are {self.encodings.dtype}, not float32: {ENROL_AGAIN}"
            )
        if not np.isfinite(self.encodings).all():
            raise GalleryError(f"an encoding has a value that is no number: {ENROL_AGAIN}")
        known = dict.fromkeys(self.student_ids)
        for student_id in known:
            # NumPy strips the null characters at the end of a text, which would join two ids.
            if not student_id or "\0" in student_id:
                row = self.student_ids.index(student_id)
                raise GalleryError(f"row {row} has no student id that can be kept: {ENROL_AGAIN}")
        if not self.students.keys() <= known.keys():
            raise GalleryError(f"a student is described who has no row: {ENROL_AGAIN}")
        _check_origins(self.sources, self.enrolled, rows)

    @classmethod
    def empty(cls) -> Gallery:
        """Return the gallery of nobody."""
        return cls(student_ids=(), encodings=np.empty((0, ENCODING_LENGTH), np.float32))

    @classmethod
    def load(cls, file: Path | IO[bytes]) -> Gallery:
        """Read a gallery from a path or a binary file that can seek.

        Raises:
            GalleryError: it is no gallery, or one of another model or version.
            OSError: the file cannot be opened.

        """
        return cls(**gallery_file.read(file)._asdict())

    def save(self, file: Path | IO[bytes]) -> None:
        """Write the gallery to a path, whole or not at all, or to a binary file.

        The same gallery always gives the same bytes: its ETag tells whether it has changed, and
        with it whether a video needs to be looked at again.

        Raises:
            GalleryError: the path is that of a device, a pipe or a folder.
            OSError: the file cannot be written.

        """
        contents = gallery_file.Contents(
            student_ids=self.student_ids,
            encodings=self.encodings,
            sources=self.sources,
            enrolled=self.enrolled,
            students=self.students,
        )
        gallery_file.write(file, contents)

    def student(self, student_id: str) -> Enrolled:
        """Return what is known of a student."""
        return self.students.get(student_id, NOTHING_KNOWN)

    @cached_property
    def courses(self) -> frozenset[str]:
        """The courses that any of the students has."""
        return frozenset(course for each in self.students.values() for course in each.courses)

    def looked_for(self, *, course: str | None, today: date) -> Gallery:
        """Return the gallery of those who are looked for on a day: of a course, or of all.

        Whose last day has passed is not among them.
        """
        return self._of(
            lambda student: (
                not student.has_ended(today) and (course is None or course in student.courses)
            )
        )

    def rows(self, rows: Sequence[int]) -> Gallery:
        """Return the gallery of these rows, in this order."""
        student_ids = tuple(self.student_ids[row] for row in rows)
        return Gallery(
            student_ids=student_ids,
            encodings=self.encodings[list(rows)],
            sources=tuple(self.sources[row] for row in rows),
            enrolled=tuple(self.enrolled[row] for row in rows),
            students={
                student_id: self.students[student_id]
                for student_id in dict.fromkeys(student_ids)
                if student_id in self.students
            },
        )

    def renamed(self, rename: Callable[[str], str]) -> Gallery:
        """Return the gallery with other ids: two that become one are one student's.

        Of two who become one, it is known what was known of the last by their earlier ids.
        """
        return replace(
            self,
            student_ids=tuple(map(rename, self.student_ids)),
            students={rename(each): known for each, known in sorted(self.students.items())},
        )

    def _of(self, is_meant: Callable[[Enrolled], bool]) -> Gallery:
        left_out = {
            student_id for student_id, known in self.students.items() if not is_meant(known)
        }
        if not is_meant(NOTHING_KNOWN):
            left_out.update(set(self.student_ids) - self.students.keys())
        if not left_out:
            return self  # with what it has computed already
        return self.rows(
            [row for row, student in enumerate(self.student_ids) if student not in left_out]
        )

    def nearest(self, encodings: NDArray[np.float32]) -> list[Match]:
        """Return the nearest student of each face, however far: encodings of shape (faces, 128).

        An empty gallery has none, and an infinite `margin` when there is one student only.
        """
        if not self.student_ids:
            return []
        at_once = max(1, _DISTANCES_AT_ONCE // len(self.student_ids))
        return [
            match
            for start in range(0, len(encodings), at_once)
            for match in self._nearest(encodings[start : start + at_once])
        ]

    def _nearest(self, faces: NDArray[np.float32]) -> list[Match]:
        students, rows, row_squares, first_rows = self._by_student
        # |row - face|² without the faces' own squares, which are the same for all students. One
        # matrix product; its rounding (1e-6) may decide who comes in question, not how near.
        squares = row_squares - 2 * (faces @ rows.T)
        nearest = np.minimum.reduceat(squares, first_rows[:-1], axis=1)
        two_nearest = np.argpartition(nearest, min(1, len(students) - 1), axis=1)[:, :2]
        matches = []
        for face, candidates in zip(faces, two_nearest.tolist(), strict=True):
            ranked = sorted(
                (_distance(rows[first_rows[student] : first_rows[student + 1]], face), student)
                for student in candidates
            )
            distance, student = ranked[0]
            margin = ranked[1][0] - distance if len(ranked) > 1 else math.inf
            student_id = students[student]
            matches.append(
                Match(
                    student_id=student_id,
                    distance=distance,
                    margin=margin,
                    own_tolerance=self.student(student_id).own_tolerance,
                )
            )
        return matches

    @cached_property
    def _by_student(
        self,
    ) -> tuple[list[str], NDArray[np.float32], NDArray[np.float32], NDArray[np.intp]]:
        """The students, the rows sorted by student, their squares, and where each one's begin."""
        ids = np.array(self.student_ids)
        order = np.argsort(ids, kind="stable")
        rows = self.encodings[order]
        students, first_rows = np.unique(ids[order], return_index=True)
        squares = np.einsum("ij,ij->i", rows, rows)
        return students.tolist(), rows, squares, np.append(first_rows, len(ids))


def _check_origins(sources: Sequence[str], enrolled: Sequence[str], rows: int) -> None:
    if not (len(sources) == len(enrolled) == rows):
        raise GalleryError(f"not every row has its source and its day: {ENROL_AGAIN}")
    if not all(map(_SHA_256.fullmatch, sources)):
        raise GalleryError(f"the source of a row is no SHA-256: {ENROL_AGAIN}")
    for day in set(enrolled):
        if not _is_day(day):
            raise GalleryError(f"a row is of {day!r}, which is no ISO date: {ENROL_AGAIN}")


def _is_day(text: str) -> bool:
    try:
        return not text or date.fromisoformat(text).isoformat() == text
    except ValueError:
        return False


def _distance(rows: NDArray[np.float32], face: NDArray[np.float32]) -> float:
    """Return the Euclidean distance of the face to the nearest of the rows."""
    return float(np.linalg.norm(rows.astype(np.float64) - face, axis=1).min())
