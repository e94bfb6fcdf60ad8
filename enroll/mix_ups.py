"""Doubts about an enrolment: faces that are probably not of the person they are enrolled as.

A wrong picture in a student's folder is not noticed until somebody is marked present who was not.
One person under two student ids is not noticed either: neither is nearer than the other, so neither
is ever recognised. The encodings show both at enrolment. Doubts are said, and not acted on: there
are twins.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from enroll.gallery_edits import with_students
from function.recogniser.options import RecognitionOptions

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from function.recogniser.identity.gallery import Gallery


def doubts(
    enrolled: Gallery,
    sources: Sequence[str],
    *,
    known: Gallery,
    joined: Callable[[Gallery, Gallery], Gallery] = with_students,
) -> list[str]:
    """Say which rows look like another student, or unlike their own student's others.

    `sources` says of each row of `enrolled` where it is from. `known` is the gallery that the rows
    are to join, in the way of `joined`. Two faces are one person's up to the tolerance of the
    recognition.
    """
    tolerance = RecognitionOptions().tolerance
    gallery = joined(known, enrolled)
    students = np.array(gallery.student_ids)
    found = []
    for student_id, encoding, source in zip(
        enrolled.student_ids, enrolled.encodings, sources, strict=True
    ):
        distances = np.linalg.norm(gallery.encodings - encoding, axis=1)
        # The row itself, at distance 0, says nothing.
        to_own = np.sort(distances[students == student_id])[1:]
        nearest_own = to_own.min(initial=np.inf)
        to_others = np.where(students == student_id, np.inf, distances)
        nearest = to_others.argmin()
        if to_others[nearest] <= min(tolerance, nearest_own):
            found.append(
                f"{source} looks like student {students[nearest]} (distance "
                f"{to_others[nearest]:.2f}): check whose it is, and forget one of the two ids if "
                "they are one person's"
            )
        elif len(to_own) and nearest_own > tolerance:
            found.append(
                f"{source} looks unlike the student's others (distance {nearest_own:.2f}): check "
                "that it is of the same person"
            )
    return found
