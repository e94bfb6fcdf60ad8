"""What is said of a file that is no list of students."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path


class StudentListError(ValueError):
    """The file is no list of students: the message names the file, the place and what is wrong.

    Where it is first raised, the file is not known; `place` is as in "line 3", or empty for the
    whole of it.
    """

    def __init__(self, problem: str, *, place: str = "") -> None:
        super().__init__(problem)
        self._place = place

    def within(self, name: Path | str) -> StudentListError:
        """Return the same with the name of the file or folder that the place is in."""
        place = f", {self._place}" if self._place else ""
        return StudentListError(f"{name}{place}: {self}")

    def within_member(self, name: str) -> StudentListError:
        """Return the same with the name of the file that the place is in, which is in another."""
        place = f", {self._place}" if self._place else ""
        return StudentListError(str(self), place=f"{name}{place}")
