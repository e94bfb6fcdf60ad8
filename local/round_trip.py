"""Videos on their way through the stack and back: into the input bucket, and out as results.

All is seen from outside, as a user of the stack sees it: objects in the output bucket, messages in
the failures queue.
"""

from __future__ import annotations

import csv
import json
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import unquote_plus

from function.results import csv_key, error_key

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from local.aws import LocalAws

_LOOK_EVERY_SECONDS = 0.1

_LOG_LINES = 10


class NoResultError(Exception):
    """Videos went in, and nothing came out for too long; the message has the function's log."""


@dataclass(frozen=True, kw_only=True)
class Result:
    """What became of a video.

    `seconds` is the time from the end of the upload to the result. `text` is the CSV or the error
    report as it is in the output bucket, under `result_key`; `rows` are the CSV's. `problem` says
    why there is no CSV, and is empty when there is one; `remedy` what to do, where that is known.
    """

    seconds: float
    result_key: str = ""
    text: str = ""
    rows: tuple[Mapping[str, str], ...] = ()
    problem: str = ""
    remedy: str = ""


class RoundTrip:
    """The uploads to a stack, and the results that have come back so far, by the videos' keys."""

    def __init__(self, aws: LocalAws, *, arrived: Callable[[str, Result], None]) -> None:
        """Call `arrived` with every video's key and result as soon as it is there."""
        self._aws = aws
        self._s3 = aws.client("s3")
        self._sqs = aws.client("sqs")
        self._arrived = arrived
        self._uploaded: dict[str, float] = {}
        self.results: dict[str, Result] = {}

    def put_through(self, videos: Mapping[str, Path], *, patience_seconds: float) -> None:
        """Upload the videos under their keys, and wait until each has a result.

        Raises NoResultError when there was no new one for `patience_seconds`.
        """
        for key, path in videos.items():
            self._s3.upload_file(str(path), self._aws.outputs.input_bucket, key)
            self._uploaded[key] = time.monotonic()
            self._look()
        last_arrival = time.monotonic()
        while waiting := self._waiting():
            if self._look():
                last_arrival = time.monotonic()
            elif time.monotonic() - last_arrival > patience_seconds:
                raise NoResultError(self._silence(waiting, patience_seconds))
            time.sleep(_LOOK_EVERY_SECONDS)

    def _waiting(self) -> list[str]:
        return [key for key in self._uploaded if key not in self.results]

    def _look(self) -> bool:
        """Take what has come since the last look, and tell whether it was anything."""
        before = len(self.results)
        there = self._keys_in_output_bucket()
        for key in self._waiting():
            if csv_key(key) in there:
                self._take(key, self._csv(key))
            elif error_key(key) in there:
                self._take(key, self._error_report(key))
        self._take_failures()
        return len(self.results) > before

    def _take(self, key: str, result: Result) -> None:
        self.results[key] = result
        self._arrived(key, result)

    def _keys_in_output_bucket(self) -> set[str]:
        pages = self._s3.get_paginator("list_objects_v2").paginate(
            Bucket=self._aws.outputs.output_bucket
        )
        return {found["Key"] for page in pages for found in page.get("Contents", ())}

    def _csv(self, key: str) -> Result:
        text = self._text(csv_key(key))
        rows = tuple(csv.DictReader(text.splitlines()))
        return Result(seconds=self._since(key), result_key=csv_key(key), text=text, rows=rows)

    def _error_report(self, key: str) -> Result:
        text = self._text(error_key(key))
        report = json.loads(text)
        return Result(
            seconds=self._since(key),
            result_key=error_key(key),
            text=text,
            problem=report["error"],
            remedy=report["remedy"],
        )

    def _text(self, key: str) -> str:
        found = self._s3.get_object(Bucket=self._aws.outputs.output_bucket, Key=key)
        text: str = found["Body"].read().decode("utf-8-sig")
        return text

    def _take_failures(self) -> None:
        """Learn from the failures queue which videos have failed for good."""
        queue = {"QueueUrl": self._aws.outputs.failures_queue_url}
        for message in self._sqs.receive_message(**queue, MaxNumberOfMessages=10).get(
            "Messages", ()
        ):
            self._sqs.delete_message(**queue, ReceiptHandle=message["ReceiptHandle"])
            failure = json.loads(message["Body"])
            problem = (failure.get("responsePayload") or {}).get("errorMessage", "no message")
            for record in failure["requestPayload"]["Records"]:
                key = unquote_plus(record["s3"]["object"]["key"])
                if key in self._waiting():
                    self._take(key, Result(seconds=self._since(key), problem=f"failed: {problem}"))

    def _since(self, key: str) -> float:
        return time.monotonic() - self._uploaded[key]

    def _silence(self, waiting: list[str], seconds: float) -> str:
        events = self._aws.client("logs").filter_log_events(
            logGroupName=self._aws.outputs.log_group
        )["events"]
        log = [event["message"] for event in events[-_LOG_LINES:]] or ["(empty)"]
        return (
            f"no result for {len(waiting)} of {len(self._uploaded)} videos ({waiting[0]} among "
            f"them) in {seconds:.0f} s; the end of the function's log:\n" + "\n".join(log)
        )
