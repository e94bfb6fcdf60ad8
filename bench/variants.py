"""Videos made harder: the same people smaller, tilted, in the dark or blurred, and nothing else.

They show how far a recognition reaches, which clips of people near the camera do not.
"""

from __future__ import annotations

import math
from fractions import Fraction
from functools import cache, partial
from itertools import islice
from statistics import median
from typing import TYPE_CHECKING

import av
import face_recognition
import numpy as np
from PIL import Image, ImageFilter

from bench.crowd import empty_room
from bench.reference import first_frames

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

AS_IT_IS = "as it is"

_SIZE = (1920, 1080)

# Three times as many as ours looks at: more would only take longer to make.
_PICTURES_PER_SECOND = 6

# A face is as high as from the forehead to the chin. dlib's box shows this part of that.
_BOX_OF_FACE = 0.82

# Enough pictures to know how high the faces in a video are.
_MEASURED_PER_SECOND = 1
_MEASURED_AT_MOST = 12

_DARK = 0.2  # of the brightness
_BLUR = 0.03  # of the face's height


class Variants:
    """The videos of one run made harder, each when it is first asked for, and then kept."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._made: dict[Path, dict[str, Path]] = {}

    def of(self, video: Path) -> Mapping[str, Path]:
        """Return a video as it is and in each harder kind; nothing if no face is found in it."""
        if video not in self._made:
            height = face_height(video)
            self._made[video] = {} if height is None else self._make(video, height)
        return self._made[video]

    def _make(self, video: Path, height: float) -> dict[str, Path]:
        folder = self._folder / str(len(self._made))
        folder.mkdir(parents=True)
        by_kind = {AS_IT_IS: video}
        for position, (kind, change) in enumerate(HARDER.items()):
            by_kind[kind] = folder / f"{position}.mp4"
            write_changed(video, by_kind[kind], partial(change, height))
        return by_kind


def face_height(video: Path) -> float | None:
    """Return how many pixels high the faces in a video are in the middle, None without a face.

    It is measured with face_recognition's detector, so that no detector of ours has a say in what
    ours is tried on.
    """
    heights = [
        (bottom - top) / _BOX_OF_FACE
        for frame in islice(first_frames(video, per_second=_MEASURED_PER_SECOND), _MEASURED_AT_MOST)
        for top, _, bottom, _ in face_recognition.face_locations(
            frame.pixels, number_of_times_to_upsample=1
        )
    ]
    return median(heights) if heights else None


def write_changed(video: Path, path: Path, change: Callable[[Image.Image], Image.Image]) -> None:
    """Write a video of another's pictures, upright and changed, at the times they had there."""
    with av.open(str(path), "w", format="mp4") as container:
        stream = container.add_stream("libx264", rate=_PICTURES_PER_SECOND)
        stream.pix_fmt = "yuv420p"
        stream.options = {"preset": "veryfast", "crf": "20"}
        first_step = None
        for frame in first_frames(video, per_second=_PICTURES_PER_SECOND):
            step = math.floor(frame.time * _PICTURES_PER_SECOND)
            changed = change(Image.fromarray(frame.pixels))
            if first_step is None:
                first_step = step
                stream.width, stream.height = changed.size
            picture = av.VideoFrame.from_ndarray(np.asarray(changed), format="rgb24")
            picture.pts, picture.time_base = step - first_step, Fraction(1, _PICTURES_PER_SECOND)
            container.mux(stream.encode(picture))
        container.mux(stream.encode())


def _smaller(face_height: float, picture: Image.Image, *, to: int) -> Image.Image:
    """Scale a picture so that its faces have another height, and put it into the room."""
    scale = to / face_height
    size = max(round(picture.width * scale), 1), max(round(picture.height * scale), 1)
    return _in_room(picture.resize(size, Image.Resampling.LANCZOS))


def _tilted(_face_height: float, picture: Image.Image, *, degrees: int) -> Image.Image:
    """Turn a picture clockwise, with all its corners, and put it into the room."""
    shown = Image.new("L", picture.size, 255).rotate(-degrees, expand=True)
    turned = picture.rotate(-degrees, expand=True, resample=Image.Resampling.BICUBIC)
    return _in_room(turned, shown)


def _dark(_face_height: float, picture: Image.Image) -> Image.Image:
    return _even(picture.point([round(value * _DARK) for value in range(256)] * 3))


def _blurred(face_height: float, picture: Image.Image) -> Image.Image:
    return _even(picture.filter(ImageFilter.GaussianBlur(_BLUR * face_height)))


HARDER: Mapping[str, Callable[[float, Image.Image], Image.Image]] = {
    **{f"{height} px": partial(_smaller, to=height) for height in (45, 35, 28, 22)},
    **{f"tilted {degrees}°": partial(_tilted, degrees=degrees) for degrees in (25, 45, 90)},
    "dark": _dark,
    "blurred": _blurred,
}
"""The kinds of harder videos: what is done to a picture with faces of some height in pixels."""


def _in_room(picture: Image.Image, shown: Image.Image | None = None) -> Image.Image:
    """Put a picture, or the part of it that is `shown`, into the middle of a room of 1080p.

    One that is larger than the room is scaled to fit.
    """
    scale = min(_SIZE[0] / picture.width, _SIZE[1] / picture.height)
    if scale < 1:
        size = int(picture.width * scale), int(picture.height * scale)
        picture = picture.resize(size, Image.Resampling.LANCZOS)
        shown = shown and shown.resize(size)
    room = _room().copy()
    corner = (_SIZE[0] - picture.width) // 2, (_SIZE[1] - picture.height) // 2
    room.paste(picture, corner, shown)
    return room


@cache
def _room() -> Image.Image:
    return Image.fromarray(empty_room(_SIZE))


def _even(picture: Image.Image) -> Image.Image:
    """Cut off the last row and column where their number is odd: H.264 has colours for pairs."""
    return picture.crop((0, 0, picture.width // 2 * 2, picture.height // 2 * 2))
