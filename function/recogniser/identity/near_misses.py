"""Students who were perhaps there: looks that came near, and were not enough.

A look is near if, its shortfalls counted, it is within the tolerance and clearly nearer than
anybody else: with another such look it would be enough. It says that a person should look, and no
more.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from function.recogniser.identity.attendance import HANDICAP, best_look, claims_by_student

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    from function.recogniser.identity.attendance import BestLook, Look


@dataclass(frozen=True, kw_only=True)
class NearMiss:
    """A student who was perhaps there, and the best look that says so."""

    student_id: str
    best: BestLook


def near_misses(
    looks: Iterable[Look], present: Collection[str], *, tolerance: float, margin: float
) -> list[NearMiss]:
    """Return who was perhaps there, of those who do not count as present, nearest first."""
    found = []
    for student_id, claims in claims_by_student(looks, tolerance).items():
        near = [claim for claim in claims if _is_near(claim, tolerance, margin)]
        if near and student_id not in present:
            found.append(NearMiss(student_id=student_id, best=best_look(near)))
    return sorted(found, key=lambda it: (it.best.distance, it.student_id))


def _is_near(look: Look, tolerance: float, margin: float) -> bool:
    return (
        look.match.distance + HANDICAP * look.shortfalls <= look.limit(tolerance)
        and look.match.margin >= margin
    )
