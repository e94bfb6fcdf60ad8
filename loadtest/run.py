"""A run: uploads on one side, results noticed on the other, until all is there or must be given up.

What is known is kept in `Run` from the first moment, so that a run that is interrupted, or loses
its bucket, can still be reported.
"""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from botocore.exceptions import BotoCoreError, ClientError

from loadtest.access import AccessError, access
from loadtest.completions import Listing, Pace
from loadtest.results import Result, Verdict, read_result
from loadtest.uploads import Uploads

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from types_boto3_s3 import S3Client

    from loadtest.clock import RunClock
    from loadtest.expectations import Expectation
    from loadtest.target import Target
    from loadtest.uploads import Upload
    from loadtest.workload import Video

_TICK_SECONDS = 0.25
_MOST_READERS = 16


class Ending(StrEnum):
    """Why a run ended."""

    COMPLETE = "every uploaded video has a result"
    TIMED_OUT = "no result came for too long"
    INTERRUPTED = "interrupted"
    FAILED = "it could not go on"

    @property
    def is_early(self) -> bool:
        """Whether results were still waited for."""
        return self in (Ending.INTERRUPTED, Ending.FAILED)


@dataclass(frozen=True, kw_only=True)
class Progress:
    """How far a run is."""

    seconds: float
    planned: int
    uploaded: int
    done: int
    failed: int

    @property
    def in_flight(self) -> int:
        """Videos that are uploaded and wait for their result."""
        return self.uploaded - self.done


class Run:
    """One run over its videos; `go` returns when it has ended.

    `results` has what has been read so far, by the videos' numbers; so has `uploads`. `problem`
    says why a run could not go on.
    """

    def __init__(  # noqa: PLR0913 - what a run needs, each by its name
        self,
        s3: S3Client,
        target: Target,
        videos: Sequence[Video],
        *,
        prefix: str,
        expectations: Mapping[str, Expectation],
        clock: RunClock,
        concurrency: int,
        patience_seconds: float,
    ) -> None:
        self._s3 = s3
        self._bucket = target.output_bucket
        self._videos = videos
        self._expectations = expectations
        self._clock = clock
        self._patience = patience_seconds
        self._uploads = Uploads(s3, target.input_bucket, videos, clock, concurrency=concurrency)
        self._listing = Listing(s3, target.output_bucket, prefix, videos)
        self._readers = min(concurrency, _MOST_READERS)
        self._last_sign_of_life = 0.0
        self.results: dict[int, Result] = {}
        self.problem = ""

    @property
    def uploads(self) -> Mapping[int, Upload]:
        """The uploads that are over."""
        return self._uploads.done

    def go(self, watch: Callable[[Progress], None]) -> Ending:
        """Run, and tell `watch` of the progress several times a second."""
        self._uploads.start()
        try:
            ending = self._wait_for_results(watch)
        except KeyboardInterrupt:
            ending = Ending.INTERRUPTED
        except (AccessError, BotoCoreError, ClientError) as error:
            ending, self.problem = Ending.FAILED, str(error)
        self._uploads.stop()
        if ending.is_early:
            self._look_once_more()
        watch(self._progress())
        return ending

    def _wait_for_results(self, watch: Callable[[Progress], None]) -> Ending:
        pace, looked = Pace(), self._clock.now()
        while True:
            uploads_are_over = self._uploads.are_over
            if self._uploads.failure:
                raise self._uploads.failure
            if self._clock.now() - looked >= pace.wait_seconds:
                requests, results = self._listing.requests, len(self.results)
                self._look()
                now = self._clock.now()
                pace.after(
                    requests=self._listing.requests - requests,
                    results=len(self.results) - results,
                    seconds=now - looked,
                )
                looked = now
            if uploads_are_over and not self._waiting():
                return Ending.COMPLETE
            if uploads_are_over and self._silence() > self._patience:
                return Ending.TIMED_OUT
            watch(self._progress())
            time.sleep(_TICK_SECONDS)

    def _look(self) -> None:
        """Take the results that have come since the last look."""
        waiting = self._waiting()
        if not waiting:
            return
        with access(f"listing s3://{self._bucket}"):
            found = self._listing.results_of(waiting)
        with (
            access(f"reading from s3://{self._bucket}"),
            ThreadPoolExecutor(self._readers) as readers,
        ):
            for number, result in readers.map(self._read, found.items()):
                if result:
                    self.results[number] = result

    def _read(self, found: tuple[int, str]) -> tuple[int, Result | None]:
        number, key = found
        expectation = self._expectations.get(self._videos[number].source.name)
        return number, read_result(
            self._s3, self._bucket, key, expectation=expectation, clock=self._clock
        )

    def _look_once_more(self) -> None:
        """Take what is there at an early end; that it cannot be had is no news by then."""
        with suppress(AccessError, BotoCoreError, ClientError, KeyboardInterrupt):
            self._look()

    def _waiting(self) -> list[int]:
        """Return the videos that are uploaded and have no result yet."""
        # A copy, since uploaders add to it.
        uploads = list(self.uploads.items())
        return [
            number
            for number, upload in uploads
            if not upload.problem and number not in self.results
        ]

    def _silence(self) -> float:
        """Return the seconds since the last upload ended or the last result was seen."""
        uploads = (upload.finished for upload in self.uploads.values())
        results = (result.seen for result in self.results.values())
        return self._clock.now() - max((*uploads, *results), default=0.0)

    def _progress(self) -> Progress:
        uploads = list(self.uploads.values())
        failed_uploads = sum(1 for upload in uploads if upload.problem)
        return Progress(
            seconds=self._clock.now(),
            planned=len(self._videos),
            uploaded=len(uploads) - failed_uploads,
            done=len(self.results),
            failed=failed_uploads
            + sum(
                1
                for result in self.results.values()
                if result.verdict in (Verdict.WRONG, Verdict.ERROR)
            ),
        )
