"""The contact sheet, in a real browser: it shows what was understood, and runs and fetches nothing.

Without chromium on the PATH, what needs it is skipped: see `tests/unit/browser.py`.
"""

from __future__ import annotations

import re
import shutil
import stat
from typing import TYPE_CHECKING

import pytest
from PIL import Image

from enroll.__main__ import main
from samples.pictures import sample_picture
from samples.sample_class import BIDEN, COLLINS, OBAMA, make_sample_class
from tests.unit.browser import DESKTOP, PHONE, launched, needs_chromium

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from playwright.sync_api import Browser, Page

HOSTILE = '<img src=x onerror="document.title=1">&amp;</script>'


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with launched() as browser:
        yield browser


@pytest.fixture(scope="module")
def sheet(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the sheet of a class with faults: a swapped portrait, a wall, hostile names."""
    folder = tmp_path_factory.mktemp("class")
    sample = make_sample_class(folder)
    shutil.copy(sample_picture("obama2.jpg"), sample.portraits / BIDEN / "mixed up.jpg")
    Image.new("RGB", (300, 200), "gray").save(sample.portraits / COLLINS / "<b>wall.png")
    (sample.portraits / COLLINS / "note.txt").write_text("no picture")
    (sample.portraits / "4").mkdir()
    shutil.copy(sample_picture("grace_hopper.jpg"), sample.portraits / "4" / "hopper.jpg")
    quoted = HOSTILE.replace('"', '""')
    sample.students.write_text(
        "student_id,name,major,year,courses\n"
        f"{OBAMA},Barack Obama,law,4,physics-10b;ethics\n"
        f'{BIDEN},"{quoted}",law,4,"<i>x"\n'
        f"{COLLINS},Eileen Collins,,,\n4,Grace Hopper,,,\n5,Nobody Yet,,,\n"
    )
    file = folder / "sheet.html"
    file.write_text("what was here before, for everybody to read")
    file.chmod(0o644)
    command = ["--students", str(sample.students), "--portraits", str(sample.portraits)]
    command += ["--output", str(folder / "g.npz"), "--contact-sheet", str(file), "--dry-run"]
    assert main(command) == 1
    return file


class Opened:
    """The sheet in the browser, all that its console said, and all that it fetched."""

    def __init__(
        self, browser: Browser, file: Path, size: tuple[int, int] = DESKTOP, *, dark: bool = False
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


def test_it_is_its_owner_s_alone_and_the_only_file_that_is_written(sheet: Path) -> None:
    assert stat.S_IMODE(sheet.stat().st_mode) == 0o600
    assert {path.name for path in sheet.parent.iterdir()} == {
        "sheet.html",
        "students.csv",
        "portraits",
    }


def test_it_allows_no_script_and_nothing_from_elsewhere(sheet: Path) -> None:
    text = sheet.read_text(encoding="utf-8")
    (policy,) = re.findall(r'Content-Security-Policy" content="([^"]+)"', text)
    assert policy.startswith("default-src 'none'; img-src data:; style-src 'sha256-")
    assert "unsafe" not in policy
    assert "<script" not in text
    assert not re.findall(r'(?:src|href)="(?!data:)', text)


@needs_chromium
@pytest.mark.parametrize("size", [DESKTOP, PHONE], ids=["desktop", "phone"])
@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_it_fits_and_is_styled_without_a_word_on_the_console(
    browser: Browser, sheet: Path, size: tuple[int, int], *, dark: bool
) -> None:
    opened = Opened(browser, sheet, size, dark=dark)
    assert opened.said == []
    assert [url for url in opened.fetched if not url.startswith("data:")] == [sheet.as_uri()]
    too_wide = opened.page.evaluate("document.documentElement.scrollWidth - window.innerWidth")
    assert too_wide <= 0
    background = opened.page.evaluate("getComputedStyle(document.body).backgroundColor")
    assert background == ("rgb(16, 21, 27)" if dark else "rgb(244, 246, 248)")


@needs_chromium
def test_it_shows_who_was_understood_and_what_was_refused_first(
    browser: Browser, sheet: Path
) -> None:
    page = Opened(browser, sheet).page
    assert page.locator("h2").all_inner_texts() == ["To be mended 3", "In order 2"]
    assert page.locator(".counts").inner_text().split("\n") == [
        "4 students accepted",
        "4 portraits accepted",
        "3 portraits refused",
        "1 student left out",
    ]
    names = page.locator("h3").all_inner_texts()
    assert names == ["Nobody Yet", HOSTILE, "Eileen Collins", "Barack Obama", "Grace Hopper"]
    assert page.title().startswith("Contact sheet of")
    swapped = page.locator("article", has_text="mixed up.jpg")
    assert "<i>x" in swapped.locator(".who").inner_text()
    first = swapped.locator(".portrait").first
    assert first.locator(".badge").inner_text() == "refused"
    assert f"It looks like student {OBAMA} (distance 0.35)" in first.inner_text()
    assert "face 303 pixels high, sharp (0.21), a little turned" in first.inner_text()
    assert swapped.locator(".badge").all_inner_texts() == ["refused", "accepted"]
    wall = page.locator(".portrait", has_text="<b>wall.png")
    assert "It has no face that can be found" in wall.inner_text()
    assert "no picture" in page.locator(".portrait", has_text="note.txt").inner_text()
    assert "this student is not enrolled" in page.locator("article").first.inner_text()
    assert page.locator("article", has_text="Barack").locator(".course").all_inner_texts() == [
        "ethics",
        "physics-10b",
    ]


@needs_chromium
def test_each_face_is_shown_in_its_box(browser: Browser, sheet: Path) -> None:
    page = Opened(browser, sheet).page
    crops = page.locator("svg.crop")
    assert crops.count() == 6  # of seven files, one is no picture
    assert page.locator("svg.crop rect").count() == 5  # and one is a wall
    for place in range(crops.count()):
        for box in crops.nth(place).locator("rect").all():
            inner, outer = box.bounding_box(), crops.nth(place).bounding_box()
            assert inner
            assert outer
            assert outer["x"] <= inner["x"] + 2
            assert inner["x"] + inner["width"] <= outer["x"] + outer["width"] + 2
            assert inner["width"] > 0.25 * outer["width"]
    loaded = page.eval_on_selector_all("svg image", "all => all.map(one => one.getBBox().width)")
    assert min(loaded) > 50


@needs_chromium
def test_it_prints_with_everything_on_paper(browser: Browser, sheet: Path) -> None:
    page = Opened(browser, sheet, dark=True).page
    page.emulate_media(media="print", color_scheme="dark")
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
    hidden = "all => all.filter(one => getComputedStyle(one).contentVisibility == 'auto').length"
    assert page.eval_on_selector_all("article", hidden) == 0
