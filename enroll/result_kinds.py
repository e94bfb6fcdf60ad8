"""What the results of each kind say about a student, and what is left of them without it.

A kind is two functions of a result's content: the entries that are about any of some students, and
the content without these entries, which is otherwise the same to the byte. Student ids are compared
in the form that `composed` gives them; a name tells nobody apart.
"""

from __future__ import annotations

import csv
import io
import re
from typing import TYPE_CHECKING, Any, NamedTuple

from function.composed_text import composed
from function.results import ERROR_SUFFIX, FORMULA_STARTS, csv_key

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Mapping

_STUDENT_ID = "student_id"

# What a spreadsheet writes between the fields of a CSV that it saves.
_DELIMITERS = ",;\t"

_BETWEEN_WORDS = re.compile(r"""[,;|:\t\r\n"'{}\[\]]+""")


class UnknownFormError(ValueError):
    """The content is not of the form that the function writes: a person may have made it."""


class Entry(NamedTuple):
    """What a result says of one student, field by field."""

    student_id: str
    fields: Mapping[str, Any]


class Kind(NamedTuple):
    """How results of one kind are read. Both functions raise UnknownFormError."""

    entries: Callable[[bytes, Collection[str]], list[Entry]]
    without: Callable[[bytes, Collection[str]], bytes]


def kind_of(key: str) -> Kind | None:
    """Return the kind of the result with this key, or None if no student can be in it.

    Error reports are about videos and name nobody.
    """
    if key.endswith(ERROR_SUFFIX):
        return None
    return next((kind for suffix, kind in _KINDS.items() if key.endswith(suffix)), None)


def words_in(content: bytes) -> set[str]:
    """Return what stands by itself in a content of unknown form, to look for ids among it."""
    text = content.decode(
        "utf-16" if content[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8-sig", "replace"
    )
    return {composed(word) for word in _BETWEEN_WORDS.split(text)}


def video_of(key: str) -> str | None:
    """Return the key of the video whose CSV has this key, or None if it is no video's."""
    stem = key.removesuffix(".csv")
    keys = (stem, f"{stem}.mp4", stem.removesuffix(".video"))
    return next((video for video in keys if csv_key(video) == key), None)


def _csv_entries(content: bytes, student_ids: Collection[str]) -> list[Entry]:
    header, records = _csv_records(content)
    column = header.index(_STUDENT_ID)
    return [
        Entry(student_id, dict(zip(header, row, strict=False)))
        for row, _ in records
        if (student_id := _student_in(row, column)) in student_ids
    ]


def _csv_without(content: bytes, student_ids: Collection[str]) -> bytes:
    header, records = _csv_records(content)
    column = header.index(_STUDENT_ID)
    begin = len(content) - sum(len(raw) for _, raw in records)
    return content[:begin] + b"".join(
        raw for row, raw in records if _student_in(row, column) not in student_ids
    )


def _student_in(row: list[str], column: int) -> str:
    field = row[column] if column < len(row) else ""
    # An earlier version took ids that a spreadsheet would run, and wrote an apostrophe before.
    is_marked = field.startswith("'") and field[1:].startswith(FORMULA_STARTS)
    return composed(field[1:] if is_marked else field)


def _csv_records(content: bytes) -> tuple[list[str], list[tuple[list[str], bytes]]]:
    """Return the header's fields, and of each record after it the fields and the bytes."""
    try:
        lines = list(io.StringIO(content.decode("utf-8-sig"), newline=""))
        for delimiter in _DELIMITERS:
            (header, _), *records = _split(lines, delimiter) or [([], b"")]
            if _STUDENT_ID in header:
                return header, records
    except (UnicodeDecodeError, csv.Error) as error:
        raise UnknownFormError(str(error)) from error
    raise UnknownFormError(f"there is no column {_STUDENT_ID}")


def _split(lines: list[str], delimiter: str) -> list[tuple[list[str], bytes]]:
    def records() -> Iterator[tuple[list[str], bytes]]:
        reader = csv.reader(lines, delimiter=delimiter)
        begin = 0
        for fields in reader:
            yield fields, "".join(lines[begin : reader.line_num]).encode()
            begin = reader.line_num

    return list(records())


_KINDS = {".csv": Kind(entries=_csv_entries, without=_csv_without)}
