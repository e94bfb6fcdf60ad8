"""Lists in JSON: an array of objects, whose members are called as a table's columns are."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

from function.composed_text import composed
from function.student_list.entries import Entry, column_key
from function.student_list.records import COURSE_SEPARATOR
from function.student_list.refusal import StudentListError

if TYPE_CHECKING:
    from collections.abc import Iterator

_WHOLE = re.compile(r"(-?\d+)\.0+")


def json_entries(text: str) -> Iterator[Entry]:
    """Yield the objects of the array; of their members those that are texts, numbers or lists.

    Raises StudentListError.
    """
    try:
        # Numbers stay as they are written: an id is a text, and may have any number of digits.
        objects = json.loads(text, parse_int=str, parse_float=_number)
    except json.JSONDecodeError as error:
        raise StudentListError(
            f"no JSON: {error.msg}: export it again, or save it as CSV",
            place=f"line {error.lineno}",
        ) from error
    except RecursionError as error:
        raise _no_list() from error
    if not isinstance(objects, list):
        raise _no_list()
    for number, member in enumerate(objects, start=1):
        place = f"entry {number}"
        if not isinstance(member, dict):
            raise StudentListError("not an object with student_id and name", place=place)
        fields = ((column_key(name), _text(value)) for name, value in member.items())
        yield Entry(place=place, fields={key: text for key, text in fields if text is not None})


def _number(text: str) -> str:
    """Return a number as it is written, but a whole one without the fraction: 12.0 is 12."""
    whole = _WHOLE.fullmatch(text)
    return whole[1] if whole else text


def _text(value: object) -> str | None:
    if isinstance(value, str):
        return composed(value)
    if isinstance(value, list) and all(isinstance(item, str) for item in value):
        return COURSE_SEPARATOR.join(value)
    return None


def _no_list() -> StudentListError:
    return StudentListError(
        'the JSON is not a list of students: write it as [{"student_id": …, "name": …}, …]'
    )
