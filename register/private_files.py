"""Files that only their owner may read, since there are people's names in them."""

from __future__ import annotations

import os
import secrets
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

_OWNER_ONLY_FILE, _OWNER_ONLY_FOLDER = 0o600, 0o700


def write_private(path: Path, content: bytes) -> None:
    """Write a file whole or not at all; the folders on the way are made if they are missing.

    Raises:
        OSError: something cannot be written.

    """
    path.parent.mkdir(parents=True, exist_ok=True, mode=_OWNER_ONLY_FOLDER)
    partial = path.with_name(f".{secrets.token_hex(8)}")
    descriptor = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL, _OWNER_ONLY_FILE)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
        partial.replace(path)
    except BaseException:
        partial.unlink(missing_ok=True)
        raise
