"""The face descriptor: dlib's face recognition network, which makes 128 numbers of a face.

It was trained to put chips of one person within 0.6 of each other. It is evaluated from the same
weights by the runtime that the detector has, in an eighteenth of the time that dlib takes in
the prebuilt package (6 ms against 110, on one core). The tests hold its descriptors to dlib's
within 1e-5 (Euclidean).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from function.recogniser.faces.models import DESCRIPTOR
from function.recogniser.faces.networks import network

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

ENCODING_LENGTH = 128
CHIP_SIZE = 150  # pixels a side

# Chips that go through the network together: four cost a tenth less each than one alone, and more
# only take memory in proportion.
_AT_ONCE = 4


def describe(chips: Sequence[NDArray[np.uint8]]) -> NDArray[np.float32]:
    """Return the (n, 128) descriptors of n aligned RGB face chips of (150, 150, 3)."""
    descriptors = [np.empty((0, ENCODING_LENGTH), np.float32)]
    for start in range(0, len(chips), _AT_ONCE):
        (described,) = network(DESCRIPTOR)(np.stack(chips[start : start + _AT_ONCE]))
        descriptors.append(described)
    return np.concatenate(descriptors)
