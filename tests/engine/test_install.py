"""`pulumi install` on a clean checkout makes an environment in which the program runs."""

from __future__ import annotations

import os
import subprocess
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.engine.workspace import Workspace

_THE_FUNCTION_S_OWN = {"av", "awslambdaric", "dlib-bin", "numpy", "onnxruntime"}
_NAMES = """
from importlib import metadata
print(*(package.metadata["Name"].lower().replace("_", "-") for package in metadata.distributions()))
"""


def test_what_pulumi_installs_is_what_the_program_needs_and_no_more(workspace: Workspace) -> None:
    environment = workspace.folder / ".venv"
    environment.unlink()
    of_pip = {name: value for name, value in os.environ.items() if name.startswith("PIP_")}

    # The plugins are stand-ins, on PATH; those of the SDK would come from Pulumi's own server.
    workspace.pulumi("install", "--no-plugins", **of_pip)

    installed = subprocess.run(
        [str(environment / "bin" / "python"), "-c", _NAMES],
        capture_output=True,
        check=True,
        text=True,
    ).stdout.split()
    assert "pulumi-aws" in installed
    assert not _THE_FUNCTION_S_OWN & set(installed)
    workspace.pulumi("stack", "init", "dev")
    assert workspace.preview("dev").keys() == {"create"}
