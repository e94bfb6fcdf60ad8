"""Looks at faces, over a whole video, into who attended.

This module decides how much evidence it takes. Naming a stranger is worse than missing a student,
so what is not clear by one look has to be borne out by others, and what could be one of two
students is neither.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from itertools import pairwise
from statistics import mean
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from function.recogniser.faces.location import Box
    from function.recogniser.faces.quality import Quality
    from function.recogniser.identity.gallery import Match

# One good look this near is enough. On 21 real clips with 65 people enrolled but those in the clip,
# no good look at a stranger came nearer than 0.54 to anybody, at any of three sizes.
CONFIDENT_DISTANCE = 0.52

# What a look is short of if it has less (or, of tilt, more): pixels of the face's box, the
# detector's score, degrees of tilt, sharpness, and brightness. Chosen with the videos left out in
# turn that they were judged on; docs/recognition.md has the table.
LEAST_HEIGHT = 18.0
LEAST_SCORE = 0.80
MOST_TILT = 40.0
LEAST_SHARPNESS = 0.11
LEAST_BRIGHTNESS = 20.0

# A look that is short of one of these has to be this near to be enough by itself; one that is
# short of two never is.
POOR_CONFIDENT_DISTANCE = 0.50

# How much farther a look counts on average with others, for each that it is short of: the poorer a
# look, the more anybody resembles anybody.
HANDICAP = 0.05

# A face this little beyond the tolerance speaks against its student being there. A stranger who
# resembles a student hovers about the tolerance; the student, even on a poor day, stays below.
DOUBT = 0.06

# Looks less apart than this, in seconds, are of the same moment and bear nothing out.
_LEAST_APART = 0.3

ABSENCE_SECONDS = 60.0
"""Who is not seen for longer than this counts as away meanwhile.

A small face is found in wide looks alone, which come up to 20 s apart: three of them miss a face
that is there less often than one does.
"""


@dataclass(frozen=True, kw_only=True)
class Look:
    """A face that was encoded at one time, and the times of the samples that it stands for.

    `match` is the nearest student, however far, and `quality` what that rests on. The first of the
    `times`, in seconds from the start of the video, is that of the encoding; at the others the
    same face was still there. `place` is where it was encoded, in the picture as a player shows it,
    and `track` counts the recording's picture tracks from 0. Looks with the same `face` are at one
    face that was followed.
    """

    match: Match
    quality: Quality
    place: Box
    face: int
    track: int
    times: list[float] = field(default_factory=list)

    @property
    def shortfalls(self) -> int:
        """In how many ways the face is seen poorly: small, doubtful, tilted, dark, blurred.

        One of half the sharpness counts twice: much blurred, anybody resembles somebody.
        """
        quality = self.quality
        return sum(
            (
                quality.height < LEAST_HEIGHT,
                quality.score < LEAST_SCORE,
                quality.tilt > MOST_TILT,
                quality.brightness < LEAST_BRIGHTNESS,
                quality.sharpness < LEAST_SHARPNESS,
                quality.sharpness < LEAST_SHARPNESS / 2,
            )
        )

    def is_clear(self, *, tolerance: float, margin: float) -> bool:
        """Tell whether no other look is needed: a student for certain, or certainly none."""
        return _is_confident(self, tolerance, margin) or self.is_nobodys(tolerance)

    def is_nobodys(self, tolerance: float) -> bool:
        """Tell whether it is too far from the nearest student to say anything of them."""
        return self.match.distance > self.limit(tolerance) + DOUBT

    def limit(self, tolerance: float) -> float:
        """Return the nearest student's own tolerance where that is less than everybody's."""
        return min(tolerance, self.match.own_tolerance)


class Span(NamedTuple):
    """A stretch of a video, in seconds from its start; both ends belong to it."""

    start: float
    end: float


@dataclass(frozen=True, kw_only=True)
class BestLook:
    """The nearest look at a student's face: when and where it is to be seen, and how near it was.

    `time` is in seconds from the start of the video, `place` in the picture as a player shows it.
    """

    time: float
    track: int
    place: Box
    distance: float


@dataclass(frozen=True, kw_only=True)
class Attendance:
    """A student who was seen: when, in how many samples, how surely.

    `presence` are the spans in which the student was seen, with pauses between them of more than
    ABSENCE_SECONDS. `is_sure` tells whether one confident look says so; otherwise several do on
    average, as they do of strangers who resemble a student.
    """

    student_id: str
    presence: tuple[Span, ...]
    sightings: int
    best: BestLook
    is_sure: bool

    @property
    def first_seen(self) -> float:
        """In seconds from the start of the video."""
        return self.presence[0].start

    @property
    def last_seen(self) -> float:
        """In seconds from the start of the video."""
        return self.presence[-1].end

    @property
    def distance(self) -> float:
        """The smallest of all looks."""
        return self.best.distance


def attendance(looks: Iterable[Look], *, tolerance: float, margin: float) -> list[Attendance]:
    """Gather the looks at all faces of a video into its attendance.

    A student was there if one look is confident, or if several, apart in time, are on average
    within `tolerance` of the student and `margin` farther from everyone else. The average does
    not grow more favourable with the number of samples, as the best of them does. Poor looks have
    to be nearer, and of several at one moment the best one counts. For a student whose own
    tolerance is less, that one counts in place of `tolerance`.

    The students come in the order of their first appearance, and by id where that is the same.
    """
    seen = [
        _summary(student_id, claims, tolerance, margin)
        for student_id, claims in claims_by_student(looks, tolerance).items()
        if any(_is_confident(claim, tolerance, margin) for claim in claims)
        or _bear_each_other_out(_nearest_at_each_time(claims), tolerance, margin)
    ]
    return sorted(seen, key=lambda student: (student.first_seen, student.student_id))


def claims_by_student(looks: Iterable[Look], tolerance: float) -> Mapping[str, Sequence[Look]]:
    """Return the looks that say anything of a student, by the student's id."""
    claims: defaultdict[str, list[Look]] = defaultdict(list)
    for look in looks:
        if not look.is_nobodys(tolerance):
            claims[look.match.student_id].append(look)
    return claims


def best_look(looks: Iterable[Look]) -> BestLook:
    """Return the nearest look, and the earliest of those that are as near."""
    best = min(looks, key=lambda it: (it.match.distance, it.times[0], it.track, it.place))
    return BestLook(
        time=best.times[0], track=best.track, place=best.place, distance=best.match.distance
    )


def _is_confident(look: Look, tolerance: float, margin: float) -> bool:
    if look.shortfalls > 1:
        return False
    near_enough = POOR_CONFIDENT_DISTANCE if look.shortfalls else CONFIDENT_DISTANCE
    near_enough = min(near_enough, look.limit(tolerance))
    return look.match.distance <= near_enough and look.match.margin >= margin


def _bear_each_other_out(claims: Sequence[Look], tolerance: float, margin: float) -> bool:
    return (
        claims[-1].times[0] - claims[0].times[0] >= _LEAST_APART
        and mean(it.match.distance + HANDICAP * it.shortfalls for it in claims)
        <= claims[0].limit(tolerance)
        and mean(claim.match.margin for claim in claims) >= margin
    )


def _nearest_at_each_time(claims: Iterable[Look]) -> list[Look]:
    """Return the claims in order of time; of two faces in one picture, one is the student."""
    nearest: dict[float, Look] = {}
    for claim in sorted(claims, key=lambda it: (it.times[0], it.shortfalls, it.match.distance)):
        nearest.setdefault(claim.times[0], claim)
    return list(nearest.values())


def _summary(
    student_id: str, claims: Iterable[Look], tolerance: float, margin: float
) -> Attendance:
    hits = [claim for claim in claims if claim.match.distance <= claim.limit(tolerance)]
    times = sorted({time for hit in hits for time in hit.times})
    return Attendance(
        student_id=student_id,
        presence=tuple(_spans(times)),
        sightings=len(times),
        best=best_look(hits),
        is_sure=any(_is_confident(hit, tolerance, margin) for hit in hits),
    )


def _spans(times: Sequence[float]) -> Iterator[Span]:
    start = times[0]
    for before, after in pairwise(times):
        if after - before > ABSENCE_SECONDS:
            yield Span(start, before)
            start = after
    yield Span(start, times[-1])
