"""Pictures as cameras, phones and web sites save them, read as they are meant to be seen."""

from __future__ import annotations

import io
import warnings
from typing import TYPE_CHECKING

import numpy as np
import pillow_heif
from PIL import ExifTags, Image

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

# What the content may be, whatever the suffix says. Pillow would read many more formats, some of
# them through programs such as Ghostscript.
_FORMATS = ("JPEG", "PNG", "WEBP", "HEIF", "AVIF", "GIF", "BMP")
_NAMED = "a JPEG, PNG, WebP, HEIC, AVIF, GIF or BMP picture"

# Phones take HEIC. Its reader is a plugin of Pillow's; AVIF is read by Pillow itself.
pillow_heif.register_heif_opener()

# Larger pictures are scaled down to this, in pixels. The encoding is made from 150 pixels of the
# face, and detection takes as long as the picture is large: nothing is gained beyond it.
_LONGEST_SIDE = 3000

# A file's size beyond which it is no picture, or none that need be read.
_MAX_BYTES = 256 << 20

# How a JPEG's EXIF block begins.
_EXIF = b"Exif\0\0"

# EXIF's values for how a picture is stored, and what undoes it.
_UPRIGHT_AGAIN = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}


class PictureUnreadableError(Exception):
    """The file is no picture that can be read; the message says why and what to do."""


def read_picture(path: Path) -> NDArray[np.uint8]:
    """Read a picture as RGB of the shape (height, width, 3), turned as its EXIF says.

    Of several in a file, as in an animation or a burst, it is the first, or the one that the file
    names as such. Raises PictureUnreadableError.
    """
    content = _content(path)
    try:
        try:
            return _pixels(content)
        except Exception:
            # Pillow opens no JPEG whose EXIF has a resolution without a value.
            if _EXIF not in content:
                raise
            return _pixels(content.replace(_EXIF, bytes(len(_EXIF))))
    except Image.DecompressionBombError as error:
        raise _too_large() from error
    except Exception as error:
        # There is no one class for what Pillow and its plugins raise for a damaged picture.
        raise PictureUnreadableError(
            f"cannot be read as {_NAMED}: save it again as one of these"
        ) from error


def _content(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            content = file.read(_MAX_BYTES + 1)
    except OSError as error:
        raise PictureUnreadableError(
            f"cannot be opened ({error.strerror}): check its permissions"
        ) from error
    if len(content) > _MAX_BYTES:
        raise _too_large()
    return content


def _pixels(content: bytes) -> NDArray[np.uint8]:
    with warnings.catch_warnings():
        # Pillow warns of what it corrects and of what is merely large.
        warnings.simplefilter("ignore")
        with Image.open(io.BytesIO(content), formats=_FORMATS) as picture:
            turn = _UPRIGHT_AGAIN.get(_orientation(picture))
            picture.thumbnail((_LONGEST_SIDE, _LONGEST_SIDE), Image.Resampling.LANCZOS)
            pixels = _eight_bits(picture).convert("RGB")
            return np.array(pixels if turn is None else pixels.transpose(turn))


def _too_large() -> PictureUnreadableError:
    return PictureUnreadableError("is too large to be opened safely: scale it down")


def _orientation(picture: Image.Image) -> int:
    """Return EXIF's orientation, and that of an upright picture where it can't be read.

    Only this value is looked at: any other may be damaged, which cameras and old programs do.
    """
    try:
        orientation = picture.getexif().get(ExifTags.Base.Orientation)
    except Exception:  # noqa: BLE001 - Pillow raises whatever a damaged block makes it
        return 1
    return orientation if isinstance(orientation, int) else 1


def _eight_bits(picture: Image.Image) -> Image.Image:
    """Bring 16-bit gray to the usual range: Pillow's conversion to RGB would cut it off."""
    if not picture.mode.startswith("I;16"):
        return picture
    return Image.fromarray((np.asarray(picture) >> 8).astype(np.uint8))
