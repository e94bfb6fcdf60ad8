"""The register's pages in a real browser: nothing is fetched, nothing is cut off, all is escaped.

Debian's package chromium is the browser: without it, these tests are skipped, and CI sets
LAMBDALENS_REQUIRE_CHROMIUM so that they cannot be.
"""

from __future__ import annotations

import os
import shutil
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import sync_playwright

from register.clock import clock
from register.corrections import What
from register.pages import file_names, pages, session_page
from register.sessions import session_without_csv
from register.statuses import Rules
from register.term import Register, register_of
from tests.unit.register_samples import ALL_OF_IT, CLASS, LENGTH, said, session

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from playwright.sync_api import Browser

_CHROMIUM = shutil.which("chromium")
needs_chromium = pytest.mark.skipif(
    _CHROMIUM is None and "LAMBDALENS_REQUIRE_CHROMIUM" not in os.environ,
    reason="no chromium on the PATH: 'apt-get install chromium' for the tests of the pages",
)

_SIZES = {"desktop": (1280, 900), "phone": (390, 844), "narrow phone": (320, 640)}
_HOSTILE = '<img src=x onerror="document.title=1">&amp;</style><script>document.title=2</script>'
_LONG = "Maria-Magdalena-Wilhelmine-Friederike-Charlotte von und zu Donaudampfschifffahrt" * 2


@pytest.fixture(scope="module")
def register() -> Register:
    students = [
        *CLASS,
        replace(CLASS[0], student_id="6", name=_HOSTILE),
        replace(CLASS[0], student_id="7", name=_LONG),
        replace(CLASS[0], student_id="8", name=""),
    ]
    late = {"1": ALL_OF_IT, "2": (900.0, LENGTH), "3": (1.0, 60.0), "5": ALL_OF_IT}
    sessions = [
        *(session(f"physics/2026-{8 + n // 28:02}-{1 + n % 28:02}", late) for n in range(60)),
        session(f"physics/{_HOSTILE}", late, said("6", What.WAS_HERE), unsure="1", perhaps="4"),
        session("physics/2026-12-01", late, unread="read to 45:00 of 1:00:00"),
        session_without_csv("physics/2026-12-02", b'{"error": "<b>The file is empty.</b>"}'),
    ]
    return register_of(f"physics {_HOSTILE}", sessions, students[:-4] + students[-3:], Rules())


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory, register: Register) -> Path:
    folder = tmp_path_factory.mktemp("register")
    for page in pages(register):
        (folder / page.path).parent.mkdir(exist_ok=True)
        (folder / page.path).write_text(page.content, encoding="utf-8")
    return folder


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        yield playwright.chromium.launch(
            executable_path=_CHROMIUM or "chromium", args=["--no-sandbox", "--disable-gpu"]
        )


@needs_chromium
@pytest.mark.parametrize("size", _SIZES.values(), ids=_SIZES)
@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_each_page_stands_without_a_word_on_the_console_and_without_fetching(
    browser: Browser, folder: Path, size: tuple[int, int], *, dark: bool
) -> None:
    page = browser.new_page(
        viewport={"width": size[0], "height": size[1]}, color_scheme="dark" if dark else "light"
    )
    said: list[str] = []
    fetched: list[str] = []
    page.on("console", lambda message: said.append(message.text))
    page.on("pageerror", lambda error: said.append(str(error)))
    page.on("request", lambda request: fetched.append(request.url))
    files = [folder / "index.html", folder / "register.html", *(folder / "sessions").iterdir()]
    for file in [*files[:6], *files[-4:]]:
        fetched.clear()
        page.goto(file.as_uri())
        assert said == []
        assert fetched == [file.as_uri()]
        too_wide = page.evaluate("document.documentElement.scrollWidth - window.innerWidth")
        assert too_wide <= 0, file.name
        assert page.title() not in {"1", "2"}
        assert page.locator("h1").count() == page.locator("main").count() == 1
    page.close()


@needs_chromium
def test_one_finds_the_way_with_the_keyboard(browser: Browser, folder: Path) -> None:
    page = browser.new_page()
    page.goto((folder / "index.html").as_uri())
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "skip"
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    page.wait_for_url("**/sessions/**")
    page.locator("nav a").click()
    assert page.url.endswith("/index.html")
    page.get_by_role("link", name="The whole register").click()
    assert page.url.endswith("/register.html")
    page.get_by_role("link", name="2026-12-01").click()
    assert page.url.endswith("/sessions/2026-12-01.html")
    page.close()


@needs_chromium
def test_every_link_leads_to_a_page(browser: Browser, folder: Path) -> None:
    page = browser.new_page()
    for name in ("index.html", "register.html", "sessions/2026-12-01.html"):
        file = folder / name
        page.goto(file.as_uri())
        links = page.eval_on_selector_all(
            "a:not(.skip)", "all => all.map(one => one.getAttribute('href'))"
        )
        assert links
        assert all((file.parent / link).is_file() for link in links)
    page.close()


@needs_chromium
def test_a_session_tells_of_each_student_in_words(browser: Browser, folder: Path) -> None:
    page = browser.new_page()
    page.goto((folder / "sessions" / "2026-12-01.html").as_uri())
    line = page.locator("li.seen", has_text="Björn")
    assert line.locator(".badge").inner_text() == "late"
    assert "first seen 0:15:00, last seen 0:45:00" in line.inner_text()
    assert line.get_by_role("img").get_attribute("aria-label") == (
        "Seen at 0:15:00, from 0:15:00 to 0:45:00"
    )
    assert "Only a part of the recording could be read" in page.locator("main").inner_text()
    page.goto((folder / "sessions" / "2026-12-02.html").as_uri())
    assert "There is nothing to go by: <b>The file is empty.</b>" in (
        page.locator("main").inner_text()
    )
    page.close()


@needs_chromium
def test_on_paper_nothing_is_cut_off(browser: Browser, folder: Path) -> None:
    page = browser.new_page(viewport={"width": 1032, "height": 703})  # A4 held wide, 12 mm around
    page.emulate_media(media="print")
    page.goto((folder / "register.html").as_uri())
    assert page.evaluate("document.documentElement.scrollWidth") <= 1032
    page.close()


def test_all_that_comes_from_outside_is_escaped(folder: Path) -> None:
    for file in folder.rglob("*.html"):
        content = file.read_text(encoding="utf-8")
        assert "<img src" not in content
        assert "<script" not in content
        assert content.count("</style>") == 1


def test_students_who_are_not_in_the_class_list_are_told_apart(register: Register) -> None:
    (this,) = [each for each in register.sessions if each.title == "2026-12-01"]
    page = session_page(register, this)
    assert "Also seen, and not in the class list" in page
    assert page.index("=Eve()") > page.index("Also seen")


def test_what_a_person_said_stands_beside_the_status(register: Register) -> None:
    (this,) = [each for each in register.sessions if each.corrections]
    page = session_page(register, this)
    assert "was here, said a person on 2026-12-01" in page
    assert "look at 0:01:01" in page


def test_files_of_sessions_have_names_that_every_disk_takes() -> None:
    names = ["a/../../x", "a/b/c", "a/b-c", "a/B-C", "a/.x", "a/", "Ü é/漢字 1", "a/" + "x" * 300]
    files = file_names([session(name) for name in names])
    assert len({file.casefold() for file in files.values()}) == len(names)
    for file in files.values():
        assert "/" not in file
        assert not file.startswith(".")
        assert 0 < len(file) <= 110


def test_a_term_of_many_is_small_enough_to_send() -> None:
    students = [replace(CLASS[0], student_id=f"{n}", name=f"Student {n}") for n in range(60)]
    seen = {"1": ALL_OF_IT, "2": (900.0, LENGTH)}
    sessions = [
        session(f"physics/2026-{1 + n // 28:02}-{1 + n % 28:02}", seen, perhaps="3")
        for n in range(120)
    ]
    by_path = {
        page.path: len(page.content.encode())
        for page in pages(register_of("physics", sessions, students, Rules()))
    }
    assert by_path["index.html"] < 100_000
    assert by_path["register.html"] < 1_000_000


@pytest.mark.parametrize(
    ("seconds", "shown"),
    [(0, "0:00:00"), (61.9, "0:01:01"), (3600, "1:00:00"), (36061, "10:01:01")],
)
def test_times_are_in_hours_minutes_and_seconds(seconds: float, shown: str) -> None:
    assert clock(seconds) == shown
