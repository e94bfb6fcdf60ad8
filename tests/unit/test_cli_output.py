"""CSVs are written whole or not at all, and none over one that somebody has edited."""

from __future__ import annotations

import hashlib
import os
import resource
import signal
import stat
import subprocess
import sys
import threading
import time
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from function.__main__ import main
from function.command.checksums import FILE_NAME, Checksums
from function.command.output_folder import EditedError, OutputFolder
from function.command.tally import Tally
from function.command.unusable import UnusableError
from function.command.whole_file import ready_to_replace
from function.evidence import Evidence, is_of_csv
from tests.unit.conftest import csvs

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.unit.conftest import MakeVideo

EDITED = b"edited\n"


@pytest.fixture
def output(tmp_path: Path) -> Path:
    return tmp_path / "results"


@pytest.fixture
def run(make_video: MakeVideo, empty_gallery: str, output: Path) -> Callable[..., int]:
    """Return what runs the command on two videos, a.mp4 and b.mp4."""
    videos = [str(make_video(name, frames=1)) for name in ("a.mp4", "b.mp4")]

    def run(*options: str) -> int:
        return main([*videos, "--gallery", empty_gallery, "--output", str(output), *options])

    return run


def test_what_was_not_edited_is_written_again_without_a_word(
    run: Callable[..., int], output: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run() == 0
    before = capsys.readouterr()
    (output / "b.csv").unlink()
    assert run() == 0
    assert capsys.readouterr() == before
    assert csvs(output) == ["a.csv", "b.csv"]


def test_an_edited_csv_is_kept_and_its_video_not_looked_at(
    run: Callable[..., int], output: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run()
    capsys.readouterr()
    (output / "a.csv").write_bytes(EDITED)
    (tmp_path / "a.mp4").write_bytes(b"unreadable, if anybody tried")
    assert run() == 3
    assert (output / "a.csv").read_bytes() == EDITED
    assert capsys.readouterr().err == (
        f"{tmp_path}/a.mp4: not looked at: {output}/a.csv has been edited since it was written: "
        "move it away, or add --force to overwrite it\n"
        f"1 of 2 videos: none with students, 1 whose CSV was kept; written to {output}/\n"
    )


def test_with_evidence_there_is_that_of_each_csv(run: Callable[..., int], output: Path) -> None:
    assert run("--evidence") == 0
    assert run("--evidence") == 0
    for name in ("a", "b"):
        evidence = Evidence.from_bytes((output / f"{name}.json").read_bytes())
        assert is_of_csv(evidence, (output / f"{name}.csv").read_bytes())
        assert evidence.source.video == f"{name}.mp4"
        assert (evidence.source.video_etag, evidence.source.gallery_etag) == (None, None)
    assert len(list(output.iterdir())) == 5  # with the record of what was written


def test_without_it_there_is_none(run: Callable[..., int], output: Path) -> None:
    assert run() == 0
    assert not list(output.glob("*.json"))


def test_an_edited_csv_keeps_its_evidence_too(run: Callable[..., int], output: Path) -> None:
    run("--evidence")
    before = (output / "a.json").read_bytes()
    (output / "a.csv").write_bytes(EDITED)
    assert run("--evidence", "--samples-per-second", "1") == 3
    assert (output / "a.csv").read_bytes() == EDITED
    assert (output / "a.json").read_bytes() == before
    assert not is_of_csv(Evidence.from_bytes(before), EDITED)
    assert run("--evidence", "--force") == 0
    assert is_of_csv(
        Evidence.from_bytes((output / "a.json").read_bytes()), (output / "a.csv").read_bytes()
    )


def test_a_csv_that_this_command_has_not_written_is_kept(
    run: Callable[..., int], output: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    output.mkdir()
    (output / "a.csv").write_bytes(EDITED)
    (output / "b.csv").symlink_to(tmp_path / "elsewhere.csv")
    assert run() == 3
    assert csvs(output) == ["a.csv"]
    assert not (tmp_path / "elsewhere.csv").exists()
    first, second, summary = capsys.readouterr().err.splitlines()
    for line in (first, second):
        assert "there already, and there is no record of its being a result: move it" in line
    assert summary == "0 of 2 videos: 2 whose CSVs were kept; nothing written"


def test_with_force_everything_is_written_and_known_again(
    run: Callable[..., int], output: Path, tmp_path: Path
) -> None:
    output.mkdir()
    (output / "a.csv").write_bytes(EDITED)
    (tmp_path / "elsewhere.csv").write_bytes(EDITED)
    (output / "b.csv").symlink_to(tmp_path / "elsewhere.csv")
    assert run("--force") == 0
    assert b"student_id" in (output / "a.csv").read_bytes()
    assert not (output / "b.csv").is_symlink()
    assert (tmp_path / "elsewhere.csv").read_bytes() == EDITED
    assert run() == 0


def test_an_unreadable_video_tells_in_the_exit_status_before_a_kept_csv(
    run: Callable[..., int], output: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    output.mkdir()
    (output / "a.csv").write_bytes(EDITED)
    (tmp_path / "b.mp4").write_bytes(b"no video")
    assert run() == 1
    summary = capsys.readouterr().err.splitlines()[-1]
    assert summary == "0 of 2 videos: 1 unreadable, 1 whose CSV was kept; nothing written"


def test_an_unreadable_video_leaves_an_earlier_csv(
    run: Callable[..., int], output: Path, tmp_path: Path
) -> None:
    run()
    before = (output / "a.csv").read_bytes()
    (tmp_path / "a.mp4").write_bytes(b"no video")
    assert run() == 1
    assert (output / "a.csv").read_bytes() == before


def test_force_alone_is_wrong_usage(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as stopped:
        main(["a.mp4", "--gallery", "g.npz", "--force"])
    assert stopped.value.code == 2
    assert "--force: goes with --output" in capsys.readouterr().err


def test_the_record_can_be_checked_with_sha256sum_and_has_no_students_in_it(
    class_folder: Path, output: Path
) -> None:
    arguments = [
        "--gallery",
        str(class_folder / "g.npz"),
        "--students",
        str(class_folder / "s.csv"),
    ]
    assert main([str(class_folder / "seen.mp4"), *arguments, "--output", str(output)]) == 0
    assert b"Barack" in (output / "seen.csv").read_bytes()
    assert b"Barack" not in (output / FILE_NAME).read_bytes()
    assert checked(output) == "seen.csv: OK\n"


def checked(folder: Path) -> str:
    """Return what sha256sum says of the files in a folder."""
    return subprocess.run(
        ["sha256sum", "--check", "--strict", FILE_NAME],  # noqa: S607 - wherever it is
        cwd=folder,
        check=False,
        capture_output=True,
    ).stdout.decode(errors="replace")


def test_a_csv_that_is_edited_while_its_video_is_looked_at_is_kept(output: Path) -> None:
    folder = OutputFolder(output)
    folder.write("a.csv", b"first")
    assert folder.check(["a.csv"]) == {}
    (output / "a.csv").write_bytes(EDITED)
    with pytest.raises(EditedError, match="has been edited since"):
        folder.write("a.csv", b"second")
    assert (output / "a.csv").read_bytes() == EDITED
    assert sorted(path.name for path in output.iterdir()) == ["a.csv", FILE_NAME]
    OutputFolder(output, overwrite=True).write("a.csv", b"second")
    assert (output / "a.csv").read_bytes() == b"second"


@pytest.mark.parametrize(
    "name",
    ["week 1/ä 漢.csv", "back\\slash.csv", "two\nlines.csv", "\r.csv", "\udcff.csv", "\\n.csv"],
)
def test_the_record_knows_csvs_of_every_name(output: Path, name: str) -> None:
    folder = OutputFolder(output)
    folder.write(name, b"first")
    folder.write(name, b"second")
    assert folder.check([name]) == {}
    assert Checksums(output).read() == {name: {hashlib.sha256(b"second").hexdigest()}}
    assert checked(output).endswith(": OK\n")
    (output / name).write_bytes(EDITED)
    assert list(folder.check([name])) == [name]


def test_a_damaged_record_makes_csvs_count_as_edited(output: Path) -> None:
    folder = OutputFolder(output)
    folder.write("a.csv", b"first")
    folder.write("b.csv", b"first")
    record = output / FILE_NAME
    record.write_bytes(record.read_bytes().replace(b"  a.csv", b" a.csv") + b"\xff\n")
    assert list(folder.check(["a.csv", "b.csv"])) == ["a.csv"]


def test_runs_at_once_forget_nothing_that_one_of_them_has_written(output: Path) -> None:
    folders = [OutputFolder(output) for _ in range(4)]

    def write(own: int) -> None:
        for number in range(20):
            folders[own].write(f"{own}/{number}.csv", b"content")

    threads = [threading.Thread(target=write, args=[own]) for own in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(Checksums(output).read()) == 80
    assert folders[0].check(csvs(output)) == {}


@pytest.mark.parametrize("moment", ["before", "after"])
def test_a_csv_is_known_whichever_an_interruption_leaves(
    output: Path, monkeypatch: pytest.MonkeyPatch, moment: str
) -> None:
    """An end without a word, as by a failing of power, when the record is written."""
    folder = OutputFolder(output)
    folder.write("a.csv", b"first")
    replace = Path.replace

    def interrupted(self: Path, target: Path) -> None:
        if moment == "after" or target.name == FILE_NAME:
            replace(self, target)
        if target.name == "a.csv":
            raise KeyboardInterrupt

    monkeypatch.setattr(Path, "replace", interrupted)
    with pytest.raises(KeyboardInterrupt):
        folder.write("a.csv", b"second")
    assert (output / "a.csv").read_bytes() == (b"first" if moment == "before" else b"second")
    assert folder.check(["a.csv"]) == {}
    assert sorted(path.name for path in output.iterdir()) == ["a.csv", FILE_NAME]


@pytest.mark.parametrize("before", [None, b"before"])
def test_an_interrupt_while_a_file_is_written_leaves_what_was_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, before: bytes | None
) -> None:
    file = tmp_path / "a.csv"
    if before:
        file.write_bytes(before)
    monkeypatch.setattr(os, "fsync", lambda _: signal.raise_signal(signal.SIGINT))
    with pytest.raises(KeyboardInterrupt), ready_to_replace(file, b"after"):
        pass
    assert [path.read_bytes() for path in tmp_path.iterdir()] == ([before] if before else [])


def test_a_new_file_has_the_usual_permissions_and_a_replaced_one_keeps_its_own(
    tmp_path: Path,
) -> None:
    file, usual = tmp_path / ("long" * 60 + ".csv"), tmp_path / "usual"
    usual.touch()
    for expected in (stat.S_IMODE(usual.stat().st_mode), 0o640):
        with ready_to_replace(file, b"content"):
            pass
        assert stat.S_IMODE(file.stat().st_mode) == expected
        file.chmod(0o640)


def test_a_folder_or_a_file_in_the_way_is_said_before_the_long_work(
    run: Callable[..., int], output: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (output / "b.csv").mkdir(parents=True)
    assert run("--force") == 2
    assert capsys.readouterr().err == (
        f"python -m function: {output}/b.csv is a folder, where a CSV is to be: move it away\n"
    )
    (output / "week1").touch()
    with pytest.raises(UnusableError, match=r"week1 is a file, where a folder is to be"):
        OutputFolder(output).check(["week1/a.csv"])
    with pytest.raises(UnusableError, match="File name too long: check its name"):
        OutputFolder(output).check([f"{'x' * 252}.csv"])


def test_a_record_that_cannot_be_read_is_named(output: Path) -> None:
    (output / FILE_NAME).mkdir(parents=True)
    with pytest.raises(UnusableError, match=f"{FILE_NAME}: Is a directory: check"):
        OutputFolder(output).check(["a.csv"])


def run_in_child(
    output: Path, *arguments: str, largest_file: int | None = None
) -> subprocess.CompletedProcess[str]:
    """Run the command as a program, which may write files of so many bytes."""

    def limit() -> None:
        if largest_file is not None:
            resource.setrlimit(resource.RLIMIT_FSIZE, (largest_file, largest_file))

    return subprocess.run(
        [sys.executable, "-B", "-m", "function", *arguments, "--output", str(output)],
        check=False,
        capture_output=True,
        text=True,
        preexec_fn=limit,
    )


@pytest.mark.parametrize(
    ("largest_file", "refused"),
    [(40, "a.csv"), (150, FILE_NAME)],
    ids=["the CSV does not fit", "the record does not fit"],
)
def test_what_cannot_be_written_whole_is_not_written(
    make_video: MakeVideo,
    empty_gallery: str,
    output: Path,
    *,
    largest_file: int,
    refused: str,
) -> None:
    video = str(make_video("a.mp4", frames=1))
    arguments = (video, "--gallery", empty_gallery)
    done = run_in_child(output, *arguments, largest_file=largest_file)
    assert [*output.iterdir()] == []
    assert done.returncode == 2
    assert done.stderr == (
        f"python -m function: {output}/{refused}: File too large: check its name, its permissions "
        "and the space on the disk\n"
        "0 of 1 video: 1 not done; nothing written\n"
    )


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    """Return the folder of a small file system."""
    disk = tmp_path / "disk"
    disk.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=64k", "lambdalens-test", str(disk)]
    if os.geteuid() or subprocess.run(mount, check=False, capture_output=True).returncode:
        pytest.skip("no file system can be mounted here")
    yield disk
    subprocess.run(["umount", str(disk)], check=True)  # noqa: S607 - wherever it is


def test_a_full_disk_leaves_the_earlier_csv(
    run: Callable[..., int], disk: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    output = disk / "results"
    assert run("--output", str(output)) == 0
    before = {path: path.read_bytes() for path in output.iterdir()}
    with suppress(OSError), (disk / "rest").open("wb", buffering=0) as rest:
        while True:
            rest.write(bytes(4096))
    capsys.readouterr()
    assert run("--output", str(output)) == 2
    assert {path: path.read_bytes() for path in output.iterdir()} == before
    assert capsys.readouterr().err == (
        f"python -m function: {output}/a.csv: No space left on device: check its name, its "
        "permissions and the space on the disk\n"
        "0 of 2 videos: 2 not done; nothing written\n"
    )


def test_an_interrupt_leaves_whole_csvs_and_says_how_many(
    make_video: MakeVideo, empty_gallery: str, output: Path
) -> None:
    videos = [make_video("a.mp4", frames=1), make_video("b.mp4", frames=20_000)]
    with subprocess.Popen(
        [
            *(sys.executable, "-m", "function", *map(str, videos)),
            *("--gallery", empty_gallery, "--output", str(output)),
        ],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        while not (output / "a.csv").exists():
            assert process.poll() is None
            time.sleep(0.01)
        process.send_signal(signal.SIGINT)
        said = process.communicate()
    summary = f"1 of 2 videos: none with students, 1 not done; written to {output}/\n"
    assert (process.returncode, said) == (130, ("", summary))
    assert sorted(path.name for path in output.iterdir()) == ["a.csv", FILE_NAME]
    assert OutputFolder(output).check(["a.csv"]) == {}


@pytest.mark.parametrize(
    ("tally", "sentence"),
    [
        (
            Tally(videos=9, with_students=5, without_students=2, unreadable=2),
            "7 of 9 videos: 5 with students, 2 unreadable; written to results/",
        ),
        (
            Tally(videos=2, with_students=2),
            "2 of 2 videos: 2 with students; written to results/",
        ),
        (
            Tally(videos=1, without_students=1),
            "1 of 1 video: none with students; written to results/",
        ),
        (Tally(videos=1, unreadable=1), "0 of 1 video: 1 unreadable; nothing written"),
        (
            Tally(videos=5, with_students=1, unreadable=1, kept=2),
            (
                "1 of 5 videos: 1 with students, 1 unreadable, 2 whose CSVs were kept, 1 not done; "
                "written to results/"
            ),
        ),
    ],
)
def test_the_last_line_is_true_of_every_ending(tally: Tally, sentence: str) -> None:
    assert tally.sentence(Path("results")) == sentence
