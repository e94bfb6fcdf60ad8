"""Dates as lists have them."""

from __future__ import annotations

import re
from datetime import date

# A spreadsheet may add the time of day to a date. What comes after it is not looked at.
_YEAR_FIRST = re.compile(r"(?P<year>\d{4})-(?P<month>\d{1,2})-(?P<day>\d{1,2})(?:[ T]\d.*)?")
_DAY_FIRST = re.compile(r"(?P<day>\d{1,2})\.\s?(?P<month>\d{1,2})\.\s?(?P<year>\d{4})")


def date_in(text: str) -> date:
    """Return the date that is written as 2026-09-30 or 30.9.2026.

    Raises ValueError, also for 9/30/2026, since that order of day and month is not everybody's.
    """
    for form in (_YEAR_FIRST, _DAY_FIRST):
        if written := form.fullmatch(text):
            return date(**{part: int(number) for part, number in written.groupdict().items()})
    raise ValueError
