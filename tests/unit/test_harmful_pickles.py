"""No file ends the process that imports encodings, whatever is in it."""

from __future__ import annotations

import os
import pickle
import struct
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from enroll.pickled_values import MAX_INSTRUCTIONS
from tests.unit.harmful_pickles import HARMFUL

MADE = 400
"""Files that are made in each run of the tests; by hand, make as many as you have time for."""


def _read(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [
            *(sys.executable, "-X", "faulthandler", "-m", "tests.unit.encodings_reader"),
            *(str(folder), *arguments),
        ],
        capture_output=True,
        check=False,
        cwd=Path(__file__).parents[2],
        # A thread for each core would take address space of its own.
        env={**os.environ, "OPENBLAS_NUM_THREADS": "1"},
        text=True,
    )


def _refusal_of(folder: Path, content: bytes) -> str:
    path = folder / "encoding"
    path.write_bytes(content)
    reader = _read(folder, str(path))
    assert reader.returncode == 0, reader.stderr
    return reader.stdout.removeprefix(f"{path}: ").rstrip("\n")


@pytest.mark.parametrize("name", HARMFUL)
def test_a_file_that_ends_processes_is_refused(tmp_path: Path, name: str) -> None:
    assert "elements of the type" in _refusal_of(tmp_path, HARMFUL[name])


@pytest.mark.parametrize(
    "name", ["objects whose addresses are in the file", "subarrays of objects"]
)
def test_it_really_does_where_numpy_restores_it(name: str) -> None:
    command = [sys.executable, "-m", "tests.unit.harmful_pickles", name]
    ended = subprocess.run(command, capture_output=True, check=False, cwd=Path(__file__).parents[2])
    assert ended.returncode < 0


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(b"r\xff\xff\xff\xff.", id="a memo of 4 billion places"),
        pytest.param(b"\x80\5\x96" + struct.pack("<Q", 1 << 40) + b".", id="bytes of a terabyte"),
        pytest.param(b"\x80\4\x95" + struct.pack("<Q", 1 << 40) + b"N.", id="frame of a terabyte"),
        pytest.param(b")" + b"\x85" * 1_000_000 + b".", id="depth of a million"),
        pytest.param(b"})" + b"\x85" * 1_000_000 + b"Ns.", id="a key of such depth"),
        pytest.param(b"})" + b"\x94h\0h\0\x86q\0" * 60 + b"Ns.", id="a key of 2 ** 60 parts"),
        pytest.param(b"]\x94h\0a.", id="a list in itself"),
        pytest.param(b"N" * (MAX_INSTRUCTIONS + 1) + b".", id="too many values"),
        pytest.param(b"I" + b"9" * 1_000_000 + b"\n.", id="a number of a million digits"),
        pytest.param(b"]" * 65 * (1 << 20), id="larger than files may be"),
    ],
)
def test_a_file_that_asks_for_too_much_is_refused(tmp_path: Path, content: bytes) -> None:
    assert _refusal_of(tmp_path, content)


def test_many_names_of_one_large_array_are_refused_before_it_is_copied(tmp_path: Path) -> None:
    large = np.zeros(1 << 20)
    content = {"name": ["ada"] * 40_000, "encoding": [large] * 40_000}
    refusal = _refusal_of(tmp_path, pickle.dumps(content))
    assert refusal.startswith("encoding 0 is not 128 numbers")


@pytest.mark.timeout(300)
def test_made_files_are_read_or_refused_and_end_nothing(tmp_path: Path) -> None:
    reader = _read(tmp_path, "--made", str(MADE))
    last = (tmp_path / "made").read_bytes()
    assert reader.returncode == 0, f"{reader.stdout}{reader.stderr}\nlast file: {last!r}"
