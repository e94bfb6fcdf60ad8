"""Whose picture is which, by the names of folders and files."""

from __future__ import annotations

import unicodedata
from typing import TYPE_CHECKING

from enroll.portrait_folder import find_portraits

if TYPE_CHECKING:
    from pathlib import Path


def test_portraits_are_found_by_student_and_the_rest_is_told_apart(tmp_path: Path) -> None:
    _touch(tmp_path, "1/b.JPG", "1/a.png", "1/.DS_Store", "1/Thumbs.db", "2/c.webp", "3/d.jpg")
    _touch(tmp_path, "4.jpg", "notes.txt", ".hidden/e.jpg", "Desktop.ini", "._1.jpg")
    found = find_portraits(tmp_path, ["1", "2", "5"])
    assert found.pictures == {
        "1": [tmp_path / "1/a.png", tmp_path / "1/b.JPG"],
        "2": [tmp_path / "2/c.webp"],
        "5": [],
    }
    assert found.not_listed == [tmp_path / "3", tmp_path / "4.jpg", tmp_path / "notes.txt"]


def test_pictures_may_lie_side_by_side_named_for_the_student_and_numbered(tmp_path: Path) -> None:
    names = ("1001.jpg", "1001_2.JPG", "1001_10.heic", "1001", "10011.jpg", "1001_a.jpg")
    _touch(tmp_path, *names, "1002.jfif", "1002/more.jpg", "_2.jpg")
    found = find_portraits(tmp_path, ["1001", "1002"])
    assert [path.name for path in found.pictures["1001"]] == [
        *("1001", "1001.jpg", "1001_10.heic", "1001_2.JPG"),
    ]
    assert found.pictures["1002"] == [tmp_path / "1002/more.jpg", tmp_path / "1002.jfif"]
    assert {path.name for path in found.not_listed} == {"10011.jpg", "1001_a.jpg", "_2.jpg"}


def test_an_id_that_ends_in_a_number_comes_before_an_id_and_a_number(tmp_path: Path) -> None:
    _touch(tmp_path, "a_2.jpg", "a_3.jpg", "a_2_1.jpg", "b.c", "b.c.jpg")
    found = find_portraits(tmp_path, ["a", "a_2", "b.c"])
    assert found.pictures == {
        "a": [tmp_path / "a_3.jpg"],
        "a_2": [tmp_path / "a_2.jpg", tmp_path / "a_2_1.jpg"],
        "b.c": [tmp_path / "b.c", tmp_path / "b.c.jpg"],
    }


def test_a_student_id_that_is_a_path_leads_nowhere(tmp_path: Path) -> None:
    (tmp_path / "portraits").mkdir()
    _touch(tmp_path, "elsewhere/a.jpg")
    found = find_portraits(tmp_path / "portraits", ["../elsewhere", ".."])
    assert not any(found.pictures.values())


def test_a_name_that_another_system_typed_is_the_student_s(tmp_path: Path) -> None:
    typed = unicodedata.normalize("NFD", "müller")
    _touch(tmp_path, f"{typed}/a.jpg", f"{typed}.jpg", f"{typed}_2.jpg", f"{typed} /b.jpg")
    composed = unicodedata.normalize("NFC", "müller")
    found = find_portraits(tmp_path, [composed])
    assert len(found.pictures[composed]) == 4
    assert not found.not_listed


def _touch(folder: Path, *names: str) -> None:
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).touch()
