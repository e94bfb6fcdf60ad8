"""The face detector: YuNet, and what it finds in a picture.

It answers for every eighth, sixteenth and thirty-second pixel whether a face of a size that fits
is there, with its box and five landmarks (eyes, nose, corners of the mouth). Faces from about
20 pixels in height on are found; those turned by more than a quarter of a right angle get lower
scores, and those lying on their side are boxed with the landmarks of an upright one, if at all.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import TYPE_CHECKING

import numpy as np

from function.recogniser.faces.location import Location
from function.recogniser.faces.models import DETECTOR
from function.recogniser.faces.networks import network

if TYPE_CHECKING:
    from numpy.typing import NDArray

STRIDES = (8, 16, 32)
"""Pixels between the places at which the network answers, one set of answers for each."""

# What may be a face: at this score, all faces of real clips that a closer look confirms are among
# the answers. How many others are does not matter, since that look decides.
_POSSIBLE = 0.3

# Faces that are upright and well seen have more: of a hundred frames of real clips, three quarters
# have one that has. Taken for upright, faces that lie on their side had 0.86 at most in the same
# frames, and those upside down 0.90.
_SURE = 0.90

# Degrees up to which a face's landmarks are those of an upright one.
_UPRIGHT = 25.0

_SAME_FACE = 0.3  # overlap of two boxes of the network's, beyond which the lower score is dropped

# Where the landmarks lie on average in an aligned chip of dlib's, of 150 pixels a side with a
# quarter of padding, as x + iy: measured on the faces of real clips that both detectors find.
_IN_CHIP = np.array([46.7 + 46.9j, 103.2 + 46.4j, 75.0 + 78.3j, 50.5 + 102.3j, 100.2 + 102.3j])
_MIDDLE_IN_CHIP = _IN_CHIP.mean()
_FROM_MIDDLE = _IN_CHIP - _MIDDLE_IN_CHIP
_SPREAD = float((np.abs(_FROM_MIDDLE) ** 2).sum())
_CHIP_CENTRE = 75 + 75j

# The box that dlib's detector gives such a face: its side as a share of the chip's, and how far
# above the chip's centre it is, as a share of its own side. From the same faces.
_BOX_SIDE = 0.836 * 150
_BOX_ABOVE = 0.012


@dataclass(frozen=True, kw_only=True, eq=False)
class Detection:
    """A face or what may be one.

    `landmarks` are the eye to the left in an upright picture, the other, the nose, and the corners
    of the mouth in the same order: five complex numbers x + iy in pixels, for which turning,
    scaling and moving are one multiplication and one addition. `score` is from 0 to 1.
    """

    landmarks: NDArray[np.complex128]
    score: float

    @property
    def is_sure(self) -> bool:
        """Whether this is an upright face for certain."""
        return self.is_certain and self.is_upright

    @property
    def is_certain(self) -> bool:
        """Whether it is a face for certain, perhaps a tilted one."""
        return self.score >= _SURE

    @property
    def is_upright(self) -> bool:
        """Whether the face is tilted so little that it can be taken for upright."""
        return abs(self.tilt) <= _UPRIGHT

    @property
    def tilt(self) -> float:
        """How far the face is turned clockwise in the picture, in degrees from -180 to 180.

        So say its landmarks, which tell less than there is: of 30 degrees about 10.
        """
        return math.degrees(np.angle(self._from_chip))

    @property
    def turn(self) -> float:
        """How far the head is turned to a side: 0 from the front, from -1 to 1 or so.

        It is how far the nose is from the middle between the eyes, along their line, as a share of
        their distance; positive is towards the picture's right, if the face is upright. Of 129 real
        portraits, 128 had at most 0.25 either way, and one, half in profile, 0.51.
        """
        left, right, nose = self.landmarks[:3]
        eyes = right - left
        return float(((nose - (left + right) / 2) / eyes).real) if eyes else 0.0

    @property
    def height(self) -> float:
        """The side of the face's box, in pixels: from the brows to the chin."""
        return _BOX_SIDE * abs(self._from_chip)

    @property
    def centre(self) -> complex:
        """The middle of the face's box, in pixels."""
        to_centre = _CHIP_CENTRE - _MIDDLE_IN_CHIP - 1j * _BOX_ABOVE * _BOX_SIDE
        return complex(self.landmarks.mean() + self._from_chip * to_centre)

    @cached_property
    def location(self) -> Location:
        """The box that dlib's detector would give the face, to a pixel or two."""
        centre, half = self.centre, self.height / 2
        return Location(
            top=round(centre.imag - half),
            right=round(centre.real + half),
            bottom=round(centre.imag + half),
            left=round(centre.real - half),
        )

    @cached_property
    def _from_chip(self) -> complex:
        """The turn and scale from an aligned chip to the picture, by least squares."""
        return complex(np.vdot(_FROM_MIDDLE, self.landmarks)) / _SPREAD

    def mapped(self, turn: complex, offset: complex = 0.0) -> Detection:
        """Return the same face in a picture of which this one's z is at `turn` * z + `offset`."""
        return Detection(landmarks=turn * self.landmarks + offset, score=self.score)


def detect_faces(picture: NDArray[np.uint8]) -> list[Detection]:
    """Return what may be a face in an RGB picture of (rows, columns, 3), the surest first.

    The cost is in proportion to the pixels.
    """
    rows, columns = picture.shape[:2]
    padded = np.zeros((1, _whole(rows), _whole(columns), 3), np.uint8)
    padded[0, :rows, :columns] = picture
    scores, boxes, landmarks = (output[0] for output in network(DETECTOR)(padded))
    scores = scores[:, 0]
    possible = np.flatnonzero(scores >= _POSSIBLE)
    possible = possible[np.argsort(-scores[possible], kind="stable")]
    places = _places(*padded.shape[1:3])[possible]
    corner, stride = places[:, :2], places[:, 2:]
    middle = (corner + boxes[possible, :2]) * stride
    half = np.exp(boxes[possible, 2:]) * stride / 2
    points = (landmarks[possible].reshape(-1, 5, 2) + corner[:, None]) * stride[:, None]
    return [
        Detection(
            landmarks=points[at, :, 0].astype(np.float64) + 1j * points[at, :, 1],
            score=float(scores[possible[at]]),
        )
        for at in _distinct(middle - half, middle + half)
    ]


def _whole(side: int) -> int:
    """Return the next length that the largest stride divides."""
    return -(-side // STRIDES[-1]) * STRIDES[-1]


@lru_cache(maxsize=4)
def _places(rows: int, columns: int) -> NDArray[np.float32]:
    """Return column, row and stride of each place that the network answers for, in its order."""
    by_stride = []
    for stride in STRIDES:
        row, column = np.mgrid[: rows // stride, : columns // stride]
        by_stride.append(np.stack([column.ravel(), row.ravel(), np.full(row.size, stride)], axis=1))
    return np.concatenate(by_stride).astype(np.float32)


def _distinct(first: NDArray[np.float32], last: NDArray[np.float32]) -> list[int]:
    """Return which boxes, given by two corners and in order of rank, overlap none before them."""
    areas = (last - first).prod(axis=1)
    kept = []
    left = np.arange(len(first))
    while left.size:
        best, others = int(left[0]), left[1:]
        kept.append(best)
        sides = np.minimum(last[best], last[others]) - np.maximum(first[best], first[others])
        common = sides.clip(0).prod(axis=1)
        overlap = common / (areas[best] + areas[others] - common)
        left = others[overlap <= _SAME_FACE]
    return kept
