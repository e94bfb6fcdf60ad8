"""Checks the workflow files with actionlint: `python -m tests.workflows.lint`, in `make lint`.

actionlint is built from its Go module, pinned with its hashes in `actionlint/`, once: it is kept in
a cache. Where there is no Go, nothing is checked, and that is said; with `CI` or
`LAMBDALENS_REQUIRE_ACTIONLINT` set, it is a failure.
"""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from stacks.configuration import REPOSITORY
from tests.engine.build import GoNotFoundError

if TYPE_CHECKING:
    from collections.abc import Sequence

WORKFLOWS = REPOSITORY / ".github" / "workflows"
_MODULE = Path(__file__).parent / "actionlint"
_COMMAND = "github.com/rhysd/actionlint/cmd/actionlint"


def built_actionlint() -> Path:
    """Return the program, which is built if it is not there.

    Raises GoNotFoundError, or CalledProcessError if Go, which prints why, can't build it.
    """
    pinned = hashlib.sha256((_MODULE / "go.sum").read_bytes()).hexdigest()[:12]
    root = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    program = Path(root, "lambdalens", "actionlint", pinned, "actionlint")
    if not program.is_file():
        program.parent.mkdir(parents=True, exist_ok=True)
        # Whole or not at all: the name comes last.
        draft = program.with_name(f"actionlint.{os.getpid()}")
        try:
            subprocess.run(
                ["go", "build", "-trimpath", "-buildvcs=false", "-o", str(draft), _COMMAND],  # noqa: S607 - the one on PATH is meant
                cwd=_MODULE,
                check=True,
            )
        except FileNotFoundError:
            raise GoNotFoundError("there is no `go` on PATH: install it (go.dev/dl)") from None
        draft.rename(program)
    return program


def complaints(files: Sequence[Path]) -> str:
    """Return what actionlint has against these files; nothing where all is well.

    Raises what `built_actionlint` raises, and CalledProcessError if a file can't be checked.
    """
    done = subprocess.run(
        # The steps run `make` and nothing else: there is no shell or Python to look at.
        [built_actionlint(), "-no-color", "-shellcheck=", "-pyflakes=", *files],
        stdout=subprocess.PIPE,
        check=False,
    )
    if done.returncode not in (0, 1):
        raise subprocess.CalledProcessError(done.returncode, "actionlint")
    return done.stdout.decode()


def main() -> int:
    """Check all workflow files, and return the exit status."""
    files = sorted(WORKFLOWS.glob("*.yml"))
    try:
        found = complaints(files)
    except GoNotFoundError as error:
        required = os.environ.get("CI") or os.environ.get("LAMBDALENS_REQUIRE_ACTIONLINT")
        sys.stderr.write(f"The workflow files were not checked: {error}\n")
        return 2 if required else 0
    except subprocess.CalledProcessError as error:
        sys.stderr.write(f"error: actionlint could not be run: {error}\n")
        return 2
    sys.stdout.write(found or f"actionlint: {len(files)} workflow files are as they should be\n")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
