"""What a run uploads, under which keys, and when: decided before it begins, from its seed."""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from function.results import csv_key, error_key, evidence_key
from loadtest.arrivals import Profile, arrival_times

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from loadtest.sources import Source

_DIGITS = 6
MOST_VIDEOS = 10**_DIGITS


@dataclass(frozen=True, kw_only=True)
class OpenLoop:
    """Arrivals at a mean `rate` a second, spread over the run by a profile."""

    rate: float
    profile: Profile = Profile.CONSTANT


@dataclass(frozen=True, kw_only=True, slots=True)
class Video:
    """One upload of a run. `arrival` is when it is meant to begin, in seconds from the start.

    Without an arrival, it begins as soon as an uploader is free.
    """

    number: int
    key: str
    source: Source
    arrival: float | None

    @property
    def result_keys(self) -> tuple[str, str]:
        """The keys of its CSV and of its error report, one of which is to appear."""
        return csv_key(self.key), error_key(self.key)

    @property
    def written_keys(self) -> tuple[str, ...]:
        """The keys of all that may be written of it: its results, and the evidence of the CSV."""
        return *self.result_keys, evidence_key(self.key)


def plan(
    sources: Sequence[Source], *, count: int, prefix: str, loop: OpenLoop | None, seed: int
) -> list[Video]:
    """Return the videos of a run, in the order of their uploads.

    Each source comes equally often, in an order that is new each time round.
    """
    arrivals: Sequence[float | None] = [None] * count
    if loop:
        arrivals = arrival_times(
            loop.profile, count=count, seconds=count / loop.rate, seed=seed
        ).tolist()
    rounds = itertools.islice(_rounds(sources, seed), count)
    return [
        Video(
            number=number,
            key=f"{key_start(prefix, number)}-{source.name}",
            source=source,
            arrival=arrival,
        )
        for number, (source, arrival) in enumerate(zip(rounds, arrivals, strict=True))
    ]


def key_start(prefix: str, number: int) -> str:
    """Return what the keys of a video and of its results begin with.

    The numbers have one width, so a listing has the videos in the order of their uploads.
    """
    return f"{prefix}{number:0{_DIGITS}}"


def _rounds(sources: Sequence[Source], seed: int) -> Iterator[Source]:
    random = np.random.default_rng(seed)
    while True:
        for index in random.permutation(len(sources)):
            yield sources[index]
