"""The function's log records, of which metrics are made. They name neither videos nor students."""

from __future__ import annotations

import logging
from datetime import UTC, datetime, timedelta

from function.recogniser.outcome import Recognition

_logger = logging.getLogger(__name__)
_logger.setLevel(logging.INFO)


def log_upload(event: str, started: datetime, recognition: Recognition | None = None) -> None:
    """Log what came of an upload, in numbers. `started` is when it was begun with."""
    seen = recognition or Recognition.of_nothing()
    _logger.info(
        "upload %s",
        event,
        extra={
            "event": event,
            "frames": seen.frames,
            "faces": seen.faces,
            "students": len(seen.attendance),
            "video_seconds": round(seen.video_seconds, 2),
            "duration_ms": round((datetime.now(UTC) - started) / timedelta(milliseconds=1)),
        },
    )


def log_result(event: str, started: datetime, recognition: Recognition) -> None:
    """Log that an upload has come to a result, and whether it is one of a part of the video."""
    log_upload(event, started, recognition)
    if recognition.unread:
        _logger.warning(
            "a part of a video could not be read: its result says which", extra={"event": "partly"}
        )


def log_unrecorded(number: int) -> None:
    """Log how many students were recognised of whom the table has no record."""
    _logger.warning(
        "students are in the gallery and not in the table", extra={"unrecorded": number}
    )
