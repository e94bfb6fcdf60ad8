"""What this command has written to a folder, so that it can tell what was edited since.

The record is a file in the folder, as sha256sum writes and checks it:

    $ cd results && sha256sum --check written-by-lambdalens.sha256

It holds the names and checksums of CSVs and of their evidence, and nothing of what is in them.
"""

from __future__ import annotations

import fcntl
import os
import re
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

from function.command.whole_file import ready_to_replace

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from collections.abc import Set as AbstractSet
    from pathlib import Path

FILE_NAME = "written-by-lambdalens.sha256"

_HEAD = (
    b"# The SHA-256 of each CSV as `python -m function` wrote it, so that it does not overwrite\n"
    b"# one that was edited since.\n"
)

# A line that begins with a backslash has a name in which these are written so.
_LINE = re.compile(rb"(\\?)([0-9a-f]{64}) [ *](.+)")
_ESCAPES = {b"\\": b"\\\\", b"\n": b"\\n", b"\r": b"\\r"}
_UNESCAPED = {escape: character for character, escape in _ESCAPES.items()}


class Checksums:
    """The checksums of the CSVs in a folder as they were written: hexadecimal SHA-256.

    While a CSV is being replaced it has two, of the one before and of the one to come: whichever
    an interruption leaves there is known.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.path = folder / FILE_NAME

    def read(self) -> dict[str, set[str]]:
        """Return the checksums of each CSV by its name. Lines that make no sense are left out.

        Raises:
            OSError: the record is there and cannot be read.

        """
        recorded: dict[str, set[str]] = {}
        try:
            content = self.path.read_bytes()
        except FileNotFoundError:
            return recorded
        for line in content.split(b"\n"):
            if match := _LINE.fullmatch(line):
                escaped, checksum, name = match.groups()
                name = _unescaped(name) if escaped else name
                recorded.setdefault(os.fsdecode(name), set()).add(checksum.decode())
        return recorded

    def record(self, csv: str, checksums: AbstractSet[str]) -> None:
        """Have the record say that the CSV has one of these checksums.

        Raises:
            OSError: the record cannot be read or written; it is what it was.

        """
        recorded: Mapping[str, AbstractSet[str]] = {**self.read(), csv: checksums}
        lines = b"".join(
            _line(checksum, name)
            for name in sorted(recorded)
            for checksum in sorted(recorded[name])
        )
        with ready_to_replace(self.path, _HEAD + lines):
            pass

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Keep other runs from the record for as long as the block takes."""
        descriptor = os.open(self._folder, os.O_RDONLY)
        try:
            # Some network file systems know no locks. Two runs at once may then forget what one
            # of them has recorded; its CSV would be taken for edited, and kept.
            with suppress(OSError):
                fcntl.flock(descriptor, fcntl.LOCK_EX)
            yield
        finally:
            os.close(descriptor)


def _line(checksum: str, name: str) -> bytes:
    plain = os.fsencode(name)
    escaped = re.sub(rb"[\\\n\r]", lambda match: _ESCAPES[match[0]], plain)
    return b"%s%s  %s\n" % (b"" if escaped == plain else b"\\", checksum.encode(), escaped)


def _unescaped(name: bytes) -> bytes:
    return re.sub(rb"\\[\\nr]", lambda match: _UNESCAPED[match[0]], name)
