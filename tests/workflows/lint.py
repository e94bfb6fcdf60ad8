"""Checks the workflow files with actionlint: `python -m tests.workflows.lint`, in `make lint`.

actionlint is built from its Go module, pinned with its hashes in `actionlint/`, once: it is kept in
a cache. Where there is no Go, nothing is checked, and that is said; with `CI` or
`LAMBDALENS_REQUIRE_ACTIONLINT` set, it is a failure.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from stacks.configuration import REPOSITORY
from tests.go_program import GoNotFoundError, GoProgram

if TYPE_CHECKING:
    from collections.abc import Sequence

WORKFLOWS = REPOSITORY / ".github" / "workflows"
ACTIONLINT = GoProgram(
    module=Path(__file__).parent / "actionlint",
    package="github.com/rhysd/actionlint/cmd/actionlint",
)


def complaints(files: Sequence[Path]) -> str:
    """Return what actionlint has against these files; nothing where all is well.

    Raises GoNotFoundError, and CalledProcessError if it can't be built or a file can't be checked.
    """
    done = subprocess.run(
        # The steps run `make` and nothing else: there is no shell or Python to look at.
        [ACTIONLINT.built(), "-no-color", "-shellcheck=", "-pyflakes=", *files],
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
