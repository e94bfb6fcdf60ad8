"""The command line refuses what makes no sense, in one line and with 2, before anything begins."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from loadtest.__main__ import main
from loadtest.arrivals import Profile
from loadtest.options import parse
from loadtest.thresholds import DEFAULT
from loadtest.workload import OpenLoop

if TYPE_CHECKING:
    from pathlib import Path

_BUCKETS = ["--input-bucket", "in", "--output-bucket", "out"]


def _problem(capsys: pytest.CaptureFixture[str], arguments: list[str]) -> str:
    with pytest.raises(SystemExit) as ended:
        parse(arguments)
    assert ended.value.code == 2
    return capsys.readouterr().err.splitlines()[-1]


@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        ([], "give a SOURCE"),
        (["a.mp4"], "give --stack, or --input-bucket and --output-bucket"),
        (["a.mp4", "--input-bucket", "in"], "give --stack"),
        (["a.mp4", "--stack", "dev", *_BUCKETS], "--stack says all of"),
        (["a.mp4", "--stack", "dev", "--duration", "9"], "give their --rate"),
        (["a.mp4", "--stack", "dev", "--ramp", "sine"], "give their --rate"),
        (
            ["a.mp4", "--stack", "dev", "--rate", "1", "--duration", "9", "--count", "9"],
            "make the count",
        ),
        (["a.mp4", "--stack", "dev", "--rate", "1", "--duration", "0.1"], "are 0 videos"),
        (["a.mp4", "--stack", "dev", "--rate", "9", "--duration", "1e6"], "are 9000000 videos"),
        (["a.mp4", "--stack", "dev", "--count", "0"], "0 is not from 1 to"),
        (["a.mp4", "--stack", "dev", "--concurrency", "many"], "invalid"),
        (["a.mp4", "--stack", "dev", "--rate", "nan"], "nan is not above 0"),
        (["a.mp4", "--stack", "dev", "--rate", "1", "--ramp", "cliff"], "--ramp"),
        (["a.mp4", "--stack", "dev", "--require", "fast"], "'fast' is no threshold"),
        (["a.mp4", "--stack", "dev", "--alias", "freshman"], "is not WORD=RECORD"),
        (["a.mp4", "--stack", "dev", "--prefix", "/"], "a place of its own"),
        (["a.mp4", "--stack", "dev", "--json", "no/such/folder.json"], "not a file in an existing"),
        (
            ["a.mp4", "--stack", "dev", "--json", "x" * 300],
            "cannot be written (File name too long)",
        ),
        (["a.mp4", "--input-bucket", "A B"], "'A B' is no bucket's name"),
        (["a.mp4", "--output-bucket", "s3://out"], "'s3://out' is no bucket's name"),
        (["a.mp4", *_BUCKETS, "--require", "wrong==0"], "wrong==0 is about what was expected"),
        (["a.mp4", *_BUCKETS, "--require", "right>=9"], "give --expect"),
    ],
)
def test_usage_is_checked(
    capsys: pytest.CaptureFixture[str], arguments: list[str], problem: str
) -> None:
    assert problem in _problem(capsys, arguments)


@pytest.mark.parametrize(
    "url", ["foo", "", "localhost:9000", "ftp://host", "http://", "http://[::1", "http://h:99999"]
)
def test_an_endpoint_is_an_address(capsys: pytest.CaptureFixture[str], url: str) -> None:
    problem = _problem(capsys, ["a.mp4", *_BUCKETS, "--endpoint-url", url])
    assert f"{url!r} is no address of an S3: give http://HOST:PORT" in problem


@pytest.mark.parametrize("url", ["http://127.0.0.1:9000", "https://s3.example.org"])
def test_an_endpoint_that_is_an_address_is_taken(url: str) -> None:
    assert parse(["a.mp4", *_BUCKETS, "--endpoint-url", url]).endpoint_url == url


@pytest.mark.parametrize("option", ["--json", "--html"])
def test_a_report_goes_into_a_regular_file(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], option: str
) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    assert "is no regular file" in _problem(capsys, ["a.mp4", *_BUCKETS, option, str(pipe)])
    (tmp_path / "old").write_text("an older report", encoding="utf-8")
    parse(["a.mp4", *_BUCKETS, option, str(tmp_path / "old")])
    assert (tmp_path / "old").read_text(encoding="utf-8") == "an older report"


def test_each_report_has_a_file_of_its_own(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "folder").mkdir()
    reports = ["--json", f"{tmp_path}/report", "--html", f"{tmp_path}/folder/../report"]
    problem = _problem(capsys, ["a.mp4", *_BUCKETS, *reports])
    assert f"--json and --html are both {tmp_path}/report: give each" in problem


@pytest.mark.skipif(os.geteuid() == 0, reason="no folder is closed to root")
@pytest.mark.parametrize("mode", [0, 0o500], ids=["closed", "for reading only"])
def test_a_folder_that_cannot_be_written_is_noticed_before_the_run(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], mode: int
) -> None:
    folder = tmp_path / "folder"
    folder.mkdir(mode=mode)
    report = ["a.mp4", *_BUCKETS, "--json", str(folder / "report.json")]
    assert "report.json cannot be written" in _problem(capsys, report)
    assert "give another folder" in _problem(
        capsys, ["--write-sample-class", str(folder / "class")]
    )


@pytest.mark.parametrize("below", ["", "class"])
def test_the_sample_class_goes_into_a_folder(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], below: str
) -> None:
    file = tmp_path / "students.csv"
    file.write_text("", encoding="utf-8")
    problem = _problem(capsys, ["--write-sample-class", str(file / below)])
    assert f"{file} is a file: give a folder" in problem
    new = tmp_path / "new" / "class"
    assert parse(["--write-sample-class", str(new)]).write_sample_class == new


def test_nothing_is_required_of_what_is_not_compared() -> None:
    def required(*arguments: str) -> list[str]:
        return [each.text for each in parse(["a.mp4", *_BUCKETS, *arguments]).thresholds]

    assert required() == ["missing==0", "errors==0", "not_uploaded==0"]
    assert required("--expect", "mapping") == list(DEFAULT)
    assert required("--expect", "mapping", "--require", "wrong==0") == ["wrong==0"]


def test_a_rate_for_a_duration_is_a_count() -> None:
    options = parse(["a.mp4", *_BUCKETS, "--rate", "2.5", "--duration", "60", "--ramp", "burst"])
    assert options.count == 150
    assert options.loop == OpenLoop(rate=2.5, profile=Profile.BURST)


def test_runs_have_prefixes_of_their_own() -> None:
    first, second = (parse(["a.mp4", *_BUCKETS]).prefix for _ in range(2))
    assert first.startswith("loadtest/")
    assert first.endswith("/")
    assert first != second
    assert parse(["a.mp4", *_BUCKETS, "--prefix", "mine"]).prefix == "mine/"


@pytest.mark.parametrize(
    ("arguments", "exit_code", "problem"),
    [
        (["none.mp4", *_BUCKETS], 2, "there is no none.mp4"),
        ([".", "--expect", "none", *_BUCKETS], 2, "there is no video in ."),
        (
            ["a.mp4", "--expect", "none", *_BUCKETS],
            2,
            "none cannot be read (No such file or directory): give",
        ),
        (["a.mp4", "--expect", "mapping", *_BUCKETS], 2, "nothing in SOURCE is called b.mp4"),
        (["a.mp4", "--expect", "sample:", *_BUCKETS], 2, "goes with the source 'sample:'"),
        (["a.mp4", "--stack", "no-such-stack"], 3, "no-such-stack"),
    ],
)
def test_what_it_cannot_begin_with_is_one_line(  # noqa: PLR0913 - fixtures and the case
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    *,
    arguments: list[str],
    exit_code: int,
    problem: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    if arguments[0] == "a.mp4":
        (tmp_path / "a.mp4").write_bytes(b"")
    (tmp_path / "mapping").write_text("b.mp4:law,senior\n", encoding="utf-8")
    assert main(arguments) == exit_code
    said = capsys.readouterr()
    assert said.out == ""
    assert problem in said.err
    assert said.err.count("\n") == 1
    assert said.err.startswith("loadtest: ")


@pytest.mark.parametrize(
    ("name", "value", "problem"),
    [
        ("AWS_ENDPOINT_URL", "foo", "Invalid endpoint: foo; AWS_ENDPOINT_URL, and"),
        ("AWS_ENDPOINT_URL_S3", "http://[::1", "must be http://HOST or https://HOST"),
        ("AWS_DEFAULT_REGION", "no region", "Correct AWS_DEFAULT_REGION"),
        ("AWS_PROFILE", "typo", "no AWS profile 'typo': correct AWS_PROFILE"),
    ],
)
def test_a_wrong_environment_is_one_line(  # noqa: PLR0913 - fixtures and the case
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    *,
    name: str,
    value: str,
    problem: str,
) -> None:
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "none"))
    monkeypatch.setenv(name, value)
    (tmp_path / "a.mp4").write_bytes(b"")
    assert main([str(tmp_path / "a.mp4"), *_BUCKETS]) == 3
    said = capsys.readouterr().err
    assert said.startswith("loadtest: opening S3: ")
    assert problem in said
    assert said.count("\n") == 1


def test_help_fits_a_terminal(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    with pytest.raises(SystemExit):
        parse(["--help"])
    assert max(map(len, capsys.readouterr().out.splitlines())) < 80


def test_help_names_every_figure_and_exit_code(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        parse(["--help"])
    assert ended.value.code == 0
    text = capsys.readouterr().out
    for word in ("p95", "queue", "not_uploaded", "throughput", "exit codes", "130"):
        assert word in text
