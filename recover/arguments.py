"""What may be asked of `python -m recover`, and what its `--help` teaches."""

from __future__ import annotations

import argparse
import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from recover.videos import Choice

if TYPE_CHECKING:
    from collections.abc import Sequence

_RATE = 0.2
_PATIENCE_SECONDS = 3600.0

_DESCRIPTION = """\
Find the videos of a stack that have no result, or one that is out of date, and
have the function look at them again.

    python -m recover failures --stack dev  what failed for good
    python -m recover missing --stack dev   videos without a result
    python -m recover outdated --stack dev  results that are out of date
    python -m recover failed --stack dev    the error reports, and remedies
    python -m recover policy --stack dev    the rights that an operator needs

Each has its own --help. When an alarm says that there are failures: find their
cause in the logs, mend it, then run 'failures'. 'missing' finds in addition
what left no trace, such as uploads while the stack was not whole. 'outdated' is
for after an enrolment, an update or a changed setting; it is asked for, and
never done by itself, since it costs what the first time cost.
"""

_EXIT_STATUS = """\
exit status:
  0    nothing is left to do, or all of it was sent; with --wait, all that was
       sent has its result
  1    something is left: with --dry-run, it would be done; what is named can't
       be dealt with here; with --wait, a result has not come; of 'failed',
       there are error reports
  2    wrong usage
  3    not done, or not to the end: a stack or an AWS that can't be used; run it
       again
  130  interrupted; run it again
"""

_FAILURES = """\
Send the events in the failures queue to the function again, and delete the
messages that are settled.

    python -m recover failures --stack dev --dry-run
    python -m recover failures --stack dev --wait

A message is deleted only when its video has a result newer than the failure, or
one that would be made the same again, or when the video is gone or is none.
Sending deletes nothing. So either wait for the results (--wait), or run it
again later. A message that was sent is hidden for an hour, and then comes back
by itself unless it was deleted; an event that fails again makes a message of
its own.

It may be run twice, by two people at once, and interrupted at any moment: a
message is with one run at a time, and a video that has a current result is not
processed again. With --dry-run, messages are hidden from others while it looks.
"""

_MISSING = """\
Send again the events of the videos in the input bucket that have no result:
neither a CSV nor an error report of the video as it is.

    python -m recover missing --stack dev --until 7h

A video that is new may only be waiting for its turn, up to six hours when many
came at once, and would be processed twice; --until leaves it out. What is no
video by its name and its content is passed over, as the function does it.
Failures are among them: run 'failures' first.
"""

_OUTDATED = """\
Send again the events of the videos whose result was made with another gallery
or recogniser than the function has now: the result is made anew, in place of
the earlier one.

    python -m recover outdated --stack dev --prefix week1/ --dry-run

Each costs as much as the first time. A changed name, major or year makes no
result outdated, changed courses do, and a result whose video has expired stays
as it is. The function's settings are asked of AWS, the version of the
recogniser is this checkout's: run it from the one that was deployed.
"""

_FAILED = """\
List the error reports: which videos have no CSV, why, and what to do.

    python -m recover failed --stack dev
    python -m recover failed --stack dev --prefix week1/ --json
"""

_POLICY = """\
Print the IAM policy of an operator: the actions that these commands need, on
this stack's resources, and nothing else.

    python -m recover policy --stack dev > operator.json
    aws iam put-user-policy --user-name NAME --policy-name recover \\
        --policy-document file://operator.json
"""

_AGO = re.compile(r"(\d{1,6})([mhd])")
_UNITS = {"m": "minutes", "h": "hours", "d": "days"}


@dataclass(frozen=True, kw_only=True)
class Options:
    """What the command line asks for. `patience_seconds` is None for not waiting at all."""

    command: str
    stack: str
    choice: Choice
    dry_run: bool
    rate: float
    patience_seconds: float | None
    json: bool


def parse(arguments: Sequence[str]) -> Options:
    """Read the arguments. Exit with 2 and a line that says what is wrong, as argparse does."""
    parser = _parser()
    given = parser.parse_args(arguments, argparse.Namespace(**_NOT_ASKED))
    if given.timeout is not None and not given.wait:
        parser.error("argument --timeout: goes with --wait")
    return Options(
        command=given.command,
        stack=given.stack,
        choice=Choice(prefix=given.prefix, since=given.since, until=given.until),
        dry_run=given.dry_run,
        rate=given.rate,
        patience_seconds=(given.timeout or _PATIENCE_SECONDS) if given.wait else None,
        json=given.json,
    )


# What stands for an option that a command does not have.
_NOT_ASKED: dict[str, object] = {
    "prefix": "",
    "since": None,
    "until": None,
    "dry_run": False,
    "rate": _RATE,
    "wait": False,
    "timeout": None,
    "json": False,
}


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m recover",
        description=_DESCRIPTION,
        epilog=_EXIT_STATUS,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    _add_sending(_command(commands, "failures", _FAILURES, "redrive the failures queue"))
    missing = _command(commands, "missing", _MISSING, "send again what has no result")
    _add_choice(missing)
    _add_sending(missing)
    outdated = _command(commands, "outdated", _OUTDATED, "have outdated results made anew")
    _add_choice(outdated)
    _add_sending(outdated)
    failed = _command(commands, "failed", _FAILED, "list the error reports")
    _add_prefix(failed)
    failed.add_argument("--json", action="store_true", help="as JSON, for programs")
    _command(commands, "policy", _POLICY, "print the rights that an operator needs")
    return parser


def _command(
    commands: argparse._SubParsersAction[argparse.ArgumentParser],
    name: str,
    description: str,
    summary: str,
) -> argparse.ArgumentParser:
    parser = commands.add_parser(
        name,
        help=summary,
        description=description,
        epilog=_EXIT_STATUS,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "--stack",
        required=True,
        metavar="NAME",
        help="a deployed stack: dev, prod, or local while 'make up' is running",
    )
    return parser


def _add_prefix(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--prefix",
        default="",
        metavar="START",
        help="only videos whose keys begin so, such as week1/ (default: all)",
    )


def _add_choice(parser: argparse.ArgumentParser) -> None:
    _add_prefix(parser)
    parser.add_argument(
        "--since",
        type=_time,
        metavar="TIME",
        help="only videos uploaded then or later: 2026-09-01, 2026-09-01T08:00, or how long ago: "
        "90m, 2h, 3d. Local time, unless it says another",
    )
    parser.add_argument(
        "--until", type=_time, metavar="TIME", help="only videos uploaded before then, likewise"
    )


def _add_sending(parser: argparse.ArgumentParser) -> None:
    what = parser.add_mutually_exclusive_group()
    what.add_argument(
        "--dry-run", action="store_true", help="say what would be done, and do nothing"
    )
    what.add_argument(
        "--wait",
        action="store_true",
        help="wait for the results, and say what has come of each video",
    )
    parser.add_argument(
        "--timeout",
        type=_positive,
        metavar="S",
        help="with --wait: give up when no result has come for so many seconds "
        f"(default: {_PATIENCE_SECONDS:g}, which is three tries of a long video)",
    )
    parser.add_argument(
        "--rate",
        type=_positive,
        default=_RATE,
        metavar="N",
        help="how many videos to send a second, at most (default: %(default)g, one every five "
        "seconds). New videos find room as long as it is below what the function gets through: its "
        "runs at once, divided by the seconds of a run. Both are on the dashboard",
    )


def _positive(text: str) -> float:
    try:
        number = float(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is no number: give one above 0") from None
    if not 0 < number < float("inf"):
        raise argparse.ArgumentTypeError(f"{text} is not above 0: give a number that is")
    return number


def _time(text: str) -> datetime:
    ago = _AGO.fullmatch(text)
    try:
        if ago:
            return datetime.now(UTC) - timedelta(**{_UNITS[ago[2]]: int(ago[1])})
        return datetime.fromisoformat(text).astimezone(UTC)
    except (ValueError, OverflowError):
        raise argparse.ArgumentTypeError(
            f"{text!r} is no time: give a date (2026-09-01), a date and time (2026-09-01T08:00), "
            "or how long ago (90m, 2h, 3d)"
        ) from None
