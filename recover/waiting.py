"""Waiting for the results of videos whose events were sent again, and what has come of each."""

from __future__ import annotations

import time
from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING

from function.storage import find_video
from recover.error_reports import find_report
from recover.many_requests import answers
from recover.results import of_video, results_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from types_boto3_s3 import S3Client

    from recover.results import Result
    from stacks.outputs import Deployment

_SHORTEST_PAUSE_SECONDS = 1.0
_LONGEST_PAUSE_SECONDS = 15.0
_SLOWING_DOWN = 1.5


class Kind(Enum):
    """What came of a video."""

    CSV = "a CSV"
    PARTLY = "a CSV of what could be read"
    REPORT = "an error report"
    GONE = "no longer in the bucket"


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """What came of a video; `words` are its report's, or say which part could not be read."""

    key: str
    kind: Kind
    words: str = ""


def outcomes(
    stack: Deployment, awaited: Mapping[str, Sequence[Result]], *, patience_seconds: float
) -> Iterator[Outcome]:
    """Yield what has come of these videos, as it comes.

    With each key stand the results that the video had before. It ends when all have another, or
    when for so many seconds none has come. Raises a botocore exception.
    """
    s3, outputs = stack.client("s3"), stack.outputs
    waiting = dict(awaited)

    def ask(key: str) -> Outcome | None:
        return _outcome(s3, outputs.input_bucket, outputs.output_bucket, key, waiting[key])

    pause = _SHORTEST_PAUSE_SECONDS
    given_up = time.monotonic() + patience_seconds
    while waiting:
        came = [outcome for outcome in answers(ask, list(waiting)) if outcome is not None]
        for outcome in came:
            del waiting[outcome.key]
            yield outcome
        now = time.monotonic()
        if came:
            pause, given_up = _SHORTEST_PAUSE_SECONDS, now + patience_seconds
        elif now >= given_up:
            return
        if waiting:
            time.sleep(min(pause, max(0.0, given_up - now)))
            pause = min(_SLOWING_DOWN * pause, _LONGEST_PAUSE_SECONDS)


def _outcome(
    s3: S3Client, input_bucket: str, output_bucket: str, key: str, before: Sequence[Result]
) -> Outcome | None:
    video = find_video(s3, input_bucket, key)
    if video is None:
        return Outcome(key=key, kind=Kind.GONE)
    results = results_of(s3, output_bucket, key)
    new = [result for result in of_video(results, video.etag) if result not in before]
    if not new:
        return None
    (*_, result) = new
    if result.is_report:
        return Outcome(key=key, kind=Kind.REPORT, words=_problem(s3, output_bucket, result))
    unread = result.metadata.get("unread", "")
    return Outcome(key=key, kind=Kind.PARTLY if unread else Kind.CSV, words=unread)


def _problem(s3: S3Client, bucket: str, result: Result) -> str:
    report = find_report(s3, bucket, result.key)
    return report.problem if report else ""  # replaced by a CSV in this moment
