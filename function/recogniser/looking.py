"""Looking for faces: which part works on a frame after which, each in a thread of its own."""

from __future__ import annotations

from contextlib import closing
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from function.recogniser.ahead import worked_ahead
from function.recogniser.faces.encoding import encoded
from function.recogniser.faces.orientation import Orientation
from function.recogniser.faces.search import FaceSearch
from function.recogniser.identity.attendance import Look
from function.recogniser.identity.tracks import Sighting, Tracker
from function.recogniser.video.plan import WHOLE
from function.recogniser.video.sampling import sampled_frames
from function.recogniser.video.scenes import Scenes

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator, Sequence

    from function.recogniser.faces.detector import Detection
    from function.recogniser.identity.gallery import Gallery
    from function.recogniser.options import RecognitionOptions
    from function.recogniser.video.frame import Frame
    from function.recogniser.video.plan import Span
    from function.recogniser.video.reading import Reading
    from function.recogniser.video.source import Source


@dataclass(frozen=True, kw_only=True)
class Finding:
    """What was found in a sampled frame: how many more faces, and the new looks at them.

    A look goes on gaining times with later samples, as long as its face stays in view. `track`
    and `time` are the frame's.
    """

    track: int
    time: float
    faces: int
    looks: Sequence[Look]


def search(
    video: Source,
    gallery: Gallery,
    options: RecognitionOptions,
    reading: Reading | None = None,
    span: Span = WHOLE,
) -> Generator[Finding, None, None]:
    """Look for faces in the sampled frames of a video, or a span of it, and yield what is found.

    There is at least one finding for each frame, if only that it shows no face. How far the video
    could be read is in `reading` at the end. Who stops before the end closes the generator, which
    ends its threads.

    Raises:
        function.recogniser.video.unreadable.UnreadableVideoError: the file is no video that can be
            read.
        function.recogniser.video.plan.IndivisibleError: it has to be looked at as one span.

    """
    with closing(worked_ahead(_sightings(video, options, reading, span))) as found:
        for frame, sightings in found:
            for seen in sightings:
                seen.track.take_in(frame, seen.place)
            due = [seen for seen in sightings if seen.track.is_due]
            looks = list(_looks(frame, due, gallery, options))
            for seen in sightings:
                if seen.track.looks:
                    seen.track.looks[-1].times.append(frame.time)
            yield Finding(
                track=frame.track,
                time=frame.time,
                faces=len(sightings),
                looks=looks,
            )


class _Sample(NamedTuple):
    """A sampled frame, upright, with what may be a face in its small form."""

    frame: Frame
    possible: Sequence[Detection]
    new_scene: bool


def _sightings(
    video: Source, options: RecognitionOptions, reading: Reading | None, span: Span
) -> Generator[tuple[Frame, list[Sighting]], None, None]:
    """Yield each sampled frame with the faces found in it, those that cost least to find first."""
    face_search, tracker = FaceSearch(), Tracker()
    with closing(worked_ahead(_samples(video, options, reading, span))) as samples:
        for frame, possible, new_scene in samples:
            tracker.next_sample(new_scene=new_scene)
            for faces in face_search.faces(frame, possible, new_scene=new_scene):
                yield frame, tracker.follow(faces)


def _samples(
    video: Source, options: RecognitionOptions, reading: Reading | None, span: Span
) -> Generator[_Sample, None, None]:
    track, scenes, orientation = 0, Scenes(), Orientation()
    decoded = sampled_frames(
        video, per_second=options.samples_per_second, reading=reading, span=span
    )
    with closing(worked_ahead(decoded)) as frames:
        for frame in frames:
            if frame.track != track:
                track, scenes, orientation = frame.track, Scenes(), Orientation()
            new_scene = scenes.is_new(frame)
            upright, possible, turned = orientation.upright(frame, new_scene=new_scene)
            yield _Sample(upright, possible, new_scene or turned)


def _looks(
    frame: Frame, due: Sequence[Sighting], gallery: Gallery, options: RecognitionOptions
) -> Iterator[Look]:
    """Encode the faces of a frame that are due, and compare them with the gallery."""
    if not (due and gallery.student_ids):
        return
    faces = encoded(frame.pixels, [seen.face for seen in due])
    matches = gallery.nearest(np.stack([face.encoding for face in faces]))
    for seen, face, match in zip(due, faces, matches, strict=True):
        look = Look(
            match=match,
            quality=face.quality,
            place=face.location.within(
                height=frame.height, width=frame.width, turned=frame.turned_further
            ),
            face=seen.track.number,
            track=frame.track,
        )
        clear = look.is_clear(tolerance=options.tolerance, margin=options.margin)
        seen.track.look(frame, seen.place, look, clear=clear)
        yield look
