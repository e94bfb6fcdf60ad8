"""Lists whose columns are separated by commas, semicolons or tabs, as spreadsheets save them."""

from __future__ import annotations

import csv
import io
import re
from typing import TYPE_CHECKING

from function.student_list.entries import Row, column_key
from function.student_list.records import COLUMNS
from function.student_list.refusal import StudentListError

if TYPE_CHECKING:
    from collections.abc import Iterator

# Spreadsheets take semicolons where the comma is the decimal sign, and tabs for "Unicode text".
_SEPARATORS = (",", ";", "\t")

# How Excel may be told the separator, in a line before the first.
_SAYS_SEPARATOR = re.compile(r"sep=([,;\t])", re.IGNORECASE)

# How programs keep Excel from taking an id for a number, and its leading zeros away: ="0012".
_AS_TEXT = re.compile(r'\s*="([^"]*)"\s*')


def delimited_rows(text: str) -> Iterator[Row]:
    """Yield the rows of a text, each with the number of its last line.

    Raises StudentListError.
    """
    lines = io.StringIO(text, newline="")
    header = next((line for line in lines if line.strip()), "")
    says = _SAYS_SEPARATOR.fullmatch(header.strip("\r\n"))
    separator = says[1] if says else _separator(header)
    lines.seek(0)
    reader = csv.reader(lines, delimiter=separator, skipinitialspace=True, strict=True)
    columns = line = 0
    try:
        for cells in reader:
            line = reader.line_num
            row = Row(place=f"line {line}", cells=[_as_text(cell) for cell in cells])
            if row.is_blank:
                continue
            if says:
                says = None
                continue
            columns = columns or len(cells)
            _refuse_more_fields(row, columns)
            yield row
    except csv.Error as error:
        # What it could not read began after the last row, and may end with the file.
        raise StudentListError(
            f'{error}: close every quotation mark, and write "" for one within a text',
            place=f"line {line + 1}",
        ) from error


def _as_text(cell: str) -> str:
    formula = _AS_TEXT.fullmatch(cell)
    return formula[1] if formula else cell


def _separator(header: str) -> str:
    """Return what the columns are separated by: what makes most columns of ours of the header."""
    return max(
        _SEPARATORS,
        key=lambda separator: (_columns_known(header, separator), header.count(separator)),
    )


def _columns_known(header: str, separator: str) -> int:
    return len({column_key(name) for name in header.split(separator)} & COLUMNS)


def _refuse_more_fields(row: Row, columns: int) -> None:
    if any(cell.strip() for cell in row.cells[columns:]):
        raise StudentListError(
            f"more fields than the {columns} columns: put a text that has the separator of the "
            "columns into quotation marks",
            place=row.place,
        )
