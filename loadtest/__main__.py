"""`python -m loadtest`: one run from its command line to its exit code."""

from __future__ import annotations

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
from local.sample_class import make_sample_class
from local.samples import SamplesUnavailableError
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
    with tempfile.TemporaryDirectory(prefix="loadtest-") as made:
        sources = find_sources(options.sources, made=Path(made))
        expectations = _expectations(options, sources)
        session = Session(options, _target(options), sources, expectations)
        session.check()
        with progress_display(progress) as watch:
            session.go(watch)
    report = session.report(say=progress.print)
    print(summary(report))
    _write(report, options)
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


def _write(report: Report, options: Options) -> None:
    if options.json:
        options.json.write_text(report.as_json(), encoding="utf-8")
        print(f"Wrote {options.json}.")
    if options.html:
        options.html.write_text(page(report), encoding="utf-8")
        print(f"Wrote {options.html}.")


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
