"""Attention: which parts of a picture are worth a close look, for small faces.

Finding the smallest faces costs ten times what finding large ones does. So it is done only where
a small face could have appeared: where the picture has as much detail as a face has, and has
changed since the last close look, other than by somebody moving who has been found already. A
new scene is looked at wholly, but where things go on changing, as for a moving camera, no more
than a fifth of the picture in a second: where most has changed for longest comes first.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from function.recogniser.faces.location import Location

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import NDArray

    from function.recogniser.video.frame import Frame

    Cells = NDArray[np.bool_]  # (rows, columns)

# The picture is judged at a quarter of its size, where the smallest faces are about ten pixels.
_OVERVIEW_SCALE = 0.25
_CELL = 5  # pixels of the overview
_CELL_PIXELS = 20  # of the frame

# Mean difference between neighbouring pixels of the overview, horizontally plus vertically, in
# gray levels, over two by two cells. Detected faces under 90 pixels have 10 and more.
_LEAST_DETAIL = 8.0

# Mean difference of a cell's pixels to what they were, in gray levels; compression noise that is
# averaged to the overview stays under 3.
_LEAST_CHANGE = 6.0

_TILE = 18  # cells: what is looked at, or not, at once
_MARGIN = 2  # cells looked at around those in need, so that a small face is whole
_LEAST_CELLS = 3  # of a tile that have to have changed; the smallest face is two by two

# How much of a picture may be looked at for changes, in a second.
_LOOKS_PER_SECOND = 1 / 5

# How far around a face its head reaches, and how far things move with it, as shares of its height.
_HEAD = 0.25
_ABOVE_AND_BESIDE = 0.5
_BELOW = 1.0

# Where more of the picture than this differs from the picture before, it shows another scene.
_CUT = 0.5
_CUT_CHANGE = 16.0  # gray levels


class Attention:
    """What has been looked at closely in one video, and what should be next."""

    def __init__(self) -> None:
        self._overview = np.empty((0, 0), np.float32)
        self._looked_at = np.empty((0, 0), np.float32)  # each tile as it was when last looked at
        self._urgency = np.empty((0, 0), np.int64)  # changed cells of a tile, added up over time
        self._allowance = 0.0  # tiles that may be looked at
        self._time = 0.0

    def see(self, frame: Frame) -> bool:
        """Take in the next picture; return whether it shows another scene than the last."""
        overview = frame.brightness_at(_OVERVIEW_SCALE).astype(np.float32)
        rows, columns = (length // _CELL for length in overview.shape)
        overview = overview[: rows * _CELL, : columns * _CELL]
        new_scene = overview.shape != self._overview.shape or _is_cut(overview, self._overview)
        if new_scene:
            self._looked_at = np.full_like(overview, np.inf)
            self._urgency = np.zeros((-(-rows // _TILE), -(-columns // _TILE)), np.int64)
            self._allowance = self._urgency.size
        else:
            tiles_per_second = _LOOKS_PER_SECOND * self._urgency.size
            allowance = self._allowance + (frame.time - self._time) * tiles_per_second
            self._allowance = min(allowance, tiles_per_second)
        self._overview = overview
        self._time = frame.time
        return new_scene

    def areas(self, known: Iterable[Location]) -> list[Location]:
        """Return the areas of this picture to look at closely, in pixels of the frame.

        `known` are faces that need no finding. The areas count as looked at from now on.
        """
        if not self._overview.size:  # the whole picture is smaller than a face
            return []
        change = _per_cell(np.abs(self._overview - self._looked_at))
        need = _detailed(self._overview) & (change >= _LEAST_CHANGE)
        for face in known:
            need[_cells(face.enlarged(_HEAD))] = False
            with_face = _cells(_moving_with(face))
            need[with_face] &= ~np.isfinite(change[with_face])
        areas = []
        for rows, columns in _boxes(self._chosen(_per_tile(need))):
            pixels = (_scaled(rows, _TILE * _CELL), _scaled(columns, _TILE * _CELL))
            self._looked_at[pixels] = self._overview[pixels]
            cells = (_scaled(rows, _TILE), _scaled(columns, _TILE))
            areas.append(_around(need[cells], top=cells[0].start, left=cells[1].start))
        return areas

    def _chosen(self, changed: NDArray[np.int64]) -> Cells:
        """Return which tiles to look at now, from how many cells of each have changed."""
        in_need = changed >= _LEAST_CELLS
        self._urgency = np.where(in_need, self._urgency + changed, 0)
        count = min(int(self._allowance), int(in_need.sum()))
        self._allowance -= count
        chosen = np.zeros_like(in_need)
        chosen.flat[np.argsort(-self._urgency, axis=None, kind="stable")[:count]] = True
        self._urgency[chosen] = 0
        return chosen


def _is_cut(overview: NDArray[np.float32], previous: NDArray[np.float32]) -> bool:
    changed = _per_cell(np.abs(overview - previous)) >= _CUT_CHANGE
    return int(changed.sum()) > _CUT * changed.size


def _moving_with(face: Location) -> Location:
    around = round(face.height * _ABOVE_AND_BESIDE)
    below = round(face.height * _BELOW)
    return Location(face.top - around, face.right + around, face.bottom + below, face.left - around)


def _cells(place: Location) -> tuple[slice, slice]:
    top, right, bottom, left = (max(round(edge / _CELL_PIXELS), 0) for edge in place)
    return slice(top, bottom), slice(left, right)


def _around(need: Cells, *, top: int, left: int) -> Location:
    """Return where the cells in need are in the frame, with a margin; `top` and `left` in cells."""
    rows, columns = (np.flatnonzero(need.any(axis=axis)) for axis in (1, 0))
    return Location(
        top=(top + int(rows[0]) - _MARGIN) * _CELL_PIXELS,
        right=(left + int(columns[-1]) + 1 + _MARGIN) * _CELL_PIXELS - 1,
        bottom=(top + int(rows[-1]) + 1 + _MARGIN) * _CELL_PIXELS - 1,
        left=(left + int(columns[0]) - _MARGIN) * _CELL_PIXELS,
    )


def _scaled(part: slice, factor: int) -> slice:
    return slice(part.start * factor, part.stop * factor)


def _per_cell(overview: NDArray[np.float32]) -> NDArray[np.float32]:
    rows, columns = overview.shape
    cells = overview.reshape(rows // _CELL, _CELL, columns // _CELL, _CELL)
    means: NDArray[np.float32] = cells.mean(axis=(1, 3))
    return means


def _detailed(overview: NDArray[np.float32]) -> Cells:
    """Return which cells are in a two by two group with as much detail as a face has."""
    difference = np.zeros_like(overview)
    difference[:, 1:] += np.abs(np.diff(overview, axis=1))
    difference[1:] += np.abs(np.diff(overview, axis=0))
    cells = np.pad(_per_cell(difference), 1, mode="edge")
    groups = (cells[:-1, :-1] + cells[1:, :-1] + cells[:-1, 1:] + cells[1:, 1:]) / 4
    detailed = groups >= _LEAST_DETAIL
    return detailed[:-1, :-1] | detailed[1:, :-1] | detailed[:-1, 1:] | detailed[1:, 1:]


def _per_tile(cells: Cells) -> NDArray[np.int64]:
    """Return how many cells of each tile are set."""
    rows, columns = cells.shape
    whole = np.pad(cells, ((0, -rows % _TILE), (0, -columns % _TILE)))
    tiles = whole.reshape(whole.shape[0] // _TILE, _TILE, whole.shape[1] // _TILE, _TILE)
    count: NDArray[np.int64] = tiles.sum(axis=(1, 3))
    return count


def _boxes(tiles: Cells) -> list[tuple[slice, slice]]:
    """Return boxes that cover the tiles which are set: runs in a row, and equal rows together."""
    boxes: list[tuple[slice, slice]] = []
    for row, line in enumerate(tiles):
        edges = np.flatnonzero(np.diff(line.astype(np.int8), prepend=0, append=0))
        for start, stop in edges.reshape(-1, 2):
            above = next(
                (box for box in boxes if box[0].stop == row and box[1] == slice(start, stop)), None
            )
            if above:
                boxes.remove(above)
            boxes.append((slice(above[0].start if above else row, row + 1), slice(start, stop)))
    return boxes
