"""The demo shows what is there, compares it with the truth, and never hangs."""

from __future__ import annotations

import argparse
import subprocess
import sys
from io import StringIO
from typing import TYPE_CHECKING

import pytest
from rich.console import Console

from local.aws import LocalAws
from local.demo import _files, _own_class
from local.demo_report import Truth, is_as_expected, report
from local.round_trip import NoResultError, Result, RoundTrip
from samples.sample_class import make_sample_class

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_ADA = {"name": "Ada", "student_id": "1", "first_seen": "0.00", "last_seen": "3.50"}
_NAMELESS = {**_ADA, "name": "", "student_id": "2"}


def _truth(*names: str, readable: bool = True) -> Truth:
    return Truth(shows="a room", names=names, readable=readable)


@pytest.mark.parametrize(
    ("result", "truth", "expected"),
    [
        (Result(seconds=1, rows=(_ADA,)), _truth("Ada"), True),
        (Result(seconds=1, rows=(_ADA,)), _truth("Ada", "Alan"), False),
        (Result(seconds=1, rows=(_ADA, _NAMELESS)), _truth("Ada"), False),
        (Result(seconds=1), _truth(), True),
        (Result(seconds=1), _truth(readable=False), False),
        (Result(seconds=1, problem="no video", text="{}"), _truth(readable=False), True),
        (Result(seconds=1, problem="no video", text="{}"), _truth(), False),
        (Result(seconds=1, problem="failed: out of memory"), _truth(readable=False), False),
    ],
)
def test_a_result_is_as_expected_when_exactly_the_right_people_are_in_it(
    result: Result, truth: Truth, *, expected: bool
) -> None:
    assert is_as_expected(result, truth) is expected


def _printed(results: dict[str, Result], truth: dict[str, Truth] | None) -> str:
    text = StringIO()
    Console(file=text, width=100).print(report(results, truth))
    return text.getvalue()


def test_the_table_shows_the_truth_beside_what_was_found_and_whether_it_differs() -> None:
    results = {"a.mp4": Result(seconds=1.23, rows=(_ADA, _NAMELESS)), "b.mp4": Result(seconds=2)}
    text = _printed(results, {"a.mp4": _truth("Ada"), "b.mp4": _truth()})
    first, second = text.split("b.mp4")
    assert "0.00-3.50" in first
    assert "1.2 s" in first
    assert "differs" in first
    assert second.count("nobody") == 2
    assert "ok" in second


def test_without_a_truth_there_is_no_column_for_it() -> None:
    text = _printed({"[red]a.mp4": Result(seconds=1, problem="The file is empty.")}, None)
    assert "[red]a.mp4" in text
    assert "The file is empty." in text
    assert "in it" not in text


def _demo(*options: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "local", "demo", *options],
        capture_output=True,
        text=True,
        check=False,
    )


def test_the_sample_class_comes_out_as_it_went_in() -> None:
    ended = _demo()
    assert ended.stderr == ""
    assert ended.returncode == 0
    assert "All 6 videos are as they should be" in ended.stdout
    assert "differs" not in ended.stdout
    assert "year,major,name,student_id,first_seen" in ended.stdout


def test_of_a_video_of_ones_own_that_can_not_be_read_the_remedy_is_told(tmp_path: Path) -> None:
    sample = make_sample_class(tmp_path)
    videos = tmp_path / "videos"
    videos.mkdir()
    (videos / "lecture.mp4").touch()
    ended = _demo(
        *("--videos", str(videos)),
        *("--portraits", str(sample.portraits)),
        *("--students", str(sample.students)),
    )
    assert ended.returncode == 1
    assert "1 of 1 videos have no CSV" in ended.stdout
    assert "lecture.mp4: Check that the recording was saved." in ended.stdout


@pytest.mark.parametrize(
    ("options", "exit_code", "problem"),
    [
        (["--videos", "."], 2, "--portraits and --students missing: give"),
        (["--videos", "x", "--portraits", ".", "--students", "s.csv"], 1, "x is not a folder"),
        (["--videos", ".ci", "--portraits", ".", "--students", "s.csv"], 1, "no video in .ci"),
    ],
)
def test_what_it_cannot_do_without_is_one_line_before_anything_starts(
    options: list[str], exit_code: int, problem: str
) -> None:
    ended = _demo(*options)
    assert ended.returncode == exit_code
    assert ended.stdout == ""
    assert problem in ended.stderr
    assert ended.stderr.count("\n") == 1


def test_of_a_folder_what_is_meant_as_a_video_is_taken(tmp_path: Path) -> None:
    (tmp_path / "week 1.mp4").mkdir()
    (tmp_path / "week 1.mp4" / "lecture.mp4").touch()
    (tmp_path / "gone.mp4").symlink_to("nowhere")
    for name in ("CAMERA.MOV", "phone.Mp4", "notes.txt"):
        (tmp_path / name).touch()
    (tmp_path / "unnamed").write_bytes(b"GIF89a")
    (tmp_path / "students.csv").write_text(
        "student_id,name,major,year\n1,Ada,maths,junior\n", encoding="utf-8"
    )
    given = argparse.Namespace(
        videos=tmp_path, portraits=tmp_path, students=tmp_path / "students.csv"
    )
    assert list(_own_class(given).videos) == [
        "CAMERA.MOV",
        "phone.Mp4",
        "unnamed",
        "week 1.mp4/lecture.mp4",
    ]


def test_a_folder_that_can_not_be_read_is_not_taken_for_an_empty_one(tmp_path: Path) -> None:
    with pytest.raises(OSError, match="gone"):
        list(_files(tmp_path / "gone"))


@pytest.fixture(scope="module")
def aws() -> Iterator[LocalAws]:
    with LocalAws(workers=1, retry_base_seconds=0.05) as aws:
        yield aws


def _nothing(key: str, result: Result) -> None:
    """Take no notice of an arrival."""


def test_a_video_that_is_never_answered_ends_the_waiting_with_the_log(
    aws: LocalAws, tmp_path: Path
) -> None:
    (tmp_path / "video").write_bytes(b"")
    # Which is the case of what is none: the function passes over it.
    videos = {"never answered.txt": tmp_path / "video"}
    with pytest.raises(NoResultError, match=r"(?s)1 of 1 videos .never answered.*function's log:"):
        RoundTrip(aws, arrived=_nothing).put_through(videos, patience_seconds=0.5)


def test_results_arrive_with_their_files(aws: LocalAws, tmp_path: Path) -> None:
    (tmp_path / "video").write_bytes(b"")
    arrived: dict[str, Result] = {}
    trip = RoundTrip(aws, arrived=arrived.__setitem__)
    trip.put_through({"a b/ü+1.mp4": tmp_path / "video"}, patience_seconds=60)
    assert arrived == trip.results
    result = arrived["a b/ü+1.mp4"]
    assert result.result_key == "a b/ü+1.error.json"
    assert result.problem.startswith("Nobody is enrolled yet")
    assert result.remedy.startswith("Enrol students with 'python -m enroll --stack NAME'")
    assert '"video": "a b/ü+1.mp4"' in result.text


def test_a_video_whose_processing_fails_for_good_is_not_waited_for(
    aws: LocalAws, tmp_path: Path
) -> None:
    outputs = aws.outputs
    aws.client("s3").put_object(
        Bucket=outputs.gallery_bucket, Key=outputs.gallery_key, Body=b"no gallery"
    )
    (tmp_path / "video").write_bytes(b"anything")
    trip = RoundTrip(aws, arrived=_nothing)
    trip.put_through({"fails +.mp4": tmp_path / "video"}, patience_seconds=60)
    result = trip.results["fails +.mp4"]
    assert result.problem.startswith("failed: ")
    assert "gallery" in result.problem
    assert result.text == ""
