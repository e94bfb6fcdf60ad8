"""A close look at one place of a picture: turned upright, scaled to one size, detected again.

What the detector is not sure of in the whole picture, because the face is small, tilted or dark,
it is surer of here; and what it took for a face and is none, it gives a low score.
"""

from __future__ import annotations

import cmath
import math
from typing import TYPE_CHECKING, NamedTuple

import dlib

from function.recogniser.faces.detector import Detection, detect_faces

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

_VIEW_SIZE = 160  # pixels a side
_FACE_HEIGHT = 72  # pixels of the view, which is what its face is scaled to

# How far what is found may be from the middle, in heights of the face, and how much smaller or
# larger it may be, to be the face that was looked for.
_FARTHEST = 0.5
_LARGEST = 2.0


class View(NamedTuple):
    """Part of a picture as an upright square of (160, 160, 3).

    A pixel z of it is at `turn` * z + `offset` in the picture.
    """

    pixels: NDArray[np.uint8]
    turn: complex
    offset: complex

    def place(self, face: Detection) -> Detection:
        """Return where a face of the picture is in the view."""
        return face.mapped(1 / self.turn, -self.offset / self.turn)


def upright_view(pixels: NDArray[np.uint8], face: Detection, *, tilt: float) -> View:
    """Cut a face and what is around it out of an RGB picture, turned back by `tilt` degrees."""
    scale = face.height / _FACE_HEIGHT
    half = _VIEW_SIZE * scale / 2
    centre = face.centre
    area = dlib.drectangle(
        centre.real - half, centre.imag - half, centre.real + half, centre.imag + half
    )
    size = dlib.chip_dims(_VIEW_SIZE, _VIEW_SIZE)
    turn = cmath.rect(scale, math.radians(tilt))
    return View(
        pixels=dlib.extract_image_chip(pixels, dlib.chip_details(area, size, math.radians(tilt))),
        turn=turn,
        offset=centre - turn * (_VIEW_SIZE / 2) * (1 + 1j),
    )


def seen_closely(pixels: NDArray[np.uint8], face: Detection, *, tilt: float) -> Detection | None:
    """Look for a face again, in a view that is turned back by `tilt` degrees.

    Returns what is found, in pixels of the picture, or None.
    """
    view = upright_view(pixels, face, tilt=tilt)
    middle = (_VIEW_SIZE / 2) * (1 + 1j)
    for found in detect_faces(view.pixels):
        if (
            abs(found.centre - middle) <= _FARTHEST * _FACE_HEIGHT
            and 1 / _LARGEST <= found.height / _FACE_HEIGHT <= _LARGEST
        ):
            return found.mapped(view.turn, view.offset)
    return None
