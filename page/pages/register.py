"""The register of a course: to look at, to print, and as the files that other programs read."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from http import HTTPStatus
from typing import TYPE_CHECKING
from urllib.parse import quote

from starlette.exceptions import HTTPException
from starlette.responses import Response

from page import texts
from page.guard import of_course
from page.rendering import page
from page.results import RULES, asked_result
from register import moodle
from register.results_bucket import sessions_in_bucket, students_of_course
from register.statuses import Status
from register.tables import DECIMAL_SIGNS, SEPARATORS, percentage, table_bytes
from register.term import register_of
from register.texts import ENGLISH

if TYPE_CHECKING:
    from page.guard import Visit
    from register.sessions import Session
    from register.term import Register

# As many columns as fit on a sheet of A4 held wide.
_SESSIONS_A_TABLE = 24

_XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


@dataclass(frozen=True, kw_only=True)
class _Term:
    """The days from `first` to `last`, both included, as far as they are given."""

    first: date | None
    last: date | None

    def has(self, session: Session) -> bool:
        """Whether a session is of the term; one without a day is of no term that has bounds."""
        if session.day is None:
            return self.first is None and self.last is None
        return (self.first is None or self.first <= session.day) and (
            self.last is None or session.day <= self.last
        )


def _term(visit: Visit) -> _Term:
    return _Term(first=_day(visit, "from"), last=_day(visit, "until"))


def _day(visit: Visit, name: str) -> date | None:
    text = visit.request.query_params.get(name, "")
    try:
        return date.fromisoformat(text) if text else None
    except ValueError:
        raise HTTPException(HTTPStatus.BAD_REQUEST) from None


def _made(visit: Visit) -> tuple[Register, bool]:
    """Return the register of the term that is asked for, and whether something was passed over."""
    services, term = visit.services, _term(visit)
    found = sessions_in_bucket(services.s3, services.settings.output_bucket, visit.course)
    students = students_of_course(services.dynamodb, services.settings.students_table, visit.course)
    sessions = [session for session in found.sessions if term.has(session)]
    return register_of(visit.course, sessions, students or None, RULES), bool(found.notes)


def _register(visit: Visit) -> Response:
    register, has_problem = _made(visit)
    sessions = register.sessions
    starts = range(0, max(len(sessions), 1), _SESSIONS_A_TABLE)
    return page(
        "register.html",
        account=visit.account,
        course=visit.course,
        register=register,
        has_problem=has_problem,
        term=_term(visit),
        parts=[(start, sessions[start : start + _SESSIONS_A_TABLE]) for start in starts],
        percentage=percentage,
        name_of=lambda session: session.name.partition("/")[2],
        statuses=list(Status),
        words=ENGLISH.statuses,
        signs=ENGLISH.signs,
        left_out=sum(moodle.left_out(register, moodle.ACRONYMS).values()),
        separators=SEPARATORS,
        decimal_signs=DECIMAL_SIGNS,
        rules=texts.RULES.format(
            late=f"{RULES.late_after / 60:g}", early=f"{RULES.left_early_before / 60:g}"
        ),
    )


def _table(visit: Visit) -> Response:
    query = visit.request.query_params
    separator = SEPARATORS.get(query.get("separator", ","))
    decimal_sign = query.get("decimal", ".")
    if separator is None or decimal_sign not in DECIMAL_SIGNS:
        raise HTTPException(HTTPStatus.BAD_REQUEST)
    register, _ = _made(visit)
    content = table_bytes(register, separator=separator, decimal_sign=decimal_sign)
    return _file(content, f"{visit.course}.csv", "text/csv; charset=utf-8")


def _workbook(visit: Visit) -> Response:
    # Only here is it needed, and it takes a while to load.
    from register.workbook import workbook_bytes  # noqa: PLC0415

    register, _ = _made(visit)
    return _file(workbook_bytes(register), f"{visit.course}.xlsx", _XLSX)


def _moodle_of_all(visit: Visit) -> Response:
    register, _ = _made(visit)
    content = moodle.all_sessions_bytes(register, moodle.ACRONYMS)
    return _file(content, f"{visit.course} moodle.csv", "text/csv; charset=utf-8")


def _moodle_of_one(visit: Visit) -> Response:
    result = asked_result(visit)
    students = [each.student for each in result.students]
    register = register_of(visit.course, [result.session], students, RULES)
    content = moodle.session_bytes(register, result.session, moodle.ACRONYMS)
    name = f"{visit.course} {result.session.title} moodle.csv"
    return _file(content, name, "text/csv; charset=utf-8")


def _file(content: bytes, name: str, kind: str) -> Response:
    """Return a file to be saved under a name that may have any letters."""
    disposition = f"attachment; filename*=UTF-8''{quote(name, safe='')}"
    return Response(content, media_type=kind, headers={"Content-Disposition": disposition})


_COURSE = "/courses/{course}"

ROUTES = [
    of_course(f"{_COURSE}/register", _register),
    of_course(f"{_COURSE}/register/table.csv", _table),
    of_course(f"{_COURSE}/register/workbook.xlsx", _workbook),
    of_course(f"{_COURSE}/register/moodle.csv", _moodle_of_all),
    of_course(f"{_COURSE}/moodle/{{session:path}}", _moodle_of_one),
]
