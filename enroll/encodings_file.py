"""Known faces from an encodings file, a pickle of names and face_recognition's encodings.

Such a file is `{"name": [name, ...], "encoding": [array of 128 numbers, ...]}`. Unpickling runs
whatever a file asks for, so this reader admits the few globals that NumPy arrays are made of, and
refuses the file at any other before it is called.
"""

from __future__ import annotations

import pickle
from typing import IO, TYPE_CHECKING

import numpy as np

from function.recogniser.faces.encoding import ENCODING_LENGTH

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from numpy.typing import NDArray


class EncodingsFileError(ValueError):
    """The file is not an encodings file; the message says what is wrong with it."""


# The functions that arrays and NumPy numbers are rebuilt with, as they name them themselves.
_rebuild_array: object = np.empty(0).__reduce__()[0]
_rebuild_array_protocol_5: object = np.empty(0).__reduce_ex__(5)[0]
_rebuild_number: object = np.float64().__reduce__()[0]

_ADMITTED: dict[tuple[str, str], object] = {
    ("numpy", "ndarray"): np.ndarray,
    ("numpy", "dtype"): np.dtype,
    # NumPy 2 moved this module.
    ("numpy.core.multiarray", "_reconstruct"): _rebuild_array,
    ("numpy._core.multiarray", "_reconstruct"): _rebuild_array,
    ("numpy.core.numeric", "_frombuffer"): _rebuild_array_protocol_5,
    ("numpy._core.numeric", "_frombuffer"): _rebuild_array_protocol_5,
    ("numpy.core.multiarray", "scalar"): _rebuild_number,
    ("numpy._core.multiarray", "scalar"): _rebuild_number,
}


class _NumbersOnly(pickle.Unpickler):
    def find_class(self, module: str, name: str, /) -> object:
        try:
            return _ADMITTED[module, name]
        except KeyError:
            raise EncodingsFileError(
                f"it asks for {module}.{name}, which no file of encodings needs, and was not "
                "read: don't use it, it may be an attack"
            ) from None


def read_encodings_file(path: Path) -> tuple[list[str], NDArray[np.float32]]:
    """Return the names, and their encodings of the shape (names, 128), row by row.

    A name that occurs several times has several portraits. Raises EncodingsFileError, or OSError
    when the file can't be opened.
    """
    try:
        with path.open("rb") as file:
            return _names_and_encodings(_unpickled(file))
    except EncodingsFileError as error:
        raise EncodingsFileError(f"{path}: {error}") from error


def _names_and_encodings(content: object) -> tuple[list[str], NDArray[np.float32]]:
    if not isinstance(content, dict) or not {"name", "encoding"} <= content.keys():
        raise EncodingsFileError("it is not a dictionary with the keys 'name' and 'encoding'")
    names, encodings = content["name"], content["encoding"]
    if not isinstance(names, list) or not all(isinstance(name, str) and name for name in names):
        raise EncodingsFileError("its 'name' is not a list of texts")
    if not isinstance(encodings, list | np.ndarray) or len(encodings) != len(names):
        raise EncodingsFileError(f"its 'encoding' is not a list as long as the {len(names)} names")
    rows = [_encoding(encoding, index) for index, encoding in enumerate(encodings)]
    return names, np.array(rows, np.float32).reshape(len(names), ENCODING_LENGTH)


def _unpickled(file: IO[bytes]) -> object:
    load: Callable[[], object] = _NumbersOnly(file).load
    try:
        return load()
    except EncodingsFileError:
        raise
    except Exception as error:
        # A damaged pickle can raise any exception: it is a program that has been cut somewhere.
        raise EncodingsFileError(
            f"it is not a pickle, or a damaged one ({type(error).__name__}): get it again"
        ) from error


def _encoding(encoding: object, index: int) -> NDArray[np.float32]:
    try:
        row = np.asarray(encoding, np.float32)
    except (TypeError, ValueError) as error:
        raise EncodingsFileError(f"encoding {index} is not a list of numbers") from error
    if row.shape != (ENCODING_LENGTH,) or not np.isfinite(row).all():
        raise EncodingsFileError(
            f"encoding {index} is not {ENCODING_LENGTH} numbers (its shape is {row.shape}): "
            "make it with face_recognition.face_encodings"
        )
    return row
