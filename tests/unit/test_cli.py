"""The command prints one video's CSV, writes several, and says in one line what went wrong."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import IO, TYPE_CHECKING

import numpy as np
import pytest
from PIL import Image

from function.__main__ import main
from function.recogniser.faces.encoding import find_faces
from function.recogniser.identity.gallery import Gallery
from function.recogniser.options import RecognitionOptions
from function.results import COLUMNS
from samples.pictures import sample_picture
from samples.sample_video import Scene, write_video

if TYPE_CHECKING:
    from tests.unit.conftest import MakeVideo

HEADER = ",".join(COLUMNS) + "\r\n"
STUDENTS = "student_id,name,major,year\n44,Barack,law,senior\n"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with a gallery, a list of students, and a video of one of them."""
    folder = tmp_path_factory.mktemp("class")
    with Image.open(sample_picture("obama.jpg")) as picture:
        obama = picture.convert("RGB")
    (face,) = find_faces(np.asarray(obama))
    Gallery(student_ids=("44",), encodings=face.encoding[np.newaxis]).save(folder / "g.npz")
    (folder / "s.csv").write_text(STUDENTS, encoding="utf-8")
    write_video(folder / "seen.mp4", [Scene(seconds=1, pictures=[obama])])
    return folder


@pytest.fixture
def gallery(tmp_path: Path) -> str:
    path = tmp_path / "nobody.npz"
    Gallery.empty().save(path)
    return str(path)


def test_the_csv_of_one_video_is_printed(folder: Path) -> None:
    done = subprocess.run(
        [
            *(sys.executable, "-m", "function", folder / "seen.mp4"),
            *("--gallery", folder / "g.npz", "--students", folder / "s.csv"),
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
    folder: Path, capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    assert main([str(folder / "seen.mp4"), "--gallery", str(folder / "g.npz")]) == 0
    out, err = capfdbinary.readouterr()
    assert out.splitlines()[1].startswith(b",,,44,0.00,0.52,2,")
    assert err == b""


def test_a_student_who_is_not_in_the_list_is_counted(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    others = tmp_path / "others.csv"
    others.write_text(STUDENTS.replace("44", "45"), encoding="utf-8")
    video, gallery = folder / "seen.mp4", folder / "g.npz"
    assert main([str(video), "--gallery", str(gallery), "--students", str(others)]) == 0
    assert capsys.readouterr().err == f"{video}: 1 of the students seen are not in the list\n"


def test_several_videos_are_written_to_a_folder(
    make_video: MakeVideo, tmp_path: Path, gallery: str, capsys: pytest.CaptureFixture[str]
) -> None:
    videos = [str(make_video(name, frames=1)) for name in ("a.mp4", "a.mov")]
    output = tmp_path / "new" / "results"
    assert main([*videos, "--gallery", gallery, "--output", str(output)]) == 0
    assert sorted(path.name for path in output.iterdir()) == ["a.csv", "a.mov.csv"]
    assert (output / "a.csv").read_bytes() == b"\xef\xbb\xbf" + HEADER.encode()
    assert capsys.readouterr() == ("", "")


def test_what_cannot_be_read_is_named_and_the_rest_goes_on(
    make_video: MakeVideo, tmp_path: Path, gallery: str, capsys: pytest.CaptureFixture[str]
) -> None:
    broken = tmp_path / "broken.mp4"
    broken.write_text("no video", encoding="utf-8")
    whole = make_video("whole.mp4", frames=1)
    output = tmp_path / "results"
    arguments = [str(broken), str(whole), "--gallery", gallery, "--output", str(output)]
    assert main(arguments) == 1
    assert [path.name for path in output.iterdir()] == ["whole.csv"]
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith(f"{broken}: The file is not a video")


def test_a_missing_video_is_named(
    tmp_path: Path, gallery: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([str(tmp_path / "absent.mp4"), "--gallery", gallery]) == 1
    out, err = capsys.readouterr()
    assert out == ""
    assert "absent.mp4: The file cannot be opened: No such file or directory." in err


def test_a_folder_is_named_with_the_remedy_and_the_rest_goes_on(
    make_video: MakeVideo, tmp_path: Path, gallery: str, capsys: pytest.CaptureFixture[str]
) -> None:
    folder, output = tmp_path / "lectures", tmp_path / "results"
    folder.mkdir()
    arguments = [str(folder), str(make_video("a.mp4", frames=1)), "--gallery", gallery]
    assert main([*arguments, "--output", str(output)]) == 1
    assert [path.name for path in output.iterdir()] == ["a.csv"]
    assert capsys.readouterr().err == (
        f"{folder}: This is a folder. Name the videos in it: {folder}/*.mp4\n"
    )


def test_a_video_that_is_named_twice_is_one_video(
    make_video: MakeVideo, tmp_path: Path, gallery: str, capsys: pytest.CaptureFixture[str]
) -> None:
    video, output = str(make_video("a.mp4", frames=1)), tmp_path / "results"
    assert main([video, video, "--gallery", gallery, "--output", str(output)]) == 0
    assert [path.name for path in output.iterdir()] == ["a.csv"]
    assert capsys.readouterr() == ("", "")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["a.mp4", "b.mp4", "--gallery", "{gallery}"], "add --output DIR"),
        (["a.mp4", "x/a.mp4", "--gallery", "{gallery}", "--output", "o"], "2 videos are called"),
        (["a.mp4", "--gallery", "absent.npz"], "absent.npz: No such file or directory: check the"),
        (["a.mp4", "--gallery", "{folder}"], ": Is a directory: check the path"),
        (["a.mp4", "--gallery", "{text}"], "not a gallery"),
        (["a.mp4", "--gallery", "{gallery}", "--students", "{text}"], ".csv or a .json"),
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
    gallery: str,
    capsys: pytest.CaptureFixture[str],
    arguments: list[str],
    said: str,
) -> None:
    text = tmp_path / "notes.txt"
    text.write_text("notes", encoding="utf-8")
    files = {"gallery": gallery, "text": text, "folder": tmp_path}
    assert main([argument.format(**files) for argument in arguments]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert said in err
    assert err.count("\n") == 1


def test_names_are_printed_in_utf_8_whatever_the_terminal_says(
    folder: Path, tmp_path: Path
) -> None:
    students = tmp_path / "s.csv"
    students.write_text(STUDENTS.replace("Barack", "Łukasz"), encoding="utf-8")
    done = _run(folder, "--students", str(students), PYTHONIOENCODING="ascii")
    assert ",Łukasz,".encode() in done.stdout
    assert (done.returncode, done.stderr) == (0, b"")


def test_a_reader_who_has_seen_enough_is_no_failure(folder: Path) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    with os.fdopen(writing, "wb") as output:
        done = _run(folder, output=output)
    assert (done.returncode, done.stderr) == (0, b"")


def test_an_output_that_takes_nothing_is_said_in_one_line(folder: Path) -> None:
    with Path("/dev/full").open("wb") as output:
        done = _run(folder, output=output)
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
    folder: Path, *options: str, output: int | IO[bytes] = subprocess.PIPE, **environment: str
) -> subprocess.CompletedProcess[bytes]:
    """Run the command on the video."""
    return subprocess.run(
        [
            *(sys.executable, "-m", "function", str(folder / "seen.mp4")),
            *("--gallery", str(folder / "g.npz"), *options),
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
