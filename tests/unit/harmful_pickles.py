"""Pickles that end the process of whoever lets NumPy restore what they say.

Each is a kilobyte or less. `python -m tests.unit.harmful_pickles NAME` shows what happens.
"""

from __future__ import annotations

import pickle
import sys

import numpy as np


class Said:
    """Pickles to what it is given: a call, and the state that is set on its result."""

    def __init__(self, *call: object) -> None:
        self._call = call

    def __reduce__(self) -> tuple[object, ...]:
        return self._call


def element_type(code: str, *state: object) -> Said:
    """Return a `numpy.dtype` with any state."""
    return Said(np.dtype, (code, False, True), state)


def array(shape: object, element: object, data: object) -> Said:
    """Return an array with any state."""
    return Said(
        np.empty(0).__reduce__()[0], (np.ndarray, (0,), b"b"), (1, shape, element, False, data)
    )


def scalar(element: object, data: bytes) -> Said:
    """Return a NumPy number of any type."""
    return Said(np.float64().__reduce__()[0], (element, data))


_ADDRESSES = b"A" * 1024
_FLOAT = element_type("f8", 3, "<", None, None, None, -1, -1, 0)
_OBJECT = element_type("O8", 3, "|", None, None, None, -1, -1, 63)
_OBJECT_UNFLAGGED = element_type("O8", 3, "|", None, None, None, -1, -1, 0)


def _structure(names: object, fields: object) -> Said:
    return element_type("V8", 3, "|", None, names, fields, 8, 1, 0)


def _of_subarrays(of: object, shape: tuple[int, ...]) -> Said:
    return element_type("V8", 3, "|", (of, shape), None, None, 8, 1, 0)


_ENCODINGS = {
    "objects whose addresses are in the file": array((128,), _OBJECT_UNFLAGGED, _ADDRESSES),
    "fewer objects than the shape says": array((128,), _OBJECT, [1, 2, 3]),
    "a field beyond its element": array(
        (128,), _structure(("a",), {"a": (_FLOAT, 1 << 40)}), _ADDRESSES
    ),
    "a field of objects that is not flagged": array(
        (128,), _structure(("a",), {"a": (_OBJECT, 0)}), _ADDRESSES
    ),
    "a field that is named and not there": array(
        (128,), _structure(("a", "b"), {"a": (_FLOAT, 0)}), _ADDRESSES
    ),
    "subarrays larger than their element": array(
        (128,), _of_subarrays(_FLOAT, (1 << 20,)), _ADDRESSES
    ),
    "subarrays of objects": array((128,), _of_subarrays(_OBJECT, (1,)), _ADDRESSES),
}
_ROWS = {
    "an object whose address is in the file": scalar(_OBJECT_UNFLAGGED, b"A" * 8),
    "a structure with an object": scalar(_structure(("a",), {"a": (_OBJECT, 0)}), b"A" * 8),
    "a field that is not described": array((128,), _structure(("a",), {"a": 7}), _ADDRESSES),
}

HARMFUL = {
    **{
        name: pickle.dumps({"name": ["ada"] * 128, "encoding": encodings}, 4)
        for name, encodings in _ENCODINGS.items()
    },
    **{name: pickle.dumps({"name": ["ada"], "encoding": [row]}, 4) for name, row in _ROWS.items()},
}

if __name__ == "__main__":
    content = pickle.loads(HARMFUL[sys.argv[1]])  # noqa: S301 - the point
    np.array([np.asarray(row, np.float32) for row in content["encoding"]])
