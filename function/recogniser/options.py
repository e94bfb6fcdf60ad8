"""How a video is searched for students: what may be set, and what a result says it was made by.

It imports no part of the recognition, so that the settings can be checked before that is loaded.
"""

from __future__ import annotations

from dataclasses import dataclass

# Changed whenever the same video, gallery and options could give another result.
_VERSION = "7"

_MOST_SAMPLES_PER_SECOND = 60


class RecognitionOptionError(ValueError):
    """An option of the recognition is out of its range: `option` is its name."""

    def __init__(self, option: str, problem: str) -> None:
        super().__init__(f"{option} {problem}")
        self.option = option
        self.problem = problem


@dataclass(frozen=True, kw_only=True)
class RecognitionOptions:
    """How a video is searched for students.

    `samples_per_second` is how many frames of each second are looked at. A face is a student's
    if it is at most `tolerance` away from one of the student's portraits, and more than
    `margin` nearer than to any other student's.
    """

    samples_per_second: float = 2.0
    tolerance: float = 0.59
    margin: float = 0.05

    def __post_init__(self) -> None:
        if not 0 < self.samples_per_second <= _MOST_SAMPLES_PER_SECOND:
            raise RecognitionOptionError(
                "samples_per_second",
                f"must be above 0 and at most {_MOST_SAMPLES_PER_SECOND}, "
                f"not {self.samples_per_second:g}",
            )
        if not 0 < self.tolerance <= 1:
            raise RecognitionOptionError(
                "tolerance", f"must be above 0 and at most 1, not {self.tolerance:g}"
            )
        if not 0 <= self.margin <= 1:
            raise RecognitionOptionError("margin", f"must be from 0 to 1, not {self.margin:g}")

    @property
    def recogniser(self) -> str:
        """What a result says it was made by: equal for two results means made the same way."""
        return (
            f"dlib-{_VERSION} samples={self.samples_per_second:g} "
            f"tolerance={self.tolerance:g} margin={self.margin:g}"
        )
