"""The report as a page, in a real browser: it draws, fetches nothing, and says what the JSON says.

Without chromium on the PATH, what needs it is skipped: see `tests/unit/browser.py`.
"""

from __future__ import annotations

import json
import re
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from loadtest.arrivals import Profile, arrival_times
from loadtest.charts import charts
from loadtest.cloudwatch import Metrics
from loadtest.figures import Spread
from loadtest.journeys import Journey
from loadtest.page import page as rendered
from loadtest.pricing import FunctionSize, Work, cost_of
from loadtest.report import Generator, Report
from loadtest.results import Verdict
from loadtest.run import Ending
from loadtest.summary import summary
from loadtest.thresholds import Threshold
from tests.unit.browser import DESKTOP, PHONE, launched, needs_chromium

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from playwright.sync_api import Browser, Page

_HOSTILE = '<img src=x onerror="document.title=1">&amp;</script>.mp4'


def _journey(number: int, arrival: float, **changes: Any) -> Journey:  # noqa: ANN401 - any field
    begun = arrival + 0.4 + 0.01 * (number % 7)
    seconds = 1.0 + 0.5 * (number % 5) + (2.0 if number < 8 else 0.0)
    journey = Journey(
        number=number,
        key=f"loadtest/x/{number:06}-a.mp4",
        source=f"lecture {number % 8}.mp4",
        bytes=1_500_000,
        verdict=Verdict.RIGHT,
        detail="",
        arrival=arrival,
        upload_started=arrival + 0.001,
        uploaded=arrival + 0.3,
        event=arrival + 0.31,
        started=begun,
        finished=begun + seconds,
        seen=begun + seconds + 1,
        has_csv=True,
        cold=number < 8,
        video_seconds=60.0,
        written=1,
    )
    return replace(journey, **changes)


def _without_result(journey: Journey, verdict: Verdict) -> Journey:
    return replace(
        journey,
        verdict=verdict,
        event=None,
        started=None,
        finished=None,
        seen=None,
        has_csv=False,
        cold=None,
        video_seconds=None,
        written=0,
    )


def _some(count: int) -> list[Journey]:
    arrivals = arrival_times(Profile.BURST, count=count, seconds=count / 4, seed=1).tolist()
    some = [_journey(number, arrival) for number, arrival in enumerate(arrivals)]
    some[10] = replace(
        some[10], verdict=Verdict.WRONG, source=_HOSTILE, detail="expected Ada; found nobody"
    )
    some[11] = replace(some[11], verdict=Verdict.ERROR, has_csv=False, detail="The file is empty.")
    some[12] = _without_result(some[12], Verdict.MISSING)
    some[13] = _without_result(some[13], Verdict.NOT_UPLOADED)
    some[14] = replace(some[14], written=2)
    return some


def _report(journeys: Sequence[Journey], **changes: Any) -> Report:  # noqa: ANN401 - any field
    seconds = [journey.function for journey in journeys if journey.function is not None]
    report = Report.of(
        journeys,
        planned=len(journeys),
        thresholds=[Threshold.parse(text) for text in ("p95<30s", "missing==0", "cold.max<1s")],
        prefix="loadtest/x/",
        started="2026-11-23T20:15:01+00:00",
        seconds=61.25,
        ending=Ending.COMPLETE,
        problem="",
        settings={"sources": _HOSTILE, "prefix": "loadtest/x/", "seed": "0"},
        metrics=Metrics(
            invocations=120,
            errors=1,
            throttles=0,
            highest_concurrency=31,
            concurrency=((5.0, 31.0), (65.0, 4.0)),
            duration=Spread.of(seconds),
            reports=120,
            billed_seconds=sum(seconds),
            init=None,
            memory_mb=1769,
            highest_memory_mb=402,
        ),
        cost=cost_of(
            Work(
                videos=len(seconds),
                runs=len(seconds),
                seconds=sum(seconds),
                video_seconds=60.0 * len(seconds),
                seconds_from="what Lambda says it billed",
            ),
            FunctionSize(memory_mb=1769, disk_mb=2048, architecture="arm64"),
        ),
        generator=Generator(
            cpu_seconds=3.217,
            peak_memory_mb=151.2,
            requests={"GetObject": 118, "ListObjectsV2": 40, "PutObject": 120},
            requests_cost=0.00085,
            clock_ahead_seconds=0.0,
            clock_uncertainty_seconds=0.02,
        ),
        notes=["the videos are deleted"],
    )
    return replace(report, **changes)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with launched() as browser:
        yield browser


class _Opened:
    """A page in the browser, all that its console said, and all that it fetched."""

    def __init__(
        self,
        browser: Browser,
        file: Path,
        *,
        size: tuple[int, int] = DESKTOP,
        dark: bool = False,
    ) -> None:
        self.said: list[str] = []
        self.fetched: list[str] = []
        self.page: Page = browser.new_page(
            viewport={"width": size[0], "height": size[1]},
            color_scheme="dark" if dark else "light",
        )
        self.page.on("console", lambda message: self.said.append(message.text))
        self.page.on("pageerror", lambda error: self.said.append(str(error)))
        self.page.on("request", lambda request: self.fetched.append(request.url))
        self.page.goto(file.as_uri())
        self.page.wait_for_function(
            "document.querySelectorAll('.chart svg').length"
            " === document.querySelectorAll('.chart').length"
        )

    def colours_of(self, selector: str) -> list[str]:
        """Return what fills the elements, as the browser has computed it."""
        colours: list[str] = self.page.eval_on_selector_all(
            selector, "all => all.map(one => getComputedStyle(one).fill)"
        )
        return colours


def _written(report: Report, folder: Path) -> Path:
    file = folder / "report.html"
    file.write_text(rendered(report), encoding="utf-8")
    return file


@needs_chromium
@pytest.mark.parametrize("size", [DESKTOP, PHONE], ids=["desktop", "phone"])
@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_the_page_draws_without_a_word_on_the_console_and_without_fetching(
    browser: Browser, tmp_path: Path, size: tuple[int, int], *, dark: bool
) -> None:
    file = _written(_report(_some(120)), tmp_path)
    opened = _Opened(browser, file, size=size, dark=dark)
    assert opened.said == []
    assert opened.fetched == [file.as_uri()]
    assert opened.page.locator(".chart svg").count() == 5
    too_wide = opened.page.evaluate("document.documentElement.scrollWidth - window.innerWidth")
    assert too_wide <= 0
    widths = opened.page.eval_on_selector_all(
        ".chart", "all => all.map(one => [one.firstElementChild.scrollWidth, one.clientWidth])"
    )
    assert all(drawn <= room for drawn, room in widths)


@needs_chromium
@pytest.mark.parametrize("width", [320, PHONE[0], 800, DESKTOP[0]])
def test_no_column_of_a_table_is_cut_off(browser: Browser, tmp_path: Path, width: int) -> None:
    journeys = _some(120)
    journeys[15] = replace(
        journeys[15],
        verdict=Verdict.WRONG,
        written=3,
        source="recording_of_the_first_lecture_" * 4 + ".mp4",
        detail="expected " + "Ada Lovelace, " * 20 + "found nobody",
    )
    # A spread with figures of every length: the slowest took hours.
    journeys[16] = replace(journeys[16], finished=12_345.0)
    thresholds = [Threshold.parse(text) for text in ("upload_to_result.p95<=12345.678s", "max<1s")]
    report = _report(journeys)
    judgements = tuple(
        one.judge(report.counts, report.durations, report.throughput) for one in thresholds
    )
    file = _written(replace(report, judgements=judgements), tmp_path)
    opened = _Opened(browser, file, size=(width, 900))
    # To the right, what an element holds ends within the card, none of it scrolled out of sight.
    cut_off = opened.page.eval_on_selector_all(
        "main table :is(th, td, data, code, span)",
        """all => all.filter(one => {
          const card = one.closest(".card"), style = getComputedStyle(card);
          const end = card.getBoundingClientRect().right - parseFloat(style.paddingRight);
          return one.getBoundingClientRect().right > end + 0.5 || one.scrollWidth > one.clientWidth
            && getComputedStyle(one).display !== "inline";
        }).map(one => one.outerHTML)""",
    )
    assert cut_off == []
    assert opened.page.evaluate("document.documentElement.scrollWidth") <= width


@needs_chromium
def test_on_a_phone_each_cell_says_which_column_it_is_of(browser: Browser, tmp_path: Path) -> None:
    opened = _Opened(browser, _written(_report(_some(120)), tmp_path), size=PHONE)
    for table in ("#durations", "#failures"):
        columns = opened.page.locator(f"{table} thead th").all_text_contents()
        assert not opened.page.locator(f"{table} thead").is_visible()
        for cell in opened.page.locator(f"{table} tbody tr:first-child td:visible").all():
            index = cell.evaluate("cell => cell.cellIndex")
            assert cell.evaluate("cell => getComputedStyle(cell, '::before').content") == (
                f'"{columns[index]}"'
            )


@needs_chromium
def test_every_figure_on_the_page_is_the_jsons(browser: Browser, tmp_path: Path) -> None:
    report = _report(_some(120))
    record = json.loads(report.as_json())
    opened = _Opened(browser, _written(report, tmp_path))
    figures = opened.page.eval_on_selector_all(
        "[data-figure]", "all => all.map(one => [one.dataset.figure, one.value, one.innerText])"
    )
    assert len(figures) > 100
    for place, value, shown in figures:
        expected: Any = record
        for name in place.split("."):
            if expected is not None:
                expected = expected[int(name) if isinstance(expected, list) else name]
        assert json.loads(value) == expected, place
        if expected is None:
            assert shown == "\N{EN DASH}", place
        else:
            assert _number(shown) == pytest.approx(expected, rel=0.05, abs=5.1e-4), place
    names = {place for place, _, _ in figures}
    assert {f"counts.{name}" for name in record["counts"]} - names == {"counts.attempted"}


def _number(shown: str) -> float:
    """Read a figure as a person does."""
    number = float(re.sub(r"[^0-9.eE+-]", "", shown.replace(" ms", "").replace(" s", "")))
    return number / 1000 if shown.endswith(" ms") else number


@needs_chromium
def test_the_charts_show_what_is_in_the_report(browser: Browser, tmp_path: Path) -> None:
    journeys = _some(120)
    report = _report(journeys)
    opened = _Opened(browser, _written(report, tmp_path))
    points = opened.page.locator("#chart-latency .mark-symbol.role-mark path")
    assert points.count() == sum(journey.latency is not None for journey in journeys)
    assert report.histogram
    bars = opened.page.locator("#chart-distribution .mark-rect.role-mark path")
    assert bars.count() == len(report.histogram.counts)
    assert "p95" in opened.page.locator("#chart-distribution").inner_text()


@pytest.mark.parametrize(
    ("apart", "title", "field"),
    [
        (0.0, "Latency by video", "number"),
        (0.0014, "Latency by video", "number"),
        (0.1, "Latency over time", "time"),
    ],
)
def test_the_latency_of_videos_that_came_at_once_is_drawn_by_their_number(
    apart: float, title: str, field: str
) -> None:
    # The last result is there 40 s after the first arrival.
    journeys = [_journey(number, apart * number) for number in range(120)]
    journeys[60] = replace(journeys[60], finished=40.0)
    (chart,) = (one for one in charts(_report(journeys)) if one.name == "latency")
    assert chart.title == title
    assert chart.spec["encoding"]["x"]["field"] == field
    assert ("by its number, in the order of arrival" in chart.caption) is (field == "number")
    assert ("0.17 of the 40.00 s to the last result" in chart.caption) is (apart == 0.0014)
    points = chart.spec["data"]["values"]
    assert [point["number"] for point in points] == list(range(120))


@needs_chromium
def test_a_closed_loops_points_are_spread_over_the_chart(browser: Browser, tmp_path: Path) -> None:
    journeys = [_journey(number, 0.001 * number) for number in range(100)]
    opened = _Opened(browser, _written(_report(journeys), tmp_path))
    chart = opened.page.locator("#chart-latency")
    points = [point.bounding_box() for point in chart.locator(".mark-symbol.role-mark path").all()]
    places = [point["x"] for point in points if point]
    room = chart.bounding_box()
    assert room
    assert len(places) == 100
    assert max(places) - min(places) > 0.7 * room["width"]
    assert "order of arrival" in chart.inner_text()
    assert "Latency by video" in opened.page.inner_text("main")


@needs_chromium
def test_what_went_wrong_is_named_and_names_are_text(browser: Browser, tmp_path: Path) -> None:
    opened = _Opened(browser, _written(_report(_some(120)), tmp_path))
    rows = [row.inner_text().split("\t") for row in opened.page.locator("#failures tbody tr").all()]
    assert [(row[0], row[2].strip()) for row in rows] == [
        ("10", "wrong"),
        ("11", "error"),
        ("12", "missing"),
        ("13", "not uploaded"),
        ("14", "written 2 times"),
    ]
    assert rows[0][1] == _HOSTILE
    assert rows[0][3] == "expected Ada; found nobody"
    assert opened.page.title().startswith("Load test of 23 November 2026")
    assert opened.page.inner_text("#verdict") == "thresholds missed"


@needs_chromium
def test_charts_follow_the_page_into_the_dark(browser: Browser, tmp_path: Path) -> None:
    file = _written(_report(_some(120)), tmp_path)
    bars = "#chart-distribution .mark-rect.role-mark path"
    light, dark = (_Opened(browser, file, dark=dark).colours_of(bars) for dark in (False, True))
    assert set(light) == {"rgb(47, 111, 208)"}
    assert set(dark) == {"rgb(110, 168, 255)"}


@needs_chromium
@pytest.mark.parametrize(
    "journeys",
    [
        [],
        [_journey(0, 0.0)],
        [_without_result(_journey(0, 0.0), Verdict.MISSING)],
        [_without_result(_journey(0, 0.0), Verdict.NOT_UPLOADED)],
        [_journey(0, 0.0, verdict=Verdict.UNCHECKED)],
        [replace(_journey(0, 0.0), event=None, started=None, finished=None, written=None)],
    ],
    ids=["none", "one", "missing", "not uploaded", "unchecked", "silent"],
)
def test_a_run_of_next_to_nothing_has_a_page_too(
    browser: Browser, tmp_path: Path, journeys: list[Journey]
) -> None:
    report = _report(
        journeys,
        ending=Ending.FAILED,
        problem="listing s3://x: there is no such bucket",
        metrics=None,
        cost=None,
    )
    opened = _Opened(browser, _written(report, tmp_path))
    assert opened.said == []
    assert opened.page.inner_text("#verdict") == "could not go on"
    assert summary(report)


@needs_chromium
def test_an_interrupted_run_does_not_say_that_a_video_is_missing(
    browser: Browser, tmp_path: Path
) -> None:
    waiting = [_without_result(_journey(n, n), Verdict.NOT_WAITED_FOR) for n in range(1, 4)]
    report = _report([_journey(0, 0.0), *waiting], ending=Ending.INTERRUPTED)
    opened = _Opened(browser, _written(report, tmp_path))
    assert opened.said == []
    assert opened.page.inner_text("#verdict") == "interrupted"
    counts = opened.page.inner_text(".counts").replace("\n", " ")
    assert "3 not waited for" in counts
    assert "\N{EN DASH} missing" in counts
    assert opened.page.locator("#failures").count() == 0, "nothing went wrong with them"
    text = summary(report)
    assert "0 error reports, 3 not waited for (missing: unknown), 0 not uploaded" in text
    assert "MISSED  missing==0 (not known)" in text
    record = json.loads(report.as_json())
    assert [video["verdict"] for video in record["videos"]] == ["right", *["not waited for"] * 3]


def test_ten_thousand_videos_make_a_page_that_a_phone_can_open() -> None:
    assert len(rendered(_report(_some(10_000)))) < 2_000_000


def test_the_summary_names_the_first_ten_and_counts_the_others() -> None:
    wrong = [replace(_journey(n, n), verdict=Verdict.WRONG, detail="differs") for n in range(13)]
    text = summary(_report(wrong))
    assert text.count("differs") == 10
    assert "and 3 more" in text
    assert "13 wrong" in text
    assert "MISSED  cold.max<1s" in text


def test_where_nothing_was_compared_no_report_says_that_nothing_is_wrong() -> None:
    unchecked = [_journey(n, n, verdict=Verdict.UNCHECKED) for n in range(3)]
    report = _report(unchecked)
    assert "  right or wrong: unknown, 0 errors, 3 unchecked\n" in summary(report)
    counts = json.loads(report.as_json())["counts"]
    assert counts["right"] is counts["wrong"] is None
    text = rendered(report)
    for name in ("right", "wrong"):
        assert f'<data data-figure="counts.{name}" value="null">\N{EN DASH}</data>' in text
    assert "right results" not in text


@pytest.mark.parametrize("latest", [1.5, 30.0, 960.0, 12_345.0])
def test_the_table_of_the_summary_fits_a_terminal(latest: float) -> None:
    journeys = [_journey(n, n * 0.1) for n in range(9)]
    late = {"upload_started": latest, "uploaded": latest, "started": latest}
    journeys.append(_journey(9, 1.0, **late, finished=2 * latest))
    lines = summary(_report(journeys)).splitlines()
    start = next(number for number, line in enumerate(lines) if line.startswith("seconds "))
    table = lines[start : lines.index("", start)]
    assert len(table) == 9
    assert {len(line) for line in table} == {79}
    assert all(len(line.split()) == len(line[:23].split()) + 7 for line in table)
