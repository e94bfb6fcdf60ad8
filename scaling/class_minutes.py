"""`python -m scaling measure`: what a minute of video costs by the number of people in it.

What it prints goes into `measured.toml`, by hand, with the machine and the day.
"""

from __future__ import annotations

import tempfile
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING

from bench import ours
from bench.crowd import Crowd, crowd_video
from bench.inputs import sample_gallery
from bench.measure import cpu_seconds

if TYPE_CHECKING:
    from collections.abc import Iterator

PEOPLE = (0, 10, 30, 60)
_FACE_HEIGHT = 75  # pixels, from the forehead to the chin: sixty still fit into 1080p
_SECONDS, _TIMES = 10, 6
_TRIES = 3


@dataclass(frozen=True, kw_only=True)
class ClassMinute:
    """CPU seconds that a minute of 1080p with so many people took, in one thread of a warm process.

    One figure for each try, in the order of the tries.
    """

    people: int
    cpu_seconds: tuple[float, ...]

    @property
    def median(self) -> float:
        """The middle of the tries."""
        return median(self.cpu_seconds)


def class_minutes() -> Iterator[ClassMinute]:
    """Measure each size of class, smallest first.

    Raises samples.pictures.SamplesUnavailableError.
    """
    with tempfile.TemporaryDirectory(prefix="scaling-") as folder:
        gallery = sample_gallery(Path(folder)).gallery
    for people in PEOPLE:
        crowd = Crowd(
            size=(1920, 1080),
            face_heights=(_FACE_HEIGHT,) * people,
            seconds=_SECONDS,
            times=_TIMES,
        )
        video = crowd_video(crowd)
        tries = []
        for _ in range(_TRIES):
            before = cpu_seconds()
            with ours.in_one_thread():
                ours.everyone(video, gallery)
            tries.append(cpu_seconds() - before)
        yield ClassMinute(people=people, cpu_seconds=tuple(tries))
