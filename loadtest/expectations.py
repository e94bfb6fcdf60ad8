"""What should be in each video's CSV, and how what is there differs from it.

Two forms are read. The mapping of the assignment that this project began with has a line for each
student expected in a video:

    test_5.mp4:computer_science,sophomore

The other form is a CSV, with the columns of a result that you want compared:

    video,name,unreadable
    lecture.mp4,Ada Lovelace,
    lecture.mp4,Alan Turing,
    empty room.mp4,,
    broken.mp4,,yes
"""

from __future__ import annotations

import csv
from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING

from function.results import FORMULA_STARTS

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence
    from pathlib import Path

    from loadtest.sources import Source

_COMPARABLE = ("year", "major", "name", "student_id")
_MAPPED = ("major", "year")
_VIDEO, _UNREADABLE = "video", "unreadable"
_YES, _NO = "yes", ("", "no")

# A result has an apostrophe before what a spreadsheet would run as a formula.
_ESCAPED_STARTS = tuple(f"'{start}" for start in FORMULA_STARTS)


class ExpectationError(ValueError):
    """The expectations cannot be used; the message names the file and line, and what is wrong."""


@dataclass(frozen=True, kw_only=True)
class Expectation:
    """The students of one video, by the `columns` that are compared, in any order.

    A video that is not `readable` is to end as an error report.
    """

    columns: tuple[str, ...] = ()
    students: tuple[tuple[str, ...], ...] = ()
    readable: bool = True

    def difference(self, rows: Iterable[Mapping[str, str]]) -> str:
        """Say how the rows of a CSV differ from what was expected, or nothing if they do not."""
        if not self.readable:
            return "expected an error report, found a CSV"
        found = sorted(
            tuple(_unescaped(row.get(column) or "") for column in self.columns) for row in rows
        )
        expected = sorted(self.students)
        if found == expected:
            return ""
        return f"expected {_listed(expected)}; found {_listed(found)}"


def read_expectations(file: Path, aliases: Mapping[str, str]) -> dict[str, Expectation]:
    """Read either form; return the expectations by the videos' names.

    `aliases` are words of the file and the words that the students table has for them. Raises
    ExpectationError.
    """
    try:
        lines = file.read_text(encoding="utf-8-sig").splitlines()
    except OSError as error:
        raise ExpectationError(
            f"--expect {file} cannot be read ({error.strerror}): give a file that says who is "
            "in the videos"
        ) from None
    except UnicodeDecodeError:
        raise ExpectationError(f"{file} is not text in UTF-8") from None
    if not any(line.strip() for line in lines):
        raise ExpectationError(f"{file} is empty: it says of no video what is in it")
    if lines[0].split(",")[0].strip() == _VIDEO:
        return _read_csv(file, lines, aliases)
    return _read_mapping(file, lines, aliases)


def sample_expectations(sources: Iterable[Source]) -> dict[str, Expectation]:
    """Return the truth about those sources that are the sample class's videos."""
    return {
        source.name: Expectation(
            columns=("student_id",),
            students=tuple((student,) for student in source.sample.students),
            readable=source.sample.readable,
        )
        for source in sources
        if source.sample
    }


def check_sources(expectations: Mapping[str, Expectation], names: Collection[str]) -> None:
    """Raise ExpectationError if a video that something is expected of will not be uploaded."""
    absent = sorted(set(expectations) - set(names))
    if absent:
        others = f" and {len(absent) - 1} more" if len(absent) > 1 else ""
        raise ExpectationError(
            f"nothing in SOURCE is called {absent[0]}{others}, of which something is expected: "
            "give the video, or take the line out"
        )


def _read_mapping(
    file: Path, lines: Sequence[str], aliases: Mapping[str, str]
) -> dict[str, Expectation]:
    students = defaultdict(list)
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        video, _, student = line.strip().rpartition(":")
        fields = tuple(aliases.get(field.strip(), field.strip()) for field in student.split(","))
        if not video or len(fields) != len(_MAPPED) or not all(fields):
            raise ExpectationError(
                f"{file}, line {number}: {line.strip()!r} is not VIDEO:MAJOR,YEAR; "
                f"the other form begins with a header, {_VIDEO},name for example"
            )
        students[video].append(fields)
    return {
        video: Expectation(columns=_MAPPED, students=tuple(expected))
        for video, expected in students.items()
    }


def _read_csv(
    file: Path, lines: Sequence[str], aliases: Mapping[str, str]
) -> dict[str, Expectation]:
    reader = csv.DictReader(lines)
    header = tuple(reader.fieldnames or ())
    columns = tuple(column for column in header if column in _COMPARABLE)
    unknown = set(header) - {_VIDEO, _UNREADABLE, *_COMPARABLE}
    if unknown or not columns:
        raise ExpectationError(
            f"{file}: the header {','.join(header)!r} must be {_VIDEO}, one or more of "
            f"{', '.join(_COMPARABLE)}, and {_UNREADABLE} if you like"
        )
    students: dict[str, list[tuple[str, ...]]] = defaultdict(list)
    unreadable = set()
    for number, row in enumerate(reader, start=2):
        if None in row or None in row.values() or not row[_VIDEO]:
            raise ExpectationError(f"{file}, line {number}: not the fields that the header names")
        answer = (row.get(_UNREADABLE) or "").strip().lower()
        if answer not in (_YES, *_NO):
            raise ExpectationError(f"{file}, line {number}: {_UNREADABLE} is {_YES} or empty")
        student = tuple(aliases.get(row[column], row[column]) for column in columns)
        expected = students[row[_VIDEO]]
        if any(student):
            expected.append(student)
        if answer == _YES:
            unreadable.add(row[_VIDEO])
    for video in unreadable:
        if students[video]:
            raise ExpectationError(f"{file}: {video} is {_UNREADABLE}, and somebody is seen in it")
    return {
        video: Expectation(
            columns=columns, students=tuple(expected), readable=video not in unreadable
        )
        for video, expected in students.items()
    }


def _unescaped(field: str) -> str:
    return field[1:] if field.startswith(_ESCAPED_STARTS) else field


def _listed(students: Sequence[tuple[str, ...]]) -> str:
    return "; ".join(", ".join(student) for student in students) or "nobody"
