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

# glibc gives each thread a heap of its own, and keeps what is freed in case it is wanted again:
# with frames of some MB, which come and go in several threads, up to half as much as is in use. So
# there is one heap, and what is as large as a frame's pixels at 1080p goes back to the system, for
# a little time each. Parameters as in malloc.h; mallopt(3)'s variables come first.
_MALLOC = {"MALLOC_ARENA_MAX": (-8, 1), "MALLOC_MMAP_THRESHOLD_": (-3, 6_000_000)}
for _variable, (_parameter, _value) in _MALLOC.items():
    if _variable not in os.environ:
        with suppress(OSError, AttributeError):  # another C library, which does it another way
            ctypes.CDLL(None).mallopt(_parameter, _value)
