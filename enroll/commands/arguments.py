"""What several of the commands may be asked, and how each tells how it ended."""

from __future__ import annotations

import argparse
import os
from enum import IntEnum
from pathlib import Path


class ExitStatus(IntEnum):
    """How a command ended, for the program that called it; explained in its help."""

    ALL_DONE = 0
    SOME_REFUSED = 1
    NOT_DONE = 2
    INTERRUPTED = 130


EXIT_STATUS = """\
exit status:
  0    all done
  1    some were refused, such as students without consent where that is
       required, or are still known elsewhere, or videos that waited for an
       enrolment are not looked at again, as named on standard error with the
       remedy; the rest is done
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


def new_file(text: str) -> Path:
    """Check before the long work, and not after it, that the file can be put there."""
    file = Path(os.path.realpath(text))
    try:
        if file.is_dir() or not file.parent.is_dir():
            raise argparse.ArgumentTypeError(
                f"{text} is not a file in an existing folder: name the file to write"
            )
        if file.exists() and not file.is_file():
            raise argparse.ArgumentTypeError(f"{text} is not a regular file: name another file")
    except OSError as error:
        raise argparse.ArgumentTypeError(
            f"{text} can't be written ({error.strerror}): name another file"
        ) from error
    if not os.access(file.parent, os.W_OK | os.X_OK):
        raise argparse.ArgumentTypeError(
            f"{text} can't be written (its folder is not yours to use): name another file"
        )
    return Path(text)
