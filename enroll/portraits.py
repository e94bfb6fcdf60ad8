"""Portraits: the one face that is in a picture, and whether it will do.

This module decides which pictures are good enough to know somebody by. A picture that is not is
refused with a remedy, because a wrong face in the gallery is a student marked present who is not.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

from enroll.crops import Crop, cut_out
from enroll.picture_file import PictureUnreadableError, read_picture
from function.recogniser.faces.encoding import find_faces
from function.recogniser.faces.orientation import upright_portrait
from function.recogniser.identity.attendance import LEAST_SHARPNESS

if TYPE_CHECKING:
    from pathlib import Path

    import numpy as np
    from numpy.typing import NDArray

    from function.recogniser.faces.encoding import Face

# Pixels of the face's box, from the brows to the chin. Of 129 real portraits the smallest had 65,
# and scaled to 40 they were about as near to the same person's others as before (a median of 0.40
# for 0.36, one of 86 beyond the tolerance); scaled to 30 they were not (0.43, three beyond).
_LEAST_HEIGHT = 40

# The sharpness is what a look in a video is short of without, too: of portraits that were blurred
# to less, a third were beyond the tolerance from all others of the same person. One of the 129 has
# less, half in profile.
_LEAST_SHARPNESS = LEAST_SHARPNESS


class PortraitRefusedError(Exception):
    """The picture cannot be enrolled; the message says why and what to do."""


@dataclass(frozen=True, kw_only=True)
class Seen:
    """How the face in a portrait is seen, as `Quality` and `Detection` have it.

    `height` in pixels, `tilt` in degrees, `turn` to a side as a share of the distance of the eyes.
    """

    height: float
    sharpness: float
    tilt: float
    turn: float

    @classmethod
    def of(cls, face: Face) -> Seen:
        """Return how a face is seen."""
        quality = face.quality
        return cls(
            height=quality.height,
            sharpness=quality.sharpness,
            tilt=quality.tilt,
            turn=face.turn,
        )


@dataclass(frozen=True, kw_only=True, eq=False)
class Examined:
    """What is in a picture: a face that can be enrolled, or the `problem` with it.

    `encoding` has the shape (128,), float32, and is there if there is no problem. `seen` is there
    if there is one face, and `crop` if it was asked for and the picture can be read.
    """

    problem: str = ""
    encoding: NDArray[np.float32] | None = None
    seen: Seen | None = None
    crop: Crop | None = None


def examine(path: Path, *, with_crop: bool = False) -> Examined:
    """Look for the one face in the picture."""
    try:
        pixels = upright_portrait(read_picture(path))
    except PictureUnreadableError as error:
        return Examined(problem=str(error))
    faces = find_faces(pixels)
    crop = cut_out(pixels, [face.location for face in faces]) if with_crop else None
    if len(faces) != 1:
        return Examined(problem=_none_or_several(len(faces)), crop=crop)
    (face,) = faces
    seen = Seen.of(face)
    if problem := _shortfall(seen):
        return Examined(problem=problem, seen=seen, crop=crop)
    return Examined(encoding=face.encoding, seen=seen, crop=crop)


def encode_portrait(path: Path) -> NDArray[np.float32]:
    """Return the encoding, of the shape (128,), of the one face in the picture.

    Raises PortraitRefusedError when it can't be read, has no face or several, or when the face is
    too small or blurred.
    """
    examined = examine(path)
    if examined.encoding is None:
        raise PortraitRefusedError(examined.problem)
    return examined.encoding


def sha256_of(path: Path) -> str:
    """Return the SHA-256 of a picture's file in hexadecimal.

    Raises PortraitRefusedError when it can't be read.
    """
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise PortraitRefusedError(
            f"cannot be opened ({error.strerror}): check its permissions"
        ) from error


def _none_or_several(faces: int) -> str:
    if faces:
        return f"has {faces} faces: cut out the student's"
    return (
        "has no face that can be found: take one from the front, in good light, with the face at "
        "least 80 pixels wide"
    )


def _shortfall(seen: Seen) -> str:
    if seen.height < _LEAST_HEIGHT:
        return (
            f"shows the face too small ({seen.height:.0f} pixels high, where {_LEAST_HEIGHT} are "
            "needed): give a larger picture, or one from nearer"
        )
    if seen.sharpness < _LEAST_SHARPNESS:
        return (
            f"shows the face too blurred (sharpness {seen.sharpness:.2f}, where "
            f"{_LEAST_SHARPNESS:.2f} is needed): take one in focus, from the front, and not scaled "
            "up"
        )
    return ""
