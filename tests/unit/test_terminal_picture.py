"""The picture in the README is what the demo prints, and asks nothing of the network."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from function.student_list import read_students
from local.terminal_picture import recording_console, save_picture
from samples.sample_class import make_sample_class
from stacks.configuration import REPOSITORY

if TYPE_CHECKING:
    from pathlib import Path


def shown_in(picture: Path) -> str:
    """Return the text of a picture."""
    texts = re.findall(r"<text [^>]*>(.*?)</text>", picture.read_text(encoding="utf-8"))
    return "\n".join(texts).replace("&#160;", " ")


def test_what_is_printed_is_in_the_picture(tmp_path: Path) -> None:
    console = recording_console()
    console.print("All 6 videos are as they should be")
    save_picture(console, tmp_path / "demo.svg", title="make demo")

    assert "All 6 videos are as they should be" in shown_in(tmp_path / "demo.svg")
    assert "@font-face" not in (tmp_path / "demo.svg").read_text(encoding="utf-8")


def test_the_readme_shows_the_sample_class(tmp_path: Path) -> None:
    assert "(docs/demo.svg)" in (REPOSITORY / "README.md").read_text(encoding="utf-8")
    picture = shown_in(REPOSITORY / "docs" / "demo.svg")
    for student in read_students(make_sample_class(tmp_path).students):
        assert student.name in picture
