"""Videos made of pictures, scene by scene, so that it is known who is in them and when.

The pictures move, grow and shrink, and the light changes: no two frames are the same, and no face
is the very pixels that were enrolled.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import av
import numpy as np
from PIL import Image, ImageDraw

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

FRAMES_PER_SECOND = 25

_CODEC: Literal["libx264", "mpeg4"] = "libx264" if "libx264" in av.codecs_available else "mpeg4"
"""H.264 is what phones and cameras record; some builds of FFmpeg may not contain the encoder."""

_DRIFT = 0.03
"""How far a picture moves to each side, as a part of the frame's width."""

_BREATH = 0.06
"""How much a picture grows and shrinks, as a part of its size."""

_FLICKER = 0.08
"""How much the light changes, as a part of the brightness."""


@dataclass(frozen=True, kw_only=True)
class Scene:
    """For so many seconds, these pictures side by side in front of the same wall."""

    seconds: float
    pictures: Sequence[Image.Image] = ()

    def __post_init__(self) -> None:
        if self.seconds <= 0:
            raise ValueError(f"a scene lasts longer than nothing, not {self.seconds} s")


def write_video(
    path: Path,
    scenes: Sequence[Scene],
    *,
    size: tuple[int, int] = (1280, 720),
    turned: int = 0,
) -> Path:
    """Write the scenes, one after another, in the container that the path's suffix names.

    `size` is (width, height) in pixels, as the video is seen. `turned` is 0, 90, 180 or 270: the
    frames are stored turned by so many degrees clockwise, with the display matrix that tells a
    player to turn them back, as phones do. Returns the path.
    """
    clockwise = {
        0: None,
        90: Image.Transpose.ROTATE_270,
        180: Image.Transpose.ROTATE_180,
        270: Image.Transpose.ROTATE_90,
    }[turned]
    path.parent.mkdir(parents=True, exist_ok=True)
    with av.open(str(path), "w") as container:
        stream = container.add_stream(_CODEC, rate=FRAMES_PER_SECOND)
        stream.width, stream.height = size if turned in (0, 180) else size[::-1]
        stream.pix_fmt = "yuv420p"
        # Time matters more than size here: these files live for a minute.
        stream.options = {"preset": "ultrafast"} if _CODEC == "libx264" else {}
        if turned:
            stream.set_display_rotation(turned)
        for image in _frames(scenes, size):
            stored = image if clockwise is None else image.transpose(clockwise)
            pixels = av.VideoFrame.from_ndarray(np.asarray(stored), format="rgb24")
            container.mux(stream.encode(pixels))
        container.mux(stream.encode())
    return path


def _frames(scenes: Sequence[Scene], size: tuple[int, int]) -> Iterator[Image.Image]:
    wall = _wall(size)
    for scene in scenes:
        slot = (size[0] // max(1, len(scene.pictures)), size[1])
        fitted = [_fit(picture, slot) for picture in scene.pictures]
        for index in range(round(scene.seconds * FRAMES_PER_SECOND)):
            yield _frame(wall, fitted, slot, index / FRAMES_PER_SECOND)


def _frame(
    wall: Image.Image, pictures: Sequence[Image.Image], slot: tuple[int, int], seconds: float
) -> Image.Image:
    frame = wall.copy()
    for position, picture in enumerate(pictures):
        phase = 1.5 * seconds + position  # each moves at its own time
        scale = 1 + _BREATH * math.sin(phase)
        shown = picture.resize(
            (round(picture.width * scale), round(picture.height * scale)),
            Image.Resampling.BILINEAR,
        )
        middle = (position + 0.5) * slot[0] + _DRIFT * wall.width * math.sin(0.7 * phase)
        frame.paste(shown, (round(middle - shown.width / 2), slot[1] - shown.height))
    light = 1 + _FLICKER * math.sin(2 * seconds)
    return frame.point([min(255, round(level * light)) for level in range(256)] * 3)


def _fit(picture: Image.Image, slot: tuple[int, int]) -> Image.Image:
    """Scale the picture so that it stays in its slot also where it is largest."""
    margin = 0.85
    scale = min(margin * slot[0] / picture.width, margin * slot[1] / picture.height)
    size = (round(picture.width * scale), round(picture.height * scale))
    return picture.convert("RGB").resize(size, Image.Resampling.LANCZOS)


def _wall(size: tuple[int, int]) -> Image.Image:
    """Paint a wall in soft light, with a board on it."""
    shade = Image.linear_gradient("L").resize(size)
    wall = Image.merge(
        "RGB",
        [shade.point([base + level // 6 for level in range(256)]) for base in (150, 160, 165)],
    )
    width, height = size
    board = (width // 8, height // 10, width - width // 8, height // 2)
    ImageDraw.Draw(wall).rectangle(board, fill=(52, 78, 65), outline=(120, 92, 60), width=8)
    return wall
