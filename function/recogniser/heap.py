"""The C library's heap: it keeps little of what is freed, and gives that back when asked.

glibc gives each thread a heap of its own, and keeps what is freed in case it is wanted again: with
frames of some MB, which come and go in several threads, up to half as much as is in use. Parameters
are as in malloc.h; mallopt(3) tells of the variables that set them too, which come first.
"""

from __future__ import annotations

import ctypes
import os
from contextlib import suppress

# One heap for all threads; and what is as large as a plane of a frame at 1080p goes back to the
# system when it is freed, for a little time each.
_PARAMETERS = {"MALLOC_ARENA_MAX": (-8, 1), "MALLOC_MMAP_THRESHOLD_": (-3, 1_500_000)}

_ANOTHER_LIBRARY = (OSError, AttributeError)  # not glibc: it does it another way


def keep_little() -> None:
    """Have the heap keep less of what is freed, where nothing is set already."""
    for variable, (parameter, value) in _PARAMETERS.items():
        if variable not in os.environ:
            with suppress(*_ANOTHER_LIBRARY):
                ctypes.CDLL(None).mallopt(parameter, value)


def give_back() -> None:
    """Give what the heap keeps back to the system, when nothing is in work that would want it."""
    with suppress(*_ANOTHER_LIBRARY):
        ctypes.CDLL(None).malloc_trim(0)
