"""dlib's file format, as far as the recognition network needs it.

dlib can read its files only into itself. This module reads a network's weights into numpy arrays,
so that `conversion` can put them into another form. The format is dlib's own (dlib/serialize.h,
dlib/dnn/tensor.h, dlib/dnn/layers.h, dlib/dnn/core.h): integers are one control byte (sign and
length) and that many little-endian bytes, floating-point numbers a mantissa and an exponent,
tensors four sizes and then plain little-endian float32.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from numpy.typing import NDArray

_NEGATIVE = 0x80
_LENGTH = 0x0F
_LONGEST_INTEGER = 8
_TENSOR_VERSION = 2
_HIGHEST_LAYER_VERSION = 3

# What a layer writes after its name, until its parameters' tail which is the same for all
# (`serialize` of each class in dlib/dnn/layers.h): t a tensor, i an integer, d a floating-point
# number, a the shape of a part of the parameters.
_FIELDS = {
    "con_4": "tiiiiiiiaadddd",
    "affine_": "taai",
    "relu_": "",
    "max_pool_2": "iiiiii",
    "avg_pool_2": "iiiiii",
    "add_prev_": "",
    "fc_2": "iitaaidddd",
}


class ModelFileError(ValueError):
    """The file is not the network that was expected; the message says where it differs."""


@dataclass(frozen=True, kw_only=True)
class Layer:
    """One layer of a network: its dlib name, its integers in file order, and its parameters.

    `parameters` is flat float32, empty for a layer that learns nothing.
    """

    name: str
    integers: Sequence[int]
    parameters: NDArray[np.float32]


def read_network(path: Path, *, input_name: str) -> list[Layer]:
    """Return the layers of a trained dlib network, from the input to the output.

    A network is written as nested templates: first the versions of all of them from the outside
    in, then the input layer called `input_name`, then each layer's record from the inside out.
    The parameters are views of the file's bytes. Raises ModelFileError where the file is
    something else.
    """
    reader = _Reader(path.read_bytes(), name=path.name)
    reader.skip_to_input(input_name)
    layers = [reader.layer()]
    reader.integer()  # how many samples the input layer makes of one image: one
    while not reader.at_end():
        layers.append(reader.layer())
    return layers


class _Reader:
    """A position in the bytes of one file."""

    def __init__(self, content: bytes, *, name: str) -> None:
        self._view = memoryview(content)
        self._name = name
        self.at = 0  # bytes from the start

    def at_end(self) -> bool:
        return self.at == len(self._view)

    def skip_to_input(self, name: str) -> None:
        self.expect(self.integer() == 1, "a version 1 network")
        self.string()
        for _ in range(2):  # the loss's margin and distance threshold
            self.floating_point()
        while (length := self.integer()) <= _HIGHEST_LAYER_VERSION:
            pass
        self.expect(self._take(length) == name.encode(), f"an input layer {name!r}")
        for _ in range(3):  # the mean red, green and blue
            self.floating_point()
        for _ in range(2):  # the rows and columns of the image
            self.integer()

    def layer(self) -> Layer:
        name = self.string()
        self.expect(name in _FIELDS, f"one of the layers {', '.join(_FIELDS)}, not {name!r}")
        integers = []
        parameters = np.empty(0, np.float32)
        for field in _FIELDS[name]:
            match field:
                case "t":
                    parameters = self.tensor()
                case "i":
                    integers.append(self.integer())
                case "d":
                    self.floating_point()
                case "a":
                    for _ in range(5):  # a version and four sizes
                        self.integer()
        self._take(3)  # three flags of the training, one character each
        for _ in range(3):  # gradients and the last output, which a trained network leaves empty
            self.tensor()
        return Layer(name=name, integers=tuple(integers), parameters=parameters)

    def tensor(self) -> NDArray[np.float32]:
        self.expect(self.integer() == _TENSOR_VERSION, "a version 2 tensor")
        size = 1
        for _ in range(4):
            size *= self.integer()
        return np.frombuffer(self._take(4 * size), "<f4")

    def string(self) -> str:
        return bytes(self._take(self.integer())).decode("ascii", errors="replace")

    def floating_point(self) -> float:
        mantissa, exponent = self.integer(), self.integer()
        return mantissa * 2.0**exponent

    def integer(self) -> int:
        (control,) = self._take(1)
        length = control & _LENGTH
        self.expect(0 < length <= _LONGEST_INTEGER, "an integer")
        magnitude = int.from_bytes(self._take(length), "little")
        return -magnitude if control & _NEGATIVE else magnitude

    def _take(self, length: int) -> memoryview:
        taken = self._view[self.at : self.at + length]
        self.expect(len(taken) == length, f"{length} more bytes")
        self.at += length
        return taken

    def expect(self, condition: bool, what: str) -> None:  # noqa: FBT001 - reads as a sentence
        if not condition:
            raise ModelFileError(
                f"{self._name} is not the network it should be: expected {what} at byte {self.at}"
            )
