"""What the Makefile does to files that people depend on."""

from __future__ import annotations

import shutil
import subprocess
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


def test_pins_are_left_as_they_are_when_pinning_again_fails(tmp_path: Path) -> None:
    for folder in ("function", "page"):
        (tmp_path / folder).mkdir()
    for file in (
        "Makefile",
        "requirements.txt",
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
