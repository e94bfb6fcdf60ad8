"""Encodings known by name, joined to the students of a list.

An encodings file knows people by name only; a gallery knows them by student id. Names that are not
in the list are left out, as portraits are: whoever is not a student has no record to be shown by,
and one who becomes a student later would be known under two ids, the name and the true one.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING

from enroll.days import today
from enroll.enrolment import Enrolment, refusals
from enroll.gallery_edits import with_students, without_students
from enroll.mix_ups import numbered, verdicts
from function.recogniser.identity.gallery import Gallery

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence

    import numpy as np
    from numpy.typing import NDArray

    from enroll.mix_ups import AlikePair, Verdict
    from function.students import Student


class AmbiguousNameError(ValueError):
    """A name that has encodings is that of several students; the message says which."""


@dataclass(frozen=True, kw_only=True)
class NamedRows:
    """Gallery rows of the students, and the names that no student has, which are left out."""

    rows: Gallery
    not_listed: tuple[str, ...]


def enrol_encodings(  # noqa: PLR0913 - what an enrolment may be told, each by its name
    names: Sequence[str],
    encodings: NDArray[np.float32],
    students: Collection[Student],
    *,
    known: Gallery,
    barred: Mapping[str, str] = MappingProxyType({}),
    alike: Collection[AlikePair] = (),
) -> Enrolment:
    """Enrol the listed students among the names, whose encodings have the shape (names, 128).

    `known` is the gallery that the rows are to join. The encodings of students who are `barred`,
    for the reason that is given of each id, are left out. Pairs of students who are `alike` are let
    in though they look like each other. Raises AmbiguousNameError.
    """
    named = join_names(names, encodings, students)
    rows = without_students(named.rows, barred)
    refused = {it: barred[it] for it in dict.fromkeys(named.rows.student_ids) if it in barred}
    left_out = [
        f"{name} is not the name of a student in the list: left out; add the student to the list "
        "to enrol them"
        for name in named.not_listed
    ]
    judged = list(
        zip(
            rows.student_ids,
            verdicts(rows, numbered(rows, "encoding"), known=known, alike=alike),
            strict=True,
        )
    )
    good = [row for row, (_, verdict) in enumerate(judged) if not verdict.is_refused]
    enrolled = rows.rows(good)
    lost = dict.fromkeys(it for it in rows.student_ids if it not in set(enrolled.student_ids))
    known_ids = set(known.student_ids)
    return Enrolment(
        rows=enrolled,
        kept=tuple(student_id for student_id in (*refused, *lost) if student_id in known_ids),
        refused_portraits=tuple(_lines(judged, refused=True)),
        refused_students=(
            *(
                f"student {student_id} has no encoding that can be used: enrol them from portraits"
                for student_id in lost
                if student_id not in known_ids
            ),
            *refusals(refused),
        ),
        doubtful=(*_lines(judged, refused=False), *left_out),
    )


def _lines(judged: Iterable[tuple[str, Verdict]], *, refused: bool) -> list[str]:
    return [
        f"an encoding of student {student_id} {verdict.problem}"
        for student_id, verdict in judged
        if verdict.problem and verdict.is_refused == refused
    ]


def join_names(
    names: Sequence[str], encodings: NDArray[np.float32], students: Collection[Student]
) -> NamedRows:
    """Give every encoding, of the shape (names, 128), the id of the student of that name.

    Raises AmbiguousNameError.
    """
    ids = {student.name: student.student_id for student in students}
    counts = Counter(student.name for student in students)
    if several := sorted({name for name in names if counts[name] > 1}):
        raise AmbiguousNameError(
            f"several students are called {', '.join(several)}: give them different names in the "
            "student list, or enrol them from portraits"
        )
    listed = [row for row, name in enumerate(names) if name in ids]
    rows = Gallery(
        student_ids=tuple(ids[names[row]] for row in listed),
        encodings=encodings[listed],
        enrolled=(today().isoformat(),) * len(listed),
    )
    return NamedRows(
        rows=with_students(Gallery.empty(), rows),
        not_listed=tuple(dict.fromkeys(name for name in names if name not in ids)),
    )
