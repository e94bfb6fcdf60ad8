"""One video file and the gallery, into who was seen in it: the whole recognition, without AWS.

This module decides how frames are searched for faces, and names the version of the recogniser.
The handler and the command line both go through :func:`recognise`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from function.attendance import DOUBT, Attendance, Sighting, attendance
from function.faces import Face, find_faces
from function.video import Frame, sampled_frames

if TYPE_CHECKING:
    from pathlib import Path

    from function.gallery import Gallery

# Changed whenever the same video, gallery and options could give another result.
_VERSION = "1"

# How a frame is searched. The detector misses faces under 80 pixels, so a frame of which neither
# side is longer than this is doubled for it. Larger ones are not, which takes a quarter of the
# time; boxes down to the score below make up for it. On 45 clips, 330 frames, that finds 429
# faces, as doubling every frame does, in less than half its time, and the same students.
_SMALL_FRAME = 1000
_LEAST_SCORE = -0.2

_MOST_SAMPLES_PER_SECOND = 60


class RecognitionOptionError(ValueError):
    """An option of the recognition is out of its range: `option` is its name."""

    def __init__(self, option: str, problem: str) -> None:
        super().__init__(f"{option} {problem}")
        self.option = option
        self.problem = problem


@dataclass(frozen=True, kw_only=True)
class RecognitionOptions:
    """How a video is searched for students.

    `samples_per_second` is how many frames of each second are looked at. A face is a student's
    if it is at most `tolerance` away from one of the student's portraits, and more than
    `margin` nearer than to any other student's.
    """

    samples_per_second: float = 2.0
    tolerance: float = 0.6
    margin: float = 0.02

    def __post_init__(self) -> None:
        if not 0 < self.samples_per_second <= _MOST_SAMPLES_PER_SECOND:
            raise RecognitionOptionError(
                "samples_per_second",
                f"must be above 0 and at most {_MOST_SAMPLES_PER_SECOND}, "
                f"not {self.samples_per_second:g}",
            )
        if not 0 < self.tolerance <= 1:
            raise RecognitionOptionError(
                "tolerance", f"must be above 0 and at most 1, not {self.tolerance:g}"
            )
        if not 0 <= self.margin <= 1:
            raise RecognitionOptionError("margin", f"must be from 0 to 1, not {self.margin:g}")

    @property
    def recogniser(self) -> str:
        """What a result says it was made by: equal for two results means made the same way."""
        return (
            f"dlib-{_VERSION} samples={self.samples_per_second:g} "
            f"tolerance={self.tolerance:g} margin={self.margin:g}"
        )


@dataclass(frozen=True, kw_only=True)
class Recognition:
    """Who was seen in a video, and how much there was to see.

    `video_seconds` is the time of the last sampled frame; `faces` counts those of all frames.
    """

    attendance: tuple[Attendance, ...]
    frames: int
    faces: int
    video_seconds: float

    @classmethod
    def of_nothing(cls) -> Recognition:
        """Return that of a video of which nothing was seen."""
        return cls(attendance=(), frames=0, faces=0, video_seconds=0.0)


def recognise(video: Path, gallery: Gallery, options: RecognitionOptions) -> Recognition:
    """Find the gallery's students in a video file.

    Raises:
        function.video.UnreadableVideoError: the file is no video that can be read.

    """
    frames, faces, video_seconds = 0, 0, 0.0
    sightings: list[Sighting] = []
    for frame in sampled_frames(video, per_second=options.samples_per_second):
        found = _faces_of(frame)
        sightings += _sightings(frame, found, gallery, options)
        frames += 1
        faces += len(found)
        video_seconds = frame.time
    return Recognition(
        attendance=tuple(attendance(sightings, tolerance=options.tolerance)),
        frames=frames,
        faces=faces,
        video_seconds=video_seconds,
    )


def _faces_of(frame: Frame) -> list[Face]:
    small = max(frame.pixels.shape) <= _SMALL_FRAME
    return find_faces(frame.pixels, upsample=int(small), least_score=_LEAST_SCORE)


def _sightings(
    frame: Frame, faces: list[Face], gallery: Gallery, options: RecognitionOptions
) -> list[Sighting]:
    """Name the faces of a frame; of several taken for one student, the nearest is."""
    if not faces:
        return []
    matches = gallery.identify(
        np.stack([face.encoding for face in faces]),
        tolerance=options.tolerance + DOUBT,
        margin=options.margin,
    )
    nearest: dict[str, Sighting] = {}
    for match in matches:
        if match is None:
            continue
        other = nearest.get(match.student_id)
        if other is None or match.distance < other.distance:
            nearest[match.student_id] = Sighting(
                student_id=match.student_id, time=frame.time, distance=match.distance
            )
    return list(nearest.values())
