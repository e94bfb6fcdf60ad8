"""Faces in a picture: where they are, and what they look like as 128 numbers.

The detector and the models are the ones behind the face_recognition library (dlib's HOG frontal
detector, the 5-point alignment and the ResNet descriptor), so that encodings made with that
library and encodings made here can be compared. Each part is loaded when first needed: a file
that is no video should not wait for them.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

import numpy as np

from function.recogniser.faces.alignment import face_chip
from function.recogniser.faces.descriptor import ENCODING_LENGTH, DescriptorNetwork
from function.recogniser.faces.detector import detect_faces
from function.recogniser.faces.location import Location
from function.recogniser.faces.models import model_file

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

__all__ = ["ENCODING_LENGTH", "MODEL", "Face", "Location", "encode_faces", "find_faces"]

# Encodings are comparable only when the same model made them: its name travels with each gallery.
MODEL = "dlib_face_recognition_resnet_model_v1"


@dataclass(frozen=True, kw_only=True, eq=False)
class Face:
    """One face of a picture.

    `score` is the detector's confidence: above 0 is what dlib itself calls a face.
    `encoding` has the shape (128,), float32; the Euclidean distance between two encodings says
    how unlike the faces are, and pictures of one person are mostly closer than 0.6.
    """

    location: Location
    score: float
    encoding: NDArray[np.float32]


def find_faces(pixels: NDArray[np.uint8], *, upsample: int = 1) -> list[Face]:
    """Find and encode every face of an RGB picture of the shape (height, width, 3), 8-bit.

    The detector's smallest face is about 60 pixels high; each `upsample` doubles the picture
    first, which halves that and takes four times as long.

    With the defaults the encodings equal `face_recognition.face_encodings(pixels,
    face_recognition.face_locations(pixels), model="small")`.
    """
    detections = detect_faces(pixels, upsample=upsample)
    locations = [detection.location.inside(*pixels.shape[:2]) for detection in detections]
    return [
        Face(location=location, score=detection.score, encoding=encoding)
        for location, detection, encoding in zip(
            locations, detections, encode_faces(pixels, locations), strict=True
        )
    ]


def encode_faces(pixels: NDArray[np.uint8], locations: Sequence[Location]) -> NDArray[np.float32]:
    """Return the encodings of the faces at some places of an RGB picture: (faces, 128)."""
    if not locations:
        return np.empty((0, ENCODING_LENGTH), np.float32)
    return _network().describe(np.stack([face_chip(pixels, place) for place in locations]))


@cache
def _network() -> DescriptorNetwork:
    return DescriptorNetwork(model_file(MODEL))
