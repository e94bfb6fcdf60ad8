"""What the Makefile does to files that people depend on."""

from __future__ import annotations

import shutil
import subprocess
import sys
from typing import TYPE_CHECKING

from stacks.configuration import REPOSITORY

if TYPE_CHECKING:
    from pathlib import Path

PINS = (
    "constraints.txt",
    "function/requirements.lock",
    "function/requirements-build.lock",
    "function/requirements-models.lock",
)


def test_an_environment_that_cannot_be_made_is_told_in_one_line(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    shutil.copy(REPOSITORY / "Makefile", tmp_path)

    ended = subprocess.run(
        ["make", "setup", "VENV=file/venv", f"PYTHON={sys.executable}"],  # noqa: S607 - the one that runs the tests
        cwd=tmp_path,
        capture_output=True,
        check=False,
        text=True,
    )

    assert ended.returncode != 0
    said, _ = ended.stderr.splitlines()  # the other is make's own
    assert said == (
        "file/venv cannot be written: put the environment elsewhere, for example with "
        "make VENV=$HOME/.cache/lambdalens/venv"
    )


def test_the_embedded_aws_can_have_another_port_and_your_own_pulumi() -> None:
    asked = subprocess.run(
        ["make", "--dry-run", "--no-print-directory", "up", "PORT=4599", "PULUMI=1"],  # noqa: S607 - the one that runs the tests
        cwd=REPOSITORY,
        capture_output=True,
        check=True,
        text=True,
    )

    assert asked.stdout.splitlines()[-1].endswith('-m local up --port "4599" --pulumi')


def test_pins_are_left_as_they_are_when_pinning_again_fails(tmp_path: Path) -> None:
    for folder in ("function", "page"):
        (tmp_path / folder).mkdir()
    for file in (
        "Makefile",
        "requirements.txt",
        "requirements-commands.txt",
        "requirements-dev.txt",
        "requirements-reference.txt",
        "function/requirements.txt",
        "function/requirements-models.txt",
        "page/requirements.txt",
        *PINS,
    ):
        shutil.copy(REPOSITORY / file, tmp_path / file)
    commands = tmp_path / ".venv" / "bin"
    commands.mkdir(parents=True)
    for name, script in {"python": "", "pip": "", "uv": "echo no network >&2; exit 2"}.items():
        (commands / name).write_text(f"#!/bin/sh\n{script}\n", encoding="utf-8")
        (commands / name).chmod(0o755)

    ended = subprocess.run(
        ["make", "lock"],  # noqa: S607 - the one that runs the tests
        cwd=tmp_path,
        capture_output=True,
        check=False,
        text=True,
    )

    assert "no network" in ended.stderr
    assert ended.returncode != 0
    for file in PINS:
        assert (tmp_path / file).read_bytes() == (REPOSITORY / file).read_bytes()
