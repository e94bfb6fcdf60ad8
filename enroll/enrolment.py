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
from enroll.gallery_edits import with_portraits, with_students
from enroll.mix_ups import doubts
from enroll.portrait_folder import find_portraits
from enroll.portraits import Portrait, PortraitRefusedError, encode_portrait, sha256_of
from function.recogniser.identity.gallery import Gallery

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
    from pathlib import Path

    from function.students import Student

_MOST_NAMED = 5


class PortraitsUnreadableError(Exception):
    """The folder of portraits can't be read; the message says why."""


@dataclass(frozen=True, kw_only=True)
class Enrolment:
    """The rows to add to a gallery, and one line for everything that was `refused` or `doubtful`.

    `kept` are listed students without new portraits who are enrolled already, and stay so;
    `known_already` counts the pictures that were not encoded because the gallery has them.
    """

    rows: Gallery
    kept: tuple[str, ...]
    refused: tuple[str, ...]
    doubtful: tuple[str, ...]
    known_already: int = 0


def enrol(  # noqa: PLR0913 - whom, from where, into what, and how
    students: Collection[Student],
    folder: Path,
    *,
    known: Gallery,
    barred: Mapping[str, str] = MappingProxyType({}),
    watch: Callable[[Sequence[Path]], Iterable[Path]] = iter,
    beside_known: bool = False,
) -> Enrolment:
    """Encode the portraits of the listed students in `folder`, which `find_portraits` tells apart.

    `known` is the gallery that the rows are to join. Of students who are `barred`, for the reason
    that is given of each id, no picture is opened. The pictures are taken through `watch`, which
    may show the progress. With `beside_known`, the rows are to come beside those that `known` has
    of the students, not in their place, and what it has of them is not encoded again.

    Raises PortraitsUnreadableError.
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
    has = set(zip(known.student_ids, known.sources, strict=True)) if beside_known else set()
    known_already = 0
    portraits: list[Portrait] = []
    refused: list[str] = []
    for path in watch(list(owners)):
        try:
            source = sha256_of(path)
            if (owners[path], source) in has:
                known_already += 1
                continue
            encoding = encode_portrait(path)
        except PortraitRefusedError as error:
            refused.append(f"{path} {error}")
        else:
            portraits.append(
                Portrait(student_id=owners[path], path=path, encoding=encoding, source=source)
            )
    enrolled = _as_gallery(portraits)
    missing = [student_id for student_id in student_ids if student_id not in enrolled.student_ids]
    kept = tuple(student_id for student_id in missing if student_id in known.student_ids)
    refused += [
        f"student {student_id} has no portrait that can be used: put one into "
        f"{folder / student_id}/"
        for student_id in missing
        if student_id not in kept and student_id not in barred
    ]
    refused += refusals(barred)
    doubtful = doubts(
        enrolled,
        [str(portrait.path) for portrait in portraits],
        known=known,
        joined=with_portraits if beside_known else with_students,
    )
    if found.not_listed:
        doubtful.append(_left_out(found.not_listed))
    return Enrolment(
        rows=with_students(Gallery.empty(), enrolled),
        kept=kept,
        refused=tuple(refused),
        doubtful=tuple(doubtful),
        known_already=known_already,
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
        refused=(*refused, *refusals(barred)),
        doubtful=(),
    )


def refusals(barred: Mapping[str, str]) -> list[str]:
    """Say of each student who is barred why."""
    return [f"student {student_id} {reason}" for student_id, reason in barred.items()]


def _as_gallery(portraits: Sequence[Portrait]) -> Gallery:
    if not portraits:
        return Gallery.empty()
    return Gallery(
        student_ids=tuple(portrait.student_id for portrait in portraits),
        encodings=np.stack([portrait.encoding for portrait in portraits]),
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
