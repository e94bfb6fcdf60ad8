"""The register of a course over a term: its students, its sessions, and what each comes to."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from function.students import Student
from register.statuses import ATTENDED, Status, status_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import date

    from register.sessions import Session
    from register.statuses import Rules


@dataclass(frozen=True, kw_only=True)
class Row:
    """A student, and the status in each session; None where there is nothing to go by."""

    student: Student
    statuses: tuple[Status | None, ...]

    @cached_property
    def count(self) -> Counter[Status]:
        """How often the student has each status."""
        return Counter(status for status in self.statuses if status is not None)

    @property
    def attended(self) -> int:
        """In how many sessions the student was."""
        return sum(self.count[status] for status in ATTENDED)

    @property
    def possible(self) -> int:
        """In how many the student could have been: not excused, and with something to go by."""
        return sum(self.count.values()) - self.count[Status.EXCUSED]

    @property
    def share(self) -> float | None:
        """What of the possible sessions was attended, from 0 to 1; None of none.

        What is still to be checked counts as possible, and not as attended.
        """
        return self.attended / self.possible if self.possible else None


@dataclass(frozen=True, kw_only=True)
class Register:
    """The register of a course: a row for each student, with a status for each session.

    `rules` are those that the statuses come of. `is_whole_class` tells whether the students are
    those of a class list; otherwise they are those who were ever seen.
    """

    course: str
    sessions: tuple[Session, ...]
    rows: tuple[Row, ...]
    rules: Rules
    is_whole_class: bool

    def statuses_in(self, session: Session) -> list[tuple[Row, Status | None]]:
        """Return each student's row with the status in a session."""
        number = self.sessions.index(session)
        return [(row, row.statuses[number]) for row in self.rows]

    def count_in(self, session: Session) -> Counter[Status]:
        """Return how many students have each status in a session."""
        return Counter(status for _, status in self.statuses_in(session) if status is not None)


def register_of(
    course: str,
    sessions: Iterable[Session],
    students: Sequence[Student] | None,
    rules: Rules,
) -> Register:
    """Make the register of the sessions, for the students of a class list, by their names.

    Without a list it is that of all who were ever seen, or perhaps were. After a student's last day
    there is nothing to go by: nobody looked for the student any more.
    """
    in_order = tuple(sorted(sessions, key=lambda session: session.order))
    listed = seen_in(in_order) if students is None else students
    rows = tuple(
        Row(
            student=student,
            statuses=tuple(
                None
                if _is_after(session.day, student.until)
                else status_of(session, student.student_id, rules)
                for session in in_order
            ),
        )
        for student in sorted(listed, key=lambda it: (it.name.casefold(), it.student_id))
    )
    return Register(
        course=course,
        sessions=in_order,
        rows=rows,
        rules=rules,
        is_whole_class=students is not None,
    )


def seen_in(sessions: Iterable[Session]) -> list[Student]:
    """Return who was seen in any of the sessions, or perhaps was, as the last of them says."""
    glimpses = {
        glimpse.student_id: glimpse
        for session in sessions
        for glimpse in (*session.perhaps.values(), *session.seen.values())
    }
    return [
        Student(student_id=student_id, name=glimpse.name, major=glimpse.major, year=glimpse.year)
        for student_id, glimpse in glimpses.items()
    ]


def _is_after(day: date | None, until: date | None) -> bool:
    return day is not None and until is not None and day > until
