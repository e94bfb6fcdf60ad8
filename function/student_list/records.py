"""From an entry to a student's record: which columns are meant, and what must be in them."""

from __future__ import annotations

import unicodedata
from collections import Counter
from typing import TYPE_CHECKING

from function.composed_text import composed
from function.student_list.dates import date_in
from function.student_list.refusal import StudentListError
from function.students import Student

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date

    from function.student_list.entries import Entries, Entry

# What columns are called, by their keys: the first that is there is the one that is meant.
STUDENT_ID = ("studentid", "id", "studentnumber", "userid")
_NAME = ("name", "fullname", "studentname")
_GIVEN_NAME = ("firstname", "givenname")
_FAMILY_NAME = ("lastname", "familyname", "surname")
_OTHER_NAME = ("shortname", "displayname")
_MAJOR = ("major",)
_YEAR = ("year",)
COURSES = ("courses", "course")
_CONSENT = ("consent",)
_UNTIL = ("until",)

_ALL_NAMES = (*_NAME, *_GIVEN_NAME, *_FAMILY_NAME, *_OTHER_NAME)

COLUMNS = frozenset({*STUDENT_ID, *_ALL_NAMES, *_MAJOR, *_YEAR, *COURSES, *_CONSENT, *_UNTIL})
"""The keys of all columns that are looked at."""

# Between the courses of a student.
COURSE_SEPARATOR = ";"

# Control characters, surrogates, and what is not seen but makes another id, as a zero-width space.
_UNUSABLE_CATEGORIES = {"Cc", "Cs", "Cf"}


def check_columns(entries: Entries) -> None:
    """Check that a table has an id and a name, and no column of ours twice.

    Raises StudentListError.
    """
    if entries.columns is None:
        return
    counts = Counter(entries.columns)
    for field, keys in (("student_id", STUDENT_ID), ("name", _ALL_NAMES)):
        if not any(counts[key] for key in keys):
            raise StudentListError(
                f"the column {field} is missing: the first line must name student_id and name, "
                "separated by commas, semicolons or tabs",
                place=entries.header,
            )
    for key in entries.columns:
        if key in COLUMNS and counts[key] > 1:
            raise StudentListError(
                f"{counts[key]} columns are called {key}: leave the one that is meant",
                place=entries.header,
            )


def student_in(entry: Entry) -> Student:
    """Return the student of an entry. Raises StudentListError, with the place."""
    # An empty id is not made good by another column: that may be any number.
    column = next((key for key in STUDENT_ID if key in entry.fields), "")
    student_id, name = entry.fields.get(column, ""), _name(entry)
    for field, value in (("student_id", student_id), ("name", name)):
        if not value:
            raise StudentListError(
                f"{field} is missing: give every student an id and a name", place=entry.place
            )
    if not _is_usable(student_id):
        raise StudentListError(
            f"the student_id {student_id!r} cannot be used: choose one that begins with a letter "
            "or a digit, and has no slash, backslash, control or invisible character",
            place=entry.place,
        )
    if any(unicodedata.category(character) == "Cs" for character in name):
        raise StudentListError(
            f"the name {name!r} has half a character: write it again", place=entry.place
        )
    return Student(
        student_id=student_id,
        name=name,
        major=_text(entry, _MAJOR),
        year=_text(entry, _YEAR),
        courses=_courses(entry),
        consent=_date(entry, _CONSENT),
        until=_date(entry, _UNTIL),
    )


def _name(entry: Entry) -> str:
    parts = (_text(entry, _GIVEN_NAME), _text(entry, _FAMILY_NAME))
    return _text(entry, _NAME) or " ".join(filter(None, parts)) or _text(entry, _OTHER_NAME)


def _text(entry: Entry, keys: Sequence[str]) -> str:
    return next((entry.fields[key] for key in keys if entry.fields.get(key)), "")


def _courses(entry: Entry) -> tuple[str, ...]:
    courses = map(composed, _text(entry, COURSES).split(COURSE_SEPARATOR))
    return tuple(dict.fromkeys(filter(None, courses)))


def _date(entry: Entry, keys: Sequence[str]) -> date | None:
    text = _text(entry, keys)
    if not text:
        return None
    try:
        return date_in(text)
    except ValueError as error:
        raise StudentListError(
            f"{keys[0]} is no date: {text!r}: write it as 2026-09-30", place=entry.place
        ) from error


def _is_usable(student_id: str) -> bool:
    """Tell whether the id can name the folder of a student's portraits, and stay as it is.

    One that began as a spreadsheet's formula does would get an apostrophe in results.
    """
    return student_id[0].isalnum() and not any(
        character in "/\\" or unicodedata.category(character) in _UNUSABLE_CATEGORIES
        for character in student_id
    )
