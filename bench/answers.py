"""Right and wrong answers: a faster wrong one is no improvement."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable


@dataclass(frozen=True, kw_only=True)
class Verdict:
    """How many students an answer found of how many in the video, and how many are false."""

    found: int
    present: int
    false: int

    @classmethod
    def on(cls, answer: frozenset[str], truth: frozenset[str]) -> Verdict:
        """Compare who was recognised with who is in the video."""
        return cls(found=len(answer & truth), present=len(truth), false=len(answer - truth))

    @classmethod
    def on_first_match(cls, answer: frozenset[str], truth: frozenset[str]) -> Verdict:
        """Compare who was recognised first, at most one, with who is in the video."""
        return cls(found=len(answer & truth), present=min(1, len(truth)), false=len(answer - truth))

    @classmethod
    def sum(cls, verdicts: Iterable[Verdict]) -> Verdict:
        """Return that on the answers to several videos together."""
        verdicts = list(verdicts)
        return cls(
            found=sum(verdict.found for verdict in verdicts),
            present=sum(verdict.present for verdict in verdicts),
            false=sum(verdict.false for verdict in verdicts),
        )

    @property
    def right(self) -> bool:
        """Whether nobody is missed and nobody is false."""
        return self.found == self.present and not self.false

    def __str__(self) -> str:
        return f"{self.found}/{self.present}" + (f", {self.false} false" if self.false else "")
