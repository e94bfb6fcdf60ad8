"""Which day it is: rows say when they were made; consents and last days are compared with it."""

from __future__ import annotations

from datetime import UTC, date, datetime


def today() -> date:
    """Return the day that it is in UTC, as the function takes it."""
    return datetime.now(UTC).date()
