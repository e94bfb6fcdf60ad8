"""What a student's session comes to, in one word.

A student who was not seen is never said to be absent: turned away, or too far from the camera, one
is not seen. What is not sure is a person's to decide, and what a person has said counts before all
else.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING

from register.corrections import What

if TYPE_CHECKING:
    from register.sessions import Glimpse, Session

_MINUTE = 60.0

# Schools differ, so both can be set. No shorter, because a student who comes in time may have his
# back to the camera for the first minutes, and one who stays may pack in the last.
LATE_AFTER_SECONDS = 5 * _MINUTE
LEFT_EARLY_BEFORE_SECONDS = 10 * _MINUTE


class Status(Enum):
    """What a student's session comes to; the value is what options and files call it."""

    PRESENT = "present"
    LATE = "late"
    LEFT_EARLY = "left early"
    PLEASE_CHECK = "please check"
    NOT_SEEN = "not seen"
    EXCUSED = "excused"


ATTENDED = frozenset({Status.PRESENT, Status.LATE, Status.LEFT_EARLY})
"""These count as having been there."""


@dataclass(frozen=True, kw_only=True)
class Rules:
    """From when on somebody is late, and from when on it is early to leave, in seconds.

    Late is who is first seen more than `late_after` after the lesson's start; who is last seen more
    than `left_early_before` before its end left early.
    """

    late_after: float = LATE_AFTER_SECONDS
    left_early_before: float = LEFT_EARLY_BEFORE_SECONDS


def status_of(session: Session, student_id: str, rules: Rules) -> Status | None:
    """Return a student's status in a session, or None where there is nothing to go by."""
    glimpse = session.seen.get(student_id) or session.perhaps.get(student_id)
    correction = session.corrections.get(student_id)
    match correction and correction.what:
        case What.EXCUSED:
            return Status.EXCUSED
        case What.NOT_THEM:
            return Status.NOT_SEEN
        case What.WAS_HERE:
            return Status.PRESENT
        case What.CONFIRM:
            # When somebody was perhaps seen once, that says nothing of coming and going.
            is_timed = student_id in session.seen
            return _by_time(session, glimpse, rules) if glimpse and is_timed else Status.PRESENT
    if glimpse is not None:
        return _by_time(session, glimpse, rules) if glimpse.is_sure else Status.PLEASE_CHECK
    return None if session.problem else Status.NOT_SEEN


def _by_time(session: Session, glimpse: Glimpse, rules: Rules) -> Status:
    if glimpse.first_seen > session.starts + rules.late_after:
        return Status.LATE
    if session.end is not None and glimpse.last_seen < session.end - rules.left_early_before:
        return Status.LEFT_EARLY
    return Status.PRESENT
