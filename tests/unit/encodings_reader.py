"""Reads encodings files in a process of its own, which a file may end.

`python -m tests.unit.encodings_reader FOLDER FILE...` reads files, and `... FOLDER --made COUNT`
reads so many that Hypothesis makes: valid pickles with changes, and instructions in any order. Each
file is in the folder while it is read, so that one that ends the process is found there.
"""

from __future__ import annotations

import pickle
import resource
import struct
import sys
from pathlib import Path

import numpy as np
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from enroll.encodings_file import EncodingsFileError, read_encodings_file
from tests.unit.harmful_pickles import HARMFUL

_MEMORY_BYTES = 2 << 30
"""Of address space: a file of a kilobyte that has more taken ends the process too."""

_CONTENTS = (
    {"name": ["ada", "al"], "encoding": [np.full(128, 0.25), np.linspace(-1, 1, 128)]},
    {"name": ["ada"], "encoding": [np.linspace(-1, 1, 128).tolist()]},
    {"name": [np.str_("ada")], "encoding": [list(np.zeros(128, ">f4"))]},
    {"ada": [np.linspace(-1, 1, 128)], "al": np.zeros((2, 128))},
    ([np.full(128, 0.25)], ["ada"]),
    [("ada", np.full(128, 0.25)), ("al", [0.5] * 128)],
    {"name": np.array(["ada", "al"]), "encoding": np.zeros((2, 128), np.float32, order="F")},
)
_VALID = [pickle.dumps(content, protocol) for content in _CONTENTS for protocol in range(6)]

_GLOBALS = [
    f"c{module}\n{name}\n".encode()
    for module, name in (
        ("numpy", "ndarray"),
        ("numpy", "dtype"),
        ("numpy._core.multiarray", "_reconstruct"),
        ("numpy.core.numeric", "_frombuffer"),
        ("numpy.core.multiarray", "scalar"),
        ("_codecs", "encode"),
        ("os", "abort"),
    )
]
_TEXTS = [b"f8", b"O8", b"U3", b"V8", b"<", b"|", b"b", b"C", b"latin1", b"name", b"encoding"]
# Marks, tuples, lists, dictionaries, calls, states, and some that no file of encodings needs.
_WITHOUT_ARGUMENT = b"()}]Nltdaesu\x85\x86\x87\x88\x89\x93\x94Rb" + b"02\x81oQ"
_INTEGERS = st.sampled_from([-1, 0, 1, 3, 4, 8, 63, 128, 1 << 20, (1 << 31) - 1])
_INSTRUCTIONS = st.one_of(
    st.sampled_from(_GLOBALS),
    st.sampled_from([b"X" + struct.pack("<I", len(text)) + text for text in _TEXTS]),
    _INTEGERS.map(lambda number: b"J" + struct.pack("<i", number)),
    # Marks, tuples, lists, dictionaries, calls, states, and what no file of encodings needs.
    st.sampled_from(
        [bytes([code]) for code in b"()}]Nltdaesu\x85\x86\x87\x88\x89\x93\x94Rb02\x81oQ"]
    ),
    st.integers(0, 3).map(lambda place: b"h" + bytes([place])),
    st.sampled_from([b"r", b"j", b"B", b"T", b"X", b"\x8b"]).flatmap(
        lambda code: st.sampled_from([0, 1 << 20, (1 << 32) - 1]).map(
            lambda number: code + struct.pack("<I", number)
        )
    ),
    st.sampled_from([b"\x8d", b"\x8e", b"\x95", b"\x96"]).flatmap(
        lambda code: st.sampled_from([0, 1 << 40, (1 << 63) - 1]).map(
            lambda number: code + struct.pack("<Q", number)
        )
    ),
    st.binary(max_size=32).map(lambda data: b"C" + bytes([len(data)]) + data),
    st.sampled_from([b"I" + b"9" * 5000 + b"\n", b"F1e999\n"]),
)


@st.composite
def _changed(draw: st.DrawFn) -> bytes:
    """Draw a pickle with some of its bytes replaced, inserted, removed or repeated."""
    content = draw(st.sampled_from([*_VALID, *HARMFUL.values()]))
    for _ in range(draw(st.integers(1, 6))):
        start = draw(st.integers(0, len(content)))
        end = start + draw(st.integers(0, 12))
        new = draw(
            st.one_of(
                st.just(b""), st.binary(max_size=4), _INSTRUCTIONS, st.just(content[start:end] * 2)
            )
        )
        content = content[:start] + new + content[end:]
    return content


def _in_any_order() -> st.SearchStrategy[bytes]:
    return st.lists(_INSTRUCTIONS, max_size=40).map(lambda codes: b"".join(codes) + b".")


def read(path: Path) -> str:
    """Return what reading the file comes to: what is wrong with it, or nothing."""
    try:
        names, encodings = read_encodings_file(path)
    except EncodingsFileError as error:
        message = str(error)
        assert message.startswith(f"{path}: "), message
        assert ": " in message.removeprefix(f"{path}: "), message  # the remedy comes after it
        assert "\n" not in message
        assert len(message) < len(str(path)) + 400
        return message
    assert encodings.shape == (len(names), 128)
    assert np.isfinite(encodings).all()
    return ""


def read_made(folder: Path, count: int) -> None:
    """Read so many made files. Raises what Hypothesis does when one is a finding."""
    path = folder / "made"

    @settings(
        max_examples=count,
        deadline=None,
        database=None,
        suppress_health_check=list(HealthCheck),
    )
    @given(st.one_of(_changed(), _in_any_order()))
    def is_read_or_refused(content: bytes) -> None:
        path.write_bytes(content)
        read(path)

    is_read_or_refused()


if __name__ == "__main__":
    resource.setrlimit(resource.RLIMIT_AS, (_MEMORY_BYTES, _MEMORY_BYTES))
    match sys.argv[1:]:
        case [folder, "--made", count]:
            read_made(Path(folder), int(count))
        case [_, *files]:
            for file in files:
                print(read(Path(file)))  # noqa: T201 - a command
