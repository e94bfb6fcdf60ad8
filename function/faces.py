"""Faces in a picture: where they are, and what they look like as 128 numbers.

The detector and the models are the ones behind the face_recognition library (dlib's HOG frontal
detector, the 5-point alignment and the ResNet descriptor), so that encodings made with that
library and encodings made here can be compared. dlib is driven directly: importing
face_recognition loads two more models than are used here, a third of a second of them on every
cold start, and needs the retired pkg_resources.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import dlib
import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

# Encodings are comparable only when the same model made them: its name travels with each gallery.
MODEL = "dlib_face_recognition_resnet_model_v1"
ENCODING_LENGTH = 128

_ALIGNMENT = "shape_predictor_5_face_landmarks"


class ModelsNotInstalledError(Exception):
    """The model files are missing from the Python environment."""


class Location(NamedTuple):
    """A face's box in pixels, inside the picture, in face_recognition's order."""

    top: int
    right: int
    bottom: int
    left: int


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


def find_faces(
    pixels: NDArray[np.uint8], *, upsample: int = 1, least_score: float = 0.0
) -> list[Face]:
    """Find and encode every face of an RGB picture of the shape (height, width, 3), 8-bit.

    The detector's smallest face is about 80 pixels wide; each `upsample` doubles the picture
    first, which halves that and takes four times as long. A `least_score` below 0 also admits
    boxes the detector itself would reject.

    With the defaults the encodings equal `face_recognition.face_encodings(pixels,
    face_recognition.face_locations(pixels), model="small")`.
    """
    boxes, scores, _ = _detector().run(pixels, upsample, least_score)
    locations = [_inside(box, pixels.shape) for box in boxes]
    return [
        Face(location=location, score=score, encoding=_encoding(pixels, location))
        for location, score in zip(locations, scores, strict=True)
    ]


def _inside(box: dlib.rectangle, shape: tuple[int, ...]) -> Location:
    height, width = shape[:2]
    return Location(
        top=max(box.top(), 0),
        right=min(box.right(), width),
        bottom=min(box.bottom(), height),
        left=max(box.left(), 0),
    )


def _encoding(pixels: NDArray[np.uint8], location: Location) -> NDArray[np.float32]:
    top, right, bottom, left = location
    landmarks = _aligner()(pixels, dlib.rectangle(left, top, right, bottom))
    return np.asarray(_encoder().compute_face_descriptor(pixels, landmarks), dtype=np.float32)


# dlib comes without types. Each part takes a tenth of a second or more to load, and is loaded
# when first needed: a file that is no video should not wait for them.


@cache
def _detector() -> Any:  # noqa: ANN401 - dlib has no types
    return dlib.get_frontal_face_detector()


@cache
def _aligner() -> Any:  # noqa: ANN401 - dlib has no types
    return dlib.shape_predictor(str(_model_file(_ALIGNMENT)))


@cache
def _encoder() -> Any:  # noqa: ANN401 - dlib has no types
    return dlib.face_recognition_model_v1(str(_model_file(MODEL)))


def _model_file(name: str) -> Path:
    """Locate a model in the face_recognition_models distribution, without importing it."""
    package = find_spec("face_recognition_models")
    if package is None or package.origin is None:
        raise ModelsNotInstalledError(
            "The package face_recognition_models is not installed: "
            "pip install -r function/requirements.txt"
        )
    return Path(package.origin).parent / "models" / f"{name}.dat"
