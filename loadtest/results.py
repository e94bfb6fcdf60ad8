"""A result as it is in the output bucket, and what it says about how it was made."""

from __future__ import annotations

import csv
import json
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from loadtest.access import error_code

if TYPE_CHECKING:
    from collections.abc import Mapping

    from types_boto3_s3 import S3Client

    from loadtest.clock import RunClock
    from loadtest.expectations import Expectation

_GONE = ("NoSuchKey", "404")


class Verdict(StrEnum):
    """What is to be said of a video at the end of a run."""

    RIGHT = "right"
    """The result is what was expected."""
    WRONG = "wrong"
    """It is another."""
    UNCHECKED = "unchecked"
    """There is a CSV, and nothing was said of what should be in it."""
    ERROR = "error"
    """There is an error report that nobody expected."""
    MISSING = "missing"
    """It was uploaded, and no result came, for as long as the run was to wait."""
    NOT_WAITED_FOR = "not waited for"
    """It was uploaded and had no result yet when the run ended early."""
    NOT_UPLOADED = "not uploaded"
    """The upload failed."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Processing:
    """What the function says of its work; times in seconds from the start of the run.

    They are by AWS's clock. `event` is when S3 told of the upload. The `ranges` of a long video
    have a run each, and may be looked at at once: all runs together `worked` for so many seconds.
    """

    event: float
    started: float
    finished: float
    cold: bool
    video_seconds: float
    frames: int
    faces: int
    ranges: int
    worked: float


@dataclass(frozen=True, kw_only=True, slots=True)
class Result:
    """A video's result. `seen` is when the generator noticed it, in seconds from the start.

    `detail` says what is wrong with it, or nothing. `processing` is None if the object lacks the
    metadata, as one that other hands have put there does.
    """

    seen: float
    is_csv: bool
    verdict: Verdict
    detail: str
    processing: Processing | None


def read_result(
    s3: S3Client, bucket: str, key: str, *, expectation: Expectation | None, clock: RunClock
) -> Result | None:
    """Read a result and compare it with what was expected; return None if it is gone again."""
    try:
        answer = s3.get_object(Bucket=bucket, Key=key)
    except ClientError as error:
        if error_code(error) in _GONE:
            return None
        raise
    is_csv = key.endswith(".csv")
    text = answer["Body"].read().decode("utf-8-sig", errors="replace")
    judge = _judge_csv if is_csv else _judge_error_report
    verdict, detail = judge(text, expectation)
    return Result(
        seen=clock.now(),
        is_csv=is_csv,
        verdict=verdict,
        detail=detail,
        processing=_processing(answer["Metadata"], clock),
    )


def _judge_csv(text: str, expectation: Expectation | None) -> tuple[Verdict, str]:
    if expectation is None:
        return Verdict.UNCHECKED, ""
    difference = expectation.difference(csv.DictReader(text.splitlines()))
    return (Verdict.WRONG, difference) if difference else (Verdict.RIGHT, "")


def _judge_error_report(text: str, expectation: Expectation | None) -> tuple[Verdict, str]:
    if expectation and not expectation.readable:
        return Verdict.RIGHT, ""
    try:
        report = json.loads(text)
        return Verdict.ERROR, str(report["error"])
    except (ValueError, KeyError, TypeError):
        return Verdict.ERROR, "the error report is not one"


def _processing(metadata: Mapping[str, str], clock: RunClock) -> Processing | None:
    try:
        return Processing(
            event=_seconds(metadata["event-time"], clock),
            started=_seconds(metadata["started"], clock),
            finished=_seconds(metadata["finished"], clock),
            cold=metadata["cold"] == "true",
            video_seconds=float(metadata["video-seconds"]),
            frames=int(metadata["frames"]),
            faces=int(metadata["faces"]),
            ranges=int(metadata["ranges"]),
            worked=float(metadata["worked-seconds"]),
        )
    except (KeyError, ValueError):
        return None


def _seconds(moment: str, clock: RunClock) -> float:
    return clock.since_start(datetime.fromisoformat(moment))
