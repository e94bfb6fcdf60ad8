"""What is said of a build before it starts, and when it fails.

Pulumi's provider writes what a build says to a file, or nowhere; of a failure it tells the exit
status of the command. Hooks of the image see to the rest, in `pulumi up` only: a preview builds
nothing.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pulumi

from stacks.configuration import REPOSITORY
from stacks.docker_engine import check_engine

if TYPE_CHECKING:
    from pathlib import Path

LOG_FILE = "build/image.log"
"""Relative to the repository, which is the folder that the provider works in: the build's context
is given to it in the same way, and another clone gives the same text."""

_LINES_SHOWN = 60


def build_hooks(name: str) -> pulumi.ResourceHookBinding:
    """Return the hooks of an image that is built."""

    async def before(_args: pulumi.ResourceHookArgs) -> None:
        await asyncio.to_thread(check_engine)
        # The provider appends to it, and makes no folder.
        log = REPOSITORY / LOG_FILE
        log.parent.mkdir(exist_ok=True)
        log.unlink(missing_ok=True)

    def after_error(_args: pulumi.ErrorHookArgs) -> bool:
        if text := end_of_log(REPOSITORY / LOG_FILE):
            pulumi.log.error(f"the end of what the build said, all of it in {LOG_FILE}:\n{text}")
        return False

    return pulumi.ResourceHookBinding(
        before_create=[pulumi.ResourceHook(f"{name}-engine", before)],
        on_error=[pulumi.ErrorHook(f"{name}-build-log", after_error)],
    )


def end_of_log(file: Path) -> str:
    """Return the last lines of a build's log, or nothing if there is none."""
    try:
        lines = file.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return ""
    return "\n".join(lines[-_LINES_SHOWN:])
