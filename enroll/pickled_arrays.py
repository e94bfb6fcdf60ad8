"""NumPy's arrays and numbers as a pickle describes them, recorded and copied with checks.

NumPy restores the state of an array, and of the type of its elements, as the file says, and a file
that says it wrongly ends the process. Here what is said is only recorded; numbers and texts are
copied out of it when they are asked for, once kind, order, size and shape agree with the bytes.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

_NUMBERS = re.compile(r"f[248]|[iu][1248]")
_TEXTS = re.compile(r"U[1-9][0-9]{0,2}")
_TEXT_CODECS = {"<": "utf-32-le", ">": "utf-32-be"}
_BYTES_PER_CHARACTER = 4
_MAX_DIMENSIONS = 2
_MAX_LENGTH = 1 << 63


class RefusedPickleError(ValueError):
    """The pickle has something that an encodings file does not need, or is damaged."""


@dataclass(frozen=True, kw_only=True)
class Global:
    """A class or function that a pickle asks for, by name. It is never looked up."""

    module: str
    name: str

    def __str__(self) -> str:
        # Of any length, and with any character in it.
        return ascii(f"{self.module}.{self.name}")[1:-1][:80]


class ElementType:
    """What a pickle says of a `numpy.dtype`: numbers, or texts of one length."""

    def __init__(self, code: str) -> None:
        self._is_text = _TEXTS.fullmatch(code) is not None
        if not self._is_text and not _NUMBERS.fullmatch(code):
            raise RefusedPickleError(
                f"an array in it has elements of the type {code[:20]!a}: save names as a list of "
                "texts, and encodings as arrays of float64"
            )
        self._code = code
        self._order: str | None = None
        size = int(code[1:])
        self._size = size * _BYTES_PER_CHARACTER if self._is_text else size

    @property
    def is_text(self) -> bool:
        """Whether these are texts, and no numbers."""
        return self._is_text

    def set_state(self, state: object) -> None:
        """Record the byte order, the one thing that the state may say besides what is known.

        Raises RefusedPickleError.
        """
        layout = (self._size, _BYTES_PER_CHARACTER, 8) if self._is_text else (-1, -1, 0)
        match state:
            case (3, str() | bytes() as said, None, None, None, *rest) if tuple(rest) == layout:
                order = text(said)
            case _:
                raise _damaged("the type of an array's elements")
        one_byte = not self._is_text and self._size == 1
        if self._order is not None or order not in ({"|"} if one_byte else {"<", ">"}):
            raise _damaged("the type of an array's elements")
        self._order = order

    def numbers(self, data: bytes, count: int) -> NDArray[np.float32]:
        """Copy so many numbers. Raises RefusedPickleError if these bytes are not they."""
        if self._is_text or self._order is None or len(data) != count * self._size:
            raise _damaged("an array of numbers")
        if not data:
            return np.zeros(0, np.float32)
        with np.errstate(over="ignore"):  # what is beyond float32 becomes infinite, and is noticed
            return np.frombuffer(data, self._order + self._code).astype(np.float32)

    def texts(self, data: bytes, count: int) -> list[str]:
        """Copy so many texts. Raises RefusedPickleError if these bytes are not they."""
        if not self._is_text or self._order is None or len(data) != count * self._size:
            raise _damaged("an array of texts")
        codec = _TEXT_CODECS[self._order]
        starts = range(0, len(data), self._size)
        return [data[at : at + self._size].decode(codec).rstrip("\0") for at in starts]


class Scalar:
    """One number or text of NumPy's."""

    def __init__(self, element: ElementType, data: bytes) -> None:
        self._element = element
        self._data = data

    @property
    def is_text(self) -> bool:
        """Whether this is a text, and no number."""
        return self._element.is_text

    def number(self) -> float:
        """Copy the number. Raises RefusedPickleError if it is none."""
        return float(self._element.numbers(self._data, 1)[0])

    def text(self) -> str:
        """Copy the text. Raises RefusedPickleError if it is none."""
        return self._element.texts(self._data, 1)[0]


class Array:
    """An array; empty until its state has been set."""

    def __init__(self) -> None:
        self.shape: tuple[int, ...] | None = None
        self._element: ElementType | None = None
        self._data = b""
        self._column_by_column = False

    @property
    def has_texts(self) -> bool:
        """Whether its elements are texts, and no numbers."""
        return self._element is not None and self._element.is_text

    def set_state(self, state: object) -> None:
        """Record what the array holds. Raises RefusedPickleError."""
        match state:
            case (1, tuple() as shape, ElementType() as element, bool() | int() as fortran, data):
                self._record(shape, element, data, "F" if fortran else "C")
            case _:
                raise _damaged("an array")

    @classmethod
    def from_buffer(cls, arguments: object) -> Array:
        """Return an array as protocol 5 describes it. Raises RefusedPickleError."""
        array = cls()
        match arguments:
            case (data, ElementType() as element, tuple() as shape, "C" | "F" as order):
                array._record(shape, element, data, order)
            case _:
                raise _damaged("an array")
        return array

    def numbers(self) -> NDArray[np.float32]:
        """Copy the numbers, in the array's shape. Raises RefusedPickleError if it has none."""
        shape, element = self._recorded()
        flat = element.numbers(self._data, math.prod(shape))
        return flat.reshape(shape, order="F" if self._column_by_column else "C")

    def texts(self) -> list[str]:
        """Copy the texts of a row. Raises RefusedPickleError if the array is none."""
        shape, element = self._recorded()
        if len(shape) != 1:
            raise _damaged("an array of texts")
        return element.texts(self._data, shape[0])

    def _record(
        self, shape: tuple[object, ...], element: ElementType, data: object, order: str
    ) -> None:
        lengths = tuple(
            length for length in shape if type(length) is int and 0 <= length < _MAX_LENGTH
        )
        if self.shape is not None or len(lengths) != len(shape) or not isinstance(data, bytes):
            raise _damaged("an array")
        if len(shape) > _MAX_DIMENSIONS:
            raise RefusedPickleError(
                f"an array in it has {len(shape)} dimensions: save each encoding as an array of "
                "128 numbers"
            )
        self.shape, self._element, self._data = lengths, element, data
        self._column_by_column = order == "F"

    def _recorded(self) -> tuple[tuple[int, ...], ElementType]:
        if self.shape is None or self._element is None:
            raise _damaged("an array")
        return self.shape, self._element


def called(function: Global, arguments: tuple[object, ...]) -> object:
    """Return the record of what this function would make of these arguments.

    Raises RefusedPickleError for arguments that it is not given when arrays are pickled.
    """
    match function.name, arguments:
        case "encode", (str() as encoded, "latin1"):
            return encoded.encode("latin1")
        case "dtype", (str() | bytes() as code, bool() | int(), bool() | int()):
            return ElementType(text(code))
        case "_reconstruct", (Global(module="numpy", name="ndarray"), (0,), "b" | b"b"):
            return Array()
        case "_frombuffer", _:
            return Array.from_buffer(arguments)
        case "scalar", (ElementType() as element, bytes() as data):
            return Scalar(element, data)
    raise _damaged(f"a call of {function}")


def text(value: str | bytes) -> str:
    """Return a short text, which Python 2 wrote as bytes."""
    return value.decode("ascii") if isinstance(value, bytes) else value


def _damaged(what: str) -> RefusedPickleError:
    return RefusedPickleError(
        f"{what} in it is not as NumPy writes it, so the file is damaged or made to do harm: "
        "get it again from whoever made it"
    )
