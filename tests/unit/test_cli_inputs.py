"""A folder given to the command stands for the videos in it, which keep their places."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from function.__main__ import main
from function.command.inputs import find_videos, refuse_shared_csvs
from function.command.unusable import UnusableError
from function.media_type import VIDEO_SUFFIXES
from tests.unit.conftest import csvs

if TYPE_CHECKING:
    from tests.unit.conftest import MakeVideo


@pytest.fixture
def term(tmp_path: Path) -> Path:
    """Return an empty folder."""
    folder = tmp_path / "term"
    folder.mkdir()
    return folder


def put(folder: Path, *names: str) -> None:
    """Put empty files into a folder, and folders where they need them."""
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).touch()


def found(*paths: Path) -> dict[str, str]:
    """Return the names of the CSVs of the videos found, and the videos' paths."""
    return {video.csv: str(video.path) for video in find_videos(paths).videos}


def test_results_of_a_folder_keep_their_places(
    make_video: MakeVideo, term: Path, empty_gallery: str, capsys: pytest.CaptureFixture[str]
) -> None:
    (term / "week1").mkdir()
    for name in ("week1/a.mp4", "week1/a.MOV", "b.mp4"):
        make_video("v.mp4", frames=1).rename(term / name)
    put(term, "notes.txt", "week1/.hidden.mp4", "._b.mp4")
    output = term.parent / "results"
    assert main([str(term), "--gallery", empty_gallery, "--output", str(output)]) == 0
    assert csvs(output) == ["b.csv", "week1/a.MOV.csv", "week1/a.csv"]
    said = f"3 of 3 videos: none with students; written to {output}/\n"
    assert capsys.readouterr() == ("", said)


def test_the_csvs_can_be_put_beside_the_videos(
    make_video: MakeVideo, term: Path, empty_gallery: str
) -> None:
    make_video("v.mp4", frames=1).rename(term / "a.mp4")
    arguments = [str(term), "--gallery", empty_gallery, "--output", str(term)]
    assert main(arguments) == 0
    assert csvs(term) == ["a.csv", "a.mp4"]
    assert main(arguments) == 0


def test_the_csv_of_the_only_video_of_a_folder_can_be_printed(
    make_video: MakeVideo, term: Path, empty_gallery: str, capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    make_video("v.mp4", frames=1).rename(term / "a.mp4")
    assert main([str(term), "--gallery", empty_gallery]) == 0
    out, err = capfdbinary.readouterr()
    assert out.startswith(b"year,")
    assert err == b""


def test_videos_are_told_by_their_names_in_any_case_and_hidden_ones_are_not_meant(
    term: Path,
) -> None:
    names = [f"a{suffix}" for suffix in VIDEO_SUFFIXES]
    names += ["B.Mp4", "00001.MTS", "deep/er/c.mkv"]
    put(term, *names)
    put(term, "notes.txt", "mp4", ".d.mp4", "._a.mp4", ".Trash/e.mp4", "a.mp4.part")
    assert set(found(term).values()) == {str(term / name) for name in names}
    assert found(term)["00001.MTS.csv"] == str(term / "00001.MTS")


def test_videos_are_told_by_what_is_in_them_too(make_video: MakeVideo, term: Path) -> None:
    make_video("v.mp4", frames=1).rename(term / "lecture")
    make_video("v.ts", frames=9, codec="mpeg2video").rename(term / "GOPR0001.dat")
    assert found(term) == {
        "lecture.video.csv": str(term / "lecture"),
        "GOPR0001.dat.video.csv": str(term / "GOPR0001.dat"),
    }


def test_what_is_named_itself_is_meant_whatever_its_name_is(term: Path) -> None:
    put(term, ".hidden.mp4", "recording")
    assert found(term / ".hidden.mp4", term / "recording", term / "absent") == {
        ".hidden.csv": str(term / ".hidden.mp4"),
        "recording.video.csv": str(term / "recording"),
        "absent.video.csv": str(term / "absent"),
    }


def test_one_file_is_one_video_however_it_is_named(
    term: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(term, "a.mp4", "week1/b.mp4")
    monkeypatch.chdir(term)
    names = ("a.mp4", "week1/../a.mp4", ".", str(term / "a.mp4"))
    assert found(*map(Path, names)) == {"a.csv": "a.mp4", "week1/b.csv": "week1/b.mp4"}


def test_links_that_lead_in_circles_end(term: Path, capsys: pytest.CaptureFixture[str]) -> None:
    put(term, "week1/a.mp4")
    (term / "week1" / "up").symlink_to(term)
    (term / "itself.mp4").symlink_to(term / "itself.mp4")
    (term / "again.mp4").symlink_to("week1/a.mp4")
    assert [*found(term)] == ["again.csv", "itself.csv", "week1/a.csv"]
    assert find_videos([term]).links_passed_over == [term / "week1" / "up"]
    output = str(term.parent / "results")
    assert main([str(term), "--gallery", "absent.npz", "--output", output]) == 2
    assert f"{term}/week1/up: a link to a folder is not followed" in capsys.readouterr().err


def test_a_link_to_nothing_is_an_unreadable_video_and_a_pipe_is_none(term: Path) -> None:
    (term / "gone.mp4").symlink_to("elsewhere.mp4")
    os.mkfifo(term / "pipe.mp4")
    assert [*found(term)] == ["gone.csv"]


def test_a_folder_that_is_given_as_a_link_is_looked_into(term: Path) -> None:
    put(term, "a.mp4")
    link = term.parent / "this term"
    link.symlink_to(term)
    assert found(link) == {"a.csv": str(link / "a.mp4")}


def test_a_folder_without_a_video_is_named(
    term: Path, empty_gallery: str, capsys: pytest.CaptureFixture[str]
) -> None:
    put(term, "notes.txt", ".hidden.mp4")
    assert main([str(term), "--gallery", empty_gallery]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith(f"python -m function: there is no video in {term}: none of the")


def test_a_folder_that_cannot_be_listed_is_named(term: Path) -> None:
    deep = os.open(term, os.O_RDONLY)
    for _ in range(20):  # as deep as no path can be long
        os.mkdir("x" * 250, dir_fd=deep)
        deeper = os.open("x" * 250, os.O_RDONLY, dir_fd=deep)
        os.close(deep)
        deep = deeper
    os.close(deep)
    with pytest.raises(UnusableError, match=r"xxx: File name too long: check the path"):
        find_videos([term])


@pytest.mark.parametrize(
    ("names", "given", "said"),
    [
        (("x/a.mp4", "y/a.mp4"), ("x", "y"), "x/a.mp4 and y/a.mp4 would share the CSV a.csv"),
        (("x/a.mp4", "a.mp4"), ("x", "a.mp4"), "x/a.mp4 and a.mp4 would share the CSV a.csv"),
        (
            ("x/w/a.mp4", "y/w/a.mp4", "z/w/a.mp4"),
            ("x", "y", "z"),
            "x/w/a.mp4 and y/w/a.mp4 and 1 more would share the CSV w/a.csv",
        ),
        (
            ("x/a.csv/b.mp4", "x/a.mp4"),
            ("x",),
            "x/a.mp4 would have the CSV a.csv, which would be the folder of that of x/a.csv/b.mp4",
        ),
    ],
)
def test_videos_that_would_share_a_csv_are_refused_by_name(
    term: Path,
    monkeypatch: pytest.MonkeyPatch,
    names: tuple[str, ...],
    given: tuple[str, ...],
    said: str,
) -> None:
    put(term, *names)
    monkeypatch.chdir(term)
    with pytest.raises(UnusableError) as raised:
        refuse_shared_csvs(find_videos(map(Path, given)).videos)
    assert str(raised.value).startswith(f"{said}: give them one at a time with different --output")


def test_several_videos_of_a_folder_need_a_folder_for_their_csvs(
    term: Path, empty_gallery: str, capsys: pytest.CaptureFixture[str]
) -> None:
    put(term, "a.mp4", "b.mp4")
    assert main([str(term), "--gallery", empty_gallery]) == 2
    assert "add --output DIR" in capsys.readouterr().err
