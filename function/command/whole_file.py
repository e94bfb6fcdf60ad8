"""Writing a file whole or not at all."""

from __future__ import annotations

import os
import secrets
import stat
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

# Of the 255 bytes of a name, a character may take four.
_LENGTH_OF_NAME = 50


@contextmanager
def ready_to_replace(path: Path, content: bytes) -> Iterator[None]:
    """Put the content on the disk beside the path, and in its place at the end of the block.

    If anything is raised before that end, the path has what it had before, or nothing, and what
    was put beside it is gone. A file that is replaced leaves its permissions to the new one.

    Raises:
        OSError: the content cannot be written.

    """
    # Hidden, so that whoever looks for files meanwhile passes over it.
    partial = path.with_name(f".{path.name[:_LENGTH_OF_NAME]}.{secrets.token_hex(8)}")
    try:
        with partial.open("xb") as file:
            _take_permissions_of(path, file.fileno())
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        yield
        partial.replace(path)
    except BaseException:
        partial.unlink(missing_ok=True)
        raise


def _take_permissions_of(path: Path, descriptor: int) -> None:
    """Give an open file the permissions of the regular file at a path, if there is one."""
    try:
        status = path.lstat()
    except FileNotFoundError:
        return
    if stat.S_ISREG(status.st_mode):
        os.fchmod(descriptor, stat.S_IMODE(status.st_mode))
