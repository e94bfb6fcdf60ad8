"""Watching is paced by what comes, clocks are compared, progress is told."""

from __future__ import annotations

import io
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console

from loadtest.clock import ClockComparison
from loadtest.completions import (
    LONGEST_WAIT_SECONDS,
    RESULTS_PER_REQUEST,
    SHORTEST_WAIT_SECONDS,
    Pace,
)
from loadtest.live import progress_display
from loadtest.run import Progress


@given(
    st.lists(st.tuples(st.integers(0, 11), st.integers(0, 10_000), st.floats(0.5, 10)), min_size=1)
)
def test_the_wait_is_always_between_the_shortest_and_the_longest(
    looks: list[tuple[int, int, float]],
) -> None:
    pace = Pace()
    for requests, results, seconds in looks:
        pace.after(requests=requests, results=results, seconds=seconds)
        assert SHORTEST_WAIT_SECONDS <= pace.wait_seconds <= LONGEST_WAIT_SECONDS


def test_without_results_the_wait_grows_and_with_many_it_is_short_again() -> None:
    pace = Pace()
    waits = []
    for _ in range(10):
        pace.after(requests=1, results=0, seconds=pace.wait_seconds)
        waits.append(pace.wait_seconds)
    assert waits == sorted(waits)
    assert waits[-1] == LONGEST_WAIT_SECONDS
    pace.after(requests=1, results=400, seconds=1.0)
    assert pace.wait_seconds == SHORTEST_WAIT_SECONDS


@pytest.mark.parametrize("results_per_second", [0.2, 1.0, 5.0, 50.0, 300.0])
@pytest.mark.parametrize("pages", [1, 10])
def test_ten_thousand_results_take_fewer_requests_than_they_were_uploads(
    results_per_second: float, pages: int
) -> None:
    """By the pace alone: a look takes `pages` requests, and results come evenly."""
    pace, done, requests, seconds = Pace(), 0, 0, 0.0
    while done < 10_000:
        seconds += pace.wait_seconds
        new = int(seconds * results_per_second) - done
        done += new
        requests += pages
        pace.after(requests=pages, results=new, seconds=pace.wait_seconds)
    at_the_slowest = pages * seconds / LONGEST_WAIT_SECONDS
    assert requests <= 1.1 * max(done / RESULTS_PER_REQUEST, at_the_slowest) + pages


_NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)


@given(ahead=st.floats(-100, 100), round_trips=st.lists(st.floats(0.001, 0.2), min_size=30))
def test_clocks_are_compared_within_what_is_claimed(ahead: float, round_trips: list[float]) -> None:
    comparison, now = ClockComparison(), _NOON.timestamp()
    for round_trip in round_trips:
        answered = datetime.fromtimestamp(int(now + round_trip / 2 + ahead), UTC)
        comparison.observe(answered, sent=now, received=now + round_trip)
        now += 0.37
    assert comparison.uncertainty_seconds is not None
    error = abs(comparison.ahead_seconds - ahead)
    assert error <= comparison.uncertainty_seconds + 1e-6


def test_clocks_that_may_agree_are_taken_to_agree() -> None:
    comparison = ClockComparison()
    assert comparison.ahead_seconds == 0
    assert comparison.uncertainty_seconds is None
    comparison.observe(_NOON, sent=_NOON.timestamp() + 0.5, received=_NOON.timestamp() + 0.6)
    assert comparison.ahead_seconds == 0
    assert comparison.uncertainty_seconds == pytest.approx(0.6)


def test_a_clock_that_was_set_in_between_is_not_corrected_by_nonsense() -> None:
    comparison = ClockComparison()
    for jump in (0, 60):
        date = _NOON + timedelta(seconds=jump)
        comparison.observe(date, sent=_NOON.timestamp(), received=_NOON.timestamp())
    assert comparison.ahead_seconds == 0
    assert comparison.uncertainty_seconds is None


def _shown(*, terminal: bool) -> str:
    text = io.StringIO()
    console = Console(file=text, force_terminal=terminal, width=100, highlight=False)
    with progress_display(console) as watch:
        for tick in range(49):
            watch(Progress(seconds=tick / 4, planned=9, uploaded=8, done=tick // 8, failed=1))
    return text.getvalue()


def test_where_there_is_no_terminal_a_line_comes_every_few_seconds() -> None:
    lines = _shown(terminal=False).splitlines()
    assert len(lines) == 2
    assert lines[1].split(None, 2)[2] == (
        "8 of 9 uploaded, 3 in flight, 5 done, 1 failed, 0.5 results/s"
    )


def test_on_a_terminal_the_bars_go_when_the_run_is_over() -> None:
    shown = _shown(terminal=True)
    assert "in flight" in shown
    assert "\x1b[2K" in shown
