"""The demo's result as a table, next to the truth where that is known."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from rich.box import HORIZONTALS
from rich.table import Table
from rich.text import Text

if TYPE_CHECKING:
    from collections.abc import Mapping

    from local.round_trip import Result

_NOBODY = "nobody"
_NO_VIDEO = "no video"


@dataclass(frozen=True, kw_only=True)
class Truth:
    """What a video shows, and the names of the enrolled students in it."""

    shows: str
    names: tuple[str, ...]
    readable: bool


def is_as_expected(result: Result, truth: Truth) -> bool:
    """Tell whether exactly the right students were found, or the report is the right one."""
    if not truth.readable:
        return bool(result.problem and result.text)
    return not result.problem and sorted(_names(result)) == sorted(truth.names)


def report(results: Mapping[str, Result], truth: Mapping[str, Truth] | None) -> Table:
    """Return the table of the results, by the videos' keys."""
    table = Table(box=HORIZONTALS, show_lines=True, pad_edge=False)
    table.add_column("video", overflow="fold")
    if truth:
        table.add_column("in it", no_wrap=True)
    table.add_column("found", min_width=_longest_name(results))
    table.add_column("seen, s", no_wrap=True)
    table.add_column("after", justify="right", no_wrap=True)
    if truth:
        table.add_column("")
    for key, result in results.items():
        cells = [Text(key, "bold")]
        if truth:
            cells[0].append(f"\n{truth[key].shows}", "not bold italic")
            cells.append(Text(_in_it(truth[key])))
        cells += [Text(_found(result)), Text(_seen(result)), Text(f"{result.seconds:.1f} s")]
        if truth:
            right = is_as_expected(result, truth[key])
            cells.append(Text("ok", "green") if right else Text("differs", "bold red"))
        table.add_row(*cells)
    return table


def _longest_name(results: Mapping[str, Result]) -> int:
    return max((len(name) for result in results.values() for name in _names(result)), default=0)


def _in_it(truth: Truth) -> str:
    if not truth.readable:
        return _NO_VIDEO
    return "\n".join(truth.names) or _NOBODY


def _found(result: Result) -> str:
    return result.problem or "\n".join(_names(result)) or _NOBODY


def _names(result: Result) -> list[str]:
    """Return the names found; a student without a record has none, and is shown by the id."""
    return [row["name"] or row["student_id"] for row in result.rows]


def _seen(result: Result) -> str:
    return "\n".join(f"{row['first_seen']}-{row['last_seen']}" for row in result.rows)
