"""Expectations are read in both forms, compared as they should be, and refused by name."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from loadtest.expectations import (
    Expectation,
    ExpectationError,
    check_sources,
    read_expectations,
    sample_expectations,
)
from loadtest.sources import Source, SourceError, find_sources
from samples.sample_class import ClassVideo

if TYPE_CHECKING:
    from pathlib import Path

_ADA = {"name": "Ada", "major": "maths", "year": "junior", "student_id": "1"}
_ALAN = {"name": "Alan", "major": "logic", "year": "senior", "student_id": "2"}


def _read(folder: Path, text: str, **aliases: str) -> dict[str, Expectation]:
    file = folder / "expected"
    file.write_text(text, encoding="utf-8")
    return read_expectations(file, aliases)


def test_the_mapping_names_major_and_year(tmp_path: Path) -> None:
    read = _read(tmp_path, "a.mp4:maths,junior\n\nweek:1/b.mp4:logic,senior\n")
    assert read["a.mp4"].difference([_ADA]) == ""
    assert read["week:1/b.mp4"].difference([_ALAN]) == ""
    assert read["a.mp4"].difference([_ALAN]) == "expected maths, junior; found logic, senior"


def test_a_word_that_the_records_spell_otherwise_is_compared_as_they_spell_it(
    tmp_path: Path,
) -> None:
    freshmen = {"major": "law", "year": "freshmen"}
    assert _read(tmp_path, "a.mp4:law,freshman")["a.mp4"].difference([freshmen])
    aliased = _read(tmp_path, "a.mp4:law,freshman", freshman="freshmen")
    assert aliased["a.mp4"].difference([freshmen]) == ""


def test_the_csv_form_names_several_nobody_and_what_cannot_be_read(tmp_path: Path) -> None:
    read = _read(
        tmp_path,
        "video,name,unreadable\nboth.mp4,Alan,\nboth.mp4,Ada,\nempty.mp4,,\nbroken.mp4,,yes\n",
    )
    assert read["both.mp4"].difference([_ADA, _ALAN]) == ""
    assert read["both.mp4"].difference([_ADA]) == "expected Ada; Alan; found Ada"
    assert read["empty.mp4"].difference([]) == ""
    assert read["empty.mp4"].difference([_ADA]) == "expected nobody; found Ada"
    assert read["broken.mp4"].difference([_ADA]) == "expected an error report, found a CSV"


def test_two_students_of_one_major_and_year_are_two(tmp_path: Path) -> None:
    expected = _read(tmp_path, "a.mp4:maths,junior\na.mp4:maths,junior\n")["a.mp4"]
    assert expected.difference([_ADA, _ADA]) == ""
    assert expected.difference([_ADA])


def test_what_a_spreadsheet_must_not_run_is_compared_without_its_apostrophe(
    tmp_path: Path,
) -> None:
    expected = _read(tmp_path, "video,name\na.mp4,=Ada\nb.mp4,O'Neil\n")
    assert expected["a.mp4"].difference([{"name": "'=Ada"}]) == ""
    assert expected["b.mp4"].difference([{"name": "O'Neil"}]) == ""


def test_a_result_that_lacks_a_column_differs(tmp_path: Path) -> None:
    assert _read(tmp_path, "video,name\na.mp4,Ada\n")["a.mp4"].difference([{"year": "junior"}])


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("", "is empty"),
        ("a.mp4 maths\n", "line 1: 'a.mp4 maths' is not VIDEO:MAJOR,YEAR"),
        ("a.mp4:maths,junior\nb.mp4:maths\n", "line 2"),
        ("video\na.mp4\n", "the header 'video' must be"),
        ("video,nam\na.mp4,Ada\n", "the header 'video,nam' must be"),
        ("video,name\na.mp4\n", "line 2: not the fields"),
        ("video,name\n,Ada\n", "line 2: not the fields"),
        ("video,name,unreadable\na.mp4,,maybe\n", "line 2: unreadable is yes or empty"),
        ("video,name,unreadable\na.mp4,Ada,yes\n", "a.mp4 is unreadable, and somebody is seen"),
    ],
)
def test_what_is_no_expectation_is_refused_by_its_line(
    tmp_path: Path, text: str, problem: str
) -> None:
    with pytest.raises(ExpectationError) as refused:
        _read(tmp_path, text)
    assert problem in str(refused.value)
    assert "\n" not in str(refused.value)


def test_a_file_that_is_not_there_or_no_text_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ExpectationError, match="No such file"):
        read_expectations(tmp_path / "none", {})
    (tmp_path / "pickle").write_bytes(b"\x80\x04\xff")
    with pytest.raises(ExpectationError, match="not text in UTF-8"):
        read_expectations(tmp_path / "pickle", {})


def test_an_expectation_for_a_video_that_is_not_uploaded_is_refused() -> None:
    expectations = dict.fromkeys(("a.mp4", "b.mp4", "c.mp4"), Expectation())
    check_sources(expectations, ["a.mp4", "b.mp4", "c.mp4", "d.mp4"])
    with pytest.raises(ExpectationError, match=r"nothing in SOURCE is called b\.mp4 and 1 more"):
        check_sources(expectations, ["a.mp4"])


def test_the_truth_about_samples_is_theirs(tmp_path: Path) -> None:
    video = ClassVideo(path=tmp_path, key="a.mp4", shows="", students=("1",))
    broken = ClassVideo(path=tmp_path, key="b.mp4", shows="", readable=False)
    truth = sample_expectations(
        [
            Source(name="a.mp4", path=tmp_path, size=0, sample=video),
            Source(name="b.mp4", path=tmp_path, size=0, sample=broken),
            Source(name="c.mp4", path=tmp_path, size=0),
        ]
    )
    assert set(truth) == {"a.mp4", "b.mp4"}
    assert truth["a.mp4"].difference([_ADA]) == ""
    assert not truth["b.mp4"].readable


def test_folders_are_searched_with_their_folders_for_what_is_meant_as_a_video(
    tmp_path: Path,
) -> None:
    (tmp_path / "week").mkdir()
    for name in ("b.mp4", "A.MOV", "week/b.mp4", "notes.txt", "mixed.Mp4", "._b.mp4"):
        (tmp_path / name).write_bytes(b"12")
    (tmp_path / "unnamed").write_bytes(b"GIF89a")
    found = find_sources([str(tmp_path)], made=tmp_path)
    assert [(source.name, source.size) for source in found] == [
        ("A.MOV", 2),
        ("b.mp4", 2),
        ("mixed.Mp4", 2),
        ("unnamed", 6),
        ("week/b.mp4", 2),
    ]


def test_sources_that_cannot_be_used_are_refused_by_name(tmp_path: Path) -> None:
    for folder in ("one", "two"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "a.mp4").write_bytes(b"")
    (tmp_path / "notes.txt").write_bytes(b"")
    (tmp_path / "empty").mkdir()
    (tmp_path / "a.mp4").mkdir()
    for arguments, problem in (
        (["none.mp4"], r"there is no .*none\.mp4: give"),
        (["notes.txt"], "notes.txt is no video by its name or its content"),
        (["empty"], "there is no video in"),
        (["one", "two"], "are both called a.mp4"),
    ):
        with pytest.raises(SourceError, match=problem):
            find_sources([str(tmp_path / argument) for argument in arguments], made=tmp_path)


def test_a_source_given_twice_is_one(tmp_path: Path) -> None:
    (tmp_path / "a.mp4").write_bytes(b"")
    assert len(find_sources([str(tmp_path), str(tmp_path / "a.mp4")], made=tmp_path)) == 1
