"""A small course to make registers of: what was seen in its sessions, in words of the tests."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from function.evidence import PLEASE_CHECK, SURE, Best, Box, Evidence, PerhapsSeen, Seen, Source
from function.results import COLUMNS
from function.students import Student
from register.corrections import Correction, What
from register.sessions import session_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from register.sessions import Session

LENGTH = 2700.0  # seconds of each recording
NAMES = {"1": "Ada", "2": "Björn", "3": "Çiğdem", "4": "Dmitri", "5": "=Eve()"}
CLASS = [
    Student(student_id=student_id, name=name, major="physics", year="2")
    for student_id, name in NAMES.items()
]
_BOX = Box(0.4, 0.2, 0.04, 0.07)


def csv_of(presence: Mapping[str, tuple[float, float]]) -> bytes:
    """Return the CSV of students who were seen from then to then."""
    rows = [",".join(COLUMNS)]
    for student_id, (first, last) in presence.items():
        name = f"'{NAMES[student_id]}" if NAMES[student_id][0] == "=" else NAMES[student_id]
        rows.append(f"2,physics,{name},{student_id},{first:.2f},{last:.2f},9,0.350")
    return "".join(f"{row}\r\n" for row in rows).encode("utf-8-sig")


def evidence_of(
    presence: Mapping[str, tuple[float, float]],
    *,
    unsure: Iterable[str] = (),
    perhaps: Iterable[str] = (),
    unread: str = "",
    strangers: int = 0,
) -> Evidence:
    """Return the evidence that belongs to that CSV."""
    best = Best(time=61.0, track=1, box=_BOX, distance=0.35)
    return Evidence(
        source=Source(video="physics/v.mp4", course="physics", recogniser="r", step=0.5),
        csv_sha256=hashlib.sha256(csv_of(presence)).hexdigest(),
        video_seconds=LENGTH,
        frames=5400,
        unread=unread,
        students=tuple(
            Seen(
                student_id=student_id,
                name=NAMES[student_id],
                major="physics",
                year="2",
                presence=((first, first), (first, last)),
                sightings=9,
                certainty=PLEASE_CHECK if student_id in unsure else SURE,
                best=best,
            )
            for student_id, (first, last) in presence.items()
        ),
        please_check=tuple(
            PerhapsSeen(
                student_id=student_id, name=NAMES[student_id], major="physics", year="2", best=best
            )
            for student_id in perhaps
        ),
        strangers=strangers,
    )


def said(student_id: str, what: What, *, undone: bool = False, day: int = 1) -> Correction:
    """Return what a teacher has said of a student."""
    when = datetime(2026, 12, day, tzinfo=UTC)
    return Correction(student_id=student_id, what=what, who="teacher", when=when, undone=undone)


ALL_OF_IT = (2.0, LENGTH - 2)


def session(
    name: str = "physics/2026-11-23",
    presence: Mapping[str, tuple[float, float]] | None = None,
    *corrections: Correction,
    perhaps: Iterable[str] = (),
    unsure: Iterable[str] = (),
    unread: str = "",
) -> Session:
    """Return a session of which there is the evidence."""
    seen = {"1": ALL_OF_IT} if presence is None else presence
    evidence = evidence_of(seen, unsure=unsure, perhaps=perhaps, unread=unread)
    return session_of(name, csv_of(seen), evidence, corrections=corrections)
