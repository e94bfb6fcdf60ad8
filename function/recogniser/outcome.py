"""The outcome of a recognition: who was seen in a video, and how much there was to see."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from function.recogniser.identity.attendance import Attendance
    from function.recogniser.identity.near_misses import NearMiss


@dataclass(frozen=True, kw_only=True)
class Recognition:
    """Who was seen in a video, and how much there was to see.

    `video_seconds` is the length of the recording as far as it could be read, and `unread` says in
    a few words which parts could not be, or nothing; `faces` counts those of all sampled `frames`.
    Of the students who are not in `attendance`, those who were perhaps there are in
    `please_check`, for a person to look. There were at least so many `strangers`.
    """

    attendance: tuple[Attendance, ...]
    please_check: tuple[NearMiss, ...]
    strangers: int
    frames: int
    faces: int
    video_seconds: float
    unread: str = ""

    @classmethod
    def of_nothing(cls) -> Recognition:
        """Return that of a video of which nothing was seen."""
        return cls(
            attendance=(), please_check=(), strangers=0, frames=0, faces=0, video_seconds=0.0
        )
