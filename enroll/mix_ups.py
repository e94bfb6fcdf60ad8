"""Mix-ups: portraits that are not of the person in whose name they are, or of one person twice.

A wrong picture in a student's folder is not noticed until somebody is marked present who was not.
One person under two student ids is not noticed either: neither is nearer than the other, so neither
is ever recognised. The encodings show both, by three questions:

1. Is a portrait nearer to another student than to its own student's others, and as near as one
   person's pictures are? Of two that are near each other, the one goes that more speaks against,
   and both if the same does. If that leaves a student nothing, and the other has no more portraits
   to vouch for it, nothing tells who is right, and both go.
2. Are a student's portraits of one person? The larger part of them stays; of equal parts none.
3. Less than that is said, and nobody is refused for it.

What the gallery knows already vouches for portraits, but is not changed by them.
"""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from enroll.likeness import UNLIKE, UNSURE, alike_within, resembling_within
from enroll.neighbours import links

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence

    from numpy.typing import NDArray

    from enroll.neighbours import Link
    from function.recogniser.identity.gallery import Gallery

AlikePair = frozenset[str]
"""Two students who are known to look alike, and are let in though they do."""

# Two rows less apart than this are of one picture, and do not vouch for each other: a row by itself
# is at distance 0. Pictures of one person are 0.27 apart at least.
_SAME_PICTURE = 1e-4


@dataclass(frozen=True, kw_only=True)
class Verdict:
    """What the comparison makes of a row: `problem` says what is wrong, or nothing.

    `to_own` is the distance to the nearest other portrait of its own student, infinite if there is
    none, and `nearest` the nearest other student within the distance at which students resemble
    each other, with that distance.
    """

    is_refused: bool = False
    problem: str = ""
    to_own: float = math.inf
    nearest: tuple[str, float] | None = None


def verdicts(
    rows: Gallery,
    names: Sequence[str],
    *,
    known: Gallery,
    alike: Collection[AlikePair] = (),
    among: Sequence[Link] | None = None,
) -> list[Verdict]:
    """Judge each row that is to join the gallery `known`.

    `names` say of each row what it is called among its student's. Students who are `alike` are not
    compared with each other. `among` are the links of the rows with each other as far as students
    resemble each other, if they are known.
    """
    within = resembling_within(len(rows.student_ids) + len(known.student_ids))
    if among is None:
        among = links(rows, rows, within)
    near = _near(rows, rows, among, alike, are_new=True)
    for row, others in _near(rows, known, links(rows, known, within), alike, are_new=False).items():
        near[row] += others
    review = _Review(rows, names, known, near)
    review.refuse_mistaken()
    review.refuse_mixed()
    return [review.verdict(row) for row in range(len(rows.student_ids))]


def numbered(rows: Gallery, what: str) -> list[str]:
    """Call each row by its number among its student's, as in "encoding 2"."""
    counts: Counter[str] = Counter()
    names = []
    for student_id in rows.student_ids:
        counts[student_id] += 1
        names.append(f"{what} {counts[student_id]}")
    return names


@dataclass(frozen=True, kw_only=True)
class _Near:
    """Another student's row within the distance at which students resemble each other.

    `row` is its place among the new ones, or None for one that the gallery knows already.
    """

    student_id: str
    distance: float
    row: int | None


class _Review:
    """The rows that are left, and why the others are not."""

    def __init__(
        self,
        rows: Gallery,
        names: Sequence[str],
        known: Gallery,
        near: Mapping[int, Sequence[_Near]],
    ) -> None:
        self._rows, self._names, self._known, self._near = rows, names, known, near
        self._alike = alike_within(len(rows.student_ids) + len(known.student_ids))
        self._refused: dict[int, str] = {}
        self._own: defaultdict[str, list[int]] = defaultdict(list)
        for row, student_id in enumerate(rows.student_ids):
            self._own[student_id].append(row)
        new = set(zip(rows.student_ids, rows.sources, strict=True))
        self._vouching: defaultdict[str, list[int]] = defaultdict(list)
        for row, (student_id, source) in enumerate(
            zip(known.student_ids, known.sources, strict=True)
        ):
            if student_id in self._own and not (source and (student_id, source) in new):
                self._vouching[student_id].append(row)

    def refuse_mistaken(self) -> None:
        """Refuse what is nearer to another student than to its own, the clearest first."""
        mistaken_for: defaultdict[str, Counter[str]] = defaultdict(Counter)
        while losers := self._losers():
            for row, near in losers:
                mistaken_for[self._rows.student_ids[row]][near.student_id] += 1
            # All are told before any is gone: two may be each other's.
            told = {row: self._mistaken(row, near) for row, near in losers}
            self._refused |= told
        for student_id, others in mistaken_for.items():
            if any(row not in self._refused for row in self._own[student_id]):
                continue
            for other in others:
                if self._support(other) <= self._support(student_id):
                    self._refuse_like(other, student_id)

    def refuse_mixed(self) -> None:
        """Refuse those of a student's rows that are of another person than most of them."""
        for student_id, own in self._own.items():
            left = [row for row in own if row not in self._refused]
            if len(left) < 2:  # noqa: PLR2004 - one cannot differ from itself
                continue
            parts = self._parts(student_id, left)
            with_new = [part for part in parts if any(row < len(left) for row in part)]
            if len(with_new) == 1:
                continue
            most = max(map(len, with_new))
            largest = [part for part in with_new if len(part) == most]
            stays = largest[0] if len(largest) == 1 else set()
            out = [row for place, row in enumerate(left) if place not in stays]
            told = {row: self._mixed(row, left, is_clear=bool(stays)) for row in out}
            self._refused |= told

    def verdict(self, row: int) -> Verdict:
        """Return what is made of a row, once the refusals are made."""
        to_own, near = self._to_own(row), self._nearest(row)
        is_refused = row in self._refused
        return Verdict(
            is_refused=is_refused,
            problem=self._refused[row] if is_refused else self._doubt(row, to_own, near),
            to_own=to_own,
            nearest=(near.student_id, near.distance) if near else None,
        )

    def _losers(self) -> list[tuple[int, _Near]]:
        """Return the rows to refuse next: more speaks against none that is near one of them."""
        claims: dict[int, tuple[tuple[int, float], _Near]] = {}
        for row in self._near:
            near = self._nearest(row)
            if row in self._refused or near is None or near.distance > self._alike:
                continue
            to_own = self._to_own(row)
            if near.distance < to_own:
                claims[row] = (_suspicion(to_own, near.distance), near)
        return [
            (row, near)
            for row, (suspicion, near) in claims.items()
            if all(
                suspicion >= claims[other.row][0]
                for other in self._near[row]
                if other.row in claims and other.distance <= self._alike
            )
        ]

    def _refuse_like(self, student_id: str, other_id: str) -> None:
        """Refuse the student's rows that look like the other, who has lost all for it."""
        for row in self._own.get(student_id, ()):
            for near in self._near.get(row, ()):
                if near.student_id == other_id and near.distance <= self._alike:
                    self._refused.setdefault(row, self._mistaken(row, near))
                    break

    def _support(self, student_id: str) -> int:
        return len(self._own.get(student_id, ())) + len(self._vouching.get(student_id, ()))

    def _nearest(self, row: int) -> _Near | None:
        near = (it for it in self._near.get(row, ()) if it.row not in self._refused)
        return min(near, key=lambda it: it.distance, default=None)

    def _to_own(self, row: int) -> float:
        """Return the distance to the nearest other of the student's, new or known."""
        student_id, source = self._rows.student_ids[row], self._rows.sources[row]
        others = [
            other
            for other in self._own[student_id]
            if other not in self._refused
            and other != row
            and not (source and self._rows.sources[other] == source)
        ]
        vouching = self._vouching.get(student_id, [])
        face = self._rows.encodings[row]
        distances = np.concatenate(
            [
                _distances(self._rows.encodings[others], face),
                _distances(self._known.encodings[vouching], face),
            ]
        )
        return float(distances[distances > _SAME_PICTURE].min(initial=math.inf))

    def _parts(self, student_id: str, left: Sequence[int]) -> list[set[int]]:
        """Part the rows that are left, and after them what vouches, into persons."""
        vouching = self._vouching.get(student_id, [])
        faces = np.concatenate([self._rows.encodings[left], self._known.encodings[vouching]])
        unseen = set(range(len(faces)))
        parts = []
        while unseen:
            part, reached = set[int](), [unseen.pop()]
            while reached:
                face = reached.pop()
                part.add(face)
                others = sorted(unseen)
                near = _distances(faces[others], faces[face]) <= UNLIKE
                found = [other for other, is_near in zip(others, near, strict=True) if is_near]
                unseen.difference_update(found)
                reached += found
            parts.append(part)
        return parts

    def _mistaken(self, row: int, near: _Near) -> str:
        student_id, other = self._rows.student_ids[row], near.student_id
        to_own = self._to_own(row)
        looks = f"looks like student {other} (distance {near.distance:.2f})"
        forget = f"; if what is enrolled of {other} is wrong, forget {other} first"
        forget = forget if near.row is None else ""
        if UNLIKE < to_own < math.inf:
            return (
                f"{looks}, and unlike the student's others ({to_own:.2f}): put a picture of the "
                f"right person in its place{forget}"
            )
        if to_own < math.inf:
            looks += f", even more than like the student's others ({to_own:.2f})"
        return (
            f"{looks}: check whose it is; if both are right and look alike, as siblings do, add "
            f"--allow-alike {student_id} {other}{forget}"
        )

    def _mixed(self, row: int, left: Sequence[int], *, is_clear: bool) -> str:
        distance = self._to_own(row)
        if is_clear:
            return (
                f"looks unlike the student's others (distance {distance:.2f}): put a picture of "
                "the same person in its place"
            )
        others = ", ".join(self._names[other] for other in left if other != row)
        return (
            f"does not look like the same person as {others} (distance {distance:.2f}), and "
            "nothing tells who is the student: take out the wrong picture"
        )

    def _doubt(self, row: int, to_own: float, near: _Near | None) -> str:
        if near and near.distance < to_own:
            return (
                f"resembles student {near.student_id} (distance {near.distance:.2f}): check that "
                "it is of the right one; 'python -m enroll audit' says what may be done"
            )
        if UNSURE < to_own < math.inf:
            is_replaced = all(
                other == row or other in self._refused
                for other in self._own[self._rows.student_ids[row]]
            )
            others = "what is enrolled of the student" if is_replaced else "the student's others"
            return (
                f"looks unlike {others} (distance {to_own:.2f}): check that it is of the same "
                "person"
            )
        return ""


def _near(
    rows: Gallery,
    others: Gallery,
    found: Iterable[Link],
    alike: Collection[AlikePair],
    *,
    are_new: bool,
) -> defaultdict[int, list[_Near]]:
    """Return what each row is near to, of other students who are not known to look alike."""
    near: defaultdict[int, list[_Near]] = defaultdict(list)
    for row, other, distance in found:
        student_id = others.student_ids[other]
        if not alike or frozenset((rows.student_ids[row], student_id)) not in alike:
            near[row].append(
                _Near(
                    student_id=student_id,
                    distance=distance,
                    row=other if are_new else None,
                )
            )
    return near


def _distances(faces: NDArray[np.float32], face: NDArray[np.float32]) -> NDArray[np.float64]:
    distances: NDArray[np.float64] = np.linalg.norm(faces.astype(np.float64) - face, axis=1)
    return distances


def _suspicion(to_own: float, to_other: float) -> tuple[int, float]:
    """Return how much speaks against a row that is nearer to another student than to its own.

    Most does if its own student's others are of somebody else, less if there are no others, and
    least if they are alike, too: then it is how much nearer the other student is.
    """
    if to_own == math.inf:
        return 1, 0.0
    return (2, 0.0) if to_own > UNLIKE else (0, to_own - to_other)
