"""The command prints one video's CSV, writes several, and says in one line what went wrong."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import IO, TYPE_CHECKING

import numpy as np
import pytest

from function.__main__ import main
from function.recogniser.identity.enrolled import Enrolled
from function.recogniser.identity.gallery import Gallery
from function.recogniser.options import RecognitionOptions
from function.results import COLUMNS
from tests.unit.conftest import STUDENTS, csvs

if TYPE_CHECKING:
    from tests.unit.conftest import MakeVideo

HEADER = ",".join(COLUMNS) + "\r\n"


def test_the_csv_of_one_video_is_printed(class_folder: Path) -> None:
    done = subprocess.run(
        [
            *(sys.executable, "-m", "function", class_folder / "seen.mp4"),
            *("--gallery", class_folder / "g.npz", "--students", class_folder / "s.csv"),
        ],
        capture_output=True,
        check=True,
    )
    header, row, end = done.stdout.decode().split("\r\n")
    assert header == ",".join(COLUMNS)
    assert row.startswith("senior,law,Barack,44,0.00,0.52,2,0.")
    assert end == ""
    assert done.stderr == b""


def test_without_a_list_of_students_only_their_ids_are_printed(
    class_folder: Path, capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    assert main([str(class_folder / "seen.mp4"), "--gallery", str(class_folder / "g.npz")]) == 0
    out, err = capfdbinary.readouterr()
    assert out.splitlines()[1].startswith(b",,,44,0.00,0.52,2,")
    assert err == b""


def test_a_student_who_is_not_in_the_list_is_counted(
    class_folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    others = tmp_path / "others.csv"
    others.write_text(STUDENTS.replace("44", "45"), encoding="utf-8")
    video, gallery = class_folder / "seen.mp4", class_folder / "g.npz"
    assert main([str(video), "--gallery", str(gallery), "--students", str(others)]) == 0
    assert capsys.readouterr().err == f"{video}: 1 of the students seen are not in the list\n"


def test_an_id_is_found_in_the_list_however_it_was_typed(
    class_folder: Path, tmp_path: Path, capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    known = Gallery.load(class_folder / "g.npz")
    replace(known, student_ids=("u\u0308",) * len(known.student_ids)).save(tmp_path / "g.npz")
    (tmp_path / "s.csv").write_bytes("ID;Name;Major\n\u00fc ;Zo\u00eb;law\n".encode("cp1252"))
    arguments = [str(class_folder / "seen.mp4"), "--gallery", str(tmp_path / "g.npz")]
    assert main([*arguments, "--students", str(tmp_path / "s.csv")]) == 0
    out, err = capfdbinary.readouterr()
    assert out.decode().splitlines()[1].startswith(",law,Zo\u00eb,\u00fc,0.00,")
    assert b"read as Windows-1252: check that" in err


@pytest.fixture
def gallery_of_courses(class_folder: Path, tmp_path: Path) -> str:
    """Return the path of a gallery with the student in one course, and somebody in another."""
    known = Gallery.load(class_folder / "g.npz")
    path = tmp_path / "courses.npz"
    Gallery(
        student_ids=("44", "45"),
        encodings=np.concatenate([known.encodings, -known.encodings]),
        students={"44": Enrolled(courses=("Ph\u00fcsik",)), "45": Enrolled(courses=("chess",))},
    ).save(path)
    return str(path)


@pytest.mark.parametrize(("course", "is_seen"), [("Phu\u0308sik", True), (" chess ", False)])
def test_with_a_course_only_its_students_are_looked_for(
    class_folder: Path,
    gallery_of_courses: str,
    capfdbinary: pytest.CaptureFixture[bytes],
    course: str,
    *,
    is_seen: bool,
) -> None:
    video = str(class_folder / "seen.mp4")
    assert main([video, "--gallery", gallery_of_courses, "--course", course]) == 0
    assert (b",44," in capfdbinary.readouterr().out) is is_seen


@pytest.mark.parametrize(
    ("course", "problem"),
    [
        ("Chess", "--course Chess: no enrolled student has this course: check its name (of the 2 "),
        ("a/b", "--course: the course 'a/b' cannot be used: choose a name"),
    ],
)
def test_a_course_that_nobody_has_is_refused(
    class_folder: Path,
    gallery_of_courses: str,
    capsys: pytest.CaptureFixture[str],
    course: str,
    problem: str,
) -> None:
    video = str(class_folder / "seen.mp4")
    assert main([video, "--gallery", gallery_of_courses, "--course", course]) == 2
    said = capsys.readouterr().err
    assert problem in said
    assert said.count("\n") == 1


def test_who_is_past_the_last_day_is_not_looked_for(
    class_folder: Path, tmp_path: Path, capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    gallery = Gallery.load(class_folder / "g.npz")
    over = replace(gallery, students={"44": Enrolled(until=date(2026, 1, 1))})
    over.save(tmp_path / "over.npz")
    command = [str(class_folder / "seen.mp4"), "--gallery", str(tmp_path / "over.npz")]
    assert main(command) == 0
    assert capfdbinary.readouterr().out == HEADER.encode()


def test_several_videos_are_written_to_a_folder(
    make_video: MakeVideo, tmp_path: Path, empty_gallery: str, capsys: pytest.CaptureFixture[str]
) -> None:
    videos = [str(make_video(name, frames=1)) for name in ("a.mp4", "a.mov")]
    output = tmp_path / "new" / "results"
    assert main([*videos, "--gallery", empty_gallery, "--output", str(output)]) == 0
    assert csvs(output) == ["a.csv", "a.mov.csv"]
    assert (output / "a.csv").read_bytes() == b"\xef\xbb\xbf" + HEADER.encode()
    said = f"2 of 2 videos: none with students; written to {output}/\n"
    assert capsys.readouterr() == ("", said)


def test_what_cannot_be_read_is_named_and_the_rest_goes_on(
    make_video: MakeVideo, tmp_path: Path, empty_gallery: str, capsys: pytest.CaptureFixture[str]
) -> None:
    broken = tmp_path / "broken.mp4"
    broken.write_text("no video", encoding="utf-8")
    whole = make_video("whole.mp4", frames=1)
    output = tmp_path / "results"
    arguments = [str(broken), str(whole), "--gallery", empty_gallery, "--output", str(output)]
    assert main(arguments) == 1
    assert csvs(output) == ["whole.csv"]
    line, summary = capsys.readouterr().err.splitlines()
    assert line.startswith(f"{broken}: The file is not a video")
    assert summary == (f"1 of 2 videos: none with students, 1 unreadable; written to {output}/")


def test_a_missing_video_is_named(
    tmp_path: Path, empty_gallery: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([str(tmp_path / "absent.mp4"), "--gallery", empty_gallery]) == 1
    out, err = capsys.readouterr()
    assert out == ""
    assert "absent.mp4: The file cannot be opened: No such file or directory." in err


def test_a_path_that_cannot_even_be_asked_for_is_named(
    empty_gallery: str, capsys: pytest.CaptureFixture[str]
) -> None:
    name = "x" * 300 + ".mp4"
    assert main([name, "--gallery", empty_gallery]) == 1
    assert f"{name}: The file cannot be opened: File name too long." in capsys.readouterr().err


def test_a_video_that_is_named_twice_is_one_video(
    make_video: MakeVideo, tmp_path: Path, empty_gallery: str, capsys: pytest.CaptureFixture[str]
) -> None:
    video, output = str(make_video("a.mp4", frames=1)), tmp_path / "results"
    assert main([video, video, "--gallery", empty_gallery, "--output", str(output)]) == 0
    assert csvs(output) == ["a.csv"]
    said = f"1 of 1 video: none with students; written to {output}/\n"
    assert capsys.readouterr() == ("", said)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["a.mp4", "b.mp4", "--gallery", "{gallery}"], "add --output DIR"),
        (
            ["a.mp4", "x/a.mp4", "--gallery", "{gallery}", "--output", "o"],
            "a.mp4 and x/a.mp4 would share",
        ),
        (["a.mp4", "--gallery", "absent.npz"], "absent.npz: No such file or directory: check the"),
        (["a.mp4", "--gallery", "{folder}"], ": Is a directory: check the path"),
        (["a.mp4", "--gallery", "{text}"], "not a gallery"),
        (
            ["a.mp4", "--gallery", "{gallery}", "--students", "{text}"],
            "column student_id is missing",
        ),
        (["a.mp4", "--gallery", "{gallery}", "--tolerance", "2"], "--tolerance must be"),
        (["a.mp4", "--gallery", "{gallery}", "--samples-per-second", "0"], "--samples-per-second"),
        (
            ["a.mp4", "--gallery", "{gallery}", "--output", "{text}/o"],
            "notes.txt/o is, or is in, a",
        ),
        # Before the long work: of the video, which is missing, nothing is said.
        (
            ["absent.mp4", "--gallery", "{gallery}", "--output", "{text}"],
            "give a folder for the CSVs",
        ),
    ],
)
def test_wrong_usage_is_said_in_one_line(
    tmp_path: Path,
    empty_gallery: str,
    capsys: pytest.CaptureFixture[str],
    arguments: list[str],
    said: str,
) -> None:
    text = tmp_path / "notes.txt"
    text.write_text("notes", encoding="utf-8")
    files = {"gallery": empty_gallery, "text": text, "folder": tmp_path}
    assert main([argument.format(**files) for argument in arguments]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert said in err
    assert err.count("\n") == 1


def test_names_are_printed_in_utf_8_whatever_the_terminal_says(
    class_folder: Path, tmp_path: Path
) -> None:
    students = tmp_path / "s.csv"
    students.write_text(STUDENTS.replace("Barack", "Łukasz"), encoding="utf-8")
    done = _run(class_folder, "--students", str(students), PYTHONIOENCODING="ascii")
    assert ",Łukasz,".encode() in done.stdout
    assert (done.returncode, done.stderr) == (0, b"")


def test_a_reader_who_has_seen_enough_is_no_failure(class_folder: Path) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    with os.fdopen(writing, "wb") as output:
        done = _run(class_folder, output=output)
    assert (done.returncode, done.stderr) == (0, b"")


def test_an_output_that_takes_nothing_is_said_in_one_line(class_folder: Path) -> None:
    with Path("/dev/full").open("wb") as output:
        done = _run(class_folder, output=output)
    assert done.returncode == 2
    assert done.stderr == (
        b"python -m function: standard output: No space left on device: check where it is directed "
        b"to\n"
    )


def test_an_interrupt_while_the_modules_load_ends_it_without_a_word(tmp_path: Path) -> None:
    loading = tmp_path / "loading"
    (tmp_path / "numpy.py").write_text(
        f"import pathlib, time; pathlib.Path({str(loading)!r}).touch(); time.sleep(60)",
        encoding="utf-8",
    )
    with subprocess.Popen(
        [sys.executable, "-m", "function"],
        env={**os.environ, "PYTHONPATH": str(tmp_path)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as process:
        while not loading.exists():
            assert process.poll() is None
            time.sleep(0.01)
        process.send_signal(signal.SIGINT)
        said = process.communicate()
    assert (process.returncode, said) == (-signal.SIGINT, (b"", b""))


def _run(
    class_folder: Path, *options: str, output: int | IO[bytes] = subprocess.PIPE, **environment: str
) -> subprocess.CompletedProcess[bytes]:
    """Run the command on the video."""
    return subprocess.run(
        [
            *(sys.executable, "-m", "function", str(class_folder / "seen.mp4")),
            *("--gallery", str(class_folder / "g.npz"), *options),
        ],
        check=False,
        env={**os.environ, **environment},
        stdout=output,
        stderr=subprocess.PIPE,
    )


def test_missing_arguments_are_wrong_usage(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as stopped:
        main([])
    assert stopped.value.code == 2
    assert "--gallery" in capsys.readouterr().err


def test_the_help_tells_the_defaults_and_the_exit_status(
    capsys: pytest.CaptureFixture[str],
) -> None:
    with pytest.raises(SystemExit) as stopped:
        main(["--help"])
    assert stopped.value.code == 0
    text = capsys.readouterr().out
    assert "exit status:" in text
    assert f"default: {RecognitionOptions().tolerance:g}" in text
