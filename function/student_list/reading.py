"""Reading a list of students, told by its content: a table, JSON, or a roster of several files."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from function.student_list.archive import BEGINNING, MAX_BYTES, files_in_folder, files_in_zip
from function.student_list.delimited import delimited_rows
from function.student_list.entries import Entries, table
from function.student_list.json_list import json_entries
from function.student_list.records import check_columns, student_in
from function.student_list.refusal import StudentListError
from function.student_list.rosters import is_roster, students_of
from function.student_list.text_encoding import decoded

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from function.student_list.entries import Entry
    from function.students import Student

_USERS, _ENROLMENTS, _WORKBOOK = "users.csv", "enrollments.csv", "workbook.xml"

# How Microsoft's earlier files begin, and those of Office with a password.
_OLD_OFFICE = b"\xd0\xcf\x11\xe0"


@dataclass(frozen=True, kw_only=True)
class StudentList:
    """The students, in the file's order, and what should be said of how the file was read."""

    students: list[Student]
    notes: tuple[str, ...] = ()


def read_student_list(path: Path) -> StudentList:
    """Read the students from a list, or from the folder or ZIP of a Canvas or OneRoster roster.

    A list is a table in CSV (with commas, semicolons or tabs) or XLSX, or an array of objects in
    JSON. It has an id and a name for each student, and perhaps major, year, courses, consent and
    until; other columns are passed over. Texts are UTF-8 or UTF-16; any other is taken for
    Windows-1252, and a note says so.

    Raises:
        StudentListError: the file cannot be read, a column or field is missing or too many, an id
            comes twice, or cannot be the name of a folder or stand in a spreadsheet.

    """
    notes: list[str] = []
    try:
        return StudentList(students=_students(_entries(path, notes)), notes=tuple(notes))
    except StudentListError as error:
        raise error.within(path) from error
    except OSError as error:
        raise StudentListError(
            f"{path}: {error.strerror}: check the path and its permissions"
        ) from error


def read_students(path: Path) -> list[Student]:
    """Read the students as `read_student_list` does, where nobody is there to be told notes."""
    return read_student_list(path).students


def _entries(path: Path, notes: list[str]) -> Entries:
    if path.is_dir():
        return _roster(path, files_in_folder(path, {_USERS, _ENROLMENTS}), notes)
    if path.stat().st_size > MAX_BYTES:
        raise StudentListError(
            f"it is larger than {MAX_BYTES >> 20} MB, and so no list: check the path"
        )
    content = path.read_bytes()
    if content.startswith(_OLD_OFFICE):
        raise StudentListError(
            "it is an Excel file of an old form or with a password: save it as XLSX or CSV"
        )
    if not content.startswith(BEGINNING):
        return _students_alone(path, _text_entries(path, content, notes), notes)
    files = files_in_zip(content, {_USERS, _ENROLMENTS, _WORKBOOK})
    if _WORKBOOK in files:
        return _students_alone(path, _sheet_entries(path, content, notes), notes)
    return _roster(path, files, notes)


def _students_alone(path: Path, entries: Entries, notes: list[str]) -> Entries:
    """Return the students of a list, of which some may be no students if it is of a roster."""
    if not is_roster(entries):
        return entries
    notes.append(
        f"{path}: a roster's users without their enrollments: the students' courses are not known, "
        "and who is no student may not be either; give the folder or ZIP with both"
    )
    return students_of(entries, None)


def _roster(path: Path, files: dict[str, bytes], notes: list[str]) -> Entries:
    if _USERS not in files:
        raise StudentListError(
            f"there is no {_USERS} in it: give the list itself, as CSV, XLSX or JSON, or the "
            "folder or ZIP of a Canvas or OneRoster export"
        )
    members = {
        name: _in_member(name, _text_entries(path / name, content, notes))
        for name, content in files.items()
    }
    users = members[_USERS]
    if not is_roster(users):
        raise StudentListError(
            "the columns are neither those of Canvas's users nor of OneRoster's: give the file "
            "itself if it is a list of students",
            place=users.header,
        )
    return students_of(users, members.get(_ENROLMENTS))


def _in_member(name: str, entries: Entries) -> Entries:
    """Return the same entries, whose places begin with the name of the file in the roster."""

    def placed() -> Iterator[Entry]:
        try:
            for entry in entries.entries:
                yield replace(entry, place=f"{name}, {entry.place}")
        except StudentListError as error:
            raise error.within_member(name) from error

    return replace(entries, entries=placed(), header=f"{name}, {entries.header}")


def _text_entries(path: Path, content: bytes, notes: list[str]) -> Entries:
    text, guessed = decoded(content)
    if guessed:
        notes.append(
            f"{path}: the text is not UTF-8, so it was read as Windows-1252: check that "
            f"{guessed!r} is right, or save the list as UTF-8"
        )
    if text.lstrip().startswith(("[", "{")):
        return Entries(entries=json_entries(text))
    return table(delimited_rows(text))


def _sheet_entries(path: Path, content: bytes, notes: list[str]) -> Entries:
    # It takes a tenth of a second to load, which no other list needs.
    from function.student_list.workbook import Sheet  # noqa: PLC0415

    sheet = Sheet(content)
    if sheet.others:
        notes.append(
            f"{path}: only the first sheet, {sheet.name!r}, was read; save "
            f"{', '.join(map(repr, sheet.others))} as lists of their own if they are meant"
        )
    return table(sheet.rows())


def _students(entries: Entries) -> list[Student]:
    check_columns(entries)
    students: list[Student] = []
    places: dict[str, str] = {}
    for entry in entries.entries:
        student = student_in(entry)
        if student.student_id in places:
            raise StudentListError(
                f"the student_id {student.student_id!r} is already that of "
                f"{places[student.student_id]}: give each student one of their own",
                place=entry.place,
            )
        places[student.student_id] = entry.place
        students.append(student)
    if not students:
        raise StudentListError("the list has no students: export it again with them")
    return students
