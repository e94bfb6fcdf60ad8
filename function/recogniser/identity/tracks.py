"""Tracks: faces of successive samples that are one person's, so that not each has to be encoded.

A face in the place of one in the sample before is that person's, as long as it looks much the
same. What its encoding said is taken to hold for a while, the longer the more often it has been
encoded, and longer when it was clear who this is, or that it is nobody enrolled.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import count
from typing import TYPE_CHECKING

import dlib
import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from function.recogniser.faces.detector import Detection
    from function.recogniser.faces.location import Location
    from function.recogniser.identity.attendance import Look
    from function.recogniser.video.frame import Frame

_SAME_PLACE = 0.3  # overlap of the boxes

# How alike two appearances are, at most 1. Measured on faces half a second apart: 19 of 20 of one
# person are more alike than this, and 1 of 100 of two persons.
_SAME_APPEARANCE = 0.55
_APPEARANCE_SIZE = 16  # pixels a side

# For how many samples a look is taken to hold, for each look that was taken before.
_VALIDITY = 1
_VALIDITY_WHEN_CLEAR = 8
_LONGEST_VALIDITY = 24


@dataclass(kw_only=True, eq=False)
class Track:
    """A face that is followed from sample to sample, with the looks that were taken at it.

    `number` is another for each track of a video.
    """

    number: int
    looks: list[Look] = field(default_factory=list)
    _looked_at: Location | None = None
    _appearance: NDArray[np.float32] | None = None
    _valid_for: int = 0  # samples

    def take_in(self, frame: Frame, place: Location) -> None:
        """Take in the next sample that shows the face, and where in it that is."""
        self._valid_for -= 1
        if not self._looks_the_same(frame, place):
            self._valid_for = 0

    @property
    def is_due(self) -> bool:
        """Whether the face should be encoded in the latest sample."""
        return self._valid_for <= 0

    def look(self, frame: Frame, place: Location, look: Look, *, clear: bool) -> None:
        """Add what the face's encoding in this frame said."""
        self.looks.append(look)
        self._looked_at = place
        self._appearance = _appearance(frame, place)
        validity = _VALIDITY_WHEN_CLEAR if clear else _VALIDITY
        self._valid_for = min(validity * len(self.looks), _LONGEST_VALIDITY)

    def _looks_the_same(self, frame: Frame, place: Location) -> bool:
        """Tell whether the face looks as it did when it was encoded.

        The detector's boxes jump by a few pixels, so it may be in any of three of about the same
        place.
        """
        if self._looked_at is None or self._appearance is None:
            return False
        places = (place, self._looked_at, self._looked_at.centred_on(place))
        likenesses = (float((_appearance(frame, it) * self._appearance).sum()) for it in places)
        return any(likeness >= _SAME_APPEARANCE for likeness in likenesses)


@dataclass(frozen=True, kw_only=True)
class Sighting:
    """A face in a sample, and the track that it belongs to."""

    face: Detection
    track: Track

    @property
    def place(self) -> Location:
        """Where the face is."""
        return self.face.location


class Tracker:
    """Tells which faces of one video's samples are the same, from their places alone."""

    def __init__(self) -> None:
        self._numbers = count()
        self._sightings: list[Sighting] = []
        self._open: list[Sighting] = []  # of the sample before, whose faces are not found yet

    def next_sample(self, *, new_scene: bool) -> None:
        """Begin the next sample. In a new scene, nobody is followed from the one before."""
        self._open = [] if new_scene else self._sightings
        self._sightings = []

    def follow(self, faces: Sequence[Detection]) -> list[Sighting]:
        """Return each of the sample's faces with its track, a new one for each new face.

        The faces may come in parts, each once.
        """
        sightings = [Sighting(face=face, track=self._track_of(face)) for face in faces]
        self._sightings += sightings
        return sightings

    def _track_of(self, face: Detection) -> Track:
        place = face.location
        before = max(self._open, key=lambda other: place.overlap(other.place), default=None)
        if before is None or place.overlap(before.place) < _SAME_PLACE:
            return Track(number=next(self._numbers))
        self._open.remove(before)
        return before.track


def _appearance(frame: Frame, place: Location) -> NDArray[np.float32]:
    """Return the brightness at a place on a small grid, of mean 0 and length 1."""
    seen = frame.brightness[
        max(place.top, 0) : place.bottom + 1, max(place.left, 0) : place.right + 1
    ]
    if not seen.size:
        return np.zeros((_APPEARANCE_SIZE, _APPEARANCE_SIZE), np.float32)
    grid = dlib.resize_image(np.ascontiguousarray(seen), _APPEARANCE_SIZE, _APPEARANCE_SIZE)
    deviation = grid.astype(np.float32) - grid.mean(dtype=np.float32)
    appearance: NDArray[np.float32] = deviation / max(float(np.linalg.norm(deviation)), 1.0)
    return appearance
