"""Damage to containers: a few of the mutations of `make fuzz` for each, and all that it found."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from tests.fuzz.campaign import PER_SECOND
from tests.fuzz.layouts import Chunk, Field
from tests.fuzz.mutations import Edit, mutated, mutations
from tests.fuzz.reading import Reader
from tests.fuzz.seeds import SEEDS, Seed, content

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.fuzz.reading import Outcome

_FEW = 40


@pytest.fixture(scope="module")
def reader() -> Iterator[Reader]:
    with Reader() as reader:
        yield reader


@pytest.mark.parametrize("source", SEEDS, ids=[it.name for it in SEEDS])
def test_a_damaged_video_is_read_or_refused(source: Seed, reader: Reader, tmp_path: Path) -> None:
    whole = content(source)
    layout = source.layout(whole)
    kept = tmp_path / "damaged"

    # Not at random: a change must not fail because of damage that it has nothing to do with.
    @settings(
        max_examples=_FEW,
        derandomize=True,
        deadline=None,
        phases=(Phase.generate,),
        suppress_health_check=list(HealthCheck),
    )
    @given(mutations(whole, layout), st.sampled_from(PER_SECOND))
    def reads(drawn: tuple[tuple[Edit, ...], bool], per_second: float) -> None:
        edits, mend = drawn
        damaged = mutated(whole, layout, edits, mend=mend)
        outcome = reader.read(damaged, per_second=per_second)
        if outcome.kind:
            kept.write_bytes(damaged)
        assert not outcome.kind, f"python -m tests.fuzz {kept}: {outcome.problem}"

    reads()


def test_a_table_of_times_that_is_there_twice_is_the_files_fault(reader: Reader) -> None:
    source = named("mp4")
    table = part(source, b"stts", after=4)
    put = content(source)[table.start : table.end] * 2
    told(reader, source, Edit("doubled", table.start, table.end, put, table.sizes))


def test_a_size_beyond_all_memory_is_the_files_fault(reader: Reader) -> None:
    source = named("mp4-fragmented")
    run = part(source, b"trun", after=4)
    size = run.start + 24  # of the run's first picture
    told(reader, source, Edit("size", size, size + 4, b"\x7f\xff\xff\xff"))


@pytest.mark.parametrize(("name", "kind"), [("avi", b"00dc"), ("mkv", b"\xa3")])
def test_times_are_not_below_zero_where_the_first_packet_is_one_that_comes_late(
    reader: Reader, name: str, kind: bytes
) -> None:
    source = named(name)
    first, second = (part(source, kind, after=0, number=it) for it in (0, 1))
    put = content(source)[second.start : second.end]
    outcome = told(reader, source, Edit("put before", first.start, first.start, put, first.sizes))
    assert outcome.frames >= 4


def test_times_are_not_below_zero_where_the_last_fragment_comes_first(reader: Reader) -> None:
    source = named("mp4-fragmented")
    text, last = part(source, b"udta", after=4), part(source, b"moof", after=4, number=-1)
    put = content(source)[last.start : last.end]
    outcome = told(reader, source, Edit("put", text.start, text.end, put, text.sizes))
    assert outcome.frames >= 3


def test_a_small_file_of_a_huge_picture_takes_no_memory_for_it(reader: Reader) -> None:
    source = named("gif")
    width, height = Field(6, 2, "little"), Field(8, 2, "little")
    told(
        reader,
        source,
        *(Edit("size", it.at, it.at + it.width, it.coded(9_000)) for it in (width, height)),
    )


def named(name: str) -> Seed:
    return next(it for it in SEEDS if it.name == name)


def part(source: Seed, kind: bytes, *, after: int, number: int = 0) -> Chunk:
    """Return a part of a video by its kind, which stands so many bytes after its beginning."""
    whole = content(source)
    parts = source.layout(whole).chunks
    of_kind = [it for it in parts if whole[it.start + after :].startswith(kind)]
    return of_kind[number]


def told(reader: Reader, source: Seed, *edits: Edit) -> Outcome:
    whole = content(source)
    damaged = mutated(whole, source.layout(whole), edits, mend=True)
    outcome = reader.read(damaged, per_second=2)
    assert not outcome.kind, outcome.problem
    return outcome
