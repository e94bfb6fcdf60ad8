"""A frame: one sampled picture of a video, as a player would show it."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
from av.video.reformatter import ColorRange, Colorspace, Interpolation

if TYPE_CHECKING:
    from av.video.frame import VideoFrame
    from numpy.typing import NDArray

_BITS = 8  # of each value of a picture's pixels, here and for dlib


@dataclass(frozen=True, kw_only=True, eq=False)
class Frame:
    """One sampled picture of a video, upright and unstretched as a player would show it.

    `time` is in seconds from the start of the recording, and `video_seconds` the length of what had
    been read of it by then. `track` counts the recording's picture tracks, whose frames come one
    track after the other: in each, time begins anew.
    `height` and `width` are in pixels. `decoded` is mirrored, left for right, and then turned by
    `quarter_turns` counterclockwise, to be as shown; `turned_further` are those of these turns that
    the file does not ask a player for. Each form of the picture is 8 bits a value
    and C-contiguous, and made when asked for; several threads may ask.
    """

    time: float
    video_seconds: float
    track: int
    height: int
    width: int
    decoded: VideoFrame
    mirrored: bool
    quarter_turns: int
    turned_further: int = 0
    # A decoded picture has one converter, which two threads must not use at the same time.
    converting: threading.Lock = field(default_factory=threading.Lock, repr=False)

    def turned(self, quarters: int) -> Frame:
        """Return the frame turned further, by so many quarters counterclockwise."""
        if not quarters:
            return self
        height, width = self.height, self.width
        if quarters % 2:
            height, width = width, height
        turns = (self.quarter_turns + quarters) % 4
        return replace(
            self,
            height=height,
            width=width,
            quarter_turns=turns,
            turned_further=(self.turned_further + quarters) % 4,
        )

    @cached_property
    def pixels(self) -> NDArray[np.uint8]:
        """The picture in RGB, of the shape (height, width, 3)."""
        return self._shown(self.height, self.width, "rgb24")

    def pixels_at(self, scale: float) -> NDArray[np.uint8]:
        """Return the picture in RGB, at `scale` times its height and width."""
        return self.pixels if scale == 1 else self._shown(*self._size_at(scale), "rgb24")

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
        return self._oriented(pixels)

    def brightness_at(self, scale: float) -> NDArray[np.uint8]:
        """Return the picture in gray, at `scale` times its height and width."""
        return self._shown(*self._size_at(scale), "gray")

    def _size_at(self, scale: float) -> tuple[int, int]:
        return max(round(self.height * scale), 1), max(round(self.width * scale), 1)

    def _shown(self, height: int, width: int, pixel_format: str) -> NDArray[np.uint8]:
        if self.quarter_turns % 2:
            height, width = width, height
        with self.converting:
            try:
                converted = self._converted(height, width, pixel_format)
            except OSError:
                # The scaler knows fewer meanings of colours than there are tags for. What the
                # colours mean matters little here, and some tags are wrong.
                self.decoded.colorspace = Colorspace.DEFAULT
                self.decoded.color_range = ColorRange.UNSPECIFIED
                converted = self._converted(height, width, pixel_format)
        pixels: NDArray[np.uint8] = np.asarray(converted.to_ndarray(), np.uint8)
        return self._oriented(pixels)

    def _converted(self, height: int, width: int, pixel_format: str) -> VideoFrame:
        # One thread: FFmpeg would start one for each processor, at each picture anew.
        return self.decoded.reformat(
            width, height, pixel_format, interpolation=Interpolation.BILINEAR, threads=1
        )

    def _oriented(self, pixels: NDArray[np.uint8]) -> NDArray[np.uint8]:
        if self.mirrored:
            pixels = np.fliplr(pixels)
        # Rows come padded at some widths and turned arrays are views; dlib wants neither.
        return np.ascontiguousarray(np.rot90(pixels, self.quarter_turns))
