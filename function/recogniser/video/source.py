"""Where a video is read from: a file, or anything else that can be read like one.

FFmpeg reads a file by itself. Anything else it reads through an object of Python's, and has its own
opinion of errors there: it takes them for damage, or for the end of the file. So they are kept from
it, and raised where it is asked for more.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Literal, Protocol

if TYPE_CHECKING:
    from types import TracebackType
    from typing import Self

BUFFER_BYTES = 65_536
"""How much FFmpeg asks a source for at once: each time, it waits for Python's lock."""


class Reader(Protocol):
    """A source that is open, at a position of its own."""

    def read(self, size: int = -1, /) -> bytes:
        """Return the next bytes, so many if there are."""

    def seek(self, offset: int, whence: int = os.SEEK_SET, /) -> int:
        """Go on from another place, and return it. Raise ValueError of one before the start."""

    def __enter__(self) -> Self:
        """Return itself."""

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
        /,
    ) -> None:
        """Close it."""


class Source(Protocol):
    """A video somewhere, such as the path of a file. Several readers may be open at a time."""

    def open(self, mode: Literal["rb"], /) -> Reader:
        """Return a reader at the start."""


class Input:
    """What FFmpeg is given to read a source by, and why reading failed if it did.

    `file` is PyAV's argument, and `protocols` what FFmpeg may open besides, by names that it finds
    in the file: of a source that is no file, nothing.
    """

    def __init__(self, source: Source) -> None:
        self._failures: list[Exception] = []
        self.file: str | _Kept
        if isinstance(source, Path):
            # The explicit protocol keeps a colon in a file name from being taken for one.
            self.file, self.protocols = f"file:{source}", "file"
        else:
            # It holds the failures and not all of this: what was read should go when this does.
            self.file, self.protocols = _Kept(source.open("rb"), self._failures), "none"

    def check(self) -> None:
        """Raise what reading the source has raised, if anything."""
        if self._failures:
            raise self._failures[0]


class _Kept:
    """A reader whose errors are kept. After one, it is at its end for good."""

    def __init__(self, reader: Reader, failures: list[Exception]) -> None:
        self._reader = reader
        self._failures = failures

    def read(self, size: int) -> bytes:
        if self._failures:
            return b""
        try:
            return self._reader.read(size)
        except Exception as error:  # noqa: BLE001 - raised by `Input.check`, whatever it is
            self._failures.append(error)
            return b""

    def seek(self, offset: int, whence: int) -> int:
        try:
            return self._reader.seek(offset, whence)
        except ValueError:
            return -1  # a damaged file may say so

    def tell(self) -> int:
        return self._reader.seek(0, os.SEEK_CUR)
