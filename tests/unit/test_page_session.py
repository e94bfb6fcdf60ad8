"""What the page of a session makes of names, moments and corrections, without AWS."""

from __future__ import annotations

from datetime import UTC, date, datetime, time

import pytest

from function.results import csv_key
from page.pages.corrections import seconds_of
from page.pages.session import moment
from page.recordings import video_keys
from register.corrections import (
    CorrectionsError,
    Lesson,
    corrections_bytes,
    read_corrections,
    read_lesson,
    tolerance_below,
)
from register.sessions import Session

WHEN = datetime(2026, 11, 23, 9, tzinfo=UTC)


@pytest.mark.parametrize(
    "video",
    [
        "c/x.mp4",
        "c/x.mov",
        "c/x",
        "c/x.mov.mp4",
        "c/x.video",
        "c/x.video.mp4",
        "c/x.MP4",
        "c/x.csv",
    ],
)
def test_a_session_leads_back_to_its_video_and_to_no_other(video: str) -> None:
    assert video_keys(csv_key(video).removesuffix(".csv")) == [video]


@pytest.mark.parametrize(
    ("typed", "seconds"),
    [
        ("5", 300),
        ("5:00", 300),
        (" 0:05:00 ", 300),
        ("90:01", 5401),
        ("1:30:01", 5401),
        ("0:00", 0),
        ("", None),
        ("5:60", None),
        ("-5", None),
        ("5.5", None),
        ("1e9", None),
        ("=1", None),
        ("\u0665", 300),
    ],
)
def test_a_moment_is_typed_as_minutes_and_seconds(typed: str, seconds: float | None) -> None:
    assert seconds_of(typed) == seconds


def test_a_moment_is_of_the_day_where_the_recording_says_when_it_began() -> None:
    day = date(2026, 11, 23)
    assert moment(Session(name="c/x", day=day, at=None), 3723.9) == "1:02:03"
    assert moment(Session(name="c/x", day=day, at=time(23, 15)), 3723.9) == "00:17:03"


@pytest.mark.parametrize(
    ("distance", "tolerance"), [(0.5, 0.49), (0.501, 0.5), (0.29, 0.28), (0.01, None), (1.4, 1.0)]
)
def test_the_tolerance_asked_for_is_just_below_the_distance(
    distance: float, tolerance: float | None
) -> None:
    assert tolerance_below(distance) == tolerance


def test_when_the_lesson_began_is_read_as_it_was_written() -> None:
    lesson = Lesson(starts=300.0, who="an-id", when=WHEN)
    content = corrections_bytes((), lesson)
    assert read_lesson(content) == lesson
    assert read_corrections(content) == ()
    assert read_lesson(corrections_bytes(())) is None


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"[]",
        b'{"version": 2}',
        b'{"version": 1, "lesson": 5}',
        b'{"version": 1, "lesson": {"starts": "5", "who": "x", "when": "2026-11-23T09:00:00Z"}}',
        b'{"version": 1, "lesson": {"starts": NaN, "who": "x", "when": "2026-11-23T09:00:00Z"}}',
        b'{"version": 1, "lesson": {"starts": 5, "who": "x", "when": "2026-11-23T09:00:00"}}',
        b'{"version": 1, "lesson": {"starts": -5, "who": "x", "when": "2026-11-23T09:00:00Z"}}',
    ],
)
def test_another_lesson_is_none(content: bytes) -> None:
    with pytest.raises(CorrectionsError):
        read_lesson(content)


@pytest.mark.parametrize("tolerance", [0, -1, 1.1, True, "0.5"])
def test_no_other_tolerance_is_read(tolerance: object) -> None:
    said = (
        '{"version": 1, "corrections": [{"student_id": "1", "what": "not them", "who": "x", '
        '"when": "2026-11-23T09:00:00Z", "undone": false, "tolerance": %s}]}'
    )
    content = said % (f'"{tolerance}"' if isinstance(tolerance, str) else str(tolerance).lower())
    with pytest.raises(CorrectionsError):
        read_corrections(content.encode())
