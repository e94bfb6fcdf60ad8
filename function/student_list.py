"""A list of students in a file, CSV or JSON, with every record complete and no id twice.

Enrolment and the command line read students from such a file, where the function has its table.
"""

from __future__ import annotations

import csv
import json
from typing import TYPE_CHECKING

from function.results import FORMULA_STARTS
from function.students import Student

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

_FIELDS = ("student_id", "name", "major", "year")


class StudentListError(ValueError):
    """The file is no list of students: the message names the file, the place and what is wrong."""


def read_students(path: Path) -> list[Student]:
    """Read the students from a `.csv` or `.json` file, in the file's order.

    A CSV has the columns student_id, name, major and year, in any order and among others. A JSON
    file is a list of objects with these members; the id may also be called `id`, and be a
    number.

    Raises:
        StudentListError: the file cannot be read, a column or field is missing or empty, an id
            comes twice, or begins as a formula does.

    """
    readers = {".csv": _csv_records, ".json": _json_records}
    reader = readers.get(path.suffix.lower())
    if reader is None:
        raise StudentListError(f"{path}: a list of students is a .csv or a .json file")
    try:
        return _students(path, reader(path))
    except OSError as error:
        raise StudentListError(f"{path}: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise StudentListError(f"{path}: the text is not UTF-8: save it as UTF-8") from error


def _students(path: Path, records: Iterator[tuple[str, Mapping[str, str]]]) -> list[Student]:
    students: list[Student] = []
    places: dict[str, str] = {}
    for place, record in records:
        empty = [field for field in _FIELDS if not record.get(field)]
        if empty:
            raise StudentListError(f"{path}, {place}: {empty[0]} is missing")
        student = Student(**{field: record[field] for field in _FIELDS})
        if student.student_id.startswith(FORMULA_STARTS):
            # In results it would get an apostrophe, and so be no longer the same id.
            raise StudentListError(
                f"{path}, {place}: the student_id {student.student_id!r} begins like a formula of "
                "a spreadsheet: choose one that begins with a letter or a digit"
            )
        if student.student_id in places:
            raise StudentListError(
                f"{path}, {place}: the student_id {student.student_id!r} is already that of "
                f"{places[student.student_id]}"
            )
        places[student.student_id] = place
        students.append(student)
    if not students:
        raise StudentListError(f"{path}: the list has no students")
    return students


def _csv_records(path: Path) -> Iterator[tuple[str, Mapping[str, str]]]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        reader = csv.DictReader(file, skipinitialspace=True, strict=True)
        try:
            columns = [column.strip() for column in reader.fieldnames or ()]
            missing = [field for field in _FIELDS if field not in columns]
            if missing:
                raise StudentListError(
                    f"{path}, line 1: the column {missing[0]} is missing: the first line must name "
                    f"{', '.join(_FIELDS)}"
                )
            reader.fieldnames = columns
            for row in reader:
                yield f"line {reader.line_num}", _stripped(row)
        except csv.Error as error:
            # The reader counts the lines of the rows before the one it could not read.
            raise StudentListError(f"{path}, line {reader.line_num + 1}: {error}") from error


def _json_records(path: Path) -> Iterator[tuple[str, Mapping[str, str]]]:
    try:
        # Numbers stay as they are written: an id is a text, and may have any number of digits.
        entries = json.loads(path.read_text(encoding="utf-8-sig"), parse_int=str)
    except json.JSONDecodeError as error:
        raise StudentListError(f"{path}, line {error.lineno}: no JSON: {error.msg}") from error
    except RecursionError as error:
        raise StudentListError(f"{path}: the JSON is not a list of students") from error
    if not isinstance(entries, list):
        raise StudentListError(f"{path}: the JSON is not a list of students")
    for number, entry in enumerate(entries, start=1):
        place = f"entry {number}"
        if not isinstance(entry, dict):
            raise StudentListError(f"{path}, {place}: not an object with {', '.join(_FIELDS)}")
        yield place, _stripped({"student_id": entry.get("id"), **entry})


def _stripped(record: Mapping[str | None, object]) -> Mapping[str, str]:
    """Return the fields that are texts, without blanks around them."""
    return {
        name: value.strip()
        for name, value in record.items()
        if name is not None and isinstance(value, str)
    }
