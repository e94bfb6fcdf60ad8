"""A picture that is no frame of a video, in the forms that the search asks for."""

from __future__ import annotations

from typing import TYPE_CHECKING

import dlib

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


class Still:
    """An RGB picture of the shape (height, width, 3), 8-bit."""

    def __init__(self, pixels: NDArray[np.uint8]) -> None:
        self.pixels = pixels
        self.height, self.width = pixels.shape[:2]

    def pixels_at(self, scale: float) -> NDArray[np.uint8]:
        """Return the picture at `scale` times its height and width."""
        if scale == 1:
            return self.pixels
        size = (max(round(self.height * scale), 1), max(round(self.width * scale), 1))
        area = dlib.drectangle(0, 0, self.width, self.height)
        # Unlike resize_image, this takes the mean of what becomes one pixel.
        details = dlib.chip_details(area, dlib.chip_dims(*size))
        resized: NDArray[np.uint8] = dlib.extract_image_chip(self.pixels, details)
        return resized
