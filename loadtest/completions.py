"""Noticing which videos have a result, without asking for each of them.

One listing of the run's prefix tells of up to a thousand results. Videos finish out of order, so a
listing cannot simply go on after the newest result it has seen: it begins at the oldest video that
still waits, and jumps over stretches in which none does. Usually that is one request, however many
videos the run has.

When a result is seen says nothing about latency, for the results carry their own times. So there
is no hurry: the pace follows the rate at which results come, and slows down when none do.
"""

from __future__ import annotations

from bisect import bisect_right
from functools import partial
from typing import TYPE_CHECKING

from loadtest.workload import key_start

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from types_boto3_s3 import S3Client

    from loadtest.workload import Video

_CSV_SUFFIX = ".csv"

SHORTEST_WAIT_SECONDS = 0.5
LONGEST_WAIT_SECONDS = 5.0
_SLOWING_DOWN = 1.5
RESULTS_PER_REQUEST = 2
"""So many results a listing should bring on average, as long as results come at all."""


class Listing:
    """The results under the run's prefix, page by page. `requests` counts the pages."""

    def __init__(
        self, s3: S3Client, bucket: str, prefix: str, videos: Iterable[Video], *, page: int = 1000
    ) -> None:
        self._s3 = s3
        self._bucket = bucket
        self._prefix = prefix
        self._page = page
        self._numbers = {key: video.number for video in videos for key in video.result_keys}
        self.requests = 0

    def results_of(self, waiting: Iterable[int]) -> dict[int, str]:
        """Return the keys of the results that are there, by the numbers of these videos."""
        numbers = sorted(waiting)
        wanted = set(numbers)
        found: dict[int, str] = {}
        position = 0
        while position < len(numbers):
            keys, goes_on = self._keys_from(numbers[position])
            for key in keys:
                number = self._numbers.get(key)
                # A video with a CSV and an error report has been processed twice; the CSV counts.
                if number in wanted and (number not in found or key.endswith(_CSV_SUFFIX)):
                    found[number] = key
            if not goes_on:
                break
            position = bisect_right(numbers, keys[-1], key=partial(key_start, self._prefix))
        return found

    def _keys_from(self, number: int) -> tuple[Sequence[str], bool]:
        """Return a page of keys from this video's on, and whether more follow it."""
        self.requests += 1
        answer = self._s3.list_objects_v2(
            Bucket=self._bucket,
            Prefix=self._prefix,
            StartAfter=key_start(self._prefix, number),
            MaxKeys=self._page,
        )
        return [entry["Key"] for entry in answer.get("Contents", [])], answer["IsTruncated"]


class Pace:
    """How long to wait between two looks at the listing."""

    def __init__(self) -> None:
        self.wait_seconds = SHORTEST_WAIT_SECONDS

    def after(self, *, requests: int, results: int, seconds: float) -> None:
        """Choose the next wait, from a look and the seconds that have passed since the one before.

        The look took `requests` requests and brought `results` results.
        """
        if results:
            wait = RESULTS_PER_REQUEST * requests * seconds / results
        else:
            wait = _SLOWING_DOWN * self.wait_seconds
        self.wait_seconds = min(max(wait, SHORTEST_WAIT_SECONDS), LONGEST_WAIT_SECONDS)
