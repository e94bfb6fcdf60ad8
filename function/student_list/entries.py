"""The entries of a list, whatever its form: each a place to name it by, and its fields as texts."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import chain, repeat
from typing import TYPE_CHECKING

from function.composed_text import composed

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence


@dataclass(frozen=True, kw_only=True)
class Entry:
    """One entry: `place` is as in "line 3"; `fields` has composed texts, by the columns' keys."""

    place: str
    fields: Mapping[str, str]


@dataclass(frozen=True, kw_only=True)
class Row:
    """The cells of one line of a table."""

    place: str
    cells: Sequence[str]

    @property
    def is_blank(self) -> bool:
        """Whether nothing is in it: spreadsheets write rows that were once used."""
        return not any(cell.strip() for cell in self.cells)


@dataclass(frozen=True, kw_only=True)
class Entries:
    """The entries of a list in order, and of a table the `columns`' keys, with their place."""

    entries: Iterator[Entry]
    columns: Sequence[str] | None = None
    header: str = "line 1"


def column_key(header: str) -> str:
    """Return what a column's header comes to: `Student ID` and `student_id` are one column."""
    return "".join(filter(str.isalnum, composed(header).casefold()))


def table(rows: Iterable[Row]) -> Entries:
    """Return the entries of a table, whose columns the first row that is not blank names."""
    remaining = (row for row in rows if not row.is_blank)
    header = next(remaining, None)
    if header is None:
        return Entries(entries=iter(()), columns=())
    keys = [column_key(cell) for cell in header.cells]
    return Entries(
        entries=(_entry(row, keys) for row in remaining), columns=keys, header=header.place
    )


def _entry(row: Row, keys: Sequence[str]) -> Entry:
    # A row may end before its last columns.
    cells = zip(keys, chain(row.cells, repeat("")), strict=False)
    return Entry(place=row.place, fields={key: composed(cell) for key, cell in cells})
