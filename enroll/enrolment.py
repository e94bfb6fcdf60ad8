"""An enrolment: a student list and their portraits into gallery rows, and what was wrong with them.

One bad portrait holds nobody else up. What is refused leaves a student out or with fewer
portraits than were given, and the command fails for it in the end; what is merely doubtful is
said.
"""

from __future__ import annotations

from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING

import numpy as np

from enroll.days import today
from enroll.examination import Examination
from enroll.gallery_edits import with_students
from enroll.mix_ups import Verdict, verdicts
from enroll.portrait_folder import find_portraits
from function.recogniser.identity.gallery import Gallery

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
    from pathlib import Path

    from enroll.crops import Crops
    from enroll.examination import Portrait
    from enroll.mix_ups import AlikePair
    from function.students import Student

_MOST_NAMED = 5


class PortraitsUnreadableError(Exception):
    """The folder of portraits can't be read; the message says why."""


@dataclass(frozen=True, kw_only=True)
class Reviewed:
    """A portrait, and what was made of it."""

    portrait: Portrait
    verdict: Verdict


@dataclass(frozen=True, kw_only=True)
class Enrolment:
    """The rows to add to a gallery, and one line for everything that was refused or doubtful.

    `refused_portraits` are pictures or encodings, `refused_students` those who are left with none.
    `kept` are listed students without new portraits who are enrolled already, and stay so.
    `reviewed` has all pictures, also those that were refused.
    """

    rows: Gallery
    kept: tuple[str, ...] = ()
    refused_portraits: tuple[str, ...] = ()
    refused_students: tuple[str, ...] = ()
    doubtful: tuple[str, ...] = ()
    reviewed: tuple[Reviewed, ...] = ()

    @property
    def refused(self) -> tuple[str, ...]:
        """What was refused, pictures first."""
        return self.refused_portraits + self.refused_students


def enrol(  # noqa: PLR0913 - what an enrolment may be told, each by its name
    students: Collection[Student],
    folder: Path,
    *,
    known: Gallery,
    barred: Mapping[str, str] = MappingProxyType({}),
    alike: Collection[AlikePair] = (),
    crops: Crops | None = None,
    watch: Callable[[Examination], Iterable[Portrait]] = iter,
) -> Enrolment:
    """Encode the portraits of the listed students in `folder`, which `find_portraits` tells apart.

    `known` is the gallery that the rows are to join; what is in it already is not encoded again. Of
    students who are `barred`, for the reason that is given of each id, no picture is opened. Pairs
    of students who are `alike` are let in though they look like each other. Where there are
    `crops`, the faces are put there. The pictures are taken through `watch` as they are done, which
    may show the progress. Raises PortraitsUnreadableError.
    """
    student_ids = [student.student_id for student in students]
    try:
        found = find_portraits(folder, student_ids)
    except OSError as error:
        raise PortraitsUnreadableError(
            f"cannot read the portraits in {error.filename} ({error.strerror}): give the folder "
            "that has a picture, or a folder of them, named for each student id"
        ) from error
    owners = {
        path: student_id
        for student_id in student_ids
        if student_id not in barred
        for path in found.pictures[student_id]
    }
    portraits = list(watch(Examination(owners, known=known, crops=crops)))
    reviewed = _reviewed(portraits, known, alike)
    enrolled = _as_gallery([it.portrait for it in reviewed if not it.verdict.is_refused])
    has_rows = set(enrolled.student_ids)
    missing = [student_id for student_id in student_ids if student_id not in has_rows]
    known_ids = set(known.student_ids)
    refused_students = [
        f"student {student_id} has no portrait that can be used: put one into "
        f"{folder / student_id}/"
        for student_id in missing
        if student_id not in known_ids and student_id not in barred
    ]
    doubtful = lines(reviewed, refused=False)
    if found.not_listed:
        doubtful.append(_left_out(found.not_listed))
    return Enrolment(
        rows=with_students(Gallery.empty(), enrolled),
        kept=tuple(student_id for student_id in missing if student_id in known_ids),
        refused_portraits=tuple(lines(reviewed, refused=True)),
        refused_students=(*refused_students, *refusals(barred)),
        doubtful=tuple(doubtful),
        reviewed=tuple(reviewed),
    )


def without_portraits(
    students: Collection[Student], *, known: Gallery, barred: Mapping[str, str]
) -> Enrolment:
    """Return the enrolment of those who are enrolled already, and get no new portraits.

    What is wrong with those who are `barred` is said.
    """
    student_ids = [student.student_id for student in students]
    enrolled = set(known.student_ids)
    refused = [
        f"student {student_id} is not enrolled: give --portraits, with pictures of them in a folder"
        for student_id in student_ids
        if student_id not in enrolled and student_id not in barred
    ]
    return Enrolment(
        rows=Gallery.empty(),
        kept=tuple(student_id for student_id in student_ids if student_id in enrolled),
        refused_students=(*refused, *refusals(barred)),
    )


def refusals(barred: Mapping[str, str]) -> list[str]:
    """Say of each student who is barred why."""
    return [f"student {student_id} {reason}" for student_id, reason in barred.items()]


def lines(reviewed: Iterable[Reviewed], *, refused: bool) -> list[str]:
    """Say what is wrong with those that were refused, or with the others."""
    return [
        f"{it.portrait.path} {it.verdict.problem}"
        for it in reviewed
        if it.verdict.problem and it.verdict.is_refused == refused
    ]


def _reviewed(
    portraits: Sequence[Portrait], known: Gallery, alike: Collection[AlikePair]
) -> list[Reviewed]:
    """Compare those that have an encoding; the others are refused already."""
    encoded = [portrait for portrait in portraits if portrait.encoding is not None]
    names = [portrait.path.name for portrait in encoded]
    compared = dict(
        zip(
            map(id, encoded),
            verdicts(_as_gallery(encoded), names, known=known, alike=alike),
            strict=True,
        )
    )
    return [
        Reviewed(
            portrait=portrait,
            verdict=compared.get(id(portrait))
            or Verdict(is_refused=True, problem=portrait.problem),
        )
        for portrait in portraits
    ]


def _as_gallery(portraits: Sequence[Portrait]) -> Gallery:
    encodings = [portrait.encoding for portrait in portraits if portrait.encoding is not None]
    if not encodings:
        return Gallery.empty()
    return Gallery(
        student_ids=tuple(portrait.student_id for portrait in portraits),
        encodings=np.stack(encodings),
        sources=tuple(portrait.source for portrait in portraits),
        enrolled=(today().isoformat(),) * len(portraits),
    )


def _left_out(paths: Sequence[Path]) -> str:
    names = ", ".join(path.name for path in paths[:_MOST_NAMED])
    more = f" and {len(paths) - _MOST_NAMED} more" if len(paths) > _MOST_NAMED else ""
    return (
        f"no student in the list for {names}{more}: left out; to enrol them, name folders and "
        "pictures after student ids in the list, as in 1001.jpg and 1001_2.jpg"
    )
