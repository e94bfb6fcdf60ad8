"""What people have corrected of a session's result: its form, and what stands of it.

The corrections of a video are an object of their own beside its CSV, `<video>.corrections.json`. No
run of the function writes it, so nothing that a person has said is lost when a video is looked at
again. Nothing in it is ever deleted: a correction that is taken back stays, and is marked so.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from enum import Enum
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

VERSION = 1
"""Of the form. A reader that knows another only must not guess, and must not write over it."""

_LONGEST_TEXT = 1000


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
    """A person's word on a student: `who` is the id of an account, `when` has a time zone."""

    student_id: str
    what: What
    who: str
    when: datetime
    undone: bool = False

    def __post_init__(self) -> None:
        if self.when.tzinfo is None:
            raise CorrectionsError(f"the time {self.when.isoformat()} has no time zone")
        for name in ("student_id", "who"):
            text = getattr(self, name)
            if not 0 < len(text) <= _LONGEST_TEXT:
                raise CorrectionsError(f"{name} has {len(text)} characters, not 1 to 1000")


def standing(corrections: Iterable[Correction]) -> Mapping[str, Correction]:
    """Return what stands of each student who has a correction: the last that was not taken back."""
    return {each.student_id: each for each in corrections if not each.undone}


def undone(corrections: Iterable[Correction], student_id: str) -> tuple[Correction, ...]:
    """Return the corrections with what stands of a student taken back."""
    all_of_them = tuple(corrections)
    stands = standing(all_of_them).get(student_id)
    return tuple(replace(each, undone=True) if each is stands else each for each in all_of_them)


def corrections_bytes(corrections: Iterable[Correction]) -> bytes:
    """Return the JSON object that is stored, in UTF-8."""
    told = {
        "version": VERSION,
        "corrections": [
            asdict(each) | {"what": each.what.value, "when": each.when.isoformat()}
            for each in corrections
        ],
    }
    return (json.dumps(told, ensure_ascii=False, indent=1) + "\n").encode()


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


def _check_version(version: object) -> None:
    if version != VERSION:
        raise CorrectionsError(f"of version {version!r}, not {VERSION}")


def _read(told: Mapping[str, Any]) -> Correction:
    student_id, who, is_undone = told["student_id"], told["who"], told["undone"]
    if not (isinstance(student_id, str) and isinstance(who, str) and isinstance(is_undone, bool)):
        raise CorrectionsError("a correction has a field of another type")
    return Correction(
        student_id=student_id,
        what=What(told["what"]),
        who=who,
        when=datetime.fromisoformat(told["when"]),
        undone=is_undone,
    )


def _list(value: object) -> list[Any]:
    if not isinstance(value, list):
        raise CorrectionsError("the corrections are no list")
    return value
