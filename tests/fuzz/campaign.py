"""Mutated videos by the thousand: what came of them, and the files that are findings."""

from __future__ import annotations

import time
from collections import Counter, defaultdict
from contextlib import suppress
from typing import TYPE_CHECKING

from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st
from hypothesis.errors import Flaky

from tests.fuzz.mutations import Edit, mutated, mutations
from tests.fuzz.seeds import Seed, content

if TYPE_CHECKING:
    from pathlib import Path

    from tests.fuzz.reading import Outcome, Reader

PER_SECOND = (0.5, 2.0, 10.0)  # samples

_BATCH = 100  # files of one container before it is the next one's turn

# What takes longer is kept as it was found: each try at fewer edits would take as long again.
_SHORT = 5.0  # seconds


class _FindingError(Exception):
    """Tells Hypothesis to look for the fewest edits that do the same."""


class Campaign:
    """Counts what comes of mutated files, and keeps one file of each finding in `folder`.

    A finding is what must not be, of one kind in one kind of file.
    """

    def __init__(self, reader: Reader, folder: Path) -> None:
        self.files: Counter[str] = Counter()
        self.findings: Counter[tuple[str, str]] = Counter()
        self._reader = reader
        self._folder = folder
        self._with_frames: Counter[str] = Counter()
        self._slowest: defaultdict[str, float] = defaultdict(float)  # seconds
        self._largest: Counter[str] = Counter()  # bytes

    def batch(self, source: Seed, number: int) -> None:
        """Read about a hundred files made from one, the same ones for the same `number`."""
        whole = content(source)
        layout = source.layout(whole)
        shrinking: set[str] = set()

        @seed(number)
        @settings(
            max_examples=_BATCH,
            deadline=None,
            database=None,
            phases=(Phase.generate, Phase.shrink),
            suppress_health_check=list(HealthCheck),
        )
        @given(mutations(whole, layout), st.sampled_from(PER_SECOND))
        def reads(drawn: tuple[tuple[Edit, ...], bool], per_second: float) -> None:
            edits, mend = drawn
            damaged = mutated(whole, layout, edits, mend=mend)
            outcome = self._reader.read(damaged, per_second=per_second)
            is_new = self._count(source.name, outcome)
            if outcome.kind and (is_new or outcome.kind in shrinking):
                self._keep(source.name, damaged, per_second, f"{edits}, mend={mend}", outcome)
                if outcome.seconds < _SHORT:
                    shrinking.add(outcome.kind)
                    raise _FindingError(outcome.kind)

        # What is found is kept by then.
        with suppress(_FindingError, ExceptionGroup, Flaky):
            reads()

    def _count(self, name: str, outcome: Outcome) -> bool:
        """Return whether the outcome is a finding that was not there before."""
        self.files[name] += 1
        self._with_frames[name] += outcome.frames > 0
        self._slowest[name] = max(self._slowest[name], outcome.seconds)
        self._largest[name] = max(self._largest[name], outcome.peak)
        if outcome.kind:
            self.findings[name, outcome.kind] += 1
        return self.findings[name, outcome.kind] == 1

    def _keep(
        self, source: str, damaged: bytes, per_second: float, edits: str, outcome: Outcome
    ) -> None:
        self._folder.mkdir(parents=True, exist_ok=True)
        letters = "".join(it if it.isalnum() else " " for it in f"{source} {outcome.kind}")
        name = "-".join(letters.split())
        (self._folder / name).write_bytes(damaged)
        told = f"{source}, {per_second} a second: {outcome.kind}\n{edits}\n\n{outcome.problem}\n"
        (self._folder / f"{name}.txt").write_text(told, encoding="utf-8")

    def progress(self, *, since: float) -> str:
        """Say how far it is, in a line."""
        minutes, seconds = divmod(int(time.monotonic() - since), 60)
        return (
            f"{minutes}:{seconds:02}  {self.files.total():,} files, {len(self.findings)} findings"
        )

    def summary(self) -> str:
        """Say what came of it, in lines of their own for each kind of file and finding."""
        lines = [f"{'':16}{'files':>9}{'with frames':>13}{'slowest':>10}{'most memory':>13}"]
        lines += [
            f"{name:16}{count:9,}{self._with_frames[name] / count:13.0%}"
            f"{self._slowest[name]:8.2f} s{self._largest[name] / 2**20:9.0f} MiB"
            for name, count in self.files.items()
        ]
        lines.append(f"{self.files.total():,} files in all.")
        if not self.findings:
            return "\n".join([*lines, "Nothing found."])
        lines.append(f"Found, and kept in {self._folder}:")
        lines += [f"{count:7,} of {name}: {kind}" for (name, kind), count in self.findings.items()]
        return "\n".join(lines)
