"""Ours: the recognition that the function runs, and all that the benchmark knows of its inside.

`python -m bench.ours everyone GALLERY VIDEO...` is the whole of it in a fresh process, from the
interpreter's start to each video's CSV, as the function does it without S3 and DynamoDB.
"""

from __future__ import annotations

import csv
import sys
from contextlib import closing, contextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from function.recogniser import looking
from function.recogniser.identity.gallery import Gallery
from function.recogniser.looking import search
from function.recogniser.options import RecognitionOptions
from function.recogniser.recognition import recognise
from function.recogniser.video.sampling import sampled_frames
from function.results import csv_text

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from contextlib import AbstractContextManager

    import numpy as np
    from numpy.typing import NDArray

OPTIONS = RecognitionOptions()
"""As deployed by default."""

# The stages' functions, where the recognition looks them up.
PROBES: Mapping[str, str] = {
    "function.recogniser.looking:sampled_frames": "decode",
    "function.recogniser.looking:Scenes.is_new": "detect",
    "function.recogniser.looking:Orientation.upright": "detect",
    "function.recogniser.looking:FaceSearch.faces": "detect",
    "function.recogniser.faces.encoding:aligned_chip": "align",
    "function.recogniser.faces.encoding:describe": "describe",
    "function.recogniser.identity.gallery:Gallery.nearest": "match",
}

LOAD_MODELS = (
    "from function.recogniser.faces import alignment, models, networks; "
    "alignment._landmark_model(); "
    "networks.network(models.DETECTOR); networks.network(models.DESCRIPTOR)"
)
"""The statement that a fresh process loads all models with."""


def everyone(video: Path, gallery: Gallery) -> frozenset[str]:
    """Return the ids of the students that are recognised in the video."""
    seen_there = recognise(video, gallery, OPTIONS).attendance
    return frozenset(seen.student_id for seen in seen_there)


def first_match(video: Path, gallery: Gallery) -> frozenset[str]:
    """Return the first student that is recognised, or none.

    One face that is within the tolerance of a student, and by the margin farther from all others,
    is enough; attendance takes more. It is done in one thread: what is done ahead would be done
    in vain.
    """
    with in_one_thread(), closing(search(video, gallery, OPTIONS)) as findings:
        for finding in findings:
            for look in finding.looks:
                match = look.match
                if match.distance <= OPTIONS.tolerance and match.margin >= OPTIONS.margin:
                    return frozenset({match.student_id})
    return frozenset()


def everyone_at(
    video: Path, gallery: Gallery, *, per_second: float, first_step: float
) -> frozenset[str]:
    """Do the same with other samples: so many a second, after a first step of so many seconds."""
    options = replace(OPTIONS, samples_per_second=per_second)
    with _replaced("sampled_frames", partial(sampled_frames, first_step=first_step)):
        seen_there = recognise(video, gallery, options).attendance
    return frozenset(seen.student_id for seen in seen_there)


def in_one_thread() -> AbstractContextManager[None]:
    """Do all parts of the recognition in turn, until the end of the block."""
    return _replaced("worked_ahead", iter)


@contextmanager
def _replaced(name: str, by: Callable[..., object]) -> Iterator[None]:
    # Not with unittest.mock, whose import would count in what a whole process takes.
    names = vars(looking)
    original, names[name] = names[name], by
    try:
        yield
    finally:
        names[name] = original


def matches(gallery: Gallery, encodings: NDArray[np.float32]) -> object:
    """Find whose faces these are, of the shape (faces, 128)."""
    return gallery.nearest(encodings)


def main() -> None:
    """Print the CSV of each video, or the id of the first student."""
    form, gallery, *videos = sys.argv[1:]
    known = Gallery.load(Path(gallery))
    for video in videos:
        if form == "everyone":
            sys.stdout.write(csv_text(recognise(Path(video), known, OPTIONS).attendance, {}))
        elif form == "first-match":
            ids = first_match(Path(video), known)
            csv.writer(sys.stdout).writerows([["student_id"], *zip(ids)])
        else:
            sys.exit(f"{form!r} is not a form of this")


if __name__ == "__main__":
    main()
