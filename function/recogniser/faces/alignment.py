"""Alignment: the part of a picture that shows a face, turned and scaled as the network learned it.

dlib's five-landmark model finds the corners of the eyes and the bottom of the nose, and the face
is cut out so that these lie where they lay in the training pictures.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

import dlib

from function.recogniser.faces.descriptor import CHIP_SIZE
from function.recogniser.faces.models import model_file

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from function.recogniser.faces.location import Location

# What dlib's compute_face_descriptor leaves around a face, as a share of its size
# (dlib/tools/python/src/face_recognition.cpp).
_PADDING = 0.25


def face_chip(pixels: NDArray[np.uint8], location: Location) -> NDArray[np.uint8]:
    """Return the aligned (150, 150, 3) chip of the face at `location` in an RGB picture."""
    box = dlib.rectangle(location.left, location.top, location.right, location.bottom)
    chip: NDArray[np.uint8] = dlib.get_face_chip(
        pixels, _landmark_model()(pixels, box), CHIP_SIZE, _PADDING
    )
    return chip


@lru_cache(maxsize=1)
def _landmark_model() -> dlib.shape_predictor:
    return dlib.shape_predictor(str(model_file("shape_predictor_5_face_landmarks")))
