"""The help of every command fits a terminal of 80 columns."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from stacks.configuration import REPOSITORY

COLUMNS = 80

COMMANDS = (
    "bench",
    *("enroll", "enroll audit", "enroll forget", "enroll import-encodings", "enroll prune"),
    "enroll restore",
    "function",
    "loadtest",
    "scaling",
    *("local", "local demo", "local image", "local up"),
    *("recover", "recover failed", "recover failures", "recover missing", "recover outdated"),
    "recover policy",
    "register",
    *("stacks", "stacks check", "stacks digest", "stacks promote", "stacks scan"),
    "tests.fuzz",
    "tests.soak",
)


@pytest.mark.parametrize("command", COMMANDS)
def test_the_help_of_every_command_fits_a_terminal(command: str) -> None:
    done = subprocess.run(
        [sys.executable, "-m", *command.split(), "--help"],
        cwd=REPOSITORY,
        env=os.environ | {"COLUMNS": str(COLUMNS), "PYTHONUTF8": "1"},
        capture_output=True,
        check=True,
        encoding="utf-8",
    )
    assert done.stdout.startswith("usage: python -m ")
    assert not [line for line in done.stdout.splitlines() if len(line) > COLUMNS]


def test_no_command_is_left_out() -> None:
    folders = {file.parent for file in REPOSITORY.glob("*/__main__.py")}
    folders.remove(REPOSITORY / "policy")  # which Pulumi runs
    assert {folder.name for folder in folders} <= {command.split()[0] for command in COMMANDS}
