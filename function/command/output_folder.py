"""The folder for the CSVs: each is written whole or not at all, and none over an edited one."""

from __future__ import annotations

import hashlib
import os
import stat
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

from function.command.checksums import Checksums
from function.command.unusable import UnusableError
from function.command.whole_file import ready_to_replace

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from collections.abc import Set as AbstractSet
    from pathlib import Path


class EditedError(Exception):
    """The CSV may have somebody's work in it: the message names it, and the remedy."""


class OutputFolder:
    """A folder for CSVs, made if it is missing; their names are paths within it.

    With `overwrite`, what is there counts for nothing. All of its methods raise UnusableError for
    what the file system refuses.
    """

    def __init__(self, path: Path, *, overwrite: bool = False) -> None:
        self.path = path
        self._overwrite = overwrite
        self._written = Checksums(path)
        try:
            path.mkdir(parents=True, exist_ok=True)
        except (FileExistsError, NotADirectoryError) as error:
            raise UnusableError(
                f"--output {path} is, or is in, a file: give a folder for the CSVs"
            ) from error
        except OSError as error:
            raise UnusableError(
                f"--output {path}: {error.strerror}: give another folder"
            ) from error

    def check(self, csvs: Iterable[str]) -> dict[str, EditedError]:
        """Return which of the CSVs must not be written, and why.

        Raises:
            UnusableError: one of them could not be written in any case.

        """
        refused: dict[str, EditedError] = {}
        with _named(self._written.path):
            written = self._written.read()
        for csv in csvs:
            self._refuse_blocked(csv)
            try:
                self._refuse_edited(csv, written.get(csv, set()))
            except EditedError as error:
                refused[csv] = error
        return refused

    def write(self, csv: str, content: bytes) -> None:
        """Write a CSV, whole or not at all.

        Raises:
            EditedError: one is there that is not as this command has written it.

        """
        path, checksum = self.path / csv, hashlib.sha256(content).hexdigest()
        with _named(path):
            path.parent.mkdir(parents=True, exist_ok=True)
        with _named(path), self._written.locked():
            with ready_to_replace(path, content):
                with _named(self._written.path):
                    earlier = self._written.read().get(csv, set())
                self._refuse_edited(csv, earlier)
                with _named(self._written.path):
                    self._written.record(csv, {*earlier, checksum})
            if earlier - {checksum}:
                with suppress(OSError):  # it then goes on to be known by the earlier one as well
                    self._written.record(csv, {checksum})

    def _refuse_blocked(self, csv: str) -> None:
        """Refuse before the long work what would fail after it."""
        path = self.path / csv
        with _named(path):
            if path.is_dir() and not path.is_symlink():
                raise UnusableError(f"{path} is a folder, where a CSV is to be: move it away")
        folder = path.parent
        while not os.path.lexists(folder):
            folder = folder.parent
        if not folder.is_dir():
            raise UnusableError(f"{folder} is a file, where a folder is to be: move it away")
        if not os.access(folder, os.W_OK | os.X_OK):
            raise UnusableError(
                f"{folder} cannot be written to: change its permissions, or give another --output"
            )

    def _refuse_edited(self, csv: str, written: AbstractSet[str]) -> None:
        path = self.path / csv
        if self._overwrite or not os.path.lexists(path):
            return
        if not written:
            problem = "is there already, and there is no record of its being a result"
        elif _checksum(path) not in written:
            problem = "has been edited since it was written"
        else:
            return
        raise EditedError(f"{path} {problem}: move it away, or add --force to overwrite it")


def _checksum(path: Path) -> str | None:
    """Return the SHA-256 of a regular file; None for a link and all else, which is not ours."""
    with _named(path):
        if not stat.S_ISREG(path.lstat().st_mode):
            return None
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()


@contextmanager
def _named(path: Path) -> Iterator[None]:
    """Name what could not be read or written, where that is all that is wrong."""
    try:
        yield
    except OSError as error:
        raise UnusableError(
            f"{path}: {error.strerror}: check its name, its permissions and the space on the disk"
        ) from error
