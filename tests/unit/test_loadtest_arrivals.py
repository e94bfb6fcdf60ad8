"""Arrivals follow their profile, and their seed; each source comes equally often."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from loadtest.arrivals import Profile, arrival_times
from loadtest.sources import Source
from loadtest.workload import OpenLoop, key_start, plan

_MANY = 40_000


@given(
    profile=st.sampled_from(Profile),
    count=st.integers(1, 500),
    seconds=st.floats(0.1, 1e5),
    seed=st.integers(0, 2**32),
)
def test_arrivals_are_as_many_as_asked_for_in_order_in_time_and_repeatable(
    profile: Profile, count: int, seconds: float, seed: int
) -> None:
    times = arrival_times(profile, count=count, seconds=seconds, seed=seed)
    assert len(times) == count
    assert np.all(np.diff(times) >= 0)
    assert times[0] >= 0
    assert times[-1] <= seconds
    assert np.array_equal(times, arrival_times(profile, count=count, seconds=seconds, seed=seed))


def test_another_seed_is_another_schedule() -> None:
    first, second = (
        arrival_times(Profile.CONSTANT, count=9, seconds=1, seed=seed) for seed in (1, 2)
    )
    assert not np.array_equal(first, second)


@pytest.mark.parametrize(
    ("profile", "parts"),
    [
        (Profile.CONSTANT, [0.25, 0.25, 0.25, 0.25]),
        (Profile.STEP, [0.1, 0.2, 0.3, 0.4]),
        (Profile.BURST, [0.25, 0.25, 0.25, 0.25]),
        (Profile.SINE, [0.0908, 0.4092, 0.4092, 0.0908]),
    ],
)
def test_each_quarter_has_its_part(profile: Profile, parts: list[float]) -> None:
    times = arrival_times(profile, count=_MANY, seconds=4, seed=0)
    counts, _ = np.histogram(times, bins=4, range=(0, 4))
    # Four standard deviations of a binomial count.
    assert counts / _MANY == pytest.approx(parts, abs=4 * 0.5 / _MANY**0.5)


def test_half_of_a_burst_profile_comes_in_a_tenth_of_the_time() -> None:
    times = arrival_times(Profile.BURST, count=_MANY, seconds=4, seed=0)
    assert np.mean(times % 1 < 0.1) == pytest.approx(0.5, abs=0.01)


def test_between_constant_arrivals_lie_the_gaps_of_a_poisson_process() -> None:
    gaps = np.diff(arrival_times(Profile.CONSTANT, count=_MANY, seconds=_MANY, seed=0))
    # An exponential distribution has its mean for a deviation.
    assert gaps.mean() == pytest.approx(1, abs=0.02)
    assert gaps.std() == pytest.approx(1, abs=0.03)


def _sources(count: int) -> list[Source]:
    return [
        Source(name=f"{number}.mp4", path=Path(f"{number}.mp4"), size=1) for number in range(count)
    ]


@given(sources=st.integers(1, 20), count=st.integers(1, 200), seed=st.integers(0, 100))
def test_sources_come_equally_often(sources: int, count: int, seed: int) -> None:
    videos = plan(_sources(sources), count=count, prefix="p/", loop=None, seed=seed)
    uses = Counter(video.source.name for video in videos)
    assert len(videos) == count
    assert max(uses.values()) - min(uses[source.name] for source in _sources(sources)) <= 1
    assert all(video.arrival is None for video in videos)


def test_a_rate_and_a_count_make_the_duration() -> None:
    loop = OpenLoop(rate=5, profile=Profile.SINE)
    videos = plan(_sources(3), count=1000, prefix="p/", loop=loop, seed=0)
    arrivals = [video.arrival or 0.0 for video in videos]
    assert arrivals == sorted(arrivals)
    assert 190 < arrivals[-1] <= 200


def test_keys_lie_in_the_order_of_the_uploads_and_begin_with_their_number() -> None:
    videos = plan(_sources(7), count=1200, prefix="loadtest/x/", loop=None, seed=0)
    keys = [video.key for video in videos]
    assert keys == sorted(keys)
    assert len({key for video in videos for key in (video.key, *video.result_keys)}) == 3600
    for video in videos:
        for key in (video.key, *video.result_keys):
            assert key.startswith(key_start("loadtest/x/", video.number))
