"""When the videos of an open-loop run arrive.

In an open loop, as in life, videos arrive whether or not the earlier ones are done. The arrivals
are a Poisson process whose rate follows a profile: given how many there are, such arrivals are
that many independent draws from the profile, put in order (Ross, "Introduction to Probability
Models", conditional distribution of the arrival times). The seed makes a schedule repeatable.
"""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray


class Profile(StrEnum):
    """How the rate goes over a run. Its mean is the same in all of them."""

    CONSTANT = "constant"
    """The mean rate throughout."""
    STEP = "step"
    """Four steps of equal length, up: 0.4, 0.8, 1.2 and 1.6 times the mean rate."""
    BURST = "burst"
    """Four bursts: half of the videos in a tenth of the time, at five times the mean rate."""
    SINE = "sine"
    """From nothing up to twice the mean rate in the middle, and back to nothing."""


_STEPS = np.array([0.4, 0.8, 1.2, 1.6])
_BURSTS = 4
_PART_IN_BURSTS = 0.5
_TIME_IN_BURSTS = 0.1
_KNOTS_OF_THE_SINE = 4097


def arrival_times(
    profile: Profile, *, count: int, seconds: float, seed: int
) -> NDArray[np.float64]:
    """Return the `count` times of arrival, in seconds from 0 to `seconds`, in order."""
    times, parts = _arrived_by(profile)
    draws = np.sort(np.random.default_rng(seed).random(count))
    return seconds * np.interp(draws, parts, times)


def _arrived_by(profile: Profile) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return points of the curve of which part of the videos has arrived by which part of time."""
    match profile:
        case Profile.CONSTANT:
            return np.array([0.0, 1.0]), np.array([0.0, 1.0])
        case Profile.STEP:
            times = np.linspace(0, 1, len(_STEPS) + 1)
            return times, np.concatenate(([0.0], np.cumsum(_STEPS) / len(_STEPS)))
        case Profile.BURST:
            starts = np.arange(_BURSTS) / _BURSTS
            ends = starts + _TIME_IN_BURSTS / _BURSTS
            before = np.arange(_BURSTS) / _BURSTS
            after = before + _PART_IN_BURSTS / _BURSTS
            times = np.append(np.column_stack((starts, ends)).ravel(), 1.0)
            return times, np.append(np.column_stack((before, after)).ravel(), 1.0)
        case Profile.SINE:
            times = np.linspace(0, 1, _KNOTS_OF_THE_SINE)
            return times, times - np.sin(2 * np.pi * times) / (2 * np.pi)
