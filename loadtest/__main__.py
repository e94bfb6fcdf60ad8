"""`python -m loadtest`: one run from its command line to its exit code."""

from __future__ import annotations

import os
import signal
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from botocore.exceptions import BotoCoreError, ClientError
from rich.console import Console

from loadtest.access import AccessError, in_short
from loadtest.expectations import (
    ExpectationError,
    check_sources,
    read_expectations,
    sample_expectations,
)
from loadtest.live import progress_display
from loadtest.options import parse
from loadtest.page import page
from loadtest.run import Ending
from loadtest.session import Session
from loadtest.sources import SAMPLE, SourceError, find_sources
from loadtest.summary import summary
from loadtest.target import PlaceTakenError, Target
from samples.pictures import SamplesUnavailableError
from samples.sample_class import make_sample_class
from stacks.outputs import StackNotFoundError, deployment

if TYPE_CHECKING:
    from collections.abc import Sequence

    from loadtest.expectations import Expectation
    from loadtest.options import Options
    from loadtest.report import Report
    from loadtest.sources import Source

_MET, _MISSED, _WRONG_USAGE, _COULD_NOT_RUN, _INTERRUPTED = 0, 1, 2, 3, 130


def main(arguments: Sequence[str]) -> int:
    """Run the command with these arguments, and return its exit code."""
    options = parse(arguments)
    # SIGINT, too: a shell that starts a command in the background has it ignored.
    for ending in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(ending, signal.default_int_handler)
    try:
        folder = options.write_sample_class
        return _write_sample_class(folder) if folder else _run(options)
    except (ExpectationError, SourceError) as error:
        return _failed(str(error), _WRONG_USAGE)
    except (AccessError, PlaceTakenError, SamplesUnavailableError, StackNotFoundError) as error:
        return _failed(str(error), _COULD_NOT_RUN)
    except (BotoCoreError, ClientError) as error:
        return _failed(f"AWS refused: {in_short(error)}", _COULD_NOT_RUN)
    except OSError as error:
        return _failed(f"{error}: check the path and the space on the disk", _COULD_NOT_RUN)
    except KeyboardInterrupt:
        return _failed("interrupted", _INTERRUPTED)


def _run(options: Options) -> int:
    progress = Console(stderr=True, highlight=False, markup=True)
    # Before the sample class's videos are made: without a stack they would be made for nothing.
    target = _target(options)
    with tempfile.TemporaryDirectory(prefix="loadtest-") as made:
        sources = find_sources(options.sources, made=Path(made))
        expectations = _expectations(options, sources)
        session = Session(options, target, sources, expectations)
        session.check()
        with progress_display(progress) as watch:
            session.go(watch)
    return deliver(session.report(say=progress.print), options)


def deliver(report: Report, options: Options) -> int:
    """Write the report's files, print its summary, and return the exit code that it stands for.

    The files come first: a run is long, and standard output may lead to where nothing is kept.
    """
    written = _write(report, options)
    _print("\n".join((summary(report), *(f"Wrote {path}." for path in written))))
    return _exit_code(report)


def _target(options: Options) -> Target:
    if options.stack:
        return Target.of(deployment(options.stack))
    return Target(
        input_bucket=options.input_bucket or "",
        output_bucket=options.output_bucket or "",
        endpoint_url=options.endpoint_url,
    )


def _expectations(options: Options, sources: Sequence[Source]) -> dict[str, Expectation]:
    if options.expect is None:
        return {}
    if options.expect == SAMPLE:
        expectations = sample_expectations(sources)
        if not expectations:
            raise ExpectationError(f"--expect {SAMPLE} goes with the source '{SAMPLE}': add it")
        return expectations
    expectations = read_expectations(Path(options.expect), options.aliases)
    check_sources(expectations, {source.name for source in sources})
    return expectations


def _write(report: Report, options: Options) -> list[Path]:
    written = []
    if options.json:
        options.json.write_text(report.as_json(), encoding="utf-8")
        written.append(options.json)
    if options.html:
        options.html.write_text(page(report), encoding="utf-8")
        written.append(options.html)
    return written


def _print(text: str) -> None:
    """Print the text, or say why it cannot be; what the run has come to stays the same."""
    try:
        print(text, flush=True)
    except OSError as error:
        # What sys.stdout fails to write it tries again at the end, which changes the exit code.
        with Path(os.devnull).open("wb") as nowhere:
            os.dup2(nowhere.fileno(), sys.stdout.fileno())
        # Whoever reads through a pipe may have seen enough.
        if not isinstance(error, BrokenPipeError):
            print(
                f"loadtest: standard output: {error.strerror}: check where it is directed to",
                file=sys.stderr,
            )


def _exit_code(report: Report) -> int:
    match report.ending:
        case Ending.FAILED:
            return _failed(report.problem, _COULD_NOT_RUN)
        case Ending.INTERRUPTED:
            return _failed("interrupted; the summary is of what was known by then", _INTERRUPTED)
        case _:
            return _MET if report.thresholds_are_met else _MISSED


def _write_sample_class(folder: Path) -> int:
    sample = make_sample_class(folder)
    print(
        f"Wrote {sample.students} and {sample.portraits}. Enrol them in a stack, whose students "
        "with the same ids they replace:\n"
        f"  python -m enroll --students {sample.students} --portraits {sample.portraits} "
        "--stack local"
    )
    return _MET


def _failed(message: str, exit_code: int) -> int:
    print(f"loadtest: {message}", file=sys.stderr)
    return exit_code


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
