"""Known faces from an encodings file, a pickle of names and face_recognition's encodings.

Unpickling runs whatever a file asks for, and NumPy trusts what it says of arrays: so neither sees
the file. Its values are made by our own reader, `pickled_values.py`, brought into one form by
`named_encodings.py`, and copied here once they have been checked.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from enroll.named_encodings import (
    MAX_PORTRAITS,
    SPLIT,
    EncodingsFileError,
    in_parallel,
    not_an_encoding,
    not_texts,
)
from enroll.pickled_arrays import Array, RefusedPickleError, Scalar
from enroll.pickled_values import values_in
from function.composed_text import composed
from function.recogniser.faces.encoding import ENCODING_LENGTH

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

__all__ = ["MAX_BYTES", "EncodingsFileError", "read_encodings_file"]

MAX_BYTES = 64 << 20


def read_encodings_file(path: Path) -> tuple[list[str], NDArray[np.float32]]:
    """Return the names, and their encodings of the shape (names, 128), row by row.

    A name that occurs several times has several portraits. Raises EncodingsFileError, or OSError
    when the file can't be opened.
    """
    try:
        return _names_and_encodings(values_in(_content(path)))
    except (EncodingsFileError, RefusedPickleError) as error:
        raise EncodingsFileError(f"{path}: {error}") from error


def _content(path: Path) -> bytes:
    with path.open("rb") as file:
        content = file.read(MAX_BYTES + 1)
    if len(content) > MAX_BYTES:
        raise EncodingsFileError(f"it is larger than {MAX_BYTES >> 20} MB: {SPLIT}")
    return content


def _names_and_encodings(content: object) -> tuple[list[str], NDArray[np.float32]]:
    names, encodings = in_parallel(content)
    count = _length(names)
    if count is None:
        raise not_texts()
    if count > MAX_PORTRAITS:
        raise EncodingsFileError(f"it has {count:,} names, and {MAX_PORTRAITS:,} fit: {SPLIT}")
    if _length(encodings) != count:
        raise EncodingsFileError(
            f"its encodings are not a list as long as the {count} names: give every name its "
            "encoding"
        )
    return _names(names), _rows(encodings, count)


def _length(values: object) -> int | None:
    """Return how many values a list or an array has, and None for what is neither."""
    if isinstance(values, Array):
        return values.shape[0] if values.shape else None
    return len(values) if isinstance(values, list | tuple) else None


def _names(names: object) -> list[str]:
    try:
        if isinstance(names, Array):
            texts = names.texts()
        elif isinstance(names, list | tuple):
            texts = [_name(name) for name in names]
        else:
            raise not_texts()
        for name in texts:
            name.encode()  # refuses half characters, which could not be shown
    except ValueError as error:
        raise not_texts() from error
    texts = list(map(composed, texts))
    if not all(texts):
        raise not_texts()
    return texts


def _name(name: object) -> str:
    match name:
        case str():
            return name
        case bytes():  # as Python 2 wrote them
            return name.decode()
        case Scalar():
            return name.text()
        case _:
            raise not_texts()


def _rows(encodings: object, count: int) -> NDArray[np.float32]:
    if isinstance(encodings, Array):
        encodings = list(encodings.numbers())
    assert isinstance(encodings, list | tuple)  # noqa: S101 - its length has been asked for
    rows = [_encoding(encoding, index) for index, encoding in enumerate(encodings)]
    return np.array(rows, np.float32).reshape(count, ENCODING_LENGTH)


def _encoding(encoding: object, index: int) -> NDArray[np.float32]:
    shape: tuple[int, ...] | None
    match encoding:
        case Array() | np.ndarray():
            shape = encoding.shape
        case list() | tuple():
            shape = (len(encoding),)
        case _:
            shape = ()
    if shape != (ENCODING_LENGTH,):
        raise not_an_encoding(index, f"its shape is {shape}")
    row = encoding.numbers() if isinstance(encoding, Array) else _numbers(encoding, index)
    if not np.isfinite(row).all():
        raise not_an_encoding(index, "some are infinite, or none")
    return row


def _numbers(values: object, index: int) -> NDArray[np.float32]:
    if isinstance(values, np.ndarray):
        return values
    assert isinstance(values, list | tuple)  # noqa: S101 - its length has been asked for
    try:
        numbers = [_number(value) for value in values]
    except (TypeError, ValueError, OverflowError) as error:
        raise EncodingsFileError(
            f"encoding {index} is not a list of numbers: make it with "
            "face_recognition.face_encodings"
        ) from error
    with np.errstate(over="ignore"):  # what is beyond float32 becomes infinite, and is refused
        return np.array(numbers, np.float64).astype(np.float32)


def _number(value: object) -> float:
    match value:
        case int() | float():
            return float(value)
        case Scalar():
            return value.number()
        case _:
            raise TypeError
