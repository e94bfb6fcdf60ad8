"""What runs in Lambda, and on files with `python -m function`: a video becomes attendance.

Nothing here knows of Pulumi or of the other packages, and this file imports nothing that takes
time: the program that deploys the function reads only :mod:`function.results`, without the
recognition.
"""

import ctypes
import os
from contextlib import suppress

# Before anything imports NumPy, which reads it once: on matrices this small BLAS threads cost more
# CPU time than they save. Who sets another number has it.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

# glibc gives each thread a heap of its own and hands none back: over videos, each of which has new
# threads, the process would grow by a third, none of it in use. From mallopt(3) and malloc.h.
_M_ARENA_MAX = -8
if "MALLOC_ARENA_MAX" not in os.environ:
    with suppress(OSError, AttributeError):  # another C library, whose heaps are other ones
        ctypes.CDLL(None).mallopt(_M_ARENA_MAX, 1)
