"""Doubts about portraits: pictures of one student that are probably not of one person.

A wrong picture in a student's folder is not noticed until somebody is marked present who was not.
The encodings show it at enrolment. Doubts are said, and not acted on: there are twins.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from enroll.portraits import Portrait
    from function.gallery import Gallery


def doubts(portraits: Sequence[Portrait], gallery: Gallery, *, tolerance: float) -> list[str]:
    """Say which portraits look like another student, or unlike their own student's others.

    `gallery` is everybody who is known, the portraits included. `tolerance` is the distance up to
    which two faces are taken for one person's.
    """
    students = np.array(gallery.student_ids)
    found = []
    for portrait in portraits:
        distances = np.linalg.norm(gallery.encodings - portrait.encoding, axis=1)
        # The portrait's own row, the one at distance 0, says nothing.
        to_own = np.sort(distances[students == portrait.student_id])[1:]
        nearest_own = to_own.min(initial=np.inf)
        to_others = np.where(students == portrait.student_id, np.inf, distances)
        nearest = to_others.argmin()
        if to_others[nearest] <= min(tolerance, nearest_own):
            found.append(
                f"{portrait.path} looks like student {students[nearest]} (distance "
                f"{to_others[nearest]:.2f}): check that it is in the right folder"
            )
        elif len(to_own) and nearest_own > tolerance:
            found.append(
                f"{portrait.path} looks unlike the student's other portraits (distance "
                f"{nearest_own:.2f}): check that it is of the same person"
            )
    return found
