"""What several of the commands may be asked, and how each tells how it ended."""

from __future__ import annotations

import argparse
import os
from enum import IntEnum
from pathlib import Path
from typing import TYPE_CHECKING

from function.composed_text import composed

if TYPE_CHECKING:
    from collections.abc import Collection

    from enroll.mix_ups import AlikePair


class ExitStatus(IntEnum):
    """How a command ended, for the program that called it; explained in its help."""

    ALL_DONE = 0
    SOME_REFUSED = 1
    NOT_DONE = 2
    INTERRUPTED = 130


EXIT_STATUS = """\
exit status:
  0    all done
  1    some were refused, such as portraits that are somebody else's, or
       students without consent where that is required, or are still known
       elsewhere, or videos that waited for an enrolment are not looked at
       again, as named on standard error with the remedy; the rest is done
  2    not done: wrong usage, or a list, folder, file, stack or AWS that can't
       be used
  130  interrupted; run it again to finish
"""


def parser(program: str, text: str, exit_status: str = EXIT_STATUS) -> argparse.ArgumentParser:
    """Return a parser without arguments of its own."""
    return argparse.ArgumentParser(
        prog=program,
        description=text,
        epilog=exit_status,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )


def add_students(parser: argparse.ArgumentParser) -> None:
    """Have the student list named."""
    parser.add_argument(
        "--students",
        type=Path,
        required=True,
        metavar="LIST",
        help="the student list: CSV, XLSX or JSON, or the folder or ZIP of a roster",
    )


def add_destination(parser: argparse.ArgumentParser) -> None:
    """Have the place named that is enrolled in."""
    where = parser.add_mutually_exclusive_group(required=True)
    add_stack(where)
    where.add_argument("--output", type=new_file, metavar="FILE", help="the gallery file to write")
    parser.add_argument(
        "--new-gallery",
        action="store_true",
        help="make the stack's gallery anew, of these students alone: for a gallery that can't be "
        "used any more, or a new class",
    )


def add_stack_or_gallery(parser: argparse.ArgumentParser, what: str) -> None:
    """Have a stack or a gallery file named, of which what follows is said in the help."""
    where = parser.add_mutually_exclusive_group(required=True)
    add_stack(where)
    where.add_argument("--gallery", type=Path, metavar="FILE", help=what)


def add_stack(where: argparse._MutuallyExclusiveGroup) -> None:
    """Have a stack named, as one way of several."""
    where.add_argument(
        "--stack",
        metavar="NAME",
        help="a deployed stack: dev, prod, or local while 'make up' is running",
    )


class UnknownAlikeError(ValueError):
    """A student who is said to look alike is not known, or the two are one."""


def add_dry_run(parser: argparse.ArgumentParser) -> None:
    """Have it said what would be done."""
    parser.add_argument(
        "--dry-run",
        action="store_true",
        help="do all of it but change nothing: no gallery, no record",
    )


def add_alike(parser: argparse.ArgumentParser) -> None:
    """Have pairs of students named who look alike, as siblings do."""
    parser.add_argument(
        "--allow-alike",
        nargs=2,
        action="append",
        type=composed,
        default=[],
        metavar=("ID", "ID"),
        help="two students who look alike, as siblings do, and are both right; may be repeated",
    )


def alike_pairs(options: argparse.Namespace, known: Collection[str]) -> set[AlikePair]:
    """Return the pairs of students who are said to look alike. Raises UnknownAlikeError."""
    for pair in options.allow_alike:
        for student_id in pair:
            if student_id not in known:
                raise UnknownAlikeError(
                    f"--allow-alike {' '.join(pair)}: student {student_id} is neither listed nor "
                    "enrolled here: check the id"
                )
        if len(set(pair)) == 1:
            raise UnknownAlikeError(
                f"--allow-alike {' '.join(pair)}: one student twice: name two who look alike"
            )
    return {frozenset(pair) for pair in options.allow_alike}


def new_file(text: str) -> Path:
    """Check before the long work, and not after it, that the file can be put there."""
    file = Path(os.path.realpath(text))
    try:
        if file.is_dir() or not file.parent.is_dir():
            raise argparse.ArgumentTypeError(
                f"{text} is not a file in an existing folder: name the file to write"
            )
        if file.exists() and not file.is_file():
            raise argparse.ArgumentTypeError(
                f"{text} is not a regular file: name another file to write"
            )
    except OSError as error:
        raise argparse.ArgumentTypeError(
            f"{text} can't be written ({error.strerror}): name another file"
        ) from error
    if not os.access(file.parent, os.W_OK | os.X_OK):
        raise argparse.ArgumentTypeError(
            f"{text} can't be written (its folder is not yours to use): name another file"
        )
    return Path(text)
