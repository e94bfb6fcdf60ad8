"""Lectures of ten minutes to three hours, in the containers and codecs that recordings have."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from bench.crowd import Crowd, crowd_video
from bench.inputs import Video, length
from bench.joining import INDEX_FIRST, Coding, write_joined, write_repeated

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

_HD, _FULL_HD = (1280, 720), (1920, 1080)
_SECONDS_A_MINUTE = 60


@dataclass(frozen=True, kw_only=True)
class Lecture:
    """A long video to be made, of so many `minutes`. What is shown is the videos, or the room."""

    minutes: int
    container_format: str
    shown: Coding | Crowd
    muxing: Mapping[str, str] = field(default_factory=dict)
    note: str = ""

    @property
    def name(self) -> str:
        """What tells it from the others."""
        size = self.shown.size[1]
        what = self.shown.encoder if isinstance(self.shown, Coding) else "a still room"
        note = f", {self.note}" if self.note else ""
        return f"{self.minutes} min, {self.container_format}, {size}p, {what}{note}"

    @property
    def is_still_room(self) -> bool:
        """Whether it shows the sample class, and not the videos."""
        return isinstance(self.shown, Crowd)


# In the still room, everybody stays where they are: the farthest have faces of 40 pixels.
_STILL_ROOM = Crowd(size=_HD, face_heights=(40, 45, 50, 60, 75, 90, 110, 130), seconds=60)

_H264, _SMALLER_H264 = Coding(encoder="libx264", size=_FULL_HD), Coding(encoder="libx264", size=_HD)

LECTURES = (
    Lecture(minutes=10, container_format="mp4", shown=_H264, note="index last"),
    Lecture(minutes=10, container_format="mp4", shown=Coding(encoder="libx265", size=_FULL_HD)),
    Lecture(minutes=12, container_format="mpegts", shown=_H264),
    Lecture(minutes=15, container_format="matroska", shown=_H264),
    Lecture(
        minutes=20, container_format="mp4", shown=_H264, muxing=INDEX_FIRST, note="index first"
    ),
    Lecture(minutes=20, container_format="avi", shown=Coding(encoder="mpeg4", size=_HD)),
    Lecture(minutes=45, container_format="matroska", shown=_SMALLER_H264),
    Lecture(minutes=60, container_format="mp4", shown=_STILL_ROOM),
    Lecture(minutes=90, container_format="mpegts", shown=_SMALLER_H264),
    Lecture(minutes=180, container_format="mp4", shown=_SMALLER_H264, note="index last"),
)
"""The shortest first."""


class LectureHall:
    """Makes lectures of videos. What they are joined from is encoded once."""

    def __init__(self, videos: Sequence[Video], folder: Path) -> None:
        self._videos = videos
        self._folder = folder

    def video(self, lecture: Lecture) -> Video:
        """Write a lecture into the folder. Who is in it is known where it is of the videos."""
        self._folder.mkdir(parents=True, exist_ok=True)
        once = self._once(lecture.shown)
        path = (
            self._folder / f"{lecture.minutes}-{lecture.shown.size[1]}.{lecture.container_format}"
        )
        write_repeated(
            once,
            path,
            max(1, round(lecture.minutes * _SECONDS_A_MINUTE / length(once))),
            container_format=lecture.container_format,
            muxing=lecture.muxing,
        )
        return Video(
            path=path,
            name=lecture.name,
            seconds=length(path),
            truth=lecture.shown.students if isinstance(lecture.shown, Crowd) else self._truth(),
        )

    def _once(self, shown: Coding | Crowd) -> Path:
        if isinstance(shown, Crowd):
            return crowd_video(shown)
        path = self._folder / f"{shown.encoder}-{shown.size[1]}.mp4"
        if not path.exists():
            write_joined([video.path for video in self._videos], path, shown)
        return path

    def _truth(self) -> frozenset[str] | None:
        everybody: frozenset[str] = frozenset()
        for video in self._videos:
            if video.truth is None:
                return None
            everybody |= video.truth
        return everybody
