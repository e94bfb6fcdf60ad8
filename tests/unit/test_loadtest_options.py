"""The command line refuses what makes no sense, in one line and with 2, before anything begins."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from loadtest.__main__ import main
from loadtest.arrivals import Profile
from loadtest.options import parse
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
    ],
)
def test_usage_is_checked(
    capsys: pytest.CaptureFixture[str], arguments: list[str], problem: str
) -> None:
    assert problem in _problem(capsys, arguments)


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
        (["a.mp4", "--expect", "none", *_BUCKETS], 2, "none cannot be read"),
        (["a.mp4", "--expect", "mapping", *_BUCKETS], 2, "nothing in SOURCE is called b.mp4"),
        (["a.mp4", "--expect", "sample:", *_BUCKETS], 2, "is the truth about sample:"),
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


def test_help_names_every_figure_and_exit_code(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        parse(["--help"])
    assert ended.value.code == 0
    text = capsys.readouterr().out
    for word in ("p95", "queue", "not_uploaded", "throughput", "exit codes", "130"):
        assert word in text
