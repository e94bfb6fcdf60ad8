"""Portraits: the one face that is in a picture.

This module decides which pictures are good enough to know somebody by. A picture that is not is
refused with a remedy, because a wrong face in the gallery is a student marked present who is not.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

from enroll.picture_file import PictureUnreadableError, read_picture
from function.recogniser.faces.encoding import find_faces
from function.recogniser.faces.orientation import upright_portrait

if TYPE_CHECKING:
    from pathlib import Path

    import numpy as np
    from numpy.typing import NDArray


class PortraitRefusedError(Exception):
    """The picture cannot be enrolled; the message says why and what to do."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Portrait:
    """A student's face, as an encoding of the shape (128,), float32.

    `source` is the SHA-256 of the picture's file in hexadecimal.
    """

    student_id: str
    path: Path
    encoding: NDArray[np.float32]
    source: str


def encode_portrait(path: Path) -> NDArray[np.float32]:
    """Return the encoding, of the shape (128,), of the one face in the picture.

    Raises PortraitRefusedError when it can't be read, or has no face or several.
    """
    try:
        pixels = read_picture(path)
    except PictureUnreadableError as error:
        raise PortraitRefusedError(str(error)) from error
    faces = find_faces(upright_portrait(pixels))
    if not faces:
        raise PortraitRefusedError(
            "has no face that can be found: take one from the front, in good light, with the "
            "face at least 80 pixels wide"
        )
    if len(faces) > 1:
        raise PortraitRefusedError(f"has {len(faces)} faces: cut out the student's")
    return faces[0].encoding


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
