"""What people have corrected of a session's result: its form, and what stands of it.

The corrections of a video are an object of their own beside its CSV, `<video>.corrections.json`. No
run of the function writes it, so nothing that a person has said is lost when a video is looked at
again. Nothing in it is ever deleted but what is said of a student who is forgotten: a correction
that is taken back stays, and is marked so.

Beside the corrections it has, if somebody has set it, when the lesson began in the recording.
"""

from __future__ import annotations

import json
import math
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from enum import Enum
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

VERSION = 1
"""Of the form. A reader that knows another only must not guess, and must not write over it."""

_LONGEST_TEXT = 1000
_LONGEST_RECORDING = 24 * 60 * 60.0

# Own tolerances are in steps of this, as those that an audit of the gallery sets.
_STEP = 100


class CorrectionsError(ValueError):
    """The content is no list of corrections that this version can read."""


class What(Enum):
    """What a person says of a student in a session."""

    CONFIRM = "confirm"
    """It is the student who was seen."""

    NOT_THEM = "not them"
    """Who was seen is somebody else; the student was not."""

    WAS_HERE = "was here"
    """The student was there, whatever was seen."""

    EXCUSED = "excused"
    """The student need not have been there."""


@dataclass(frozen=True, kw_only=True)
class Correction:
    """A person's word on a student: `who` is the id of an account, `when` has a time zone.

    `tolerance` is what the student's own should be at most, so that a face as far as this one is
    not taken for theirs again; None asks for nothing. Whoever enrols takes it into the gallery.
    """

    student_id: str
    what: What
    who: str
    when: datetime
    undone: bool = False
    tolerance: float | None = None

    def __post_init__(self) -> None:
        _check_said(self.who, self.when)
        if not 0 < len(self.student_id) <= _LONGEST_TEXT:
            raise CorrectionsError(
                f"student_id has {len(self.student_id)} characters, not 1 to 1000"
            )
        if self.tolerance is not None and not 0 < self.tolerance <= 1:
            raise CorrectionsError(
                f"the tolerance is {self.tolerance:g}, not above 0 and at most 1"
            )


@dataclass(frozen=True, kw_only=True)
class Lesson:
    """When the lesson began in the recording, in seconds, as somebody has said."""

    starts: float
    who: str
    when: datetime

    def __post_init__(self) -> None:
        _check_said(self.who, self.when)
        if not 0 <= self.starts <= _LONGEST_RECORDING:
            raise CorrectionsError(f"the lesson starts at {self.starts:g} s, not in 0 to 24 hours")


def tolerance_below(distance: float) -> float | None:
    """Return the greatest own tolerance below a distance, or None if there is none above 0."""
    below = (math.ceil(round(distance * _STEP, 6)) - 1) / _STEP
    return min(below, 1.0) if below > 0 else None


def _check_said(who: str, when: datetime) -> None:
    if when.tzinfo is None:
        raise CorrectionsError(f"the time {when.isoformat()} has no time zone")
    if not 0 < len(who) <= _LONGEST_TEXT:
        raise CorrectionsError(f"who has {len(who)} characters, not 1 to 1000")


def standing(corrections: Iterable[Correction]) -> Mapping[str, Correction]:
    """Return what stands of each student who has a correction: the last that was not taken back."""
    return {each.student_id: each for each in corrections if not each.undone}


def undone(corrections: Iterable[Correction], student_id: str) -> tuple[Correction, ...]:
    """Return the corrections with what stands of a student taken back."""
    all_of_them = tuple(corrections)
    stands = standing(all_of_them).get(student_id)
    return tuple(replace(each, undone=True) if each is stands else each for each in all_of_them)


def corrections_bytes(corrections: Iterable[Correction], lesson: Lesson | None = None) -> bytes:
    """Return the JSON object that is stored, in UTF-8."""
    told: dict[str, object] = {
        "version": VERSION,
        "corrections": [_told(each) for each in corrections],
    }
    if lesson is not None:
        told["lesson"] = asdict(lesson) | {"when": lesson.when.isoformat()}
    return (json.dumps(told, ensure_ascii=False, indent=1) + "\n").encode()


def _told(correction: Correction) -> dict[str, object]:
    told = asdict(correction)
    told |= {"what": correction.what.value, "when": correction.when.isoformat()}
    if correction.tolerance is None:
        del told["tolerance"]
    return told


def read_corrections(content: bytes) -> tuple[Correction, ...]:
    """Read what `corrections_bytes` has written, in the order in which it was said.

    Raises:
        CorrectionsError: it is something else, or of a version that is not known here.

    """
    try:
        told = json.loads(content)
        _check_version(told["version"])
        return tuple(_read(each) for each in _list(told["corrections"]))
    except CorrectionsError:
        raise
    except (ValueError, TypeError, KeyError, RecursionError) as error:
        raise CorrectionsError(f"no corrections: {type(error).__name__}") from error


def read_lesson(content: bytes) -> Lesson | None:
    """Read when the lesson began, if the same object says so.

    Raises:
        CorrectionsError: it is something else, or of a version that is not known here.

    """
    try:
        told = json.loads(content)
        _check_version(told["version"])
        lesson = told.get("lesson")
        return None if lesson is None else _lesson(lesson)
    except CorrectionsError:
        raise
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
        raise CorrectionsError(f"no lesson: {type(error).__name__}") from error


def _lesson(told: Mapping[str, Any]) -> Lesson:
    starts, who = told["starts"], told["who"]
    if not (_is_number(starts) and isinstance(who, str)):
        raise CorrectionsError("the lesson has a field of another type")
    return Lesson(starts=float(starts), who=who, when=datetime.fromisoformat(told["when"]))


def _is_number(value: object) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def _check_version(version: object) -> None:
    if version != VERSION:
        raise CorrectionsError(f"of version {version!r}, not {VERSION}")


def _read(told: Mapping[str, Any]) -> Correction:
    student_id, who, is_undone = told["student_id"], told["who"], told["undone"]
    tolerance = told.get("tolerance")
    is_typed = isinstance(student_id, str) and isinstance(who, str) and isinstance(is_undone, bool)
    if not (is_typed and (tolerance is None or _is_number(tolerance))):
        raise CorrectionsError("a correction has a field of another type")
    return Correction(
        student_id=student_id,
        what=What(told["what"]),
        who=who,
        when=datetime.fromisoformat(told["when"]),
        undone=is_undone,
        tolerance=tolerance,
    )


def _list(value: object) -> list[Any]:
    if not isinstance(value, list):
        raise CorrectionsError("the corrections are no list")
    return value
