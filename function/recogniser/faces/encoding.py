"""Faces in a picture: where they are, and what they look like as 128 numbers.

The alignment and the descriptor are the ones behind the face_recognition library, so that
encodings made with that library and encodings made here can be compared. Portraits and frames of
videos go through the same parts.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from function.recogniser.faces.alignment import aligned_chip
from function.recogniser.faces.descriptor import ENCODING_LENGTH, describe
from function.recogniser.faces.quality import Quality
from function.recogniser.faces.search import faces_in_still
from function.recogniser.faces.still import Still

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np
    from numpy.typing import NDArray

    from function.recogniser.faces.detector import Detection
    from function.recogniser.faces.location import Location

__all__ = ["ENCODING_LENGTH", "MODEL", "Face", "encoded", "find_faces"]

# Encodings are comparable only when the same model made them: its name travels with each gallery.
MODEL = "dlib_face_recognition_resnet_model_v1"


@dataclass(frozen=True, kw_only=True, eq=False)
class Face:
    """One face of a picture: where it is, how well it is seen, and what it looks like.

    `turn` is how far the head is turned to a side, as `Detection` has it.

    `encoding` has the shape (128,), float32; the Euclidean distance between two encodings says
    how unlike the faces are, and pictures of one person are mostly closer than 0.6.
    """

    location: Location
    quality: Quality
    turn: float
    encoding: NDArray[np.float32]


def find_faces(pixels: NDArray[np.uint8]) -> list[Face]:
    """Find and encode every face of an RGB picture of the shape (height, width, 3), 8-bit.

    It may be tilted or lie on its side. Small faces are looked for only where there is no other.
    """
    return encoded(pixels, faces_in_still(Still(pixels)))


def encoded(pixels: NDArray[np.uint8], faces: Sequence[Detection]) -> list[Face]:
    """Encode the faces that were found in an RGB picture."""
    chips = [aligned_chip(pixels, face) for face in faces]
    return [
        Face(
            location=face.location,
            quality=Quality.of(chip, face),
            turn=face.turn,
            encoding=encoding,
        )
        for face, chip, encoding in zip(faces, chips, describe(chips), strict=True)
    ]
