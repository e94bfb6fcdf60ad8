"""What is known of an enrolled student, as far as it decides whom a face may be compared with.

Names, majors and years are no matter of the gallery: they are in the students table.
"""

from __future__ import annotations

import math
import unicodedata
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

from function.composed_text import composed

if TYPE_CHECKING:
    from datetime import date

# A result says in S3's metadata which course it is of, percent-encoded: of 2 KB for all of that
# (S3 User Guide, "User-defined object metadata"), a hundred characters of any script take 1.2 KB.
LONGEST_COURSE_NAME = 100

# Control characters, surrogates, and what is not seen but makes another name.
_UNUSABLE_CATEGORIES = {"Cc", "Cs", "Cf"}


class CourseNameError(ValueError):
    """The text is no name that a course can have."""


@lru_cache(1000)
def course_name(text: str) -> str:
    """Return the name of a course in the form in which names are compared, as `composed` gives it.

    Raises:
        CourseNameError: it could not be the first folder of a video's key, or is too long.

    """
    name = composed(text)
    unusable = any(unicodedata.category(character) in _UNUSABLE_CATEGORIES for character in name)
    if not name or "/" in name or unusable or len(name) > LONGEST_COURSE_NAME:
        raise CourseNameError(
            f"the course {text!r} cannot be used: choose a name of at most {LONGEST_COURSE_NAME} "
            "characters, without slash, control or invisible character"
        )
    return name


@dataclass(frozen=True, kw_only=True)
class Enrolled:
    """A student's courses, and until when and within which tolerance the student is recognised.

    `consent` is the day on which the student agreed, `until` the last day (UTC) on which the
    student is recognised, `tolerance` the greatest distance at which a face is this student's
    where that is less than everybody's. None is what is not known, or not limited. The courses are
    kept in the form of `course_name`, sorted, each once.

    Raises:
        CourseNameError: a course has no name that can be used.
        ValueError: the tolerance is not above 0 and at most 1.

    """

    courses: tuple[str, ...] = ()
    consent: date | None = None
    until: date | None = None
    tolerance: float | None = None

    def __post_init__(self) -> None:
        courses = tuple(sorted({course_name(course) for course in self.courses}))
        object.__setattr__(self, "courses", courses)
        if self.tolerance is not None and not 0 < self.tolerance <= 1:
            raise ValueError(f"a tolerance is above 0 and at most 1, not {self.tolerance:g}")

    def has_ended(self, today: date) -> bool:
        """Tell whether the last day has passed."""
        return self.until is not None and self.until < today

    @property
    def own_tolerance(self) -> float:
        """The tolerance, infinite where the student has none of their own."""
        return math.inf if self.tolerance is None else self.tolerance


NOTHING_KNOWN = Enrolled()
"""Of a student in a gallery that says no more than whose the portraits are."""
