"""`python -m register` on a folder of results: what it writes, and what it says of the rest."""

from __future__ import annotations

import re
import stat
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from register.__main__ import main
from register.corrections import What, corrections_bytes
from tests.unit.register_samples import ALL_OF_IT, LENGTH, csv_of, evidence_of, said

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


@pytest.fixture
def results(tmp_path: Path) -> Path:
    """Return a folder with a course of three sessions: with evidence, without, and unreadable."""
    course = tmp_path / "results" / "physics"
    course.mkdir(parents=True)
    seen = {"1": ALL_OF_IT, "2": (900.0, LENGTH)}
    (course / "2026-11-23.csv").write_bytes(csv_of(seen))
    (course / "2026-11-23.json").write_bytes(evidence_of(seen, perhaps="3").as_bytes())
    (course / "2026-11-30.csv").write_bytes(csv_of({"1": ALL_OF_IT}))
    (course / "2026-12-07.error.json").write_bytes(b'{"error": "The file is empty."}')
    (course / ".hidden.csv").write_bytes(b"no CSV")
    return tmp_path / "results"


@pytest.fixture
def students(tmp_path: Path) -> Path:
    path = tmp_path / "class.csv"
    path.write_text(
        "id,name,courses\n1,Ada,physics\n2,Björn,physics; chess\n3,Çiğdem,physics\n9,Zoë,chess\n",
        encoding="utf-8",
    )
    return path


@pytest.fixture
def run(results: Path, students: Path, tmp_path: Path) -> Callable[..., int]:
    def run(*options: str) -> int:
        common = ["--results", str(results), "--output", str(tmp_path / "out")]
        return main(["physics", *common, "--students", str(students), *options])

    return run


def written(tmp_path: Path) -> list[str]:
    folder = tmp_path / "out"
    return sorted(
        path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()
    )


def test_the_register_is_written_for_its_owner_alone(
    run: Callable[..., int], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run() == 0
    assert capsys.readouterr() == (
        f"3 students, 3 sessions; open {tmp_path}/out/index.html\n",
        "",
    )
    assert written(tmp_path) == [
        "index.html",
        "register.csv",
        "register.html",
        "register.xlsx",
        "sessions/2026-11-23.html",
        "sessions/2026-11-30.html",
        "sessions/2026-12-07.html",
    ]
    for path in (tmp_path / "out").rglob("*"):
        assert stat.S_IMODE(path.stat().st_mode) == (0o700 if path.is_dir() else 0o600)
    assert (tmp_path / "out" / "register.csv").read_text("utf-8-sig").splitlines() == [
        (
            "id,name,major,year,2026-11-23,2026-11-30,2026-12-07,present,late,left early,"
            "please check,not seen,excused,attended,possible,per cent"
        ),
        "1,Ada,,,present,present,,2,0,0,0,0,0,2,2,100.0",
        "2,Björn,,,late,not seen,,0,1,0,0,1,0,1,2,50.0",
        "3,Çiğdem,,,please check,not seen,,0,0,0,1,1,0,0,2,0.0",
    ]


def test_corrections_beside_a_csv_count(
    run: Callable[..., int], results: Path, tmp_path: Path
) -> None:
    content = corrections_bytes([said("3", What.WAS_HERE), said("2", What.EXCUSED)])
    (results / "physics" / "2026-11-30.corrections.json").write_bytes(content)
    assert run() == 0
    rows = (tmp_path / "out" / "register.csv").read_text("utf-8-sig").splitlines()
    assert rows[2].startswith("2,Björn,,,late,excused,,")
    assert rows[3].startswith("3,Çiğdem,,,please check,present,,")


def test_evidence_of_another_csv_is_passed_over_and_said(
    run: Callable[..., int], results: Path, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    course = results / "physics"
    (course / "2026-11-23.csv").write_bytes(csv_of({"3": ALL_OF_IT}))
    (course / "2026-11-30.json").write_bytes(b"{}")
    (course / "2026-11-30.corrections.json").write_bytes(b"[]")
    assert run() == 1
    assert [line.partition(": ")[2] for line in capsys.readouterr().err.splitlines()] == [
        "passed over, the CSV counts: that has changed since",
        "passed over, the CSV counts: no evidence of version 1: KeyError",
        "passed over: no corrections: TypeError",
    ]
    rows = (tmp_path / "out" / "register.csv").read_text("utf-8-sig").splitlines()
    assert rows[3].startswith("3,Çiğdem,,,present,not seen,,")


def test_a_term_is_from_a_day_to_a_day(
    run: Callable[..., int], results: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (results / "physics" / "revision.csv").write_bytes(csv_of({}))
    assert run("--from", "2026-11-30", "--until", "2026-12-06") == 1
    said = capsys.readouterr()
    assert said.out.startswith("3 students, 1 sessions; ")
    assert said.err == "revision: left out: its name has no day in it\n"


def test_lateness_counts_from_when_the_lesson_starts(
    run: Callable[..., int], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run("--lesson-starts", "12:00", "--lesson-starts-in", "2026-11-30=1:00") == 0
    rows = (tmp_path / "out" / "register.csv").read_text("utf-8-sig").splitlines()
    assert rows[2].startswith("2,Björn,,,present,")
    assert run("--lesson-starts-in", "2026-01-01=1:00") == 1
    assert "--lesson-starts-in 2026-01-01: there is no such session" in capsys.readouterr().err


def test_for_moodle_what_has_no_acronym_is_left_out_and_said(
    run: Callable[..., int], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run("--moodle") == 1
    assert capsys.readouterr().err.splitlines() == [
        (
            "moodle: 1 times 'please check' is left out: choose what Moodle calls it with "
            "--moodle-status 'please check=ACRONYM'"
        ),
        (
            "moodle: 2 times 'not seen' is left out: choose what Moodle calls it with "
            "--moodle-status 'not seen=ACRONYM'"
        ),
    ]
    chosen = ("--moodle-status", "not seen=A", "--moodle-status", "please-check=?")
    assert run("--moodle", *chosen, "--moodle-status", "late=Late") == 0
    folder = tmp_path / "out"
    assert sorted(path.name for path in (folder / "moodle").iterdir()) == [
        "2026-11-23.csv",
        "2026-11-30.csv",
    ]
    assert (folder / "moodle" / "2026-11-23.csv").read_text() == (
        "idnumber,status\n1,P\n2,Late\n3,?\n"
    )
    assert (
        "2026-11-23,2,Late,first seen 0:15:00" in (folder / "moodle-all-sessions.csv").read_text()
    )


def test_without_a_class_list_it_says_so_on_the_page(results: Path, tmp_path: Path) -> None:
    assert main(["--results", str(results), "--output", str(tmp_path / "out")]) == 0
    assert "There was no class list" in (tmp_path / "out" / "index.html").read_text("utf-8")


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--results", "nowhere"], "nowhere/physics is no folder: give the one that the results"),
        (["--results", "."], "is no folder"),
        (["--from", "2030-01-01"], "there is no session: check the course, the folder, and --from"),
        (["--students", "nowhere.csv"], "nowhere.csv: No such file"),
    ],
)
def test_what_cannot_be_used_is_said_in_one_line(
    run: Callable[..., int],
    capsys: pytest.CaptureFixture[str],
    options: list[str],
    said: str,
) -> None:
    assert run(*options) == 2
    err = capsys.readouterr().err
    assert err.startswith("python -m register: ")
    assert said in err
    assert err.count("\n") == 1


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--from", "tomorrow"], "'tomorrow' is no day: write it as 2026-11-23"),
        (["--lesson-starts", "5"], "'5' is no time: write it as 5:00 or 1:05:00"),
        (["--lesson-starts-in", "5:00"], "names no session and time"),
        (["--late-after", "-1"], "is no number of minutes from 0 to 1440"),
        (["--moodle-status", "absent=A", "--moodle"], "'absent' is no status: choose one of"),
        (["--moodle-status", "late=L"], "goes with --moodle"),
        (["--moodle-status", "late=", "--moodle"], "has no acronym"),
        (["--decimal-sign", ","], "a comma needs another --separator"),
        (["--from", "2026-12-01", "--until", "2026-11-01"], "is before"),
        (["--lesson-starts", "9:00", "--lesson-ends", "8:00"], "is not after --lesson-starts"),
        (["--stack", "dev"], "not allowed with argument"),
    ],
)
def test_arguments_that_make_no_sense_are_refused(
    run: Callable[..., int],
    capsys: pytest.CaptureFixture[str],
    options: list[str],
    said: str,
) -> None:
    with pytest.raises(SystemExit) as refused:
        run(*options)
    assert refused.value.code == 2
    assert said in capsys.readouterr().err


def test_a_stack_needs_a_course(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["--stack", "dev", "--output", str(tmp_path)])
    assert "argument COURSE: is needed with --stack" in capsys.readouterr().err


def test_the_help_fits_a_terminal_and_names_every_exit_status() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "register", "--help"],
        capture_output=True,
        text=True,
        check=True,
        env={"COLUMNS": "80"},
    )
    assert max(map(len, done.stdout.splitlines())) <= 80
    assert re.findall(r"^  (\d+) ", done.stdout, re.MULTILINE) == ["0", "1", "2", "3", "130"]


def test_the_command_loads_no_recognition_and_no_aws() -> None:
    program = (
        "import sys, register.__main__; "
        "print(sys.modules.keys() & {'numpy', 'dlib', 'av', 'boto3', 'pulumi'})"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert done.stdout == "set()\n"
