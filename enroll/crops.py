"""Crops: small pictures of the faces in portraits, for whoever enrols to see what was understood.

Faces are personal: crops are made only when they are asked for, and until they are written they are
in a file that has no name, and not in the memory, which would grow with the pictures.
"""

from __future__ import annotations

import io
import tempfile
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from PIL import Image

if TYPE_CHECKING:
    from collections.abc import Sequence
    from types import TracebackType
    from typing import Self

    import numpy as np
    from numpy.typing import NDArray

    from function.recogniser.faces.location import Location

# Pixels of a crop's side, enough for twice the density of the screen where it is shown.
_SIDE = 200

# How much is shown around a face, as a share of its box's side.
_AROUND = 0.6

_JPEG_QUALITY = 80


class Box(NamedTuple):
    """A face's box in a crop, in its pixels."""

    left: float
    top: float
    width: float
    height: float


@dataclass(frozen=True, kw_only=True)
class Crop:
    """A small JPEG of (height, width) pixels, and where in it the faces are."""

    jpeg: bytes
    width: int
    height: int
    boxes: tuple[Box, ...]


def cut_out(pixels: NDArray[np.uint8], faces: Sequence[Location]) -> Crop:
    """Return what is around the faces of an RGB picture, or all of it if there is none."""
    height, width = pixels.shape[:2]
    left, top, right, bottom = _around(faces) if faces else (0, 0, width, height)
    left, top = max(left, 0), max(top, 0)
    right, bottom = min(right, width), min(bottom, height)
    picture = Image.fromarray(pixels[top:bottom, left:right])
    before = picture.width
    picture.thumbnail((_SIDE, _SIDE), Image.Resampling.LANCZOS)
    scale = picture.width / before
    content = io.BytesIO()
    picture.save(content, "JPEG", quality=_JPEG_QUALITY)
    return Crop(
        jpeg=content.getvalue(),
        width=picture.width,
        height=picture.height,
        boxes=tuple(
            Box(
                left=(face.left - left) * scale,
                top=(face.top - top) * scale,
                width=face.width * scale,
                height=face.height * scale,
            )
            for face in faces
        ),
    )


def _around(faces: Sequence[Location]) -> tuple[int, int, int, int]:
    more = round(_AROUND * max(face.height for face in faces))
    return (
        min(face.left for face in faces) - more,
        min(face.top for face in faces) - more,
        max(face.right for face in faces) + more + 1,
        max(face.bottom for face in faces) + more + 1,
    )


class KeptCrop(NamedTuple):
    """A crop whose JPEG is elsewhere."""

    place: int
    length: int
    width: int
    height: int
    boxes: tuple[Box, ...]


class Crops:
    """Keeps crops until they are shown, in a file without a name."""

    def __init__(self) -> None:
        self._file = tempfile.TemporaryFile()  # noqa: SIM115 - closed by the context

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._file.close()

    def keep(self, crop: Crop) -> KeptCrop:
        """Put a crop away."""
        place = self._file.seek(0, io.SEEK_END)
        self._file.write(crop.jpeg)
        return KeptCrop(place, len(crop.jpeg), crop.width, crop.height, crop.boxes)

    def jpeg(self, kept: KeptCrop) -> bytes:
        """Return the JPEG of a crop that was put away."""
        self._file.seek(kept.place)
        return self._file.read(kept.length)
