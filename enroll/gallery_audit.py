"""The audit of a gallery: who will be mistaken for whom, and what it can tell apart.

It knows faces by their encodings only, and the students by their ids: names are elsewhere.
"""

from __future__ import annotations

import math
from collections import defaultdict
from dataclasses import dataclass, field, replace
from datetime import date
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from enroll.likeness import alike_within, resembling_within
from enroll.mix_ups import numbered, verdicts
from enroll.neighbours import neighbours
from function.recogniser.identity.gallery import Gallery

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence

    from enroll.mix_ups import AlikePair, Verdict
    from enroll.neighbours import Link, Neighbours

OLD_AFTER_YEARS = 3
"""When a student's newest portrait is old. Children's faces have been recognised well three years
after their enrolment, and less so each half year (Bahmani and Schuckers, "Face Recognition in
Children: A Longitudinal Study", 2022, arXiv 2204.01760); no longer time is measured there."""

# How much nearer to a student a face in a video may be than the nearest portrait of whoever it is:
# 0.046 for 95 of 100 of those who were within 0.62, of portraits taken for looks, one of each.
_NEARER = 0.05

# A tolerance below this is of no use: half of the pairs of one person's portraits are farther
# apart.
_LEAST_TOLERANCE = 0.40

# Of looks at people who are not enrolled, how many may be near enough to a student, and clear of
# the next. It is 0.072 of the portraits of the 61 people on whom the distances were measured, at
# the recognition's own tolerance; in videos, with 65 people enrolled, that tolerance named 1
# stranger in 34 appearances, since several looks have to be so near on average.
_STRANGERS_NEAR = 0.10

# The tolerances are in steps of this, as the stack's own is commonly given.
_STEP = 100


class Pair(NamedTuple):
    """Two students whose nearest portraits are at this distance, and the courses both have."""

    first: str
    second: str
    distance: float
    courses: tuple[str, ...]


class Tolerance(NamedTuple):
    """A student's own tolerance, None for everybody's: as it is, and as it should be."""

    student_id: str
    before: float | None
    after: float | None


class Wrong(NamedTuple):
    """A portrait that is probably not of its student: which of theirs, of which day, and why."""

    student_id: str
    name: str
    enrolled: str
    verdict: Verdict


@dataclass(frozen=True, kw_only=True)
class Audit:
    """What was found in a gallery.

    `alike` are pairs so near that they are taken for one person's, `resembling` those that are less
    so; both the nearest first. `single` have one portrait, of `old` the newest was enrolled on the
    day given, more than OLD_AFTER_YEARS ago. `supported` is the greatest tolerance within which
    few strangers would come, None if it can't be told, and `strangers` the share within everybody's
    `tolerance`. `tolerances` are the students' own that are not as they should be; `too_near` are
    those asked for that are too little to be of use.
    """

    students: int
    portraits: int
    tolerance: float
    wrong: tuple[Wrong, ...] = ()
    alike: tuple[Pair, ...] = ()
    resembling: tuple[Pair, ...] = ()
    single: tuple[str, ...] = ()
    old: Mapping[str, date] = field(default_factory=dict)
    supported: float | None = None
    strangers: float = 0.0
    tolerances: tuple[Tolerance, ...] = ()
    too_near: Mapping[str, float] = field(default_factory=dict)

    @property
    def is_supported(self) -> bool:
        """Whether the gallery supports everybody's tolerance."""
        return self.supported is None or self.supported >= self.tolerance

    @property
    def has_work(self) -> bool:
        """Whether something is to be done: one portrait only is none's fault."""
        return bool(
            self.wrong
            or self.alike
            or self.old
            or self.tolerances
            or self.too_near
            or not self.is_supported
        )

    def with_tolerances_set(self) -> Audit:
        """Return what is left when the students' own tolerances are as they should be."""
        return replace(self, tolerances=())


def audit(  # noqa: PLR0913 - each is said of the gallery, or of those in it
    gallery: Gallery,
    *,
    tolerance: float,
    margin: float,
    today: date,
    alike: Collection[AlikePair] = (),
    asked_for: Mapping[str, float] | None = None,
) -> Audit:
    """Look through a gallery, as it is used with everybody's `tolerance` and `margin`.

    Students who are `alike` are known to be, and not told of; they still get their tolerance. What
    is `asked_for` is the greatest own tolerance that teachers let a student have.
    """
    asked = {
        student_id: own
        for student_id, own in (asked_for or {}).items()
        if student_id in set(gallery.student_ids)
    }
    students = len(set(gallery.student_ids))
    portraits = len(gallery.student_ids)
    if not students:
        return Audit(students=0, portraits=0, tolerance=tolerance)
    resembling = resembling_within(portraits)
    near = neighbours(gallery, resembling)
    pairs = _pairs(gallery, near.links)
    one_person = alike_within(portraits)
    told = [pair for pair in pairs if frozenset((pair.first, pair.second)) not in set(alike)]
    supported, strangers = _supported(near, resembling, tolerance, margin)
    return Audit(
        students=students,
        portraits=portraits,
        tolerance=tolerance,
        wrong=_wrong(gallery, near.links, alike),
        alike=tuple(pair for pair in told if pair.distance <= one_person),
        resembling=tuple(pair for pair in told if pair.distance > one_person),
        single=_single(gallery),
        old=_old(gallery, today),
        supported=supported,
        strangers=strangers,
        tolerances=_tolerances(gallery, pairs, tolerance, asked),
        too_near={each: own for each, own in sorted(asked.items()) if own < _LEAST_TOLERANCE},
    )


def _pairs(gallery: Gallery, links: Iterable[Link]) -> list[Pair]:
    nearest: dict[tuple[str, str], float] = {}
    for row, other, distance in links:
        one, two = sorted((gallery.student_ids[row], gallery.student_ids[other]))
        nearest[one, two] = min(distance, nearest.get((one, two), math.inf))
    return sorted(
        (
            Pair(
                one,
                two,
                distance,
                tuple(
                    course
                    for course in gallery.student(one).courses
                    if course in gallery.student(two).courses
                ),
            )
            for (one, two), distance in nearest.items()
        ),
        key=lambda pair: (pair.distance, pair.first, pair.second),
    )


def _wrong(
    gallery: Gallery, links: Sequence[Link], alike: Collection[AlikePair]
) -> tuple[Wrong, ...]:
    """Judge the whole gallery as if it were enrolled now."""
    names = numbered(gallery, "portrait")
    judged = verdicts(gallery, names, known=Gallery.empty(), alike=alike, among=links)
    rows = zip(gallery.student_ids, names, gallery.enrolled, judged, strict=True)
    return tuple(Wrong(*row) for row in rows if row[-1].is_refused)


def _single(gallery: Gallery) -> tuple[str, ...]:
    counts = defaultdict[str, int](int)
    for student_id in gallery.student_ids:
        counts[student_id] += 1
    return tuple(student_id for student_id, count in counts.items() if count == 1)


def _old(gallery: Gallery, today: date) -> dict[str, date]:
    """Return the day of each student's newest portrait that is old; unknown days are not."""
    newest: dict[str, str] = {}
    for student_id, day in zip(gallery.student_ids, gallery.enrolled, strict=True):
        # Of a day that is not known, it is not known either whether it is the newest.
        earlier = newest.get(student_id, day)
        newest[student_id] = max(earlier, day) if earlier and day else ""
    limit = _years_before(today, OLD_AFTER_YEARS)
    days = {student_id: date.fromisoformat(day) for student_id, day in newest.items() if day}
    return {student_id: day for student_id, day in days.items() if day < limit}


def _years_before(day: date, years: int) -> date:
    try:
        return day.replace(year=day.year - years)
    except ValueError:  # the 29th of February
        return day.replace(year=day.year - years, day=28)


def _supported(
    near: Neighbours, resembling: float, tolerance: float, margin: float
) -> tuple[float | None, float]:
    """Return the tolerance that is supported, and how many strangers are within everybody's.

    Each portrait is taken for a look at a stranger: its student is left out, and it is compared
    with the others. It speaks for one of them if it is within the tolerance, and the margin nearer
    than to the next. The distance up to which at most one in ten does is supported. Students who
    resemble each other are told of by themselves, and get a tolerance of their own: they do not
    count here.
    """
    counted = near.distances > resembling
    looks = int(counted.sum())
    claims = np.sort(near.distances[counted & (near.margins >= margin)])
    claims = claims[np.isfinite(claims)]
    if not len(claims):
        return None, 0.0
    allowed = int(looks * _STRANGERS_NEAR)
    strangers = float((claims <= tolerance).sum()) / looks
    if allowed >= len(claims):
        return 1.0, strangers
    # Just below the first claim that would be one too many.
    return _rounded_down(min(float(claims[allowed]), 1.0)), strangers


def _tolerances(
    gallery: Gallery, pairs: Collection[Pair], tolerance: float, asked: Mapping[str, float]
) -> tuple[Tolerance, ...]:
    """Return the own tolerances to set: as asked for, or below the nearest neighbour if it is near.

    Those that would be of no use are not set.
    """
    needed = {each: own for each, own in asked.items() if own >= _LEAST_TOLERANCE}
    for pair in pairs:
        own = max(_rounded_down(pair.distance - _NEARER), _LEAST_TOLERANCE)
        for student_id in (pair.first, pair.second):
            needed[student_id] = min(own, needed.get(student_id, math.inf))
    found = []
    for student_id in dict.fromkeys(gallery.student_ids):
        before = gallery.student(student_id).tolerance
        own = needed.get(student_id, math.inf)
        after = own if own < tolerance else None
        if before != after:
            found.append(Tolerance(student_id, before, after))
    return tuple(found)


def _rounded_down(distance: float) -> float:
    return math.floor(distance * _STEP) / _STEP
