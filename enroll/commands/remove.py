"""`python -m enroll remove`: single portraits are taken out of the gallery."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

from enroll.commands.arguments import ExitStatus, add_stack_or_gallery, parser
from enroll.commands.older import tell_of_older
from enroll.commands.words import portraits_in
from enroll.deployed import change_gallery, load_gallery
from enroll.gallery_edits import without_rows
from enroll.gallery_on_disk import load_gallery_file, replace_gallery_file
from enroll.older_results import older_results
from enroll.portraits import PortraitRefusedError, sha256_of
from enroll.roster import portraits_of
from function.composed_text import composed
from stacks.outputs import deployment

if TYPE_CHECKING:
    import argparse
    from collections.abc import Sequence

    from enroll.roster import Portrait
    from function.recogniser.identity.gallery import Gallery

_HELP = """\
Take single portraits of a student out of the gallery.

    python -m enroll list 1001 --stack dev          which there are
    python -m enroll remove 1001 2 --stack dev      by its number there
    python -m enroll remove 1001 portraits/1001_2.heic --stack dev
    python -m enroll remove 1001 --all-portraits --stack dev

A picture is known by its content, whatever its name; a file whose name is a
number is given as ./2. The student stays, with the record, and without any
portrait left is not recognised until one is added. What a gallery knows of
such a student besides, such as courses, stays in the record only.

A stack keeps earlier versions of its gallery for 30 days, these portraits
included. 'python -m enroll forget' erases those too, with the student.
"""

_EXIT_STATUS = """\
exit status:
  0    removed
  1    some of the portraits are not there, as named on standard error; the
       others are removed
  2    not done: wrong usage, or a file, stack, gallery or AWS that can't be
       used
  130  interrupted; run it again to finish
"""


def options(arguments: Sequence[str]) -> argparse.Namespace:
    """Return what the arguments ask for."""
    mine = parser("python -m enroll remove", _HELP, _EXIT_STATUS)
    mine.add_argument("student_id", type=composed, metavar="STUDENT_ID", help="whose portraits")
    mine.add_argument(
        "portraits",
        nargs="*",
        metavar="PORTRAIT",
        help="a number that 'list STUDENT_ID' shows, or the picture's file",
    )
    mine.add_argument("--all-portraits", action="store_true", help="all that the student has")
    add_stack_or_gallery(mine, "remove from this gallery file")
    options = mine.parse_args(arguments)
    if bool(options.portraits) == options.all_portraits:
        mine.error("give the portraits to remove, or --all-portraits")
    return options


def run(options: argparse.Namespace) -> int:
    """Remove, and return the exit status."""
    stack = deployment(options.stack) if options.stack else None
    gallery = load_gallery(stack) if stack else load_gallery_file(options.gallery)
    known = portraits_of(gallery, options.student_id)
    if not known:
        print(
            f"student {options.student_id} has no portrait here: check the id with "
            "'python -m enroll list'",
            file=sys.stderr,
        )
        return ExitStatus.SOME_REFUSED
    meant, missing = _meant(known, options)
    for each in missing:
        print(
            f"{each} is no portrait of student {options.student_id} here: see 'python -m enroll "
            f"list {options.student_id}'",
            file=sys.stderr,
        )
    if not meant:
        return ExitStatus.SOME_REFUSED
    # The rows themselves: others may change the numbers meanwhile.
    removed = gallery.rows([portrait.row for portrait in meant])
    kept_elsewhere = ""
    if stack:
        changed = change_gallery(stack, lambda gallery: without_rows(gallery, removed))
    else:
        changed = without_rows(gallery, removed)
        kept_elsewhere = replace_gallery_file(options.gallery, changed)
    print(_said(options, removed, changed))
    if kept_elsewhere:
        print(kept_elsewhere, file=sys.stderr)
    if stack:
        tell_of_older(older_results(stack), options.stack)
    return ExitStatus.SOME_REFUSED if missing or kept_elsewhere else ExitStatus.ALL_DONE


def _meant(
    known: Sequence[Portrait], options: argparse.Namespace
) -> tuple[list[Portrait], list[str]]:
    """Return the portraits that are meant, and what was given that is none of them."""
    if options.all_portraits:
        return list(known), []
    meant: list[Portrait] = []
    missing = []
    for given in options.portraits:
        found = _found(known, given)
        meant += [portrait for portrait in found if portrait not in meant]
        if not found:
            missing.append(given)
    return meant, missing


def _found(known: Sequence[Portrait], given: str) -> list[Portrait]:
    if given.isdecimal():
        return [portrait for portrait in known if portrait.number == int(given)]
    try:
        source = sha256_of(Path(given))
    except PortraitRefusedError as error:
        print(f"{given} {error}", file=sys.stderr)
        return []
    return [portrait for portrait in known if portrait.source == source]


def _said(options: argparse.Namespace, removed: Gallery, changed: Gallery) -> str:
    student_id = options.student_id
    left = len(portraits_of(changed, student_id))
    done = f"Removed {portraits_in(removed)} of student {student_id}"
    if left:
        return f"{done}, who has {left} left."
    stays = "the record stays" if options.stack else "the file knows nothing of them any more"
    return f"{done}, who has none left and is not recognised until one is added; {stays}."
