"""What a run has come to is kept and told by the exit code, wherever standard output leads."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from loadtest.__main__ import deliver
from loadtest.options import parse
from loadtest.report import Generator, Report
from loadtest.run import Ending
from loadtest.thresholds import Threshold
from stacks.configuration import REPOSITORY

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from contextlib import AbstractContextManager

    from loadtest.options import Options

_FULL = Path("/dev/full")


@contextmanager
def _full() -> Iterator[int]:
    descriptor = os.open(_FULL, os.O_WRONLY)
    yield descriptor
    os.close(descriptor)


@contextmanager
def _unread() -> Iterator[int]:
    reading, writing = os.pipe()
    os.close(reading)
    yield writing
    os.close(writing)


def _report(*, missing: int) -> Report:
    """Return the report of a run without videos, of which so many were required to be missing."""
    return Report.of(
        [],
        planned=0,
        thresholds=[Threshold.parse(f"missing=={missing}")],
        prefix="loadtest/x/",
        started="2026-11-23T20:15:01+00:00",
        seconds=1.0,
        ending=Ending.COMPLETE,
        problem="",
        settings={},
        metrics=None,
        cost=None,
        generator=Generator(
            cpu_seconds=1.0,
            peak_memory_mb=100.0,
            requests={},
            requests_cost=0.0,
            clock_ahead_seconds=0.0,
            clock_uncertainty_seconds=None,
        ),
        notes=[],
    )


def _options(folder: Path) -> Options:
    files = ["--json", str(folder / "run.json"), "--html", str(folder / "run.html")]
    return parse(["a.mp4", "--stack", "dev", *files])


def test_the_summary_and_what_was_written_are_printed(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert deliver(_report(missing=0), _options(tmp_path)) == 0
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) > 2
    assert lines[-2:] == [f"Wrote {tmp_path / 'run.json'}.", f"Wrote {tmp_path / 'run.html'}."]


@pytest.mark.parametrize(
    ("output", "said"),
    [
        (
            _full,
            "loadtest: standard output: No space left on device: check where it is directed to\n",
        ),
        (_unread, ""),
    ],
    ids=["full", "read no further"],
)
def test_reports_and_exit_code_do_not_depend_on_who_reads(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    output: Callable[[], AbstractContextManager[int]],
    said: str,
) -> None:
    with output() as descriptor, open(descriptor, "w", closefd=False) as stdout:
        monkeypatch.setattr(sys, "stdout", stdout)
        assert deliver(_report(missing=1), _options(tmp_path)) == 1
        stdout.flush()  # as Python does at its end
    assert capsys.readouterr().err == said
    assert json.loads((tmp_path / "run.json").read_text())["prefix"] == "loadtest/x/"
    assert (tmp_path / "run.html").read_text().startswith("<!")


def test_without_the_pulumi_cli_that_is_told_before_videos_are_looked_for_or_made(
    tmp_path: Path,
) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "loadtest", str(tmp_path / "none.mp4"), "--stack", "dev"],
        cwd=REPOSITORY,
        env=os.environ | {"PATH": str(tmp_path)},
        capture_output=True,
        check=False,
        text=True,
    )

    assert done.returncode == 3
    (line,) = done.stderr.splitlines()
    assert "the Pulumi CLI, which is not on the PATH: install it" in line
