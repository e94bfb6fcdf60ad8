"""The register as a table in CSV, in the form that a country's spreadsheets read."""

from __future__ import annotations

import csv
import io
from typing import TYPE_CHECKING

from function.results import as_text
from register.statuses import Status
from register.texts import ENGLISH

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from register.sessions import Session
    from register.term import Register, Row
    from register.texts import Texts

SEPARATORS = {",": ",", ";": ";", "tab": "\t"}
DECIMAL_SIGNS = (".", ",")


def table_bytes(
    register: Register, *, separator: str = ",", decimal_sign: str = ".", texts: Texts = ENGLISH
) -> bytes:
    """Return the register as CSV: a row for each student, a column for each session.

    It is UTF-8 with the byte-order mark that makes spreadsheets read it right. What a spreadsheet
    would run as a formula has an apostrophe before it.
    """
    text = io.StringIO(newline="")
    writer = csv.writer(text, delimiter=separator)
    writer.writerow([as_text(column) for column in columns(register, texts)])
    for row in register.rows:
        writer.writerow(list(_fields(row, decimal_sign, texts)))
    return text.getvalue().encode("utf-8-sig")


def columns(register: Register, texts: Texts) -> Sequence[str]:
    """Return what the columns are called; sessions of one day have their names besides."""
    return (
        texts.identity,
        texts.name,
        texts.major,
        texts.year,
        *session_columns(register.sessions),
        *(texts.statuses[status] for status in Status),
        texts.attended,
        texts.possible,
        texts.percent,
    )


def session_columns(sessions: Sequence[Session]) -> list[str]:
    """Return a column's name for each session: its day, or its title where that says more."""
    days = [session.day for session in sessions]
    return [
        session.title
        if session.day is None or days.count(session.day) > 1
        else session.day.isoformat()
        for session in sessions
    ]


def percentage(row: Row) -> float | None:
    """Return the share of a row in per cent, to a tenth."""
    return None if row.share is None else round(100 * row.share, 1)


def _fields(row: Row, decimal_sign: str, texts: Texts) -> Iterator[object]:
    student = row.student
    yield from map(as_text, (student.student_id, student.name, student.major, student.year))
    yield from (texts.statuses[status] if status else "" for status in row.statuses)
    yield from (row.count[status] for status in Status)
    yield from (row.attended, row.possible)
    percent = percentage(row)
    yield "" if percent is None else f"{percent:.1f}".replace(".", decimal_sign)
