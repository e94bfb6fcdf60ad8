"""What the results of each kind say about a student, and what is left of them without it.

A kind is two functions of a result's content: the entries that are about any of some students, and
the content without these entries, in which nothing else is changed. Student ids are compared in the
form that `composed` gives them; a name tells nobody apart.
"""

from __future__ import annotations

import csv
import io
import json
import re
from hashlib import sha256
from typing import TYPE_CHECKING, Any, NamedTuple

from function.composed_text import composed
from function.evidence import Evidence, EvidenceError
from function.results import (
    CORRECTIONS_SUFFIX,
    ERROR_SUFFIX,
    EVIDENCE_SUFFIX,
    FORMULA_STARTS,
    corrections_key,
    csv_key,
    evidence_key,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from collections.abc import Set as AbstractSet

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

    entries: Callable[[bytes, AbstractSet[str]], list[Entry]]
    without: Callable[[bytes, AbstractSet[str]], bytes]


def kind_of(key: str) -> Kind | None:
    """Return the kind of the result with this key, or None if no student can be in it.

    Error reports are about videos and name nobody.
    """
    if key.endswith(ERROR_SUFFIX):
        return None
    return next((kind for suffix, kind in KINDS.items() if key.endswith(suffix)), None)


def words_in(content: bytes) -> set[str]:
    """Return what stands by itself in a content of unknown form, to look for ids among it."""
    text = content.decode(
        "utf-16" if content[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8-sig", "replace"
    )
    return {composed(word) for word in _BETWEEN_WORDS.split(text)}


def video_of(key: str) -> str | None:
    """Return the key of the video that the result with this key is of, or None if it is none's.

    The result may be the CSV, or the evidence or the corrections beside it.
    """
    stem = key.removesuffix(".csv").removesuffix(CORRECTIONS_SUFFIX).removesuffix(EVIDENCE_SUFFIX)
    return next(
        (
            video
            for each in (stem, stem.removesuffix(".evidence"))
            for video in (each, f"{each}.mp4", each.removesuffix(".video"))
            if key in (csv_key(video), evidence_key(video), corrections_key(video))
        ),
        None,
    )


def in_step(evidence: bytes, csv_before: bytes, csv_after: bytes) -> bytes:
    """Return an evidence that says it is of the CSV as it is after, if it is of that before.

    It says so by the SHA-256 of the CSV. Raises UnknownFormError.
    """
    told = _json_object(evidence)
    if told.get("csv_sha256") != sha256(csv_before).hexdigest():
        return evidence
    return _json_bytes({**told, "csv_sha256": sha256(csv_after).hexdigest()})


def _csv_entries(content: bytes, student_ids: AbstractSet[str]) -> list[Entry]:
    header, records = _csv_records(content)
    column = header.index(_STUDENT_ID)
    return [
        Entry(student_id, dict(zip(header, row, strict=False)))
        for row, _ in records
        if (student_id := _student_in(row, column)) in student_ids
    ]


def _csv_without(content: bytes, student_ids: AbstractSet[str]) -> bytes:
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


def _json_entries(content: bytes, student_ids: AbstractSet[str]) -> list[Entry]:
    told = _json_object(content)
    found = [
        Entry(student_id, each)
        for entries in told.values()
        if isinstance(entries, list)
        for each in entries
        if (student_id := _student_told_of(each)) in student_ids
    ]
    if _is_evidence(content, told):
        return found
    if not student_ids.isdisjoint(_texts_in(_told_without(told, student_ids))):
        raise UnknownFormError("an id is elsewhere than in an entry")
    return found


def _is_evidence(content: bytes, told: Mapping[str, Any]) -> bool:
    """Whether all that is told is what evidence has.

    Then no id is but in the entries: what looks like one is another's year, or the video's course.
    """
    try:
        return bool(json.loads(Evidence.from_bytes(content).as_bytes()) == told)
    except EvidenceError:
        return False


def _json_without(content: bytes, student_ids: AbstractSet[str]) -> bytes:
    return _json_bytes(_told_without(_json_object(content), student_ids))


def _told_without(told: Mapping[str, Any], student_ids: AbstractSet[str]) -> dict[str, Any]:
    return {
        name: [each for each in value if _student_told_of(each) not in student_ids]
        if isinstance(value, list)
        else value
        for name, value in told.items()
    }


def _texts_in(told: object) -> Iterator[str]:
    """Yield every text and every member's name. A number is no id, whatever it looks like."""
    match told:
        case str():
            yield composed(told)
        case list():
            for each in told:
                yield from _texts_in(each)
        case dict():
            for name, value in told.items():
                yield composed(name)
                yield from _texts_in(value)


def _student_told_of(entry: object) -> str:
    return composed(str(entry.get(_STUDENT_ID, ""))) if isinstance(entry, dict) else ""


def _json_object(content: bytes) -> dict[str, Any]:
    try:
        told = json.loads(content)
    except (ValueError, RecursionError) as error:
        raise UnknownFormError(str(error)) from error
    if not isinstance(told, dict):
        raise UnknownFormError("it is no JSON object")
    return told


def _json_bytes(told: Mapping[str, Any]) -> bytes:
    return (json.dumps(told, ensure_ascii=False, indent=1) + "\n").encode()


KINDS = {
    ".csv": Kind(entries=_csv_entries, without=_csv_without),
    # The evidence beside a CSV, and corrections: objects with lists of entries about students.
    ".json": Kind(entries=_json_entries, without=_json_without),
}
