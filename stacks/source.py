"""Where the code comes from: what the function's image is labelled with."""

from __future__ import annotations

import re
import subprocess
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

UNKNOWN = "unknown"

# With the user and the password, or token, that a remote's address may have in it.
_WEB_ADDRESS = re.compile(r"https?://(?:[^/@]+@)?(?P<host>[^/@]+)/(?P<path>.+?)(?:\.git)?/?")
_SSH_ADDRESS = re.compile(r"(?:ssh://)?git@(?P<host>[^/:]+)[:/](?P<path>.+?)(?:\.git)?/?")


def revision(repository: Path) -> str:
    """Return the commit that is checked out, with "-dirty" after it if files were changed since."""
    return _git(repository, "describe", "--always", "--abbrev=40", "--exclude=*", "--dirty")


def source(repository: Path) -> str:
    """Return the web address of the repository's origin, without credentials."""
    return web_address(_git(repository, "config", "--get", "remote.origin.url"))


def web_address(remote: str) -> str:
    """Return the https address of a git remote, without credentials, or "unknown" if it has none.

    A remote may be a folder, whose path is nobody's business.
    """
    match = _WEB_ADDRESS.fullmatch(remote) or _SSH_ADDRESS.fullmatch(remote)
    return f"https://{match['host']}/{match['path']}" if match else UNKNOWN


def _git(repository: Path, *arguments: str) -> str:
    try:
        answer = subprocess.run(
            ["git", "-C", str(repository), *arguments],  # noqa: S607 - the user's own git
            capture_output=True,
            check=True,
            encoding="utf-8",
            errors="replace",
        )
    except (OSError, subprocess.CalledProcessError):  # no git, or no repository
        return UNKNOWN
    return answer.stdout.strip() or UNKNOWN
