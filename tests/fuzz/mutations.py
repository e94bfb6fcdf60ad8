"""What is done to a video's bytes: edits that know its layout, and edits that do not.

Hypothesis chooses the edits and, where one does harm, the fewest that do (docs/testing.md says why
it is Hypothesis).
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, NamedTuple, TypeVar

from hypothesis import strategies as st

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hypothesis.strategies import DrawFn, SearchStrategy

    from tests.fuzz.layouts import Field, Layout

_T = TypeVar("_T")

_MOST_EDITS = 4
_LONGEST_RUN = 64  # bytes


class Edit(NamedTuple):
    """Other bytes in place of those from `start` to `end`, and the sizes around that count them."""

    what: str
    start: int
    end: int
    put: bytes
    sizes: tuple[Field, ...] = ()

    def __repr__(self) -> str:
        return f"{self.what} at {self.start}:{self.end} ({len(self.put)} bytes)"


def mutations(content: bytes, layout: Layout) -> SearchStrategy[tuple[tuple[Edit, ...], bool]]:
    """Return what may be done to a file: edits, and whether sizes and checksums are set right."""
    edit = st.one_of(
        _field_edit(content, layout), _chunk_edit(content, layout), _plain_edit(content)
    )
    edits = st.lists(edit, min_size=1, max_size=_MOST_EDITS).map(tuple)
    return st.tuples(edits, st.sampled_from((True, True, True, False)))


def mutated(content: bytes, layout: Layout, edits: tuple[Edit, ...], *, mend: bool) -> bytes:
    """Return a file with the edits made. Of two edits of one place, the first is made."""
    made: list[Edit] = []
    for edit in edits:
        if all(edit.end <= other.start or other.end <= edit.start for other in made):
            made.append(edit)
    if mend:
        made += _resized(content, made)
    result = bytearray(content)
    for edit in sorted(made, key=lambda it: (it.start, it.end), reverse=True):
        result[edit.start : edit.end] = edit.put
    if mend:
        layout.mend(result)
    return bytes(result)


def _resized(content: bytes, edits: list[Edit]) -> list[Edit]:
    more: Counter[Field] = Counter()
    for edit in edits:
        for size in edit.sizes:
            more[size] += len(edit.put) - (edit.end - edit.start)
    return [
        Edit("size", size.at, size.at + size.width, size.coded(size.value(content) + by))
        for size, by in more.items()
        if by and not any(it.start < size.at + size.width and size.at < it.end for it in edits)
    ]


@st.composite
def _field_edit(draw: DrawFn, content: bytes, layout: Layout) -> Edit:
    """Set a number to a value that is on the edge of something. Every chunk is as likely."""
    chunk = _any(draw, layout.chunks)
    number = _any(draw, chunk.fields)
    now, most = number.value(content), number.highest
    edges = {
        "0": 0,
        "1": 1,
        "highest": most,
        "highest but one": most - 1,
        "highest signed": most >> 1,
        "lowest signed": (most >> 1) + 1,
        "one more": now + 1,
        "one less": now - 1,
        "double": now * 2,
        "half": now // 2,
        "negated": -now,
        "file size": len(content),
        "a million": 1_000_000,
    }
    name = draw(st.sampled_from([*edges, "any"]))
    value = edges[name] if name in edges else draw(st.integers(0, most))
    what = f"{number.width * 8} bits set to {name}"
    return Edit(what, number.at, number.at + number.width, number.coded(value))


@st.composite
def _chunk_edit(draw: DrawFn, content: bytes, layout: Layout) -> Edit:
    """Leave a chunk out, repeat it, put another in its place, or before it, or cut it short."""
    chunk, other = _any(draw, layout.chunks), _any(draw, layout.chunks)
    here, there = content[chunk.start : chunk.end], content[other.start : other.end]
    puts = {
        "dropped": b"",
        "doubled": here * 2,
        "repeated": here * 20,
        "replaced": there,
        "preceded": there + here,
        "cut": here[: len(here) // 2],
    }
    name = draw(st.sampled_from(list(puts)))
    return Edit(f"chunk {name}", chunk.start, chunk.end, puts[name], chunk.sizes)


def _any(draw: DrawFn, choices: Sequence[_T]) -> _T:
    # By number: to choose among the things themselves, Hypothesis would look at all of each.
    return choices[draw(st.integers(0, len(choices) - 1))]


@st.composite
def _plain_edit(draw: DrawFn, content: bytes) -> Edit:
    """Change, insert, remove or repeat some bytes anywhere, or end the file there."""
    at = draw(st.integers(0, len(content) - 1))
    kind = draw(st.sampled_from(("bit", "bytes", "zeros", "inserted", "removed", "again", "end")))
    if kind == "end":
        return Edit("cut off", at, len(content), b"")
    if kind == "bit":
        return Edit("bit", at, at + 1, bytes([content[at] ^ 1 << draw(st.integers(0, 7))]))
    stop = min(at + draw(st.integers(1, _LONGEST_RUN)), len(content))
    size = stop - at
    if kind in ("removed", "again"):
        return Edit(kind, at, stop, content[at:stop] * 2 if kind == "again" else b"")
    put = bytes(size) if kind == "zeros" else draw(st.binary(min_size=size, max_size=size))
    return Edit(kind, at, at if kind == "inserted" else stop, put)
