"""Which rows of galleries are near one another: matrix products in blocks, whatever the number.

A school of 10,000 students has 450 million pairs of portraits. Blocks keep the memory small.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from function.recogniser.identity.gallery import Gallery

# Distances computed at once, which take 16 MB.
_AT_ONCE = 4_000_000

# What rounding in the product may add to a squared distance.
_ROUNDING = 1e-4


class Link(NamedTuple):
    """A row of the one gallery and a row of the other, and the Euclidean distance between them."""

    row: int
    other: int
    distance: float


def links(rows: Gallery, others: Gallery, within: float) -> Iterator[Link]:
    """Yield the pairs of rows of different students that are at most `within` apart.

    The two may be the same gallery; each pair then comes twice, once from each side.
    """
    codes = _codes(rows, others)
    mine, theirs = codes[: len(rows.student_ids)], codes[len(rows.student_ids) :]
    for start, squares in _blocks(rows.encodings, others.encodings):
        near, other = np.nonzero(squares <= within**2 + _ROUNDING)
        near += start
        different = mine[near] != theirs[other]
        near, other = near[different], other[different]
        exact = _distances(rows.encodings[near], others.encodings[other])
        kept = exact <= within
        yield from map(Link, near[kept].tolist(), other[kept].tolist(), exact[kept].tolist())


class Nearest(NamedTuple):
    """Of each row, the distance to the nearest other student, and how much farther the next is.

    Both have the shape (rows,), and are infinite where there is no such student.
    """

    distances: NDArray[np.float64]
    margins: NDArray[np.float64]


def nearest_others(gallery: Gallery) -> Nearest:
    """Compare each row with all other students, as a face that is nobody's would be."""
    order = np.argsort(np.array(gallery.student_ids), kind="stable")
    students, first_rows = np.unique(np.array(gallery.student_ids)[order], return_index=True)
    own = np.searchsorted(students, np.array(gallery.student_ids))
    found = np.full((len(gallery.student_ids), 2), math.inf)
    if len(students) > 1:
        for start, squares in _blocks(gallery.encodings, gallery.encodings[order]):
            by_student = np.minimum.reduceat(squares, first_rows, axis=1)
            here = np.arange(len(by_student))
            by_student[here, own[start : start + len(here)]] = math.inf
            two = np.partition(by_student, 1, axis=1)[:, :2]
            found[start : start + len(here)] = np.sqrt(two.clip(0))
    return Nearest(distances=found[:, 0], margins=_margins(found))


def _margins(found: NDArray[np.float64]) -> NDArray[np.float64]:
    margins = np.full(len(found), math.inf)
    both = np.isfinite(found).all(axis=1)
    margins[both] = found[both, 1] - found[both, 0]
    return margins


def _blocks(
    rows: NDArray[np.float32], others: NDArray[np.float32]
) -> Iterator[tuple[int, NDArray[np.float32]]]:
    """Yield the first row of each block, and its squared distances of (rows, others)."""
    if not len(others):
        return
    squares = np.einsum("ij,ij->i", others, others)
    at_once = max(1, _AT_ONCE // len(others))
    for start in range(0, len(rows), at_once):
        block = rows[start : start + at_once]
        product = block @ others.T
        product *= -2
        product += squares
        product += np.einsum("ij,ij->i", block, block)[:, np.newaxis]
        yield start, product


def _distances(rows: NDArray[np.float32], others: NDArray[np.float32]) -> NDArray[np.float64]:
    exact: NDArray[np.float64] = np.linalg.norm(rows.astype(np.float64) - others, axis=1)
    return exact


def _codes(rows: Gallery, others: Gallery) -> NDArray[np.intp]:
    """Return a number for the student of each row of the one, then of the other."""
    codes: NDArray[np.intp] = np.unique(
        np.array(rows.student_ids + others.student_ids), return_inverse=True
    )[1]
    return codes
