"""The contact sheet: one HTML file that shows whoever enrols what was understood of each portrait.

Its pictures are inside it, small ones of the faces. It runs no script, fetches nothing, and shows
whatever names and files are called as text.
"""

from __future__ import annotations

import base64
import hashlib
import math
import os
import tempfile
from collections import defaultdict
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING

from jinja2 import Environment, StrictUndefined
from markupsafe import Markup

from function.recogniser.identity.attendance import LEAST_SHARPNESS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from datetime import date

    from enroll.crops import Box, Crops
    from enroll.enrolment import Enrolment, Reviewed
    from enroll.portraits import Seen
    from function.recogniser.identity.enrolled import Enrolled
    from function.students import Student

# How much a head is turned to a side, as `Detection.turn` has it, and what that is called.
_FROM_THE_FRONT, _A_LITTLE_TURNED = 0.15, 0.30

# Degrees from which on a tilt is worth a word.
_TILTED = 15

# As a share of the least that is needed, from which on a portrait is called sharp. Three quarters
# of the 129 that the limits were measured on are.
_SHARP = 1.75 * LEAST_SHARPNESS


@dataclass(frozen=True, kw_only=True)
class _Picture:
    """A portrait as it is shown."""

    name: str
    verdict: str
    problem: str
    facts: tuple[str, ...]
    distances: tuple[str, ...]
    data: str
    width: int
    height: int
    boxes: tuple[Box, ...]


@dataclass(frozen=True, kw_only=True)
class _Card:
    """A student as they are shown; the pictures are made when they are come to."""

    student: Student
    courses: tuple[str, ...]
    verdict: str
    note: str
    is_out: bool
    pictures: Callable[[], Iterator[_Picture]]


@dataclass(frozen=True, kw_only=True)
class _Section:
    title: str
    verdict: str
    cards: Sequence[_Card]


_TITLES = {
    "refused": "To be mended",
    "doubtful": "To be checked",
    "enrolled": "In order",
    "as before": "Without new portraits",
}
_ORDER = list(_TITLES)


def write_contact_sheet(  # noqa: PLR0913 - what is shown, each by its name
    file: Path,
    students: Sequence[Student],
    enrolment: Enrolment,
    crops: Crops,
    *,
    known: Mapping[str, Enrolled],
    barred: Mapping[str, str],
    day: date,
) -> None:
    """Write the sheet to a file that is its owner's alone, whole or not at all.

    `known` says which courses each student has. Raises OSError.
    """
    style = _template("contact_sheet.css")
    environment = Environment(
        autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    sections = _sections(students, enrolment, crops, known, barred)
    chunks = environment.from_string(_template("contact_sheet.html.j2")).generate(
        style=Markup(style),  # noqa: S704 - ours
        style_hash=base64.b64encode(hashlib.sha256(style.encode()).digest()).decode(),
        sections=sections,
        counts={
            "students": len(set(enrolment.rows.student_ids)),
            "portraits": len(enrolment.rows.student_ids),
            "refused": len(enrolment.refused_portraits),
            "left": len(enrolment.refused_students),
        },
        day=f"{day:%d %B %Y}",
    )
    _write(file, chunks)


def _write(file: Path, chunks: Iterator[str]) -> None:
    # A file that nobody else may read, which takes the place of an earlier one with its rights.
    descriptor, name = tempfile.mkstemp(dir=file.parent, prefix=f".{file.name[:50]}.")
    partial = Path(name)
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8", errors="replace") as out:
            out.writelines(chunks)
        partial.replace(file)
    except BaseException:
        partial.unlink(missing_ok=True)
        raise


def _template(name: str) -> str:
    return resources.files("enroll").joinpath(name).read_text(encoding="utf-8")


def _sections(
    students: Sequence[Student],
    enrolment: Enrolment,
    crops: Crops,
    known: Mapping[str, Enrolled],
    barred: Mapping[str, str],
) -> list[_Section]:
    reviewed: defaultdict[str, list[Reviewed]] = defaultdict(list)
    for it in enrolment.reviewed:
        reviewed[it.portrait.student_id].append(it)
    kept, enrolled = set(enrolment.kept), set(enrolment.rows.student_ids)
    cards: dict[str, list[_Card]] = {verdict: [] for verdict in _TITLES}
    for student in students:
        student_id = student.student_id
        own = sorted(reviewed[student_id], key=lambda it: _ORDER.index(_word(it)))
        verdict, note = _of_student(
            own,
            reason=barred.get(student_id, ""),
            is_kept=student_id in kept,
            is_enrolled=student_id in enrolled,
        )
        cards[verdict].append(
            _Card(
                student=student,
                courses=known[student_id].courses,
                verdict=verdict,
                note=note,
                is_out=student_id not in kept and student_id not in enrolled,
                pictures=lambda own=own: (_picture(it, crops) for it in own),  # type: ignore[misc]
            )
        )
    return [
        _Section(
            title=title,
            verdict=verdict,
            cards=sorted(cards[verdict], key=lambda card: not card.is_out),
        )
        for verdict, title in _TITLES.items()
        if cards[verdict]
    ]


def _of_student(
    own: Sequence[Reviewed], *, reason: str, is_kept: bool, is_enrolled: bool
) -> tuple[str, str]:
    """Return the verdict on a student, and what is to be said of it."""
    if reason:
        return "refused", f"This student {reason}."
    if not is_enrolled and not is_kept:
        return "refused", "No portrait can be used: this student is not enrolled."
    if any(it.verdict.is_refused for it in own):
        return "refused", f"Known by the {'earlier' if is_kept else 'other'} portraits."
    if any(it.verdict.problem for it in own):
        return "doubtful", ""
    return ("as before", "Known as before.") if is_kept else ("enrolled", "")


def _picture(reviewed: Reviewed, crops: Crops) -> _Picture:
    portrait, verdict, crop = reviewed.portrait, reviewed.verdict, reviewed.portrait.crop
    jpeg = base64.b64encode(crops.jpeg(crop)).decode() if crop else ""
    distances = []
    if verdict.to_own < math.inf:
        distances.append(f"{verdict.to_own:.2f} from the student's nearest other")
    if verdict.nearest:
        student_id, distance = verdict.nearest
        distances.append(f"{distance:.2f} from student {student_id}")
    return _Picture(
        name=portrait.path.name,
        verdict=_word(reviewed),
        problem=verdict.problem,
        facts=tuple(_facts(portrait.seen)) if portrait.seen else (),
        distances=tuple(distances),
        data=f"data:image/jpeg;base64,{jpeg}" if jpeg else "",
        width=crop.width if crop else 1,
        height=crop.height if crop else 1,
        boxes=crop.boxes if crop else (),
    )


def _word(reviewed: Reviewed) -> str:
    if reviewed.verdict.is_refused:
        return "refused"
    return "doubtful" if reviewed.verdict.problem else "enrolled"


def _facts(seen: Seen) -> Iterator[str]:
    yield f"face {seen.height:.0f} pixels high"
    if seen.sharpness < LEAST_SHARPNESS:
        word = "blurred"
    else:
        word = "sharp" if seen.sharpness >= _SHARP else "a little soft"
    yield f"{word} ({seen.sharpness:.2f})"
    turn = abs(seen.turn)
    if turn <= _FROM_THE_FRONT:
        pose = "from the front"
    else:
        pose = "a little turned" if turn <= _A_LITTLE_TURNED else "turned to a side"
    yield f"{pose}, tilted {seen.tilt:.0f}\N{DEGREE SIGN}" if seen.tilt >= _TILTED else pose
