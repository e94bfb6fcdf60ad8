"""One video file and the gallery, into who was seen in it: the whole recognition, without AWS.

This module decides which part works on a frame after which, and names the version of the
recogniser.
The handler and the command line both go through :func:`recognise`.
"""

from __future__ import annotations

from contextlib import closing
from dataclasses import dataclass
from typing import TYPE_CHECKING

from function.ahead import worked_ahead
from function.attendance import Attendance, Look, attendance
from function.faces import encode_faces
from function.sampling import sampled_frames
from function.search import FaceSearch, seen_coarsely
from function.tracks import Sighting, Tracker

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
    from pathlib import Path

    from function.detector import Detection
    from function.frame import Frame
    from function.gallery import Gallery

# Changed whenever the same video, gallery and options could give another result.
_VERSION = "4"

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
    tolerance: float = 0.59
    margin: float = 0.05

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

    `video_seconds` is the length of the video; `faces` counts those of all sampled `frames`.
    """

    attendance: tuple[Attendance, ...]
    frames: int
    faces: int
    video_seconds: float

    @classmethod
    def of_nothing(cls) -> Recognition:
        """Return that of a video of which nothing was seen."""
        return cls(attendance=(), frames=0, faces=0, video_seconds=0.0)


@dataclass(frozen=True, kw_only=True)
class Finding:
    """What was found in a sampled frame: how many more faces, and the new looks at them.

    A look goes on gaining times with later samples, as long as its face stays in view. `time` and
    `video_seconds` are the frame's.
    """

    time: float
    video_seconds: float
    faces: int
    looks: Sequence[Look]


def recognise(
    video: Path,
    gallery: Gallery,
    options: RecognitionOptions,
    *,
    watch: Callable[[Iterator[Finding]], Iterable[Finding]] = iter,
) -> Recognition:
    """Find the gallery's students in a video file.

    The findings are taken through `watch` as they come, which may show the progress.

    Raises:
        function.video.UnreadableVideoError: the file is no video that can be read.

    """
    with closing(search(video, gallery, options)) as found:
        findings = list(watch(found))
    return Recognition(
        attendance=tuple(
            attendance(
                (look for finding in findings for look in finding.looks),
                tolerance=options.tolerance,
                margin=options.margin,
            )
        ),
        frames=len({finding.time for finding in findings}),
        faces=sum(finding.faces for finding in findings),
        video_seconds=findings[-1].video_seconds,
    )


def search(
    video: Path, gallery: Gallery, options: RecognitionOptions
) -> Generator[Finding, None, None]:
    """Look for faces in the sampled frames of a video, and yield what is found as it is.

    There is at least one finding for each frame, if only that it shows no face. Who stops before
    the end closes the generator, which ends its threads.

    Raises:
        function.video.UnreadableVideoError: the file is no video that can be read.

    """
    with closing(worked_ahead(_sightings(video, options))) as found:
        for frame, sightings in found:
            for seen in sightings:
                seen.track.take_in(frame, seen.place)
            due = [seen for seen in sightings if seen.track.is_due]
            looks = list(_looks(frame, due, gallery, options))
            for seen in sightings:
                if seen.track.looks:
                    seen.track.looks[-1].times.append(frame.time)
            yield Finding(
                time=frame.time,
                video_seconds=frame.video_seconds,
                faces=len(sightings),
                looks=looks,
            )


def _sightings(
    video: Path, options: RecognitionOptions
) -> Generator[tuple[Frame, list[Sighting]], None, None]:
    """Yield each sampled frame with the faces found in it, those that cost least to find first."""
    face_search, tracker = FaceSearch(), Tracker()
    with closing(worked_ahead(_frames(video, options))) as frames:
        for frame, possible in frames:
            expected = tracker.next_sample(new_scene=face_search.see(frame))
            for faces in face_search.faces(frame, possible, expected=expected):
                yield frame, tracker.follow(faces)


def _frames(
    video: Path, options: RecognitionOptions
) -> Generator[tuple[Frame, list[Detection]], None, None]:
    """Yield each sampled frame with what may be a face in it."""
    for frame in sampled_frames(video, per_second=options.samples_per_second):
        yield frame, seen_coarsely(frame)


def _looks(
    frame: Frame, due: Sequence[Sighting], gallery: Gallery, options: RecognitionOptions
) -> Iterator[Look]:
    """Encode the faces of a frame that are due, and compare them with the gallery."""
    if not (due and gallery.student_ids):
        return
    encodings = encode_faces(frame.pixels, [seen.place for seen in due])
    for seen, match in zip(due, gallery.nearest(encodings), strict=True):
        look = Look(match=match)
        clear = look.is_clear(tolerance=options.tolerance, margin=options.margin)
        seen.track.look(frame, seen.place, look, clear=clear)
        yield look
