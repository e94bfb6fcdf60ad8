"""A list of students in a file, CSV or JSON, with every record complete and no id twice.

Enrolment and the command line read students from such a file, where the function has its table.
"""

from __future__ import annotations

import csv
import json
import unicodedata
from collections import Counter
from typing import TYPE_CHECKING

from function.students import Student

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

_FIELDS = ("student_id", "name", "major", "year")

# What spreadsheets separate the columns of a list by where the comma is the decimal sign, or when
# asked for a text.
_OTHER_SEPARATORS = {";": "';'", "\t": "tabs"}

# Control characters, surrogates, and what is not seen but makes another id, as a zero-width space.
_UNUSABLE_CATEGORIES = {"Cc", "Cs", "Cf"}


class StudentListError(ValueError):
    """The file is no list of students: the message names the file, the place and what is wrong."""


def read_students(path: Path) -> list[Student]:
    """Read the students from a `.csv` or `.json` file, in the file's order.

    A CSV has the columns student_id, name, major and year, in any order and among others, in
    upper or lower case. A JSON file is a list of objects with these members; the id may also be
    called `id`, and be a number.

    Raises:
        StudentListError: the file cannot be read, a column or field is missing, empty or too many,
            an id comes twice, or cannot be the name of a folder or stand in a spreadsheet.

    """
    readers = {".csv": _csv_records, ".json": _json_records}
    reader = readers.get(path.suffix.lower())
    if reader is None:
        raise StudentListError(
            f"{path}: a list of students is a .csv or a .json file: save it as one"
        )
    try:
        return _students(path, reader(path))
    except OSError as error:
        raise StudentListError(
            f"{path}: {error.strerror}: check the path and its permissions"
        ) from error
    except UnicodeDecodeError as error:
        raise StudentListError(f"{path}: the text is not UTF-8: save it as UTF-8") from error


def _students(path: Path, records: Iterator[tuple[str, Mapping[str, str]]]) -> list[Student]:
    students: list[Student] = []
    places: dict[str, str] = {}
    for place, record in records:
        empty = [field for field in _FIELDS if not record.get(field)]
        if empty:
            raise StudentListError(f"{path}, {place}: {empty[0]} is missing")
        student = Student(
            student_id=record["student_id"],
            name=record["name"],
            major=record["major"],
            year=record["year"],
        )
        if not _is_usable(student.student_id):
            raise StudentListError(
                f"{path}, {place}: the student_id {student.student_id!r} cannot be used: choose "
                "one that begins with a letter or a digit, and has no slash, backslash, control or "
                "invisible character"
            )
        if student.student_id in places:
            raise StudentListError(
                f"{path}, {place}: the student_id {student.student_id!r} is already that of "
                f"{places[student.student_id]}: give each student one of their own"
            )
        places[student.student_id] = place
        students.append(student)
    if not students:
        raise StudentListError(f"{path}: the list has no students")
    return students


def _is_usable(student_id: str) -> bool:
    """Tell whether the id can name the folder of a student's portraits, and stay as it is.

    One that began as a spreadsheet's formula does would get an apostrophe in results.
    """
    return student_id[0].isalnum() and not any(
        character in "/\\" or unicodedata.category(character) in _UNUSABLE_CATEGORIES
        for character in student_id
    )


def _csv_records(path: Path) -> Iterator[tuple[str, Mapping[str, str]]]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        _refuse_other_separators(path, file.readline())
        file.seek(0)
        reader = csv.DictReader(file, skipinitialspace=True, strict=True)
        try:
            columns = [column.strip().lower() for column in reader.fieldnames or ()]
            for field in _FIELDS:
                _check_column(path, field, Counter(columns)[field])
            reader.fieldnames = columns
            for row in reader:
                place = f"line {reader.line_num}"
                # What a row has beyond the columns comes under the name None. Spreadsheets write
                # cells that were once used as blanks, beside the list and below it.
                if any(field.strip() for field in row.get(None, ())):
                    raise StudentListError(
                        f"{path}, {place}: more fields than the {len(columns)} columns: put a text "
                        "that has a comma into quotation marks"
                    )
                record = _stripped(row)
                if any(record.values()):
                    yield place, record
        except csv.Error as error:
            # The reader counts the lines of the rows before the one it could not read.
            raise StudentListError(
                f"{path}, line {reader.line_num + 1}: {error}: close every quotation mark, and "
                'write "" for one within a text'
            ) from error


def _refuse_other_separators(path: Path, header: str) -> None:
    """Say what the columns are separated by, where else they would seem to be missing."""
    for separator, named in _OTHER_SEPARATORS.items():
        columns = {column.strip(' "\r\n').lower() for column in header.split(separator)}
        if len(columns.intersection(_FIELDS)) > 1:
            raise StudentListError(
                f"{path}, line 1: the columns are separated by {named}: save the list with commas"
            )


def _check_column(path: Path, field: str, count: int) -> None:
    if not count:
        raise StudentListError(
            f"{path}, line 1: the column {field} is missing: the first line must name "
            f"{', '.join(_FIELDS)}"
        )
    if count > 1:
        raise StudentListError(
            f"{path}, line 1: {count} columns are called {field}: leave the one that is meant"
        )


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


def _stripped(record: Mapping[str, object]) -> Mapping[str, str]:
    """Return the fields that are texts, without blanks around them."""
    return {name: value.strip() for name, value in record.items() if isinstance(value, str)}
