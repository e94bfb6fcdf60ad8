"""What `make fuzz` is made of: the sources, the edits, and the watch over the reading process."""

from __future__ import annotations

import os
import signal
from typing import TYPE_CHECKING

import pytest

from function.recogniser.video.sampling import sampled_frames
from tests.fuzz import campaign, reading
from tests.fuzz.campaign import Campaign
from tests.fuzz.mutations import Edit, mutated
from tests.fuzz.reading import Outcome, Reader, outcome_of
from tests.fuzz.seeds import SEEDS, Seed, content

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

every_source = pytest.mark.parametrize("source", SEEDS, ids=[it.name for it in SEEDS])


@pytest.fixture(scope="module")
def reader() -> Iterator[Reader]:
    with Reader() as reader:
        yield reader


@every_source
def test_a_source_is_a_video_whose_numbers_are_known(source: Seed, tmp_path: Path) -> None:
    whole = content(source)
    layout = source.layout(whole)
    assert len(layout.chunks) >= 10
    for chunk in layout.chunks:
        assert 0 <= chunk.start < chunk.end <= len(whole)
        assert all(it.at >= 0 and it.at + it.width <= len(whole) for it in chunk.fields)
        assert all(
            it.coded(it.value(whole)) == whole[it.at : it.at + it.width] for it in chunk.fields
        )
    assert mutated(whole, layout, (), mend=True) == whole, "checksums are right as they are"
    (tmp_path / "whole").write_bytes(whole)
    assert len(list(sampled_frames(tmp_path / "whole", per_second=2))) >= 4


@pytest.mark.parametrize("name", ["mp4", "mkv", "avi", "wmv"])
def test_what_is_repeated_is_counted_by_the_sizes_around_it(name: str) -> None:
    source = next(it for it in SEEDS if it.name == name)
    whole = content(source)
    layout = source.layout(whole)
    chunk = max(layout.chunks, key=lambda it: len(it.sizes))
    assert chunk.sizes
    again = whole[chunk.start : chunk.end]
    edit = Edit("again", chunk.start, chunk.start, again, chunk.sizes)
    longer = mutated(whole, layout, (edit,), mend=True)
    assert len(longer) == len(whole) + len(again)
    assert all(it.value(longer) == it.value(whole) + len(again) for it in chunk.sizes)


def test_of_two_edits_of_one_place_the_first_is_made() -> None:
    layout = SEEDS[0].layout(content(SEEDS[0]))
    edits = (Edit("a", 2, 4, b"xy"), Edit("b", 3, 5, b"zz"), Edit("c", 0, 1, b""))
    assert mutated(b"012345", layout, edits, mend=False) == b"1xy45"


def test_a_file_that_takes_too_long_is_given_up_and_the_next_one_read() -> None:
    with Reader(budget=0.0) as impatient:
        outcome = impatient.read(content(SEEDS[0]), per_second=2)
        assert outcome.kind.startswith("no end in ")
        impatient._budget = reading.BUDGET
        assert impatient.read(content(SEEDS[0]), per_second=2).frames == 4


def test_a_process_that_crashes_is_told_of_and_the_next_file_read() -> None:
    with Reader() as reader:
        reader.read(content(SEEDS[0]), per_second=2)
        assert reader._process is not None
        assert reader._process.pid is not None
        os.kill(reader._process.pid, signal.SIGSEGV)
        outcome = reader.read(content(SEEDS[0]), per_second=2)
        assert outcome.kind.startswith("SIGSEGV in ")
        assert reader.read(content(SEEDS[0]), per_second=2).frames == 4


def test_memory_that_each_reading_leaves_behind_is_told_of(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    left = []

    def leaky(path: Path, per_second: float) -> Outcome:
        left.append(bytearray(6 << 20))
        return outcome_of(path, per_second)

    path = tmp_path / "whole"
    path.write_bytes(content(SEEDS[0]))
    memory = reading._Memory()
    assert memory.watched(path, 2).kind == ""
    monkeypatch.setattr(reading, "outcome_of", leaky)
    assert memory.watched(path, 2).kind == "leak"


def test_a_campaign_keeps_a_file_of_each_finding(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(campaign, "_BATCH", 2)
    monkeypatch.setattr(campaign, "_SHORT", 0.0)  # seconds: no search for fewer edits
    with Reader(budget=0.0) as impatient:
        run = Campaign(impatient, tmp_path / "found")
        run.batch(SEEDS[0], 1)
    assert run.files["mp4"] == run.findings.total() == 2
    kept = {it.name for it in (tmp_path / "found").iterdir()}
    assert kept
    assert all(f"{name}.txt" in kept for name in kept if not name.endswith(".txt"))
    assert f"Found, and kept in {tmp_path / 'found'}:" in run.summary()


def test_a_campaign_without_findings_keeps_nothing(
    monkeypatch: pytest.MonkeyPatch, reader: Reader, tmp_path: Path
) -> None:
    monkeypatch.setattr(campaign, "_BATCH", 5)
    run = Campaign(reader, tmp_path / "found")
    run.batch(next(it for it in SEEDS if it.name == "elementary"), 1)
    assert run.files["elementary"] == 5
    assert "Nothing found." in run.summary()
    assert not (tmp_path / "found").exists()
