"""Sessions: what the results of one video say of one lesson.

What there is of a video is its CSV, perhaps the evidence beside it, or an error report, and perhaps
corrections. Which lesson it is, and when that was, the key says: its first folder is the course,
and its name has the date in it if people named it so.
"""

from __future__ import annotations

import csv
import io
import json
import re
from dataclasses import dataclass, field
from datetime import date, time
from typing import TYPE_CHECKING

from function.evidence import SURE, Best, Evidence, PerhapsSeen, Seen
from function.results import COLUMNS, FORMULA_STARTS
from register.corrections import standing

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from register.corrections import Correction

# 2026-11-23, 20261123, 2026_11_23; and after it perhaps T0915, 09-15, 09.15, 9h15.
_DAY = re.compile(
    r"(?<!\d)(?P<year>20\d\d)(?P<sign>[-_.]?)(?P<month>\d\d)(?P=sign)(?P<day>\d\d)(?!\d)"
    r"(?:[T _-]{0,3}(?P<hour>[01]?\d|2[0-3])[-_.:h]?(?P<minute>[0-5]\d)(?!\d))?"
)

# A spreadsheet may have saved the CSV anew, with what its country separates fields by.
_SEPARATORS = (",", ";", "\t")


class UnreadableResultError(ValueError):
    """The CSV is none that a register can be made of."""


@dataclass(frozen=True, kw_only=True)
class Glimpse:
    """A student who was seen, or perhaps was: when, and how surely.

    `presence` are spans in seconds from the start of the recording; of who was perhaps seen, it is
    the moment of the best look. What the `best` look was, the evidence alone says.
    """

    student_id: str
    name: str
    major: str
    year: str
    presence: tuple[tuple[float, float], ...]
    is_sure: bool
    sightings: int = 0
    best: Best | None = None

    @property
    def first_seen(self) -> float:
        """In seconds from the start of the recording."""
        return self.presence[0][0]

    @property
    def last_seen(self) -> float:
        """In seconds from the start of the recording."""
        return self.presence[-1][1]

    @property
    def best_time(self) -> float | None:
        """When the best look was, in seconds from the start of the recording, where it is known."""
        return None if self.best is None else self.best.time


@dataclass(frozen=True, kw_only=True)
class Session:
    """A lesson, by the results of its video.

    `name` is what the CSV is called, without its suffix and with its folders. The lesson was on the
    `day`, `at` that time of it, where these are known. `seconds` is the length of the recording,
    where it is known, and `unread` says which part of it could not be read. `problem` says why
    there is nothing to go by, and is empty otherwise. The lesson goes from `starts` to `ends` in
    the recording, in seconds; None is the recording's end. `video_etag` is that of the video which
    the result is of, where it says so.
    """

    name: str
    day: date | None
    at: time | None
    seen: Mapping[str, Glimpse] = field(default_factory=dict)
    perhaps: Mapping[str, Glimpse] = field(default_factory=dict)
    seconds: float | None = None
    unread: str = ""
    strangers: int | None = None
    problem: str = ""
    corrections: Mapping[str, Correction] = field(default_factory=dict)
    starts: float = 0.0
    ends: float | None = None
    video_etag: str = ""

    @property
    def title(self) -> str:
        """The name without the folders."""
        return self.name.rpartition("/")[2]

    @property
    def order(self) -> tuple[date, time, str]:
        """What sorts sessions by time, and those without a day last, by name."""
        return self.day or date.max, self.at or time.min, self.name

    @property
    def end(self) -> float | None:
        """When the lesson ends in the recording, in seconds, or None where that is not known.

        That is the recording's end, if all of that could be read.
        """
        if self.ends is not None:
            return self.ends
        return None if self.unread else self.seconds


@dataclass(frozen=True, kw_only=True)
class Found:
    """The sessions that were found, and what is to be said of what could not be used."""

    sessions: tuple[Session, ...]
    notes: tuple[str, ...]


def day_in(name: str) -> tuple[date | None, time | None]:
    """Return the day that a session's name has in it, and the time after that, or None.

    The name itself counts before its folders, and the last day in it.
    """
    for part in reversed(name.split("/")):
        for match in reversed(list(_DAY.finditer(part))):
            try:
                day = date(*(int(match[each]) for each in ("year", "month", "day")))
            except ValueError:
                continue
            if match["hour"] is None:
                return day, None
            return day, time(int(match["hour"]), int(match["minute"]))
    return None, None


def session_of(
    name: str,
    csv: bytes,
    evidence: Evidence | None,
    *,
    corrections: Iterable[Correction] = (),
    uploaded: date | None = None,
) -> Session:
    """Return the session of a CSV, with the evidence that belongs to it if there is any.

    `uploaded` is its day where its name has none.
    """
    day, at = day_in(name)
    stands = standing(corrections)
    if evidence is None:
        try:
            seen = _seen_in_csv(csv)
        except UnreadableResultError as error:
            return Session(
                name=name, day=day or uploaded, at=at, problem=str(error), corrections=stands
            )
        return Session(name=name, day=day or uploaded, at=at, seen=seen, corrections=stands)
    return Session(
        name=name,
        day=day or uploaded,
        at=at,
        seen={each.student_id: _glimpse(each) for each in evidence.students},
        perhaps={each.student_id: _perhaps(each) for each in evidence.please_check},
        seconds=evidence.video_seconds,
        unread=evidence.unread,
        strangers=evidence.strangers,
        corrections=stands,
    )


def session_without_csv(
    name: str,
    report: bytes,
    *,
    corrections: Iterable[Correction] = (),
    uploaded: date | None = None,
) -> Session:
    """Return the session of a video that has an error report."""
    day, at = day_in(name)
    try:
        problem = json.loads(report)["error"]
    except (ValueError, TypeError, KeyError):
        problem = None
    return Session(
        name=name,
        day=day or uploaded,
        at=at,
        problem=problem if isinstance(problem, str) and problem else "The report cannot be read.",
        corrections=standing(corrections),
    )


def _glimpse(seen: Seen) -> Glimpse:
    return Glimpse(
        student_id=seen.student_id,
        name=seen.name,
        major=seen.major,
        year=seen.year,
        presence=seen.presence,
        is_sure=seen.certainty == SURE,
        sightings=seen.sightings,
        best=seen.best,
    )


def _perhaps(perhaps: PerhapsSeen) -> Glimpse:
    return Glimpse(
        student_id=perhaps.student_id,
        name=perhaps.name,
        major=perhaps.major,
        year=perhaps.year,
        presence=((perhaps.best.time, perhaps.best.time),),
        is_sure=False,
        best=perhaps.best,
    )


def _seen_in_csv(content: bytes) -> dict[str, Glimpse]:
    """Read a CSV, also one that a person has edited."""
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise UnreadableResultError(
            "The CSV is not UTF-8: save it so, or have the video looked at again."
        ) from error
    for separator in _SEPARATORS:
        rows = csv.DictReader(io.StringIO(text, newline=""), delimiter=separator)
        if set(COLUMNS) <= set(rows.fieldnames or ()):
            try:
                return {glimpse.student_id: glimpse for glimpse in map(_in_row, rows)}
            except (csv.Error, ValueError, TypeError, AttributeError) as error:
                raise UnreadableResultError(
                    f"Line {rows.line_num} of the CSV has a field that makes no sense: mend it, or "
                    "have the video looked at again."
                ) from error
    raise UnreadableResultError(
        f"The CSV has not the columns {', '.join(COLUMNS)}: have the video looked at again."
    )


def _in_row(row: Mapping[str, str]) -> Glimpse:
    first, last = (float(row[name].replace(",", ".")) for name in ("first_seen", "last_seen"))
    if not 0 <= first <= last < float("inf"):
        raise ValueError(first, last)
    return Glimpse(
        student_id=_plain(row["student_id"]),
        name=_plain(row["name"]),
        major=_plain(row["major"]),
        year=_plain(row["year"]),
        presence=((first, last),),
        is_sure=True,
        sightings=int(row["sightings"]),
    )


def _plain(field: str) -> str:
    """Return a field as it was before it was kept from being run as a formula."""
    return field[1:] if field[:1] == "'" and field[1:].startswith(FORMULA_STARTS) else field
