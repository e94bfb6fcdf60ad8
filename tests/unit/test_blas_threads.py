"""NumPy computes in one thread, in every command and not only in those that make starts."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

_SAY = "import {package}, os, sys; print(os.environ[{name!r}], 'numpy' in sys.modules)"
_NAME = "OPENBLAS_NUM_THREADS"


@pytest.mark.parametrize("package", ["function", "enroll", "bench", "scaling"])
@pytest.mark.parametrize(("given", "had"), [({}, "1"), ({_NAME: "2"}, "2")])
def test_there_is_one_thread_unless_another_number_is_given_and_numpy_is_not_loaded_yet(
    package: str, given: dict[str, str], had: str
) -> None:
    others = {name: text for name, text in os.environ.items() if name != _NAME}
    done = subprocess.run(
        [sys.executable, "-c", _SAY.format(package=package, name=_NAME)],
        env=others | given,
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout == f"{had} False\n"


@pytest.mark.parametrize("command", ["function", "enroll", "bench", "local", "loadtest", "scaling"])
def test_a_command_imports_the_function_before_numpy(command: str) -> None:
    program = (
        "import sys; import {command}.__main__; names = list(sys.modules);"
        "print('numpy' not in names or names.index('function') < names.index('numpy'))"
    )
    done = subprocess.run(
        [sys.executable, "-c", program.format(command=command)],
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout == "True\n"
