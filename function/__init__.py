"""What runs in Lambda, and on files with `python -m function`: a video becomes attendance.

Nothing here knows of Pulumi or of the other packages, and this file imports nothing that takes
time: the program that deploys the function reads only :mod:`function.results`, without the
recognition.
"""

import os

from function.recogniser.heap import keep_little

# Before anything imports NumPy, which reads it once: on matrices this small BLAS threads cost more
# CPU time than they save. Who sets another number has it.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

# Before anything of size is asked for.
keep_little()
