"""The face descriptor: dlib's face recognition network, evaluated with numpy.

dlib evaluates this network without a BLAS in the prebuilt package, at about ten times the cost.
Its weights are plain numbers, so we do the same arithmetic as matrix products: each convolution
gathers the neighbourhood of every output pixel as a row, and multiplies once. Descriptors agree
with dlib's within 1e-5 (Euclidean), which the tests hold.

The network is the `anet_type` of dlib's examples/dnn_face_recognition_ex.cpp: a ResNet of 29
convolutions, trained to put chips of one person within 0.6 of each other.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.lib.stride_tricks import as_strided

from function.recogniser.faces.dlib_file import Layer, ModelFileError, read_network

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from numpy.typing import NDArray

    Images = NDArray[np.float32]  # (n, rows, columns, channels)

ENCODING_LENGTH = 128
CHIP_SIZE = 150  # pixels a side

_INPUT = "input_rgb_image_sized"
# dlib/dnn/input.h: the means that its input layer subtracts, before it divides by 256.
_MEAN_RGB = np.array([122.782, 117.001, 104.298], np.float32)
_SCALE = np.float32(1 / 256)

# Chips that go through the network together. Measured per chip: 6.8 ms alone, 5.7 with four to
# eight, 6.4 with 16 and 12 with 64, whose neighbourhoods no longer stay in the processor's caches.
_AT_ONCE = 8

# The residual blocks from the input on: how many channels come out, and whether the block halves
# the image (`ares_down`) or keeps it (`ares`).
_BLOCKS = (
    *((32, False),) * 3,
    (64, True),
    *((64, False),) * 3,
    (128, True),
    *((128, False),) * 2,
    (256, True),
    *((256, False),) * 2,
    (256, True),
)


class DescriptorNetwork:
    """The network with its weights, read from dlib's own model file."""

    def __init__(self, path: Path) -> None:
        learned = (
            layer for layer in read_network(path, input_name=_INPUT) if layer.parameters.size
        )
        self._stem = _Convolution(learned, channels=3, size=7, stride=2, padding=0)
        self._blocks = []
        channels = 32
        for filters, halves in _BLOCKS:
            self._blocks.append(_ResidualBlock(learned, channels, filters, halves=halves))
            channels = filters
        (last,) = learned
        self._projection = last.parameters.reshape(channels, ENCODING_LENGTH)

    def describe(self, chips: NDArray[np.uint8]) -> NDArray[np.float32]:
        """Return the (n, 128) descriptors of (n, 150, 150, 3) aligned RGB face chips, n above 0."""
        return np.concatenate(
            [
                self._described(chips[start : start + _AT_ONCE])
                for start in range(0, len(chips), _AT_ONCE)
            ]
        )

    def _described(self, chips: NDArray[np.uint8]) -> NDArray[np.float32]:
        images = (chips - _MEAN_RGB) * _SCALE
        images = _largest_of_3x3(_rectified(self._stem(images)))
        for block in self._blocks:
            images = block(images)
        descriptors: NDArray[np.float32] = images.mean(axis=(1, 2)) @ self._projection
        return descriptors


class _ResidualBlock:
    """Two convolutions added to what came in (He and others, 2015, arXiv:1512.03385)."""

    def __init__(
        self, learned: Iterator[Layer], channels: int, filters: int, *, halves: bool
    ) -> None:
        self._halves = halves
        self._first = _Convolution(
            learned, channels, size=3, stride=2 if halves else 1, padding=0 if halves else 1
        )
        self._second = _Convolution(learned, filters, size=3, stride=1, padding=1)

    def __call__(self, images: Images) -> Images:
        shortcut = _mean_of_2x2(images) if self._halves else images
        residual = self._second(_rectified(self._first(images)))
        return _rectified(_sum_of_padded(residual, shortcut))


class _Convolution:
    """A convolution and the per-channel scale and shift after it, as one matrix and one row."""

    def __init__(
        self, learned: Iterator[Layer], channels: int, *, size: int, stride: int, padding: int
    ) -> None:
        convolution, affine = next(learned), next(learned)
        filters = convolution.integers[0]
        expected = (filters, size, size, stride, stride, padding, padding)
        count = filters * channels * size * size
        if (
            convolution.integers != expected
            or convolution.parameters.size != count + filters
            or affine.parameters.size != 2 * filters
        ):
            raise ModelFileError(
                f"the network has a convolution {convolution.integers} where {expected} of "
                f"{channels} channels belongs"
            )
        weights, bias = np.split(convolution.parameters, [count])
        scale, shift = np.split(affine.parameters, 2)
        # From filter by (channel, row, column) to (row, column, channel) by filter, the order
        # in which a neighbourhood lies in memory.
        self._weights = np.ascontiguousarray(
            (weights.reshape(filters, channels, size, size) * scale[:, None, None, None]).transpose(
                2, 3, 1, 0
            )
        ).reshape(-1, filters)
        self._shift = bias * scale + shift
        self._size = size
        self._stride = stride
        self._padding = padding

    def __call__(self, images: Images) -> Images:
        if self._padding:
            images = _padded(images, self._padding)
        count, rows, columns, channels = images.shape
        rows = (rows - self._size) // self._stride + 1
        columns = (columns - self._size) // self._stride + 1
        image, row, column, channel = images.strides
        neighbourhoods = as_strided(
            images,
            (count, rows, columns, self._size, self._size * channels),
            (image, row * self._stride, column * self._stride, row, channel),
            writeable=False,
        )
        result = neighbourhoods.reshape(count * rows * columns, -1) @ self._weights
        result += self._shift
        return result.reshape(count, rows, columns, -1)


def _rectified(images: Images) -> Images:
    return np.maximum(images, 0, out=images)


def _padded(images: Images, width: int) -> Images:
    count, rows, columns, channels = images.shape
    padded = np.zeros((count, rows + 2 * width, columns + 2 * width, channels), np.float32)
    padded[:, width:-width, width:-width] = images
    return padded


def _largest_of_3x3(images: Images) -> Images:
    """Return the maxima over 3x3 pixels at every second row and column."""
    rows = np.maximum(images[:, :-2:2], images[:, 1:-1:2])
    np.maximum(rows, images[:, 2::2], out=rows)
    columns = np.maximum(rows[:, :, :-2:2], rows[:, :, 1:-1:2])
    return np.maximum(columns, rows[:, :, 2::2], out=columns)


def _mean_of_2x2(images: Images) -> Images:
    """Return the means over 2x2 pixels, leaving out an odd last row and column."""
    images = images[:, : images.shape[1] // 2 * 2, : images.shape[2] // 2 * 2]
    rows = images[:, ::2] + images[:, 1::2]
    return (rows[:, :, ::2] + rows[:, :, 1::2]) * np.float32(0.25)


def _sum_of_padded(residual: Images, shortcut: Images) -> Images:
    """Add two images, the smaller one extended with zeros below, right and in channels.

    A halving block's convolution can come out a pixel smaller than its average, and has more
    channels (dlib/dnn/layers.h, `add_prev_`).
    """
    if residual.shape == shortcut.shape:
        residual += shortcut
        return residual
    result = np.zeros(np.maximum(residual.shape, shortcut.shape), np.float32)
    for part in (residual, shortcut):
        count, rows, columns, channels = part.shape
        result[:count, :rows, :columns, :channels] += part
    return result
