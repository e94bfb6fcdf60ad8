"""How long a run takes, by the video's length, the people in it, and the function's memory.

A vCPU of Lambda's is taken to be as fast as a core of the machine that was measured on.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from scaling.measured import Measured

# Processor time grows with memory, and so much of it is one vCPU: AWS Lambda Developer Guide,
# "Configure Lambda function memory", read November 2026.
ONE_VCPU_MB = 1769
_TWO = 2


@dataclass(frozen=True, kw_only=True)
class ServiceTime:
    """Seconds of a run in a function with `memory_mb`, on videos of so many `people`."""

    measured: Measured
    people: int
    memory_mb: int = ONE_VCPU_MB

    def __post_init__(self) -> None:
        """Raise ValueError where nothing was measured."""
        most = self.measured.class_minutes[-1][0]
        if not 0 <= self.people <= most:
            raise ValueError(f"{self.people} people: 0 to {most} were measured")

    @property
    def cpu_per_video_second(self) -> float:
        """CPU seconds for a second of video, between two measured sizes in proportion."""
        people, minutes = zip(*self.measured.class_minutes, strict=True)
        return float(np.interp(self.people, people, minutes)) / 60

    @property
    def speed(self) -> float:
        """How much faster than one vCPU, by the clock.

        Between one and two in proportion to what two were measured to bring. No more is taken to
        be gained by a third, which was not measured.
        """
        vcpus = min(self.memory_mb / ONE_VCPU_MB, _TWO)
        return vcpus if vcpus <= 1 else 1 + (vcpus - 1) * (1 / self.measured.two_processors - 1)

    def of(self, video_seconds: float) -> float:
        """Return the seconds of a run in a warm environment."""
        return video_seconds * self.cpu_per_video_second / self.speed

    @property
    def cold_start(self) -> float:
        """Return the seconds that a run in a new environment takes more, on one thread."""
        return self.measured.cold_start_cpu_seconds / min(self.speed, 1.0)

    def longest(self, run_seconds: float) -> float:
        """Return the seconds of video that a first run of so many seconds gets through."""
        return max(run_seconds - self.cold_start, 0.0) * self.speed / self.cpu_per_video_second
