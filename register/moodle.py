"""Attendance for Moodle: what its plugin mod_attendance imports.

Of each session there is a CSV with `idnumber` and `status`, and of all sessions together one with
`sessiondate` before these and `remarks` after them. A status is the acronym that the course's
attendance activity has for it, in exactly its letters.
"""

from __future__ import annotations

import csv
import io
from typing import TYPE_CHECKING

from register.clock import clock
from register.statuses import Status
from register.texts import ENGLISH

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from register.sessions import Session
    from register.term import Register, Row
    from register.texts import Texts

# Moodle's own are P, L, E and A. Whether a student who was not seen counts as absent, and what
# counts for one who is still to be checked, is not for a program to decide: they have none here.
ACRONYMS: Mapping[Status, str] = {
    Status.PRESENT: "P",
    Status.LATE: "L",
    Status.LEFT_EARLY: "P",
    Status.EXCUSED: "E",
}


def session_bytes(register: Register, session: Session, acronyms: Mapping[Status, str]) -> bytes:
    """Return the CSV of one session. Who has a status without an acronym is left out."""
    rows = (
        (row.student.student_id, acronyms[status])
        for row, status in register.statuses_in(session)
        if status is not None and status in acronyms
    )
    return _csv(("idnumber", "status"), rows)


def all_sessions_bytes(
    register: Register, acronyms: Mapping[Status, str], texts: Texts = ENGLISH
) -> bytes:
    """Return the CSV of all sessions that have a day; the day is as Moodle reads it."""
    rows = (
        (
            _moment(session),
            row.student.student_id,
            acronyms[status],
            _remark(session, row, status, texts),
        )
        for session in register.sessions
        if session.day is not None
        for row, status in register.statuses_in(session)
        if status is not None and status in acronyms
    )
    return _csv(("sessiondate", "idnumber", "status", "remarks"), rows)


def left_out(register: Register, acronyms: Mapping[Status, str]) -> Mapping[Status, int]:
    """Return how often a status has no acronym, of those that come at all."""
    counts = {
        status: sum(row.count[status] for row in register.rows)
        for status in Status
        if status not in acronyms
    }
    return {status: count for status, count in counts.items() if count}


def _moment(session: Session) -> str:
    time = f" {session.at:%H:%M}" if session.at else ""
    return f"{session.day}{time}"


def _remark(session: Session, row: Row, status: Status, texts: Texts) -> str:
    glimpse = session.seen.get(row.student.student_id)
    if status is Status.LATE and glimpse:
        return f"{texts.first_seen} {clock(glimpse.first_seen)}"
    if status is Status.LEFT_EARLY and glimpse:
        return f"{texts.last_seen} {clock(glimpse.last_seen)}"
    return ""


def _csv(header: Iterable[str], rows: Iterable[Iterable[str]]) -> bytes:
    text = io.StringIO(newline="")
    writer = csv.writer(text)
    writer.writerow(header)
    writer.writerows(rows)
    return text.getvalue().encode()
