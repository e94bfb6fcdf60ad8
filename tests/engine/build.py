"""Builds Pulumi's CLI from its Go modules: `python -m tests.engine.build` prints its folder.

For where no Pulumi is installed. The modules are pinned, with their hashes, in `cli/`; they are the
release served that is nearest to our SDK's. It takes some minutes, once: the folder is a cache.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

from tests.go_program import GoNotFoundError, GoProgram

SDK = "github.com/pulumi/pulumi/sdk/v3"
CLI = GoProgram(
    module=Path(__file__).parent / "cli", package="github.com/pulumi/pulumi/pkg/v3/cmd/pulumi"
)
LAUNCHER = "pulumi-language-python-exec"
"""The script of Pulumi's in which a Python program runs. It ships with the CLI, not with pip."""


def built_cli() -> Path:
    """Return the folder of the CLI, which is built if it is not there.

    Raises GoNotFoundError, or CalledProcessError if Go, which prints why, can't build it.
    """
    folder = CLI.path.parent
    # The launcher is the last to come.
    if not (folder / LAUNCHER).is_file() or not CLI.path.is_file():
        version = CLI.go("list", "-m", "-f", "{{.Version}}", SDK)
        CLI.build(link=f"-s -w -X {SDK}/go/common/version.Version={version}")
        # Go knows the folder of a module only when it has fetched it, as it has to build.
        launcher = Path(CLI.go("list", "-m", "-f", "{{.Dir}}", SDK), "python/cmd", LAUNCHER)
        draft = folder / f"{LAUNCHER}.{os.getpid()}"
        # Without its mode: what is there for nobody to write could not be written once more.
        shutil.copyfile(launcher, draft)
        draft.rename(folder / LAUNCHER)
    return folder


if __name__ == "__main__":
    try:
        sys.stdout.write(f"{built_cli()}\n")
    except GoNotFoundError as error:
        sys.exit(f"error: {error}")
    except subprocess.CalledProcessError as error:
        sys.exit(f"error: go ended with status {error.returncode}, as it says above: {CLI.remedy}")
