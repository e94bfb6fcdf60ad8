"""The face detector: dlib's five histogram-of-gradients filters, and what they find in a picture.

The five are for faces seen from the front, from the left and the right, and tilted either way.
The first alone, with a low threshold, finds the same places in two thirds of the time, and few
others; so it can say where it is worth having all five decide.

dlib builds its detector in half a second from numbers compiled into it, but saves and loads the
finished one in milliseconds. So it is built once and kept in the user's cache folder; the
function's image is built with that folder filled (`python -m function.recogniser.faces.detector`).
"""

from __future__ import annotations

import os
import tempfile
import threading
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

import dlib

from function.recogniser.faces.dlib_file import first_filter
from function.recogniser.faces.location import Location

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

# Scores at which a filter's answer counts. All five: dlib's own; for what may be a face, one at
# which all of the 40 faces in eight clips of 480p to 1080p were found in 640 pixels, with three
# other places. The first alone: it gives 95 of 100 portraits more than this when they are
# 52 pixels high, all of them from 56 pixels on, and fewer than five other places in a million
# pixels.
_FACE = 0.0
_POSSIBLE_TURNED_FACE = -0.5
_POSSIBLE_FACE = -1.0


@dataclass(frozen=True, kw_only=True)
class Detection:
    """A face or what may be one, and the detector's score: 0 and above is a face."""

    location: Location
    score: float

    @property
    def certain(self) -> bool:
        """Whether this is a face for the reference."""
        return self.score >= _FACE


def detect_faces(picture: NDArray[np.uint8], *, upsample: int = 0) -> list[Detection]:
    """Return the faces in a gray (rows, columns) or RGB (rows, columns, 3) picture.

    Finds faces from about 60 pixels in height on. The cost is proportional to the number of
    pixels, and four times as much for each `upsample`, which doubles the picture's sides.
    """
    return _run(_detectors()[0], picture, upsample, _FACE)


def possible_faces(picture: NDArray[np.uint8], *, turned: bool = False) -> list[Detection]:
    """Return what may be a face in a gray picture, from about 50 pixels in height on.

    The frontal filter answers, which is against a face turned to the side or tilted. When `turned`
    ones are sought, all do, at half as much cost again; they find from about 60 pixels on.
    """
    if turned:
        return _run(_detectors()[0], picture, 0, _POSSIBLE_TURNED_FACE)
    return _run(_detectors()[1], picture, 0, _POSSIBLE_FACE)


def _run(
    detector: dlib.fhog_object_detector,
    picture: NDArray[np.uint8],
    upsample: int,
    threshold: float,
) -> list[Detection]:
    boxes, scores, _ = detector.run(picture, upsample, threshold)
    return [
        Detection(location=Location(box.top(), box.right(), box.bottom(), box.left()), score=score)
        for box, score in zip(boxes, scores, strict=True)
    ]


def _detectors() -> tuple[dlib.fhog_object_detector, dlib.fhog_object_detector]:
    """Return the detector with all filters, and the one with the first."""
    # A detector works in memory of its own, so two threads cannot share one.
    return _detectors_of_thread(threading.get_ident())


@lru_cache(maxsize=2)  # one thread for the coarse look, and one for the closer ones
def _detectors_of_thread(
    _thread: int,
) -> tuple[dlib.fhog_object_detector, dlib.fhog_object_detector]:
    try:
        folder = _cache_folder()
        folder.mkdir(parents=True, exist_ok=True)
        return _loaded_from(folder)
    except (OSError, RuntimeError):
        # No home folder, or nothing can be kept there: the next start is as slow as this one.
        with tempfile.TemporaryDirectory() as temporary:
            return _loaded_from(Path(temporary))


def _cache_folder() -> Path:
    """Return LAMBDALENS_CACHE, or the place for caches of the user."""
    if folder := os.environ.get("LAMBDALENS_CACHE"):
        return Path(folder)
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache", "lambdalens")


def _loaded_from(folder: Path) -> tuple[dlib.fhog_object_detector, dlib.fhog_object_detector]:
    all_filters = folder / f"face-detector-dlib-{dlib.__version__}.svm"
    frontal = folder / f"frontal-face-filter-dlib-{dlib.__version__}.svm"
    if not frontal.exists():
        with tempfile.TemporaryDirectory(dir=folder) as temporary:
            complete = Path(temporary, "detector")
            dlib.get_frontal_face_detector().save(str(complete))
            complete.replace(all_filters)
            complete.write_bytes(first_filter(all_filters))
            complete.replace(frontal)
    return dlib.fhog_object_detector(str(all_filters)), dlib.fhog_object_detector(str(frontal))


if __name__ == "__main__":
    _detectors()
