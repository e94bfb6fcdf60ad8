"""What has become of the videos, in a sentence for the end."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@dataclass(kw_only=True)
class Tally:
    """Of so many `videos`: how many have had each ending so far.

    `with_students` and `without_students` have their CSV written, `kept` had one before that was
    not overwritten.
    """

    videos: int
    with_students: int = 0
    without_students: int = 0
    unreadable: int = 0
    kept: int = 0

    def sentence(self, folder: Path) -> str:
        """Say it: `7 of 9 videos: 5 with students, 2 unreadable; written to results/`."""
        written = self.with_students + self.without_students
        videos = "video" if self.videos == 1 else "videos"
        where = f"written to {folder}/" if written else "nothing written"
        return f"{written} of {self.videos} {videos}: {', '.join(self._endings())}; {where}"

    def _endings(self) -> Iterator[str]:
        written = self.with_students + self.without_students
        if written:
            yield f"{self.with_students or 'none'} with students"
        if self.unreadable:
            yield f"{self.unreadable} unreadable"
        if self.kept:
            yield f"{self.kept} whose {'CSV was' if self.kept == 1 else 'CSVs were'} kept"
        open_ = self.videos - written - self.unreadable - self.kept
        if open_:
            yield f"{open_} not done"
