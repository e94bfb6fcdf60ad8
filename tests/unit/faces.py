"""Pictures with a face of a known size at a known place, for tests of what finds faces."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

import dlib
import numpy as np
from PIL import Image

from function.recogniser.faces.location import Location
from samples.pictures import sample_picture

if TYPE_CHECKING:
    from numpy.typing import NDArray

WIDTH, HEIGHT = 1280, 720


@dataclass
class Picture:
    """Stands in for a video's frame, from an array in RGB."""

    pixels: NDArray[np.uint8]
    time: float = 0.0

    @property
    def height(self) -> int:
        """The number of rows."""
        return int(self.pixels.shape[0])

    @property
    def width(self) -> int:
        """The number of columns."""
        return int(self.pixels.shape[1])

    def pixels_at(self, scale: float) -> NDArray[np.uint8]:
        """Return the picture at `scale` times its size."""
        return np.asarray(self._at(scale))

    def brightness_at(self, scale: float) -> NDArray[np.uint8]:
        """Return the picture in gray, at `scale` times its size."""
        return np.asarray(self._at(scale).convert("L"))

    def _at(self, scale: float) -> Image.Image:
        size = (max(round(self.width * scale), 1), max(round(self.height * scale), 1))
        return Image.fromarray(self.pixels).resize(size, Image.Resampling.BILINEAR)


def sample(name: str) -> Image.Image:
    """Return a sample picture in RGB."""
    with Image.open(sample_picture(name)) as picture:
        return picture.convert("RGB")


@cache
def portrait(name: str) -> tuple[Image.Image, Location]:
    """Return a sample picture around its face, and where that is: dlib's own detector says so."""
    picture = sample(name)
    (box,) = dlib.get_frontal_face_detector()(np.asarray(picture), 0)
    face = Location(box.top(), box.right(), box.bottom(), box.left())
    more = face.height // 2
    left, top = face.left - more, face.top - more
    cut = picture.crop((left, top, face.right + more, face.bottom + more))
    return cut, face.moved(down=-top, right=-left)


def room(size: tuple[int, int] = (HEIGHT, WIDTH)) -> NDArray[np.uint8]:
    """Return a picture of (rows, columns, 3) with nobody in it."""
    noise = np.random.default_rng(0).normal(120, 4, size).clip(0, 255).astype(np.uint8)
    return np.repeat(noise[..., None], 3, axis=2)


def put(
    pixels: NDArray[np.uint8], name: str, at: tuple[int, int], *, height: int, tilt: int = 0
) -> Location:
    """Put somebody into a picture at (top, left), the face so high, and return the face's place.

    `tilt` turns the head clockwise about the middle of the face.
    """
    picture, face = portrait(name)
    centre = ((face.left + face.right) / 2, (face.top + face.bottom) / 2)
    turned = picture.rotate(
        -tilt, Image.Resampling.BICUBIC, center=centre, fillcolor=(120, 120, 120)
    )
    scale = height / face.height
    small = np.asarray(
        turned.resize(
            (round(picture.width * scale), round(picture.height * scale)),
            Image.Resampling.LANCZOS,
        )
    )
    top, left = at
    pixels[top : top + small.shape[0], left : left + small.shape[1]] = small
    place = Location(*(round(edge * scale) for edge in face))
    return place.moved(down=top, right=left)


def picture_of(name: str, *, height: int, tilt: int = 0) -> tuple[NDArray[np.uint8], Location]:
    """Return a picture of somebody whose face is so high, and where the face is."""
    pixels = room()
    return pixels, put(pixels, name, (40, 300), height=height, tilt=tilt)
