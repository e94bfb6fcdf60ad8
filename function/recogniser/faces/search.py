"""Search: where in a frame to look for faces, and at what size.

The whole of every frame is looked at coarsely, which finds the large faces; where that finds
something that could be a face but may be none, where a face was before, and where
`attention` expects small ones, a closer look decides. Large faces turned to the side or tilted take
another look at the whole, which a scene is given at once if it seems empty, and every few seconds
as it goes on.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import dlib
import numpy as np

from function.recogniser.faces.attention import Attention
from function.recogniser.faces.detector import Detection, detect_faces, possible_faces

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from numpy.typing import NDArray

    from function.recogniser.faces.location import Location
    from function.recogniser.video.frame import Frame

_COARSE_LENGTH = 640  # pixels of the longer side
_FINE_SCALE = 1.35  # the smallest faces sought are about 38 pixels high

# A close look: what a face is scaled to, in pixels, and how much around it is looked at, as a
# share of its height. Where a face was before, less is enough.
_CLOSE_HEIGHT = 90
_AROUND = 0.5
_FAMILIAR_HEIGHT = 75
_AROUND_FAMILIAR = 0.4
_FAMILIAR = -0.5  # score

_SAME_FACE = 0.3  # overlap of two boxes

# How long a scene that shows others is not looked at for turned faces, and how often any is then.
# Who is turned away stays so for a while, and is followed once found.
_TURNED_AFTER = 2.0  # seconds
_TURNED_EVERY = 5.0  # seconds


class FaceSearch:
    """Finds the faces in the sampled frames of one video, in order."""

    def __init__(self) -> None:
        self._attention = Attention()
        self._new_scene = True
        self._turned_due = 0.0  # when turned faces are looked for next, in seconds

    def see(self, frame: Frame) -> bool:
        """Take in the next frame; return whether it shows another scene than the last."""
        self._new_scene = self._attention.see(frame)
        if self._new_scene:
            self._turned_due = frame.time + _TURNED_AFTER
        return self._new_scene

    def faces(
        self, frame: Frame, possible: Sequence[Detection], *, expected: Iterable[Location]
    ) -> Iterator[list[Location]]:
        """Yield the faces in the frame that was seen, those that cost least to find first.

        `possible` is what `seen_coarsely` made of the frame, `expected` where faces were in the
        last one, if it shows the same scene.
        """
        faces = _decided(frame, possible, [])
        for place in expected:
            if _is_new(place, faces):
                faces += _still_there(frame, place) or _closely(frame, place)
        faces = _distinct(faces)
        yield [face.location for face in faces]
        if frame.time >= self._turned_due or (self._new_scene and not faces):
            self._turned_due = frame.time + _TURNED_EVERY
            known = faces
            faces = _decided(frame, seen_coarsely(frame, turned=True), known)
            yield [face.location for face in faces[len(known) :]]
        for area in self._attention.areas([face.location for face in faces]):
            known = faces
            faces = _decided(frame, _finely(frame, area), known)
            yield [face.location for face in faces[len(known) :]]


def _decided(
    frame: Frame, possible: Sequence[Detection], known: Sequence[Detection]
) -> list[Detection]:
    """Return the known faces, and after them those possible ones that are other faces."""
    certain = [face for face in possible if face.certain and _is_new(face.location, known)]
    decided = [*known, *_distinct(certain)]
    for face in possible:
        if _is_new(face.location, decided):
            closely = _closely(frame, face.location)
            decided += [other for other in closely if _is_new(other.location, decided)]
    return decided


def seen_coarsely(frame: Frame, *, turned: bool = False) -> list[Detection]:
    """Return what may be a face in the whole of a frame, from about a twelfth of its height on.

    This depends on no other frame, so it can be done ahead of the rest. Faces that are `turned`
    are missed unless asked for: see `possible_faces`.
    """
    scale = min(_COARSE_LENGTH / max(frame.width, frame.height), 1.0)
    return [
        Detection(location=face.location.scaled(1 / scale), score=face.score)
        for face in possible_faces(frame.brightness_at(scale), turned=turned)
    ]


def _finely(frame: Frame, area: Location) -> list[Detection]:
    return _detected_within(frame, area, _FINE_SCALE, possible_faces)


def _closely(frame: Frame, place: Location) -> list[Detection]:
    """Return the face at a place, if all filters find one there."""
    scale = _CLOSE_HEIGHT / place.height
    seen = _detected_within(frame, place.enlarged(_AROUND), scale, detect_faces)
    return [face for face in seen if face.location.overlap(place) >= _SAME_FACE]


def _still_there(frame: Frame, place: Location) -> list[Detection]:
    """Return the face that was at a place before, if the frontal filter is not against it."""
    scale = _FAMILIAR_HEIGHT / place.height
    seen = _detected_within(frame, place.enlarged(_AROUND_FAMILIAR), scale, possible_faces)
    return [
        face
        for face in seen
        if face.score >= _FAMILIAR and face.location.overlap(place) >= _SAME_FACE
    ]


def _detected_within(
    frame: Frame,
    area: Location,
    scale: float,
    detect: Callable[[NDArray[np.uint8]], list[Detection]],
) -> list[Detection]:
    top, left = max(area.top, 0), max(area.left, 0)
    part = frame.brightness[top : area.bottom + 1, left : area.right + 1]
    rows, columns = (round(length * scale) for length in part.shape)
    picture = dlib.resize_image(np.ascontiguousarray(part), rows, columns)
    return [
        Detection(
            location=face.location.scaled(1 / scale).moved(down=top, right=left), score=face.score
        )
        for face in detect(picture)
    ]


def _distinct(faces: list[Detection]) -> list[Detection]:
    """Return the faces without those that are another look at a higher-scored one."""
    distinct: list[Detection] = []
    for face in sorted(faces, key=lambda face: -face.score):
        if _is_new(face.location, distinct):
            distinct.append(face)
    return distinct


def _is_new(place: Location, faces: Iterable[Detection]) -> bool:
    return all(place.overlap(face.location) < _SAME_FACE for face in faces)
