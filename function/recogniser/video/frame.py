"""A frame: one sampled picture of a video, as a player would show it."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
from av.video.reformatter import Interpolation

if TYPE_CHECKING:
    from av.video.frame import VideoFrame
    from numpy.typing import NDArray

_BITS = 8  # of each value of a picture's pixels, here and for dlib


@dataclass(frozen=True, kw_only=True, eq=False)
class Frame:
    """One sampled picture of a video, upright and unstretched as a player would show it.

    `time` is in seconds from the start of the video, and `video_seconds` the length of what had
    been read of it by then: with the last frame, of the whole, as far as it can be decoded.
    `height` and `width` are in pixels. Each form of the picture is 8 bits a value and C-contiguous,
    and made when asked for; several threads may ask.
    """

    time: float
    video_seconds: float
    height: int
    width: int
    decoded: VideoFrame
    quarter_turns: int  # counterclockwise, to be upright
    _converting: threading.Lock = field(default_factory=threading.Lock, init=False, repr=False)

    @cached_property
    def pixels(self) -> NDArray[np.uint8]:
        """The picture in RGB, of the shape (height, width, 3)."""
        return self._shown(self.height, self.width, "rgb24")

    @cached_property
    def brightness(self) -> NDArray[np.uint8]:
        """The picture in gray, of the shape (height, width)."""
        decoded, form = self.decoded, self.decoded.format
        luma = form.components[0]
        unturned = (self.height, self.width)[:: -1 if self.quarter_turns % 2 else 1]
        is_decoded = form.is_planar and not form.is_rgb and luma.is_luma and luma.bits == _BITS
        if not is_decoded or (decoded.height, decoded.width) != unturned:
            return self.brightness_at(1.0)
        plane = decoded.planes[0]
        padded = np.frombuffer(memoryview(plane), np.uint8).reshape(-1, plane.line_size)
        pixels = padded[: decoded.height, : decoded.width]
        return np.ascontiguousarray(np.rot90(pixels, self.quarter_turns))

    def brightness_at(self, scale: float) -> NDArray[np.uint8]:
        """Return the picture in gray, at `scale` times its height and width."""
        height, width = (max(round(side * scale), 1) for side in (self.height, self.width))
        return self._shown(height, width, "gray")

    def _shown(self, height: int, width: int, pixel_format: str) -> NDArray[np.uint8]:
        if self.quarter_turns % 2:
            height, width = width, height
        # A decoded picture has one converter, which two threads must not use at the same time.
        with self._converting:
            # One thread: FFmpeg would start one for each processor, at each picture anew.
            converted = self.decoded.reformat(
                width, height, pixel_format, interpolation=Interpolation.BILINEAR, threads=1
            )
        pixels = converted.to_ndarray()
        # Rows come padded at some widths and turned arrays are views; dlib wants neither.
        return np.ascontiguousarray(np.rot90(pixels, self.quarter_turns))
