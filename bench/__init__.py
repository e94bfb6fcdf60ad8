"""The recognition benchmark: `python -m bench`.

What the function does with a video, beside the plain way of doing it, in CPU time and in one run.
"""

import os
import warnings

# As in the function's image, and before anything imports NumPy: on frames this small BLAS threads
# cost more CPU time than they save, and would be charged to whoever is measured.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

# Known and pinned for, and no news for who reads the figures.
warnings.filterwarnings("ignore", message="pkg_resources is deprecated", category=UserWarning)
