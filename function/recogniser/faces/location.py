"""Where a face is in a picture."""

from __future__ import annotations

from typing import NamedTuple


class Box(NamedTuple):
    """A part of a picture, as shares of its width and height: 0 is its left or its top, 1 the end.

    So it holds whatever the size in which the picture is shown.
    """

    left: float
    top: float
    width: float
    height: float


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

    def moved(self, *, down: int, right: int) -> Location:
        """Return the box further down and further right."""
        return Location(self.top + down, self.right + right, self.bottom + down, self.left + right)

    def within(self, *, height: int, width: int, turned: int) -> Box:
        """Return the box as shares of the picture that it is in, before that was turned.

        The picture of `height` rows and `width` columns, in which the box is, had been turned by
        so many quarters counterclockwise. What lies outside of the picture is left out.
        """
        left, right = (min(max(edge / width, 0.0), 1.0) for edge in (self.left, self.right + 1))
        top, bottom = (min(max(edge / height, 0.0), 1.0) for edge in (self.top, self.bottom + 1))
        for _ in range(turned % 4):
            left, top, right, bottom = 1 - bottom, left, 1 - top, right
        return Box(left=left, top=top, width=right - left, height=bottom - top)

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
