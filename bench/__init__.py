"""The recognition benchmark: `python -m bench`.

What the function does with a video, beside the plain way of doing it, in CPU time and in one run.
"""

import warnings

# First, because it decides how many threads NumPy may have, which counts before NumPy is imported:
# all ways of recognising are measured with as many as the function has.
import function  # noqa: F401 - for what it sets

# Known and pinned for, and no news for who reads the figures.
warnings.filterwarnings("ignore", message="pkg_resources is deprecated", category=UserWarning)
