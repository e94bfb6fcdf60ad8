"""What FFmpeg cannot do with a file, told from what is no fault of the file."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from av.error import FFmpegError

if TYPE_CHECKING:
    from collections.abc import Iterator


class DamageError(Exception):
    """PyAV could not do what it was asked with this file."""


@contextmanager
def guarded() -> Iterator[None]:
    """Turn what PyAV raises into DamageError: on damaged files that is not only FFmpegError.

    That memory is missing is no fault of the file, unless FFmpeg says so: it does of sizes in
    damaged headers.
    """
    try:
        yield
    except MemoryError as error:
        if not isinstance(error, FFmpegError):
            raise
        raise DamageError(str(error)) from error
    except Exception as error:
        raise DamageError(str(error)) from error
