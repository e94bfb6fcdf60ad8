"""The command's exit status, and what it says, for files."""

from __future__ import annotations

import os
import pickle
import shutil
import signal
import subprocess
import sys
from typing import TYPE_CHECKING

import numpy as np
import pytest
from PIL import Image

from enroll.__main__ import main
from function.recogniser.identity.gallery import Gallery
from samples.pictures import sample_picture
from samples.sample_class import BIDEN, COLLINS, OBAMA, SampleClass, make_sample_class
from stacks.buckets import DAYS_TO_KEEP_SUPERSEDED

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def sample(tmp_path: Path) -> SampleClass:
    return make_sample_class(tmp_path)


def _enrol(sample: SampleClass, output: Path) -> int:
    command = ["--students", str(sample.students), "--portraits", str(sample.portraits)]
    return main([*command, "--output", str(output)])


def test_a_class_without_faults_is_enrolled_with_status_0(
    sample: SampleClass, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert _enrol(sample, tmp_path / "gallery.npz") == 0
    said = capsys.readouterr()
    assert said.err == ""
    assert said.out == f"Enrolled 3 students, 3 portraits, in {tmp_path / 'gallery.npz'}.\n"
    assert Gallery.load(tmp_path / "gallery.npz").student_ids == (OBAMA, BIDEN, COLLINS)


def test_what_is_refused_is_named_the_rest_is_enrolled_and_the_status_is_1(
    sample: SampleClass, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (sample.portraits / BIDEN / "portrait.jpg").write_bytes(b"no picture")
    Image.new("RGB", (200, 200)).save(sample.portraits / OBAMA / "wall.png")
    (sample.portraits / "4711").mkdir()
    shutil.copy(sample_picture("grace_hopper.jpg"), sample.portraits / "grace.jpg")
    assert _enrol(sample, tmp_path / "gallery.npz") == 1
    assert Gallery.load(tmp_path / "gallery.npz").student_ids == (OBAMA, COLLINS)
    said = capsys.readouterr()
    expected = [
        "wall.png has no face that can be found: take one",
        "portrait.jpg cannot be read as a JPEG, PNG, WebP, HEIC, AVIF, GIF or BMP picture: save it",
        f"student {BIDEN} has no portrait that can be used: put one into",
        "no student in the list for 4711, grace.jpg: left out; to enrol them, name folders",
    ]
    for line, part in zip(said.err.splitlines(), expected, strict=True):
        assert part in line
    assert said.out.endswith("Refused, as named above: 2 portraits and 1 student.\n")


def test_a_school_s_own_list_and_photos_side_by_side_are_enrolled_as_they_are(
    sample: SampleClass, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    photos = tmp_path / "photos"
    photos.mkdir()
    with Image.open(sample.portraits / BIDEN / "portrait.jpg") as biden:
        biden.transpose(Image.Transpose.ROTATE_90).save(photos / f"{BIDEN}.heic", format="HEIF")
    shutil.copy(sample_picture("obama.jpg"), photos / f"{OBAMA}.JFIF")
    shutil.copy(sample_picture("obama3.jpg"), photos / f"{OBAMA}_2.jpg")
    (photos / f"{COLLINS}.jpg").write_bytes(b"")
    listed = tmp_path / "export.csv"
    rows = f"ID;Last name;First name\r\n{OBAMA};Obama;Barack\r\n{BIDEN};Biden;Jo\u00eb\r\n"
    listed.write_bytes(f"{rows}{COLLINS};Collins;Eileen\r\n".encode("cp1252"))
    arguments = ["--students", str(listed), "--portraits", str(photos)]
    assert main([*arguments, "--output", str(tmp_path / "g.npz")]) == 1
    assert Gallery.load(tmp_path / "g.npz").student_ids == (OBAMA, OBAMA, BIDEN)
    said = capsys.readouterr().err.splitlines()
    expected = [
        "export.csv: the text is not UTF-8, so it was read as Windows-1252: check that 'Joë' is",
        f"{COLLINS}.jpg cannot be read as a JPEG, PNG, WebP, HEIC, AVIF, GIF or BMP picture",
        f"student {COLLINS} has no portrait that can be used: put one into",
    ]
    for line, part in zip(said, expected, strict=True):
        assert part in line


def test_when_nobody_can_be_enrolled_no_gallery_is_written(
    sample: SampleClass, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    shutil.rmtree(sample.portraits)
    sample.portraits.mkdir()
    assert _enrol(sample, tmp_path / "gallery.npz") == 1
    assert not (tmp_path / "gallery.npz").exists()
    assert "Nobody was enrolled" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        (("--students", "missing.csv"), "missing.csv: No such file or directory: check the path"),
        (("--portraits", "missing"), "cannot read the portraits in missing"),
        (("--stack", "local"), "not allowed with"),
        (("--new-gallery",), "argument --new-gallery: goes with --stack"),
        (("--output", "missing/gallery.npz"), "not a file in an existing folder"),
        (("--output", f"{'x' * 300}/gallery.npz"), "can't be written (File name too long): "),
    ],
)
def test_what_it_cannot_do_without_is_status_2_and_one_line(
    sample: SampleClass, tmp_path: Path, change: tuple[str, ...], problem: str
) -> None:
    command = ["--students", str(sample.students), "--portraits", str(sample.portraits)]
    command += ["--output", str(tmp_path / "gallery.npz"), *change]
    ended = subprocess.run(
        [sys.executable, "-m", "enroll", *command], capture_output=True, text=True, check=False
    )
    assert ended.returncode == 2
    assert problem in ended.stderr.splitlines()[-1]
    assert "Traceback" not in ended.stderr
    assert not (tmp_path / "gallery.npz").exists()


@pytest.mark.parametrize("to", [("--output", "g.npz"), ("--stack", "local", "--new-gallery")])
def test_only_what_a_stack_knows_is_brought_up_to_date_without_portraits(
    to: tuple[str, ...], capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit, match="2"):
        main(["--students", "students.csv", *to])
    assert "argument --portraits: only a stack's students are known without; give a folder" in (
        capsys.readouterr().err
    )


@pytest.mark.skipif(os.geteuid() == 0, reason="no folder is closed to root")
@pytest.mark.parametrize("mode", [0, 0o500], ids=["closed", "for reading only"])
def test_a_folder_that_nothing_can_be_put_into_is_told_before_the_work(
    sample: SampleClass, tmp_path: Path, mode: int, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "theirs"
    folder.mkdir(mode=mode)
    with pytest.raises(SystemExit, match="2"):
        _enrol(sample, folder / "gallery.npz")
    assert "gallery.npz can't be written (" in capsys.readouterr().err.splitlines()[-1]


def test_an_interruption_while_modules_load_leaves_no_traceback() -> None:
    # Where the tests run in the background of a shell, SIGINT may be ignored.
    heeding = ["env", "--default-signal=INT"]
    with subprocess.Popen(
        [*heeding, sys.executable, "-X", "importtime", "-m", "enroll", "--help"],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    ) as command:
        assert command.stderr is not None
        for line in command.stderr:
            if "botocore" in line:
                command.send_signal(signal.SIGINT)
                break
        assert "Traceback" not in command.stderr.read()
    assert command.returncode == -signal.SIGINT


def test_forgetting_in_a_file_keeps_the_others_and_names_the_unknown(
    sample: SampleClass, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    gallery = tmp_path / "gallery.npz"
    _enrol(sample, gallery)
    assert main(["forget", BIDEN, "--gallery", str(gallery)]) == 0
    assert Gallery.load(gallery).student_ids == (OBAMA, COLLINS)
    assert main(["forget", BIDEN, OBAMA, "--gallery", str(gallery)]) == 1
    assert Gallery.load(gallery).student_ids == (COLLINS,)
    assert f"student {BIDEN} is not known here" in capsys.readouterr().err


_NFC, _NFD = "M\u00fcller", "Mu\u0308ller"


@pytest.mark.parametrize(("kept", "typed"), [(_NFC, _NFD), (_NFD, _NFC), (_NFC, f" {_NFC} ")])
def test_forgetting_does_not_depend_on_the_system_the_id_was_typed_on(
    tmp_path: Path, kept: str, typed: str
) -> None:
    gallery = tmp_path / "gallery.npz"
    Gallery(student_ids=(kept, "other"), encodings=np.eye(2, 128, dtype=np.float32)).save(gallery)
    assert main(["forget", typed, "--gallery", str(gallery)]) == 0
    assert Gallery.load(gallery).student_ids == ("other",)


def test_other_names_of_the_file_that_keep_who_was_forgotten_are_told(
    sample: SampleClass, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    gallery, other = tmp_path / "gallery.npz", tmp_path / "other.npz"
    _enrol(sample, gallery)
    other.hardlink_to(gallery)
    capsys.readouterr()
    assert main(["forget", BIDEN, "--gallery", str(gallery)]) == 1
    said = capsys.readouterr()
    assert said.out == "Forgot 1 student.\n"
    assert said.err == (
        f"{gallery} had other names (hard links), which keep what was taken out: "
        f"remove them; 'find -inum {other.stat().st_ino}' finds them\n"
    )
    assert BIDEN in Gallery.load(other).student_ids
    assert BIDEN not in Gallery.load(gallery).student_ids


def test_forgetting_in_a_link_forgets_in_the_file_that_it_leads_to(
    sample: SampleClass, tmp_path: Path
) -> None:
    real, link = tmp_path / "real.npz", tmp_path / "link.npz"
    _enrol(sample, real)
    link.symlink_to(real)
    assert main(["forget", BIDEN, "--gallery", str(link)]) == 0
    assert link.is_symlink()
    assert Gallery.load(real).student_ids == (OBAMA, COLLINS)


@pytest.mark.parametrize(
    ("command", "said"),
    [
        (
            ("forget", "1", "--gallery", "{folder}/absent"),
            "{folder}/absent: No such file or directory: check the path",
        ),
        (("forget", "1", "--gallery", "{folder}"), "{folder} is a folder: name the gallery file"),
        (
            ("import-encodings", "{folder}/absent", "--students", "{list}", "--output", "o.npz"),
            "{folder}/absent: No such file or directory: check the path",
        ),
    ],
)
def test_a_path_that_is_not_the_file_it_should_be_is_named_with_the_remedy(
    sample: SampleClass,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    command: tuple[str, ...],
    said: str,
) -> None:
    paths = {"folder": tmp_path, "list": sample.students}
    assert main([part.format(**paths) for part in command]) == 2
    assert capsys.readouterr().err.startswith(f"enroll: {said.format(**paths)}")


def test_a_pipe_is_not_taken_for_the_gallery_to_write(
    sample: SampleClass, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    pipe = tmp_path / "gallery.npz"
    os.mkfifo(pipe)
    with pytest.raises(SystemExit, match="2"):
        _enrol(sample, pipe)
    assert "gallery.npz is not a regular file: name another" in capsys.readouterr().err
    assert pipe.is_fifo()


def test_forgetting_in_what_is_no_gallery_names_the_file(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "gallery.npz").write_bytes(b"something else")
    assert main(["forget", "1", "--gallery", str(tmp_path / "gallery.npz")]) == 2
    assert f"{tmp_path / 'gallery.npz'}: the file is not a gallery" in capsys.readouterr().err


def test_importing_encodings_leaves_out_names_that_are_not_listed_and_says_so(
    sample: SampleClass, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    content = {"name": ["Joe Biden", "Nobody"], "encoding": [np.zeros(128), np.ones(128)]}
    (tmp_path / "encoding").write_bytes(pickle.dumps(content))
    command = ["import-encodings", str(tmp_path / "encoding"), "--students", str(sample.students)]
    assert main([*command, "--output", str(tmp_path / "gallery.npz")]) == 0
    assert Gallery.load(tmp_path / "gallery.npz").student_ids == (BIDEN,)
    assert capsys.readouterr().err == (
        "Nobody is not the name of a student in the list: left out; add the student to the list to "
        "enrol them\n"
    )


def test_importing_nobodys_encodings_writes_nothing_and_is_status_1(
    sample: SampleClass, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    content = {"name": ["Nobody"], "encoding": [np.zeros(128)]}
    (tmp_path / "encoding").write_bytes(pickle.dumps(content))
    command = ["import-encodings", str(tmp_path / "encoding"), "--students", str(sample.students)]
    assert main([*command, "--output", str(tmp_path / "gallery.npz")]) == 1
    assert "Nobody was enrolled, and nothing was written" in capsys.readouterr().out
    assert not (tmp_path / "gallery.npz").exists()


def test_encodings_that_are_not_of_one_person_are_refused(
    sample: SampleClass, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    names = ["Joe Biden", "Joe Biden", "Barack Obama"]
    content = {"name": names, "encoding": [np.zeros(128), np.ones(128), np.full(128, 0.99)]}
    (tmp_path / "encoding").write_bytes(pickle.dumps(content))
    command = ["import-encodings", str(tmp_path / "encoding"), "--students", str(sample.students)]
    assert main([*command, "--output", str(tmp_path / "gallery.npz")]) == 1
    said = capsys.readouterr()
    (line,) = said.err.splitlines()
    assert line.startswith(
        f"an encoding of student {BIDEN} looks like student {OBAMA} (distance 0.11), and unlike "
        "the student's others (11.31): put a picture of the right"
    )
    assert said.out.endswith("Refused, as named above: 1 portrait.\n")
    kept = Gallery.load(tmp_path / "gallery.npz")
    assert kept.student_ids == (OBAMA, BIDEN)
    assert kept.encodings[:, 0].tolist() == pytest.approx([0.99, 0.0])


def test_the_help_says_for_how_long_an_earlier_gallery_is_kept(
    capsys: pytest.CaptureFixture[str],
) -> None:
    for command in ([], ["forget"], ["remove"]):
        with pytest.raises(SystemExit, match="0"):
            main([*command, "--help"])
        assert f"{DAYS_TO_KEEP_SUPERSEDED} days" in capsys.readouterr().out


def test_the_help_of_every_command_shows_an_example_and_the_exit_status_in_80_columns(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    names = ("add", "audit", "export", "forget", "import-encodings", "list", "prune", "remove")
    for command in ([], *([name] for name in names)):
        with pytest.raises(SystemExit, match="0"):
            main([*command, "--help"])
        text = capsys.readouterr().out
        assert "    python -m enroll " in text
        assert "exit status:" in text
        assert max(map(len, text.splitlines())) <= 80
