"""Lists in XLSX, as spreadsheets save them: the first sheet that is shown."""

from __future__ import annotations

import io
import re
import warnings
from datetime import datetime
from typing import TYPE_CHECKING

import openpyxl

from function.student_list.entries import Row
from function.student_list.refusal import StudentListError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from typing import Any

# The number format of an id that is shown with leading zeros, which the cell's number lacks.
_ZEROS = re.compile("0+")


class Sheet:
    """The first sheet of a workbook that is shown; `others` are the names of those after it."""

    def __init__(self, content: bytes) -> None:
        """Open the workbook. Raises StudentListError."""
        try:
            with warnings.catch_warnings():
                # It warns of what it leaves out, which is nothing that a list has.
                warnings.simplefilter("ignore")
                workbook = openpyxl.load_workbook(
                    io.BytesIO(content), read_only=True, data_only=True, keep_links=False
                )
            shown = [sheet for sheet in workbook.worksheets if sheet.sheet_state == "visible"]
            self._sheet = shown[0]
        except Exception as error:
            # A damaged workbook makes the reader raise whatever its parts do.
            raise _damaged() from error
        self.name: str = self._sheet.title
        self.others: Sequence[str] = [sheet.title for sheet in shown[1:]]

    def rows(self) -> Iterator[Row]:
        """Yield the rows, with the cells' values as texts. Raises StudentListError."""
        # Some programs write a wrong size of the sheet, which would end it early.
        self._sheet.reset_dimensions()
        try:
            for number, cells in enumerate(self._sheet.iter_rows(), start=1):
                yield Row(place=f"row {number}", cells=[_text(cell) for cell in cells])
        except StudentListError:
            raise
        except Exception as error:
            raise _damaged() from error


def _text(cell: Any) -> str:  # noqa: ANN401 - openpyxl has no types
    value = cell.value
    # An error is what a formula left that failed, as #N/A.
    if value is None or cell.data_type == "e":
        return ""
    if isinstance(value, datetime):
        return value.date().isoformat()
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if isinstance(value, int) and _ZEROS.fullmatch(cell.number_format):
        return str(value).zfill(len(cell.number_format))
    return str(value)


def _damaged() -> StudentListError:
    return StudentListError(
        "it cannot be read as XLSX: open it in a spreadsheet, without a password, and save it "
        "again as XLSX or CSV"
    )
