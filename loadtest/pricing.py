"""What the work cost, by Amazon's public prices, for which this is the one place.

They are those of us-east-1, in US dollars without taxes, free tiers and discounts, as they were on
`PRICES_AS_OF`; those of other regions differ by some tenths.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

PRICES_AS_OF = "2026-11"

# https://aws.amazon.com/lambda/pricing/, on demand, first tier.
GB_SECOND = {"x86_64": 0.0000166667, "arm64": 0.0000133334}
_LAMBDA_REQUEST = 0.20 / 1e6
_DISK_GB_SECOND = 0.0000000309
_FREE_DISK_MB = 512
# https://aws.amazon.com/s3/pricing/, S3 Standard.
_S3_LIST_OR_PUT = 0.005 / 1e3
_S3_GET = 0.0004 / 1e3
_S3_FREE = ("DeleteObjects", "AbortMultipartUpload")
_S3_GETS = ("GetObject", "HeadObject")
S3_GB_MONTH = 0.023
# https://aws.amazon.com/step-functions/pricing/, Standard workflows; so many a month are free.
_STATE_TRANSITION = 0.025 / 1e3
FREE_STATE_TRANSITIONS = 4000
STATES_AROUND = 4
"""A range is one state; around them are that of all, the conclusion, what it says, and the end."""
# https://aws.amazon.com/rekognition/pricing/, face search in stored video.
REKOGNITION_MINUTE = 0.10

_MB_IN_GB = 1024
_SECONDS_IN_HOUR = 3600
_MINUTES_IN_HOUR = 60


@dataclass(frozen=True, kw_only=True)
class FunctionSize:
    """What a second of the function is charged by."""

    memory_mb: int
    disk_mb: int
    architecture: str


@dataclass(frozen=True, kw_only=True)
class Work:
    """What was done for so many videos: by as many runs of the function, or more for long ones.

    The runs took `seconds` in all; `seconds_from` says whose seconds they are. The videos last for
    `video_seconds`, and `conducting` is the state machine's price.
    """

    videos: int
    runs: int
    seconds: float
    video_seconds: float
    seconds_from: str
    conducting: float = 0.0


@dataclass(frozen=True, kw_only=True)
class Cost:
    """The cost of the function's work, in dollars. `seconds_from` says whose seconds they are.

    The state machine's, beyond the transitions that are free each month, is in `total`.

    The figures for one video hour are None if the results do not say how long the videos were.
    """

    seconds_from: str
    prices_as_of: str
    memory_mb: int
    architecture: str
    billed_seconds: float
    gb_seconds: float
    total: float
    per_video: float
    per_video_hour: float | None
    rekognition_per_video_hour: float


def cost_of(work: Work, size: FunctionSize) -> Cost | None:
    """Return what the work cost, or None if there was none."""
    if not (work.videos and work.runs):
        return None
    gb_seconds = work.seconds * size.memory_mb / _MB_IN_GB
    disk_gb_seconds = work.seconds * max(0, size.disk_mb - _FREE_DISK_MB) / _MB_IN_GB
    total = (
        gb_seconds * GB_SECOND[size.architecture]
        + disk_gb_seconds * _DISK_GB_SECOND
        + work.runs * _LAMBDA_REQUEST
        + work.conducting
    )
    return Cost(
        seconds_from=work.seconds_from,
        prices_as_of=PRICES_AS_OF,
        memory_mb=size.memory_mb,
        architecture=size.architecture,
        billed_seconds=work.seconds,
        gb_seconds=gb_seconds,
        total=total,
        per_video=total / work.videos,
        per_video_hour=total / work.video_seconds * _SECONDS_IN_HOUR
        if work.video_seconds
        else None,
        rekognition_per_video_hour=REKOGNITION_MINUTE * _MINUTES_IN_HOUR,
    )


def cost_of_conducting(ranges: int) -> float:
    """Return what the state machine costs for one video, in dollars: nothing for one run."""
    return (ranges + STATES_AROUND) * _STATE_TRANSITION if ranges > 1 else 0.0


def cost_of_requests(requests: Mapping[str, int]) -> float:
    """Return what the generator's own requests of S3 cost, in dollars, by their operations."""
    return sum(count * _price(operation) for operation, count in requests.items())


def _price(operation: str) -> float:
    if operation in _S3_FREE:
        return 0.0
    return _S3_GET if operation in _S3_GETS else _S3_LIST_OR_PUT
