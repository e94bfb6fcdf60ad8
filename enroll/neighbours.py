"""Which rows of galleries are near one another: matrix products in blocks, whatever the number.

A school of 10,000 students has 450 million pairs of portraits. Blocks keep the memory small, and
each core works on one.
"""

from __future__ import annotations

import math
import os
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, NamedTuple, TypeVar

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from numpy.typing import NDArray

    from function.recogniser.identity.gallery import Gallery

_Found = TypeVar("_Found")

# Distances computed at once by each core, which take 8 MB.
_AT_ONCE = 2_000_000

# What rounding in the product may add to a squared distance.
_ROUNDING = 1e-4


class Link(NamedTuple):
    """A row of the one gallery and a row of the other, and the Euclidean distance between them."""

    row: int
    other: int
    distance: float


class Neighbours(NamedTuple):
    """What is near the rows of a gallery.

    `links` are the pairs of rows of different students within a distance, each from both sides.
    Of each row, `distances` has that to the nearest other student, and `margins` how much farther
    the next student is: of the shape (rows,), and infinite where there is no such student.
    """

    links: list[Link]
    distances: NDArray[np.float64]
    margins: NDArray[np.float64]


def links(rows: Gallery, others: Gallery, within: float) -> list[Link]:
    """Return the pairs of rows of different students that are at most `within` apart.

    The two may be the same gallery; each pair then comes twice, once from each side.
    """
    compared = _Compared(rows, others, within)
    return [link for found in compared.each_block(compared.links) for link in found]


def neighbours(gallery: Gallery, within: float) -> Neighbours:
    """Compare each row with those of all other students."""
    order = np.argsort(np.array(gallery.student_ids, np.str_), kind="stable")
    compared = _Compared(gallery.rows(order.tolist()), gallery.rows(order.tolist()), within)

    def found_in(
        start: int, squares: NDArray[np.float32]
    ) -> tuple[list[Link], NDArray[np.float64]]:
        return compared.links(start, squares), compared.two_nearest(start, squares)

    found: list[Link] = []
    two = [np.empty((0, 2))]
    for block, nearest in compared.each_block(found_in):
        found += block
        two.append(nearest)
    places = order.tolist()
    in_order = np.empty((len(places), 2))
    in_order[order] = np.concatenate(two)
    distances = in_order[:, 0]
    has_next = np.isfinite(in_order[:, 1])
    margins = np.full(len(places), math.inf)
    margins[has_next] = in_order[has_next, 1] - distances[has_next]
    return Neighbours(
        links=[Link(places[it.row], places[it.other], it.distance) for it in found],
        distances=distances,
        margins=margins,
    )


class _Compared:
    """The rows of two galleries, and what is asked of a block of their squared distances."""

    def __init__(self, rows: Gallery, others: Gallery, within: float) -> None:
        self._rows, self._others = rows.encodings, others.encodings
        self._within = within
        codes: NDArray[np.intp] = np.unique(
            np.array(rows.student_ids + others.student_ids, np.str_), return_inverse=True
        )[1]
        self._mine, self._theirs = codes[: len(self._rows)], codes[len(self._rows) :]

    def each_block(self, ask: Callable[[int, NDArray[np.float32]], _Found]) -> Iterator[_Found]:
        """Yield what is found in each block of rows, given its first row and its distances."""
        if not (len(self._rows) and len(self._others)):
            return
        # |a - b|² as one product, of (-2a, |a|², 1) and (b, 1, |b|²).
        ones = np.ones((1, len(self._others)), np.float32)
        right = np.concatenate([self._others.T, ones, _squares(self._others)[np.newaxis]])
        at_once = max(1, _AT_ONCE // len(self._others))

        def found_from(start: int) -> _Found:
            block = self._rows[start : start + at_once]
            ones = np.ones((len(block), 1), np.float32)
            left = np.concatenate([-2 * block, _squares(block)[:, np.newaxis], ones], axis=1)
            return ask(start, left @ right)

        # NumPy works outside of the interpreter's lock.
        with ThreadPoolExecutor(len(os.sched_getaffinity(0))) as pool:
            yield from pool.map(found_from, range(0, len(self._rows), at_once))

    def links(self, start: int, squares: NDArray[np.float32]) -> list[Link]:
        """Return the pairs of different students within the distance."""
        near, other = np.divmod(
            np.flatnonzero(squares <= self._within**2 + _ROUNDING), squares.shape[1]
        )
        near += start
        different = self._mine[near] != self._theirs[other]
        near, other = near[different], other[different]
        exact = np.linalg.norm(self._rows[near].astype(np.float64) - self._others[other], axis=1)
        kept = exact <= self._within
        return list(map(Link, near[kept].tolist(), other[kept].tolist(), exact[kept].tolist()))

    def two_nearest(self, start: int, squares: NDArray[np.float32]) -> NDArray[np.float64]:
        """Return each row's distances to the two nearest other students, of (rows, 2).

        The others' rows are in order of their students. The squares are spoiled.
        """
        found = np.empty((len(squares), 2))
        mine = self._mine[start : start + len(squares)]
        self._strike_out(squares, mine)
        nearest = squares.argmin(axis=1)
        here = np.arange(len(squares))
        found[:, 0] = squares[here, nearest]
        self._strike_out(squares, self._theirs[nearest])
        found[:, 1] = squares.min(axis=1)
        distances: NDArray[np.float64] = np.sqrt(found.clip(0))
        return distances

    def _strike_out(self, squares: NDArray[np.float32], students: NDArray[np.intp]) -> None:
        """Make each row's distances to one student infinite."""
        firsts = np.searchsorted(self._theirs, students, side="left").tolist()
        ends = np.searchsorted(self._theirs, students, side="right").tolist()
        for row, first, end in zip(squares, firsts, ends, strict=True):
            row[first:end] = math.inf


def _squares(rows: NDArray[np.float32]) -> NDArray[np.float32]:
    squares: NDArray[np.float32] = np.einsum("ij,ij->i", rows, rows)
    return squares
