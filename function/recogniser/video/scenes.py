"""Scenes: where a sampled frame shows another scene than the one before."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from function.recogniser.video.frame import Frame

# The picture is judged by the mean brightness of so many areas across its longer side.
_AREAS = 64
_PIXELS = 5  # of the longer side, for each area

# Where more of the picture than this differs from the picture before, it shows another scene.
_CUT = 0.5
_CUT_CHANGE = 16.0  # gray levels


class Scenes:
    """Takes in the sampled frames of one video, in order."""

    def __init__(self) -> None:
        self._before = np.empty((0, 0), np.float32)

    def is_new(self, frame: Frame) -> bool:
        """Tell whether the next frame shows another scene than the last; the first one does."""
        areas = _areas(frame)
        same_shape = areas.shape == self._before.shape
        new = not same_shape or (np.abs(areas - self._before) >= _CUT_CHANGE).mean() > _CUT
        self._before = areas
        return bool(new)


def _areas(frame: Frame) -> NDArray[np.float32]:
    scale = min(_AREAS * _PIXELS / max(frame.height, frame.width), 1.0)
    picture = frame.brightness_at(scale)
    rows, columns = (max(side // _PIXELS, 1) for side in picture.shape)
    picture = picture[: rows * _PIXELS, : columns * _PIXELS]
    areas = picture.reshape(rows, picture.shape[0] // rows, columns, picture.shape[1] // columns)
    means: NDArray[np.float32] = areas.mean(axis=(1, 3), dtype=np.float32)
    return means
