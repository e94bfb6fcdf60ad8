"""Students who were perhaps there: looks that came near, and were not enough.

A look is near if it is within the tolerance, clearly nearer than anybody else, and short in one way
at most. It says that a person should look, and no more. How often that is right is in
docs/recognition.md.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from function.recogniser.identity.attendance import best_look, claims_by_student

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    from function.recogniser.identity.attendance import BestLook, Look

# Of 34 appearances as they are and made harder in six ways, 81 were missed. 19 of these had such a
# look, and 3 who were not there; with looks short in two ways, 20 and 7.
MOST_SHORTFALLS = 1


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
        look.match.distance <= look.limit(tolerance)
        and look.match.margin >= margin
        and look.shortfalls <= MOST_SHORTFALLS
    )
