"""Strangers: how many people who are nobody's were seen, and nothing else of them.

A face that is lost for a sample is followed anew, so the number of faces that were followed grows
with the video. How many of them were in the picture at one time does not: it is at least so many
people.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Sequence

    from function.recogniser.identity.attendance import Look


Moment = tuple[int, float]
"""A sampled frame: which picture track it is of, and its time in seconds."""


@dataclass(frozen=True, kw_only=True)
class SeenFace:
    """A face that was followed: whose it may be by its looks, and when it was in the picture.

    `is_clear` is whether it was seen once without a shortfall.
    """

    claims: frozenset[str]
    is_clear: bool
    moments: frozenset[Moment]


def seen_faces(looks: Iterable[Look], *, tolerance: float) -> list[SeenFace]:
    """Return the faces that the looks are at."""
    by_face: defaultdict[int, list[Look]] = defaultdict(list)
    for look in looks:
        by_face[look.face].append(look)
    return [
        SeenFace(
            claims=frozenset(it.match.student_id for it in face if not it.is_nobodys(tolerance)),
            is_clear=any(not look.shortfalls for look in face),
            moments=frozenset((look.track, time) for look in face for time in look.times),
        )
        for face in by_face.values()
    ]


def at_once(faces: Iterable[SeenFace]) -> Counter[Moment]:
    """Return how many of the faces that were seen well were in the picture at each moment."""
    return Counter(moment for face in faces if face.is_clear for moment in face.moments)


def most_strangers(
    faces: Sequence[SeenFace], named: Collection[str], *, others: Counter[Moment] | None = None
) -> int:
    """Return how many faces at one time were of none of the students who are named.

    A face counts that was seen well once, without a shortfall, and never as one of these students:
    of the others it is not known whether they are one who turned away. `others` are how many more
    there were at each moment that were seen well, and as nobody.
    """
    counted = at_once(face for face in faces if face.claims.isdisjoint(named))
    counted.update(others or {})
    return max(counted.values(), default=0)
