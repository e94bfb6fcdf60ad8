"""The register as a workbook (XLSX), with colours, and the sums as numbers."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

import xlsxwriter

from register.clock import clock
from register.statuses import Status
from register.tables import percentage, session_columns
from register.texts import ENGLISH

if TYPE_CHECKING:
    from collections.abc import Mapping

    from xlsxwriter.format import Format
    from xlsxwriter.worksheet import Worksheet

    from register.term import Register
    from register.texts import Texts

# Font and background of a cell.
_COLOURS = {
    Status.PRESENT: ("#0a7150", "#ffffff"),
    Status.LATE: ("#8a5200", "#fdeed3"),
    Status.LEFT_EARLY: ("#8a5200", "#fdeed3"),
    Status.PLEASE_CHECK: ("#9a2457", "#fbe3ee"),
    Status.NOT_SEEN: ("#55616f", "#e9edf1"),
    Status.EXCUSED: ("#3c4fa8", "#e6eafb"),
}

_NAMES = 4  # columns before the first session: id, name, major, year

# Whatever is in a text, it is a text.
_OPTIONS = {
    "in_memory": True,
    "strings_to_formulas": False,
    "strings_to_numbers": False,
    "strings_to_urls": False,
}


def workbook_bytes(register: Register, texts: Texts = ENGLISH) -> bytes:
    """Return the workbook: the register, its sessions, and what the signs in it mean."""
    content = io.BytesIO()
    with xlsxwriter.Workbook(content, _OPTIONS) as book:
        bold = book.add_format({"bold": True})
        turned = book.add_format({"bold": True, "rotation": 60})
        percent = book.add_format({"num_format": "0.0"})
        formats = {
            status: book.add_format({"align": "center", "font_color": font, "bg_color": back})
            for status, (font, back) in _COLOURS.items()
        }
        sheet = book.add_worksheet(texts.register)
        _write_register(sheet, register, texts, formats, (bold, turned, percent))
        _write_sessions(book.add_worksheet(texts.sessions), register, texts, bold)
        _write_legend(book.add_worksheet(texts.legend), texts, formats)
    return content.getvalue()


def _write_register(
    sheet: Worksheet,
    register: Register,
    texts: Texts,
    formats: Mapping[Status, Format],
    others: tuple[Format, Format, Format],
) -> None:
    bold, turned, percent = others
    sessions = session_columns(register.sessions)
    sums = _NAMES + len(sessions)
    sheet.write_row(0, 0, [texts.identity, texts.name, texts.major, texts.year], bold)
    sheet.write_row(0, _NAMES, sessions, turned)
    names = [texts.statuses[status] for status in Status]
    sheet.write_row(0, sums, [*names, texts.attended, texts.possible, texts.percent], bold)
    for line, row in enumerate(register.rows, start=1):
        student = row.student
        for column, text in enumerate(
            (student.student_id, student.name, student.major, student.year)
        ):
            sheet.write_string(line, column, text)
        for column, status in enumerate(row.statuses, start=_NAMES):
            if status is not None:
                sheet.write_string(line, column, texts.signs[status], formats[status])
        counts = [row.count[status] for status in Status]
        sheet.write_row(line, sums, [*counts, row.attended, row.possible])
        share = percentage(row)
        if share is not None:
            sheet.write_number(line, sums + len(counts) + 2, share, percent)
    sheet.freeze_panes(1, 2)
    sheet.set_column(0, 0, 12)
    sheet.set_column(1, 1, 26)
    sheet.set_column(2, 3, 12)
    sheet.set_column(_NAMES, max(sums - 1, _NAMES), 4)
    sheet.set_landscape()
    sheet.set_paper(9)  # A4
    sheet.fit_to_pages(1, 0)
    sheet.repeat_rows(0)


def _write_sessions(sheet: Worksheet, register: Register, texts: Texts, bold: Format) -> None:
    names = [texts.statuses[status] for status in Status]
    sheet.write_row(0, 0, [texts.session, texts.date, "h:mm:ss", *names], bold)
    for line, session in enumerate(register.sessions, start=1):
        sheet.write_string(line, 0, session.name)
        sheet.write_string(line, 1, session.day.isoformat() if session.day else texts.no_date)
        if session.seconds is not None:
            sheet.write_string(line, 2, clock(session.seconds))
        if session.problem:
            sheet.write_string(line, 3, session.problem)
            continue
        count = register.count_in(session)
        sheet.write_row(line, 3, [count[status] for status in Status])
    sheet.freeze_panes(1, 1)
    sheet.set_column(0, 0, 30)
    sheet.set_column(1, 8, 12)


def _write_legend(sheet: Worksheet, texts: Texts, formats: Mapping[Status, Format]) -> None:
    for line, status in enumerate(Status):
        sheet.write_string(line, 0, texts.signs[status], formats[status])
        sheet.write_string(line, 1, texts.statuses[status])
    sheet.write_string(len(Status) + 1, 1, texts.a_person_decides)
    sheet.set_column(1, 1, 40)
