"""Portraits on disk: whose picture lies where, and the one face that is in it.

This module decides which pictures are good enough to know somebody by. A picture that is not is
refused with a remedy, because a wrong face in the gallery is a student marked present who is not.
"""

from __future__ import annotations

import hashlib
import struct
import unicodedata
import warnings
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image, ImageOps

from function.recogniser.faces.encoding import find_faces

if TYPE_CHECKING:
    from collections.abc import Collection
    from pathlib import Path

    from numpy.typing import NDArray

SUFFIXES = (".jpg", ".jpeg", ".png", ".webp")

# What the content may be, whatever the suffix says. Pillow would read many more formats, some of
# them through programs such as Ghostscript.
_FORMATS = ("JPEG", "PNG", "WEBP")

# Larger pictures are scaled down to this, in pixels. The encoding is made from 150 pixels of the
# face, and detection takes as long as the picture is large: nothing is gained beyond it.
_LONGEST_SIDE = 3000

# What file managers leave in folders without being asked.
_NOT_PORTRAITS = ("thumbs.db", "desktop.ini")

# All that Pillow raises for a damaged picture; there is no class of its own for it.
_DAMAGED = (OSError, SyntaxError, ValueError, EOFError, struct.error)


class PortraitRefusedError(Exception):
    """The picture cannot be enrolled; the message says why and what to do."""


@dataclass(frozen=True, kw_only=True)
class PortraitFolder:
    """The pictures to enrol from, and what else lies there.

    `pictures` has every student's files, in order of their names. `not_listed` are folders that
    are no listed student's, and `misplaced` pictures that are in no student's folder.
    """

    pictures: dict[str, list[Path]]
    not_listed: list[Path]
    misplaced: list[Path]


@dataclass(frozen=True, kw_only=True, eq=False)
class Portrait:
    """A student's face, as an encoding of the shape (128,), float32.

    `source` is the SHA-256 of the picture's file in hexadecimal.
    """

    student_id: str
    path: Path
    encoding: NDArray[np.float32]
    source: str


def find_portraits(folder: Path, student_ids: Collection[str]) -> PortraitFolder:
    """Look for pictures in `folder/<student id>/`.

    Raises OSError when the folder can't be read.
    """
    pictures: dict[str, list[Path]] = {student_id: [] for student_id in student_ids}
    # Some systems store an accented letter as letter and accent: compare what people see.
    ids = {_composed(student_id): student_id for student_id in student_ids}
    not_listed, misplaced = [], []
    for path in sorted(folder.iterdir()):
        if path.name.startswith("."):
            continue
        if not path.is_dir():
            if path.suffix.lower() in SUFFIXES:
                misplaced.append(path)
        elif student_id := ids.get(_composed(path.name)):
            pictures[student_id] += filter(_is_meant_as_portrait, sorted(path.iterdir()))
        else:
            not_listed.append(path)
    return PortraitFolder(pictures=pictures, not_listed=not_listed, misplaced=misplaced)


def encode_portrait(path: Path) -> NDArray[np.float32]:
    """Return the encoding, of the shape (128,), of the one face in the picture.

    Raises PortraitRefusedError when it can't be read, or has no face or several.
    """
    if path.suffix.lower() not in SUFFIXES:
        raise PortraitRefusedError("is not a JPEG, PNG or WebP picture: save it as one of these")
    pixels = read_upright(path)
    faces = find_faces(pixels)
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


def read_upright(path: Path) -> NDArray[np.uint8]:
    """Read a picture as RGB of the shape (height, width, 3), as it is meant to be seen.

    Raises PortraitRefusedError when it can't be read.
    """
    try:
        file = path.open("rb")
    except OSError as error:
        raise PortraitRefusedError(
            f"cannot be opened ({error.strerror}): check its permissions"
        ) from error
    try:
        with file, warnings.catch_warnings():
            # Pillow warns of pictures that are merely large, and refuses the enormous ones.
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)
            with Image.open(file, formats=_FORMATS) as picture:
                picture.thumbnail((_LONGEST_SIDE, _LONGEST_SIDE), Image.Resampling.LANCZOS)
                upright = ImageOps.exif_transpose(picture)
    except Image.DecompressionBombError as error:
        raise PortraitRefusedError("is too large to be opened safely: scale it down") from error
    except _DAMAGED as error:
        raise PortraitRefusedError(
            "cannot be read as a JPEG, PNG or WebP picture: save it again as one of these"
        ) from error
    return np.array(_eight_bits(upright).convert("RGB"))


def _eight_bits(picture: Image.Image) -> Image.Image:
    """Bring 16-bit gray to the usual range: Pillow's conversion to RGB would cut it off."""
    if not picture.mode.startswith("I;16"):
        return picture
    return Image.fromarray((np.asarray(picture) >> 8).astype(np.uint8))


def _composed(name: str) -> str:
    return unicodedata.normalize("NFC", name)


def _is_meant_as_portrait(path: Path) -> bool:
    return (
        path.is_file()
        and not path.name.startswith(".")
        and (path.name.lower() not in _NOT_PORTRAITS)
    )
