"""How good a look at a face was: what its encoding rests on."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from function.recogniser.faces.detector import Detection

# The part of a chip that is judged: the face without what is around it.
_FACE = slice(20, 130)


@dataclass(frozen=True, kw_only=True)
class Quality:
    """What a look at a face rests on.

    `height` is that of the face's box in pixels, `score` the detector's, from 0 to 1, and `tilt`
    how far the face is turned, in degrees either way. `sharpness` is the mean step between
    neighbouring pixels of the aligned chip, as a share of its contrast (the standard deviation),
    which does not depend on the light: 0.2 and more in a good picture, 0.1 in one that is blurred
    by three hundredths of the face's height. `brightness` is the chip's mean, from 0 to 255.
    """

    height: float
    score: float
    tilt: float
    sharpness: float
    brightness: float

    @classmethod
    def of(cls, chip: NDArray[np.uint8], face: Detection) -> Quality:
        """Measure a look, of which the aligned RGB chip of (150, 150, 3) was made."""
        gray = chip[_FACE, _FACE].mean(axis=2, dtype=np.float32)
        steps = np.hypot(np.diff(gray, axis=0)[:, :-1], np.diff(gray, axis=1)[:-1])
        return cls(
            height=face.height,
            score=face.score,
            tilt=abs(face.tilt),
            sharpness=float(steps.mean() / max(float(gray.std()), 1.0)),
            brightness=float(gray.mean()),
        )
