"""Time in a run: seconds from its start, by this machine's clock and by AWS's.

The generator notes when it uploads; the results say when the function finished. To subtract one
from the other, the two clocks must be compared, or a machine that is two seconds slow would
report latencies that are two seconds short.
"""

from __future__ import annotations

import threading
import time
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from types_boto3_s3 import S3Client

_DATE_RESOLUTION = 1.0
"""An HTTP date is in whole seconds, cut off."""


class RunClock:
    """Seconds since the start of a run, from a clock that is never set."""

    def __init__(self) -> None:
        self.started = datetime.now(UTC)
        self._zero = time.monotonic()

    def now(self) -> float:
        """Return the seconds since the start."""
        return time.monotonic() - self._zero

    def since_start(self, moment: datetime) -> float:
        """Return the seconds from the start to a moment that this machine's clock told."""
        return (moment - self.started) / timedelta(seconds=1)


class ClockComparison:
    """By how much AWS's clock is ahead of this machine's, from the dates of its answers.

    AWS wrote the date between the sending of the request and the arrival of the answer, so each
    answer bounds the difference; many of them, at all fractions of a second, bound it narrowly.
    """

    def __init__(self) -> None:
        self._least, self._most = float("-inf"), float("inf")
        self._request = threading.local()
        self._lock = threading.Lock()

    def watch(self, s3: S3Client) -> None:
        """Compare at every answer that this client gets from now on."""
        s3.meta.events.register("before-send.s3", self._sent)
        s3.meta.events.register("response-received.s3", self._received)

    def observe(self, date: datetime, *, sent: float, received: float) -> None:
        """Take the date of an answer into account; `sent` and `received` are POSIX times."""
        with self._lock:
            self._least = max(self._least, date.timestamp() - received)
            self._most = min(self._most, date.timestamp() + _DATE_RESOLUTION - sent)

    @property
    def ahead_seconds(self) -> float:
        """The correction to subtract from AWS's times: 0 while the clocks may well agree."""
        if self._least <= 0 <= self._most or self._least > self._most:
            return 0.0
        return (self._least + self._most) / 2

    @property
    def uncertainty_seconds(self) -> float | None:
        """How far off the correction may be; None when nothing is known."""
        if self._most == float("inf") or self._least > self._most:
            return None
        return max(abs(self._least - self.ahead_seconds), abs(self._most - self.ahead_seconds))

    def _sent(self, **_: Any) -> None:  # noqa: ANN401 - botocore's events
        self._request.sent = time.time()

    def _received(self, response_dict: dict[str, Any] | None = None, **_: Any) -> None:  # noqa: ANN401 - botocore's events
        date = (response_dict or {}).get("headers", {}).get("date")
        if date and hasattr(self._request, "sent"):
            self.observe(parsedate_to_datetime(date), sent=self._request.sent, received=time.time())
