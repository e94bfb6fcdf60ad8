"""Search: where the faces are in the sampled frames of a video.

Every frame is looked at in a small form. The first of a scene is looked at in its full width as
well, and one every 5 to 20 seconds in a wider form, for faces too small for the first look.
What may be a face is looked at closely; a face of the frame before that was missed is looked for
where it was. So a small face that was seen once is followed without wide looks.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, NamedTuple, Protocol

import numpy as np

from function.recogniser.faces.close_look import seen_closely
from function.recogniser.faces.detector import detect_faces

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from numpy.typing import NDArray

    from function.recogniser.faces.detector import Detection
    from function.recogniser.faces.location import Location
    from function.recogniser.video.frame import Frame

# Pixels of the longer side in each kind of look, at most: pictures are never scaled up. Of faces
# 45 pixels high in 1080p the small look finds two thirds, the wide one nearly all, and the full
# one, at two and a half times the cost of the wide, nine of ten that are 22 pixels high.
_SMALL = 640
_WIDE = 1280
_FULL = 1920

# Pixels up to which a picture is looked at in one piece.
_WHOLE = 960

# Pixels that a half of a large picture has of the other, on its side of the middle.
_OVERLAP = 64

# How soon a scene that goes on gets a wide look, in seconds. As long as the looks show nobody more,
# each comes twice as long after the one before, up to the second of these.
_WIDE_AFTER = 5.0
_WIDE_SELDOM = 20.0

# The score in a close look from which on something is a face.
_FACE = 0.6

# Degrees that a face may seem tilted in a close look that needs no other.
_STRAIGHT = 5.0

# How many more degrees than its landmarks say a face may be tilted.
_MORE = 30.0

# How long a place where a close look found none is not looked at closely again, in seconds.
_NO_FACE_FOR = 4.0

_SAME_FACE = 0.3  # overlap of two boxes

_QUARTERS = (0.0, 90.0, 180.0, 270.0)


class FaceSearch:
    """Finds the faces in the sampled frames of one video, in order."""

    def __init__(self) -> None:
        self._known: list[Detection] = []  # of the frame before, if it shows the same scene
        self._no_faces: list[_NoFace] = []
        self._wide_due = self._wide_after = 0.0  # seconds

    def faces(
        self, frame: Frame, possible: Sequence[Detection], *, new_scene: bool
    ) -> Iterator[list[Detection]]:
        """Yield the faces in the next frame, those that cost least to find first.

        `possible` is what `seen_small` made of the frame.
        """
        before = [] if new_scene else self._known
        self._no_faces = [
            place for place in self._no_faces if place.until > frame.time and not new_scene
        ]
        confirm = partial(self._confirmed, frame, before)
        faces = _faces_among(possible, confirm=confirm)
        for known in before:
            if _others([known], faces):
                faces += _others(_found_closely(frame, known, _tilt(known)), faces)
        yield faces
        if new_scene or frame.time >= self._wide_due:
            more: list[Detection] = []
            if max(frame.height, frame.width) > _SMALL:
                seen = _others(_seen(frame, _FULL if new_scene else _WIDE), faces)
                more = _others(_faces_among(seen, confirm=confirm), faces)
                yield more
            soon = new_scene or more
            self._wide_after = _WIDE_AFTER if soon else min(2 * self._wide_after, _WIDE_SELDOM)
            self._wide_due = frame.time + self._wide_after
            faces = [*faces, *more]
        self._known = faces

    def _confirmed(
        self, frame: Frame, before: Sequence[Detection], seen: Detection
    ) -> list[Detection]:
        """Return what may be a face as a close look shows it, if it is one."""
        for known in before:
            if _is_same(known, seen):
                return _found_closely(frame, seen, _tilt(known))
        if any(place.location.overlap(seen.location) >= _SAME_FACE for place in self._no_faces):
            return []
        found = _found_from_all_sides(frame, seen)
        if not found:
            self._no_faces.append(_NoFace(seen.location, frame.time + _NO_FACE_FOR))
        return found


class _NoFace(NamedTuple):
    """A place that shows no face in a close look, and until when that is taken to hold."""

    location: Location
    until: float


class Picture(Protocol):
    """What is searched: a frame of a video, or a still picture."""

    @property
    def height(self) -> int:
        """The number of rows."""

    @property
    def width(self) -> int:
        """The number of columns."""

    @property
    def pixels(self) -> NDArray[np.uint8]:
        """The picture in RGB, of the shape (height, width, 3)."""

    def pixels_at(self, scale: float) -> NDArray[np.uint8]:
        """Return the picture in RGB, at `scale` times its height and width."""


def seen_small(picture: Picture) -> list[Detection]:
    """Return what may be a face in the small form of a picture, the surest first.

    This depends on no other frame, so it can be done ahead of the rest.
    """
    return _seen(picture, _SMALL)


def faces_in_still(picture: Picture) -> list[Detection]:
    """Return the faces in a picture that no other came before: small ones if there is no other."""
    confirm = partial(_found_from_all_sides, picture)
    for longest in (_SMALL, _FULL):
        if faces := _faces_among(_seen(picture, longest), confirm=confirm):
            return faces
    return []


def _seen(picture: Picture, longest: int) -> list[Detection]:
    scale = min(longest / max(picture.height, picture.width), 1.0)
    return [face.mapped(1 / scale) for face in _seen_in_parts(picture.pixels_at(scale))]


def _seen_in_parts(pixels: NDArray[np.uint8]) -> list[Detection]:
    """Look at a picture; at a large one in two halves, which takes half of the memory.

    Faces that both halves cut, though they overlap, are large enough for the small look.
    """
    length = max(pixels.shape)
    if length <= _WHOLE:
        return detect_faces(pixels)
    half = length // 2 + _OVERLAP
    is_wide = pixels.shape[1] == length
    first, second = (
        np.ascontiguousarray(pixels[:, part] if is_wide else pixels[part])
        for part in (slice(half), slice(length - half, length))
    )
    faces = detect_faces(first)
    offset = (length - half) * (1 if is_wide else 1j)
    return faces + _others((face.mapped(1, offset) for face in detect_faces(second)), faces)


def _faces_among(
    possible: Sequence[Detection], *, confirm: Callable[[Detection], list[Detection]]
) -> list[Detection]:
    """Return the sure ones, and after them what is confirmed of the others, each face once."""
    faces: list[Detection] = []
    for seen in possible:
        if seen.is_sure:
            faces += _others([seen], faces)
    for seen in possible:
        if not seen.is_sure and _others([seen], faces):
            faces += _others(confirm(seen), faces)
    return faces


def _found_from_all_sides(picture: Picture, seen: Detection) -> list[Detection]:
    """Return what may be a face as the best close look shows it, if it is one."""
    # A face that lies on its side looks like a poor one that is upright.
    quarters = _QUARTERS[:1] if seen.is_certain else _QUARTERS
    tilt = seen.tilt if seen.is_certain else _tilt(seen)
    best = _best_look(picture, seen, [tilt + quarter for quarter in quarters])
    if best.found and not best.is_straight:
        # What it shows of the face's size and tilt allows a better one. The landmarks of a tilted
        # face tell less than its tilt: the score of looks to both sides tells more.
        tilts = [best.found.tilt + more for more in (0.0, -_MORE, _MORE)]
        best = max(best, _best_look(picture, best.found, tilts), key=_score)
    return best.faces


def _found_closely(picture: Picture, face: Detection, tilt: float) -> list[Detection]:
    """Return a face that is known as a close look shows it, if it is still there."""
    return _best_look(picture, face, [tilt]).faces


def _best_look(picture: Picture, face: Detection, tilts: Iterable[float]) -> _Look:
    looks = (_Look(seen_closely(picture.pixels, face, tilt=tilt), tilt) for tilt in tilts)
    return max(looks, key=_score)


class _Look(NamedTuple):
    """What a close look found, and by how many degrees the view was turned back for it."""

    found: Detection | None
    tilt: float

    @property
    def faces(self) -> list[Detection]:
        """What was found, if it is a face."""
        return [self.found] if self.found and self.found.score >= _FACE else []

    @property
    def is_straight(self) -> bool:
        """Whether the face is sure, and upright in the view."""
        if not (self.found and self.found.is_certain):
            return False
        return abs((self.found.tilt - self.tilt + 180) % 360 - 180) <= _STRAIGHT


def _score(look: _Look) -> float:
    return look.found.score if look.found else 0.0


def _tilt(face: Detection) -> float:
    """Return by how much to turn a view of the face: not at all, if it is about upright."""
    return 0.0 if face.is_upright else face.tilt


def _others(seen: Iterable[Detection], faces: Sequence[Detection]) -> list[Detection]:
    """Return those that are none of the faces."""
    return [it for it in seen if not any(_is_same(it, face) for face in faces)]


def _is_same(one: Detection, other: Detection) -> bool:
    return one.location.overlap(other.location) >= _SAME_FACE
