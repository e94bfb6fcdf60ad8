"""How many requests a run makes of S3: watching must not cost more than the work."""

from __future__ import annotations

import threading
from collections import Counter
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from types_boto3_s3 import S3Client


class RequestCount:
    """The requests by their operation, repeated ones included: they are paid for as well."""

    def __init__(self) -> None:
        self._counts: Counter[str] = Counter()
        self._lock = threading.Lock()

    def watch(self, s3: S3Client) -> None:
        """Count every request of this client from now on."""
        s3.meta.events.register("before-send.s3", self._count)

    def as_dict(self) -> dict[str, int]:
        """Return the counts by operation, as AWS names them."""
        with self._lock:
            return dict(sorted(self._counts.items()))

    def _count(self, event_name: str, **_: Any) -> None:  # noqa: ANN401 - botocore's events
        with self._lock:
            self._counts[event_name.rpartition(".")[2]] += 1
