"""Strangers: how many people who are nobody's were seen, and nothing else of them.

A face that is lost for a sample is followed anew, so the number of faces that were followed grows
with the video. How many of them were in the picture at one time does not: it is at least so many
people.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    from function.recogniser.identity.attendance import Look


def most_strangers(looks: Iterable[Look], named: Collection[str], *, tolerance: float) -> int:
    """Return how many faces at one time were of none of the students who are named.

    A face counts that was seen well once, without a shortfall, and never as one of these students:
    of the others it is not known whether they are one who turned away.
    """
    by_face: defaultdict[int, list[Look]] = defaultdict(list)
    for look in looks:
        by_face[look.face].append(look)
    strangers = [
        face
        for face in by_face.values()
        if any(not look.shortfalls for look in face)
        and not any(_is_one_of(named, look, tolerance) for look in face)
    ]
    at_once = Counter(
        moment
        for face in strangers
        for moment in {(look.track, time) for look in face for time in look.times}
    )
    return max(at_once.values(), default=0)


def _is_one_of(named: Collection[str], look: Look, tolerance: float) -> bool:
    return look.match.student_id in named and not look.is_nobodys(tolerance)
