"""The way of each video through the pipeline, put together from what both sides noted."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from loadtest.results import Verdict

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from loadtest.results import Result
    from loadtest.uploads import Upload
    from loadtest.workload import Video


@dataclass(frozen=True, kw_only=True, slots=True)
class Journey:
    """One video, with times in seconds from the start of the run, by this machine's clock.

    `arrival` is when the upload was meant to begin. `event`, `started` and `finished` are the
    function's account, None without a result or where the result has none. So is in how many
    `ranges` it was looked at, and for how many seconds all runs `worked` for it. `written` is how
    often its results were written, None if the bucket cannot tell.
    """

    number: int
    key: str
    source: str
    bytes: int
    verdict: Verdict
    detail: str
    arrival: float
    upload_started: float
    uploaded: float
    event: float | None = None
    started: float | None = None
    finished: float | None = None
    seen: float | None = None
    has_csv: bool = False
    cold: bool | None = None
    video_seconds: float | None = None
    ranges: int | None = None
    worked: float | None = None
    written: int | None = None

    @property
    def runs(self) -> int:
        """How many runs of the function its result took: one before ranges, and one after them."""
        if self.ranges is None:
            return 0
        return 1 if self.ranges == 1 else self.ranges + 2

    @property
    def is_uploaded(self) -> bool:
        """Whether the video arrived in the bucket."""
        return self.verdict is not Verdict.NOT_UPLOADED

    @property
    def lateness(self) -> float:
        """From the intended arrival to the beginning of the upload: the generator's own delay."""
        return self.upload_started - self.arrival

    @property
    def upload(self) -> float:
        """The time of the upload."""
        return self.uploaded - self.upload_started

    @property
    def latency(self) -> float | None:
        """From the intended arrival to the result."""
        return None if self.result_time is None else self.result_time - self.arrival

    @property
    def upload_to_result(self) -> float | None:
        """From the end of the upload to the result: what is left when the generator is late."""
        return None if self.result_time is None else self.result_time - self.uploaded

    @property
    def queue(self) -> float | None:
        """From S3's event to the beginning of the work."""
        if self.started is None or self.event is None:
            return None
        return self.started - self.event

    @property
    def function(self) -> float | None:
        """The time of the work."""
        if self.finished is None or self.started is None:
            return None
        return self.finished - self.started

    @property
    def result_time(self) -> float | None:
        """When the function finished; where it does not say, when the result was noticed."""
        return self.seen if self.finished is None else self.finished


def journeys(  # noqa: PLR0913 - what both sides noted, and how to read it
    videos: Sequence[Video],
    uploads: Mapping[int, Upload],
    results: Mapping[int, Result],
    *,
    times_written: Mapping[str, int] | None,
    clock_ahead_seconds: float,
    ended_early: bool,
) -> list[Journey]:
    """Return the journeys of the videos whose upload was tried, in the order of the plan.

    `times_written` is by the results' keys. AWS's clock is ahead of this machine's by
    `clock_ahead_seconds`. Of a run that `ended_early`, nobody knows which results would have come.
    """
    return [
        _journey(
            videos[number],
            upload,
            results.get(number),
            written=_written(videos[number].result_keys, times_written),
            ahead=clock_ahead_seconds,
            without_result=Verdict.NOT_WAITED_FOR if ended_early else Verdict.MISSING,
        )
        for number, upload in sorted(uploads.items())
    ]


def _journey(  # noqa: PLR0913 - what both sides noted, and how to read it
    video: Video,
    upload: Upload,
    result: Result | None,
    *,
    written: int | None,
    ahead: float,
    without_result: Verdict,
) -> Journey:
    processing = result.processing if result else None
    return Journey(
        number=video.number,
        key=video.key,
        source=video.source.name,
        bytes=video.source.size,
        verdict=_verdict(upload, result, without_result),
        detail=upload.problem or (result.detail if result else ""),
        arrival=upload.arrival,
        upload_started=upload.started,
        uploaded=upload.finished,
        event=processing.event - ahead if processing else None,
        started=processing.started - ahead if processing else None,
        finished=processing.finished - ahead if processing else None,
        seen=result.seen if result else None,
        has_csv=bool(result and result.is_csv),
        cold=processing.cold if processing else None,
        video_seconds=processing.video_seconds if processing else None,
        ranges=processing.ranges if processing else None,
        worked=processing.worked if processing else None,
        written=written,
    )


def _verdict(upload: Upload, result: Result | None, without_result: Verdict) -> Verdict:
    if upload.problem:
        return Verdict.NOT_UPLOADED
    return result.verdict if result else without_result


def _written(keys: Iterable[str], times_written: Mapping[str, int] | None) -> int | None:
    if times_written is None:
        return None
    return sum(times_written.get(key, 0) for key in keys)
