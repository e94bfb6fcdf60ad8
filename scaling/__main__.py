"""`python -m scaling`: how long videos wait and what they cost, before they come."""

from __future__ import annotations

import argparse
import sys
from typing import TYPE_CHECKING

from scaling.measured import Measured
from scaling.service_time import ONE_VCPU_MB, ServiceTime

if TYPE_CHECKING:
    from collections.abc import Sequence

_DONE, _NOT_SO, _WRONG_USAGE, _COULD_NOT_RUN, _INTERRUPTED = 0, 1, 2, 3, 130

_DESCRIPTION = """\
How long videos wait and what they cost, before they come: a simulation of the
pipeline by Lambda's documented rules, on durations that were measured
(scaling/measured.toml). docs/scaling.md says what comes of it.

  python -m scaling tables                print all tables of docs/scaling.md
  python -m scaling document --check      is the document what they say?
  python -m scaling arrivals --videos 500 --concurrency 10 --people 20
  python -m scaling long --minutes 90 --concurrency 10
  python -m scaling agree                 beside a load test of the embedded AWS
"""

_EPILOG = """\
exit codes: 0 done; 1 the document is out of date, or the simulation is too far
from the load test; 2 wrong usage; 3 it could not run; 130 interrupted
"""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command with these arguments, and return its exit code."""
    options = _parser().parse_args(arguments)
    try:
        code: int = options.run(options)
    except ValueError as error:
        print(f"python -m scaling: {error}", file=sys.stderr)
        return _WRONG_USAGE
    except KeyboardInterrupt:
        return _INTERRUPTED
    return code


def _tables(_: argparse.Namespace) -> int:
    from scaling.tables import tables  # noqa: PLC0415 - as below: --help should not load it

    for name, text in tables(Measured.read()).items():
        print(f"## {name}\n\n{text}")
    return _DONE


def _document(options: argparse.Namespace) -> int:
    from scaling.document import DOCUMENT, with_tables  # noqa: PLC0415
    from scaling.tables import tables  # noqa: PLC0415

    before = DOCUMENT.read_text(encoding="utf-8")
    after = with_tables(before, tables(Measured.read()))
    if not options.check:
        DOCUMENT.write_text(after, encoding="utf-8")
    elif after != before:
        print(f"{DOCUMENT.name} is out of date: run python -m scaling document", file=sys.stderr)
        return _NOT_SO
    return _DONE


def _arrivals(options: argparse.Namespace) -> int:
    from scaling import scenarios  # noqa: PLC0415
    from scaling.tables import ARRIVALS_HEAD, described, table  # noqa: PLC0415

    service = _service(options)
    follow = scenarios.at_once if options.at_once else scenarios.an_hour
    summary = follow(
        options.videos, service, concurrency=options.concurrency, one_in=options.one_in
    )
    print("\n".join(table(ARRIVALS_HEAD, [described(summary)])))
    print(f"\nThrottled {summary.throttles} times, one video {summary.most_throttled} times.")
    return _DONE


def _long(options: argparse.Namespace) -> int:
    from scaling.tables import RANGED_HEAD, ranged_row, table  # noqa: PLC0415

    row = ranged_row(
        _service(options),
        minutes=options.minutes,
        range_minutes=options.range_minutes,
        at_once=options.at_once,
        concurrency=options.concurrency,
    )
    print("\n".join(table(RANGED_HEAD, [row])))
    return _DONE


def _measure(_: argparse.Namespace) -> int:
    from scaling.class_minutes import class_minutes  # noqa: PLC0415

    for minute in class_minutes():
        tries = ", ".join(f"{seconds:.2f}" for seconds in minute.cpu_seconds)
        print(f"{minute.people} people: {minute.median:.2f} CPU s a minute ({tries})", flush=True)
    return _DONE


def _agree(options: argparse.Namespace) -> int:
    from botocore.exceptions import BotoCoreError, ClientError  # noqa: PLC0415

    from loadtest.access import AccessError  # noqa: PLC0415
    from local.emulator import EmulatorError  # noqa: PLC0415
    from local.program import DeploymentError  # noqa: PLC0415
    from samples.pictures import SamplesUnavailableError  # noqa: PLC0415
    from scaling.agreement import NotMeasuredError, compare, lines  # noqa: PLC0415

    try:
        agreement = compare(
            rounds=options.rounds,
            count=options.count,
            workers=options.workers,
            load=options.load,
            seed=options.seed,
            say=lambda what: print(what, file=sys.stderr, flush=True),
        )
    except (
        *(AccessError, BotoCoreError, ClientError, DeploymentError, EmulatorError),
        *(NotMeasuredError, OSError, SamplesUnavailableError),
    ) as error:
        print(f"python -m scaling agree: {error}", file=sys.stderr)
        return _COULD_NOT_RUN
    print("\n".join(lines(agreement)))
    return _DONE if agreement.is_close else _NOT_SO


def _service(options: argparse.Namespace) -> ServiceTime:
    return ServiceTime(measured=Measured.read(), people=options.people, memory_mb=options.memory_mb)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m scaling",
        description=_DESCRIPTION,
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    tables = commands.add_parser("tables", help="print the tables of docs/scaling.md")
    tables.set_defaults(run=_tables)
    document = commands.add_parser("document", help="put them into docs/scaling.md")
    document.add_argument("--check", action="store_true", help="write nothing; 1 if it differs")
    document.set_defaults(run=_document)
    arrivals = commands.add_parser("arrivals", help="simulate videos that come to one account")
    arrivals.add_argument("--videos", type=_count, required=True, metavar="N", help="in one hour")
    arrivals.add_argument("--at-once", action="store_true", help="in one moment, not in one hour")
    arrivals.add_argument(
        "--one-in",
        type=_count,
        default=1,
        metavar="N",
        help="simulate every N-th video, on N times fewer runs",
    )
    arrivals.set_defaults(run=_arrivals)
    long = commands.add_parser("long", help="simulate one long video in ranges")
    long.add_argument("--minutes", type=float, required=True, help="the video's length")
    long.add_argument("--range-minutes", type=float, default=2.0, help="default: %(default)g")
    long.add_argument(
        "--at-once", type=_count, default=40, metavar="N", help="ranges at once; default: 40"
    )
    long.set_defaults(run=_long)
    for command in (arrivals, long):
        command.add_argument(
            "--concurrency",
            type=_count,
            default=1000,
            metavar="N",
            help="runs that the account may have at once; default: %(default)s",
        )
        command.add_argument(
            "--people", type=int, default=30, metavar="N", help="in the picture; default: 30"
        )
        command.add_argument(
            "--memory-mb",
            type=_count,
            default=ONE_VCPU_MB,
            metavar="MB",
            help="default: %(default)s",
        )
    measure = commands.add_parser("measure", help="measure a minute of video by class size")
    measure.set_defaults(run=_measure)
    agree = commands.add_parser("agree", help="compare with a load test of the embedded AWS")
    agree.add_argument("--rounds", type=_count, default=5, metavar="N", help="default: %(default)s")
    agree.add_argument(
        "--count", type=_count, default=15, metavar="N", help="videos of a round; default: 15"
    )
    agree.add_argument(
        "--workers", type=_count, default=1, metavar="N", help="runs at once; default: 1"
    )
    agree.add_argument(
        "--load",
        type=float,
        default=3.0,
        metavar="X",
        help="arrivals, as a multiple of what the workers get through; default: %(default)g",
    )
    agree.add_argument("--seed", type=int, default=0, metavar="N", help="of the arrivals")
    agree.set_defaults(run=_agree)
    return parser


def _count(text: str) -> int:
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError(f"{text} is not 1 or more")
    return number


if __name__ == "__main__":
    sys.exit(main())
