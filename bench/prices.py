"""What CPU time costs on Lambda."""

from __future__ import annotations

from dataclasses import dataclass

from loadtest.pricing import GB_SECOND

# A function gets one full vCPU at this much memory, and pays for memory and time.
# AWS Lambda Developer Guide, "Configure Lambda function memory", read November 2026.
_ONE_VCPU_MEMORY = 1769 / 1024  # GB

_SECONDS_PER_HOUR = 3600


@dataclass(frozen=True, kw_only=True)
class Architecture:
    """A processor to run the function on, and its price in dollars for a GB-second."""

    name: str
    per_gb_second: float


X86 = Architecture(name="x86", per_gb_second=GB_SECOND["x86_64"])
ARM64 = Architecture(name="arm64", per_gb_second=GB_SECOND["arm64"])


def dollars_per_video_hour(
    cpu_seconds: float, *, video_seconds: float, architecture: Architecture
) -> float:
    """Return what an hour of video costs, one vCPU being busy for as long as this one was.

    The vCPU is taken to be as fast as the machine of the measurement, whatever its architecture.
    Requests, cold starts and storage are not counted.
    """
    if video_seconds <= 0:
        raise ValueError(f"a video lasts longer than nothing, not {video_seconds} s")
    busy = cpu_seconds / video_seconds * _SECONDS_PER_HOUR
    return busy * _ONE_VCPU_MEMORY * architecture.per_gb_second
