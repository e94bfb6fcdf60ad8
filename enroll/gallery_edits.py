"""Changes to a gallery: students are replaced whole, or forgotten whole.

Both keep the rows in order of the student ids, so that the same people with the same portraits
are the same gallery, byte for byte, in whatever order they were enrolled.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from function.composed_text import composed
from function.recogniser.identity.gallery import Gallery

if TYPE_CHECKING:
    from collections.abc import Collection


def with_students(gallery: Gallery, enrolled: Gallery) -> Gallery:
    """Return the gallery with the enrolled students added; those it had before are replaced."""
    kept = without_students(gallery, set(enrolled.student_ids))
    return _in_order(
        Gallery(
            student_ids=kept.student_ids + enrolled.student_ids,
            encodings=np.concatenate([kept.encodings, enrolled.encodings]),
        )
    )


def without_students(gallery: Gallery, student_ids: Collection[str]) -> Gallery:
    """Return the gallery without any row of these students, however their ids were typed."""
    those = set(map(composed, student_ids))
    return _rows(
        gallery,
        [row for row, known in enumerate(gallery.student_ids) if composed(known) not in those],
    )


def _in_order(gallery: Gallery) -> Gallery:
    # Sorting is stable: a student's rows stay in the order of the portraits.
    return _rows(
        gallery, sorted(range(len(gallery.student_ids)), key=gallery.student_ids.__getitem__)
    )


def _rows(gallery: Gallery, rows: list[int]) -> Gallery:
    return Gallery(
        student_ids=tuple(gallery.student_ids[row] for row in rows),
        encodings=gallery.encodings[rows],
    )
