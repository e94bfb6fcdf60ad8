"""Ours: the recognition that the function runs, and all that the benchmark knows of its inside.

`python -m bench.ours everyone VIDEO GALLERY` is the whole of it on one video in a fresh process,
from the interpreter's start to the CSV, as the function does it without S3 and DynamoDB.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

from function.gallery import Gallery
from function.recognition import RecognitionOptions, recognise
from function.results import csv_text

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    import numpy as np
    from numpy.typing import NDArray

OPTIONS = RecognitionOptions()
"""As deployed by default."""

# The stages' functions, where the recognition looks them up.
PROBES: Mapping[str, str] = {
    "function.recognition:sampled_frames": "decode",
    "function.recognition:find_faces": "detect",
    "function.faces:_encoding": "describe",  # and align
    "function.gallery:Gallery.identify": "match",
}

LOAD_MODELS = "from function import faces; faces._detector(); faces._aligner(); faces._encoder()"
"""The statement that a fresh process loads all models with."""


def everyone(video: Path, gallery: Gallery) -> frozenset[str]:
    """Return the ids of the students that are recognised in the video."""
    recognition = recognise(video, gallery, OPTIONS)
    return frozenset(seen.student_id for seen in recognition.attendance)


first_match: Callable[[Path, Gallery], frozenset[str]] | None = None
"""Return the first student that is recognised, or none; None as long as there is no such form."""

everyone_with_threads: Callable[[Path, Gallery, int], frozenset[str]] | None = None
"""Return everyone, with so many threads; None as long as there is one thread only."""


def match(gallery: Gallery, encodings: NDArray[np.float32]) -> object:
    """Find whose faces these are, of the shape (faces, 128)."""
    return gallery.identify(encodings, tolerance=OPTIONS.tolerance, margin=OPTIONS.margin)


def main() -> None:
    """Print the CSV of a video, or the id of the first student."""
    form, video, gallery = sys.argv[1:]
    known = Gallery.load(Path(gallery))
    if form == "everyone":
        recognition = recognise(Path(video), known, OPTIONS)
        sys.stdout.write(csv_text(recognition.attendance, {}))
    elif form == "first-match" and first_match is not None:
        sys.stdout.write("\n".join(("student_id", *first_match(Path(video), known), "")))
    else:
        sys.exit(f"{form!r} is not a form of this")


if __name__ == "__main__":
    main()
