"""The values in a pickle, made here, opcode by opcode, and not by Python's unpickler.

A pickle is a program. Python's unpickler calls what it names, sets what it says, and takes as much
memory as it asks for. This one knows the few instructions that lists, texts, numbers and NumPy's
arrays are written with, in every protocol; it makes values of plain types and records of arrays
(`pickled_arrays.py`), and refuses everything else. Each instruction makes one value at most, of
bytes that are in the file, and nothing here follows a value into its depth.
"""

from __future__ import annotations

import pickletools
from typing import TYPE_CHECKING, Any

from enroll.pickled_arrays import (
    Array,
    ElementType,
    Global,
    RefusedPickleError,
    Scalar,
    called,
)

if TYPE_CHECKING:
    from collections.abc import Callable

# An array takes 20, a list of 128 numbers 150, a list of 128 NumPy numbers 1,200: enough for
# thousands of portraits, and for no more memory than a gigabyte.
MAX_INSTRUCTIONS = 4_000_000

_ADMITTED = {
    Global(module=module, name=name)
    for module, name in (
        ("numpy", "ndarray"),
        ("numpy", "dtype"),
        # NumPy 2 moved these.
        ("numpy.core.multiarray", "_reconstruct"),
        ("numpy._core.multiarray", "_reconstruct"),
        ("numpy.core.numeric", "_frombuffer"),
        ("numpy._core.numeric", "_frombuffer"),
        ("numpy.core.multiarray", "scalar"),
        ("numpy._core.multiarray", "scalar"),
        # How bytes are written where the protocol has none.
        ("_codecs", "encode"),
    )
}


def values_in(pickle: bytes) -> object:
    """Return what the pickle holds.

    Lists, tuples, dictionaries with texts for keys, texts, bytes, numbers and None are themselves;
    NumPy's are `Array`, `Scalar` and `ElementType`.

    Raises RefusedPickleError, also for what is no pickle.
    """
    try:
        return _run(pickle)
    except RefusedPickleError:
        raise
    except Exception as error:
        # A damaged pickle is a program that has been cut or changed anywhere.
        raise RefusedPickleError(
            f"it is not a pickle, or a damaged one ({type(error).__name__}): get it again"
        ) from error


def _run(pickle: bytes) -> object:
    machine = _Machine()
    for count, (opcode, argument, _) in enumerate(pickletools.genops(pickle)):
        if count >= MAX_INSTRUCTIONS:
            raise RefusedPickleError(
                f"it has more than {MAX_INSTRUCTIONS:,} values: save each encoding as an array, or "
                "import the file in parts, each with fewer portraits"
            )
        if opcode.name == "STOP":
            break
        machine.run(opcode.name, argument)
    return machine.result()


class _Machine:
    """The stack that the instructions work on, and the memo that they share values by."""

    def __init__(self) -> None:
        self._stack: list[object] = []
        self._marks: list[int] = []
        self._memo: dict[int, object] = {}

    def run(self, name: str, argument: Any) -> None:  # noqa: ANN401 - pickletools has no types
        """Run one instruction."""
        try:
            instruction = _INSTRUCTIONS[name]
        except KeyError:
            raise RefusedPickleError(
                f"it uses the instruction {name}, which no file of encodings needs, and was not "
                "read: don't use it, it may be an attack"
            ) from None
        instruction(self, argument)

    def result(self) -> object:
        """Return the one value that is left."""
        (value,) = self._stack
        return value

    def push(self, value: object) -> None:
        self._stack.append(value)

    def pop(self) -> object:
        return self._stack.pop()

    def last_two(self) -> list[object]:
        second, first = self._stack.pop(), self._stack.pop()
        return [first, second]

    def mark(self, _: object) -> None:
        self._marks.append(len(self._stack))

    def since_mark(self) -> list[object]:
        start = self._marks.pop()
        values = self._stack[start:]
        del self._stack[start:]
        return values

    def top(self) -> object:
        return self._stack[-1]

    def tuple_of(self, length: int) -> None:
        values = [self._stack.pop() for _ in range(length)]
        self.push(tuple(reversed(values)))

    def append(self, values: list[object]) -> None:
        target = self.top()
        if not isinstance(target, list):
            raise TypeError
        target.extend(values)

    def set_items(self, values: list[object]) -> None:
        target = self.top()
        if not isinstance(target, dict):
            raise TypeError
        target.update(_items(values))

    def remember(self, place: int | None) -> None:
        self._memo[len(self._memo) if place is None else place] = self.top()

    def recall(self, place: int) -> None:
        self.push(self._memo[place])

    def name(self, module: object, name: object) -> None:
        if not isinstance(module, str) or not isinstance(name, str):
            raise TypeError
        asked = Global(module=module, name=name)
        if asked not in _ADMITTED:
            raise RefusedPickleError(
                f"it asks for {asked}, which no file of encodings needs, and was not read: don't "
                "use it, it may be an attack"
            )
        self.push(asked)

    def name_from_stack(self, _: object) -> None:
        name, module = self._stack.pop(), self._stack.pop()
        self.name(module, name)

    def call(self, _: object) -> None:
        arguments, function = self._stack.pop(), self._stack.pop()
        if not isinstance(function, Global) or not isinstance(arguments, tuple):
            raise TypeError
        self.push(called(function, arguments))

    def set_state(self, _: object) -> None:
        state, target = self._stack.pop(), self.top()
        if not isinstance(target, Array | ElementType):
            raise TypeError
        target.set_state(state)


def _items(values: list[object]) -> dict[str, object]:
    return dict(zip(map(_key, values[::2]), values[1::2], strict=True))


def _key(key: object) -> str:
    match key:
        case str():
            return key
        case bytes():  # as Python 2 wrote texts
            return key.decode()
        case Scalar():
            return key.text()
        case _:
            # Anything else could be nested so deeply that hashing it would end the process.
            raise RefusedPickleError(
                "it has a dictionary with other keys than texts: make it as "
                "{name: [encoding, ...], ...}"
            )


def _constant(value: object) -> Callable[[_Machine, object], None]:
    return lambda machine, _: machine.push(value)


_CONSTANTS = {"NONE": None, "NEWTRUE": True, "NEWFALSE": False}

_AS_THEY_ARE = (
    *("INT", "BININT", "BININT1", "BININT2", "LONG", "LONG1", "LONG4", "FLOAT", "BINFLOAT"),
    *("UNICODE", "BINUNICODE", "SHORT_BINUNICODE", "BINUNICODE8"),
    *("BINBYTES", "SHORT_BINBYTES", "BINBYTES8"),
)

_INSTRUCTIONS: dict[str, Callable[[_Machine, Any], None]] = {
    "PROTO": lambda _, __: None,
    "FRAME": lambda _, __: None,
    **{name: _constant(value) for name, value in _CONSTANTS.items()},
    **dict.fromkeys(_AS_THEY_ARE, _Machine.push),
    "BYTEARRAY8": lambda machine, array: machine.push(bytes(array)),
    # Python 2's texts, which are bytes; pickletools gives each byte as a character.
    "STRING": lambda machine, string: machine.push(string.encode("latin1")),
    "BINSTRING": lambda machine, string: machine.push(string.encode("latin1")),
    "SHORT_BINSTRING": lambda machine, string: machine.push(string.encode("latin1")),
    "MARK": _Machine.mark,
    "EMPTY_LIST": lambda machine, _: machine.push([]),
    "LIST": lambda machine, _: machine.push(machine.since_mark()),
    "APPEND": lambda machine, _: machine.append([machine.pop()]),
    "APPENDS": lambda machine, _: machine.append(machine.since_mark()),
    "EMPTY_TUPLE": lambda machine, _: machine.push(()),
    "TUPLE1": lambda machine, _: machine.tuple_of(1),
    "TUPLE2": lambda machine, _: machine.tuple_of(2),
    "TUPLE3": lambda machine, _: machine.tuple_of(3),
    "TUPLE": lambda machine, _: machine.push(tuple(machine.since_mark())),
    "EMPTY_DICT": lambda machine, _: machine.push({}),
    "DICT": lambda machine, _: machine.push(_items(machine.since_mark())),
    "SETITEM": lambda machine, _: machine.set_items(machine.last_two()),
    "SETITEMS": lambda machine, _: machine.set_items(machine.since_mark()),
    **dict.fromkeys(("PUT", "BINPUT", "LONG_BINPUT", "MEMOIZE"), _Machine.remember),
    **dict.fromkeys(("GET", "BINGET", "LONG_BINGET"), _Machine.recall),
    "GLOBAL": lambda machine, names: machine.name(*names.split(" ", 1)),
    "STACK_GLOBAL": _Machine.name_from_stack,
    "REDUCE": _Machine.call,
    "BUILD": _Machine.set_state,
}
