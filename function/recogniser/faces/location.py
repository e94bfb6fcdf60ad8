"""Where a face is in a picture."""

from __future__ import annotations

from typing import NamedTuple


class Location(NamedTuple):
    """A box in pixels, in face_recognition's order; its edges belong to it."""

    top: int
    right: int
    bottom: int
    left: int

    @property
    def height(self) -> int:
        """The number of rows."""
        return self.bottom - self.top + 1

    @property
    def width(self) -> int:
        """The number of columns."""
        return self.right - self.left + 1

    def inside(self, height: int, width: int) -> Location:
        """Return the part of the box that is in a picture of that size.

        As face_recognition does, this lets a box end one row or column outside.
        """
        return Location(
            top=max(self.top, 0),
            right=min(self.right, width),
            bottom=min(self.bottom, height),
            left=max(self.left, 0),
        )

    def scaled(self, factor: float) -> Location:
        """Return the same box in a picture that is `factor` times as large."""
        return Location(*(round(edge * factor) for edge in self))

    def moved(self, *, down: int, right: int) -> Location:
        """Return the box further down and further right."""
        return Location(self.top + down, self.right + right, self.bottom + down, self.left + right)

    def enlarged(self, share: float) -> Location:
        """Return the box with so much more on each side, as a share of its height."""
        more = round(self.height * share)
        return Location(self.top - more, self.right + more, self.bottom + more, self.left - more)

    def centred_on(self, other: Location) -> Location:
        """Return a box of this size in the middle of the other's place."""
        return self.moved(
            down=(other.top + other.bottom - self.top - self.bottom) // 2,
            right=(other.left + other.right - self.left - self.right) // 2,
        )

    def overlap(self, other: Location) -> float:
        """Return how much of the area of both boxes together is in both, from 0 to 1."""
        width = min(self.right, other.right) - max(self.left, other.left) + 1
        height = min(self.bottom, other.bottom) - max(self.top, other.top) + 1
        if width <= 0 or height <= 0:
            return 0.0
        common = width * height
        return common / (self.width * self.height + other.width * other.height - common)
