"""Alignment: the part of a picture that shows a face, turned and scaled as the network learned it.

dlib's five-landmark model finds the corners of the eyes and the bottom of the nose, and the face
is cut out so that these lie where they lay in the training pictures. The model knows upright faces
of some size: a small or tilted one it sees in an upright view, but what is cut out comes from the
picture itself. (The detector's own five landmarks do not serve: chips made by them are farther
from the portraits, and strangers' nearer.)
"""

from __future__ import annotations

import cmath
from functools import lru_cache
from typing import TYPE_CHECKING

import dlib

from function.recogniser.faces.close_look import upright_view
from function.recogniser.faces.descriptor import CHIP_SIZE
from function.recogniser.faces.models import model_file

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from function.recogniser.faces.detector import Detection
    from function.recogniser.faces.location import Location

# What dlib's compute_face_descriptor leaves around a face, as a share of its size
# (dlib/tools/python/src/face_recognition.cpp).
_PADDING = 0.25

# Pixels of a face's height, below which whole pixels are too coarse for its landmarks.
_SMALL = 60


def face_chip(pixels: NDArray[np.uint8], location: Location) -> NDArray[np.uint8]:
    """Return the aligned (150, 150, 3) chip of the face at `location` in an RGB picture.

    It is the chip that face_recognition makes of that location.
    """
    return _cut_out(pixels, _chip_details(pixels, location))


def aligned_chip(pixels: NDArray[np.uint8], face: Detection) -> NDArray[np.uint8]:
    """Return the aligned (150, 150, 3) chip of a face in an RGB picture, however it is tilted."""
    if face.is_upright and face.height >= _SMALL:
        return face_chip(pixels, face.location)
    tilt = 0.0 if face.is_upright else face.tilt
    view = upright_view(pixels, face, tilt=tilt)
    details = _chip_details(view.pixels, view.place(face).location)
    return _cut_out(pixels, _mapped(details, view.turn, view.offset))


def _chip_details(pixels: NDArray[np.uint8], location: Location) -> dlib.chip_details:
    box = dlib.rectangle(location.left, location.top, location.right, location.bottom)
    landmarks = _landmark_model()(pixels, box)
    return dlib.get_face_chip_details(landmarks, CHIP_SIZE, _PADDING)


def _cut_out(pixels: NDArray[np.uint8], details: dlib.chip_details) -> NDArray[np.uint8]:
    chip: NDArray[np.uint8] = dlib.extract_image_chip(pixels, details)
    return chip


def _mapped(details: dlib.chip_details, turn: complex, offset: complex) -> dlib.chip_details:
    """Return the same place in a picture of which the view's z is at `turn` * z + `offset`."""
    box = details.rect
    centre = turn * complex(box.left() + box.right(), box.top() + box.bottom()) / 2 + offset
    half = abs(turn) * (box.right() - box.left()) / 2
    return dlib.chip_details(
        dlib.drectangle(
            centre.real - half, centre.imag - half, centre.real + half, centre.imag + half
        ),
        dlib.chip_dims(CHIP_SIZE, CHIP_SIZE),
        details.angle + cmath.phase(turn),
    )


@lru_cache(maxsize=1)
def _landmark_model() -> dlib.shape_predictor:
    return dlib.shape_predictor(str(model_file("shape_predictor_5_face_landmarks.dat")))
