"""Builds Pulumi's CLI from its Go modules: `python -m tests.engine.build` prints its folder.

For where no Pulumi is installed. The modules are pinned, with their hashes, in `cli/`; they are the
release served that is nearest to our SDK's. It takes some minutes, once: the folder is a cache.
"""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

MODULE = Path(__file__).parent / "cli"
CLI = "github.com/pulumi/pulumi/pkg/v3/cmd/pulumi"
SDK = "github.com/pulumi/pulumi/sdk/v3"
LAUNCHER = "pulumi-language-python-exec"
"""The script of Pulumi's in which a Python program runs. It ships with the CLI, not with pip."""


class GoNotFoundError(Exception):
    """Nothing can be built; the message is one line with the remedy."""


def built_cli() -> Path:
    """Return the folder of the CLI, which is built if it is not there.

    Raises GoNotFoundError, or CalledProcessError if Go, which prints why, can't build it.
    """
    folder = _cache() / hashlib.sha256((MODULE / "go.sum").read_bytes()).hexdigest()[:12]
    if not (folder / "pulumi").is_file():
        folder.mkdir(parents=True, exist_ok=True)
        version = _go("list", "-m", "-f", "{{.Version}}", SDK)
        # Whole or not at all: the name comes last.
        draft = folder / f"pulumi.{os.getpid()}"
        flags = f"-s -w -X {SDK}/go/common/version.Version={version}"
        _go("build", "-trimpath", "-buildvcs=false", "-ldflags", flags, "-o", str(draft), CLI)
        # Go knows the folder of a module only when it has fetched it, as it has to build.
        launcher = Path(_go("list", "-m", "-f", "{{.Dir}}", SDK), "python/cmd", LAUNCHER)
        # Without its mode: what is there for nobody to write could not be written once more.
        shutil.copyfile(launcher, folder / LAUNCHER)
        draft.rename(folder / "pulumi")
    return folder


def _cache() -> Path:
    root = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(root, "lambdalens", "pulumi")


def _go(*arguments: str) -> str:
    try:
        done = subprocess.run(
            ["go", *arguments],  # noqa: S607 - the one on PATH is meant
            cwd=MODULE,
            check=True,
            stdout=subprocess.PIPE,
        )
    except FileNotFoundError:
        raise GoNotFoundError(f"there is no `go` on PATH: {_remedy()}") from None
    return done.stdout.decode().strip()


def _remedy() -> str:
    """Return which Go is needed, as the module says it: distributions often have an older one."""
    (needed,) = re.findall(r"^go (\S+)$", (MODULE / "go.mod").read_text(), re.MULTILINE)
    return f"install Go {needed} or newer (https://go.dev/dl)"


if __name__ == "__main__":
    try:
        sys.stdout.write(f"{built_cli()}\n")
    except GoNotFoundError as error:
        sys.exit(f"error: {error}")
    except subprocess.CalledProcessError as error:
        sys.exit(f"error: go ended with status {error.returncode}, as it says above: {_remedy()}")
