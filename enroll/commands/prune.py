"""`python -m enroll prune`: what is held of students whose last day has passed is deleted."""

from __future__ import annotations

from typing import TYPE_CHECKING

from enroll.commands.arguments import ExitStatus, add_stack, parser
from enroll.commands.words import students_in
from enroll.days import today
from enroll.expiry import delete, held_too_long
from stacks.outputs import deployment

if TYPE_CHECKING:
    import argparse
    from collections.abc import Sequence

    from enroll.expiry import Held

_HELP = """\
Delete what is held of the students whose last day (the list's column until)
has passed: their encodings and their records.

    python -m enroll prune --stack prod --dry-run
    python -m enroll prune --stack prod

The last day counts to its end in UTC. From the next day on, the function does
not recognise the student any more, whether this has been run or not. Students
without a last day are never deleted by it. What it says has student ids in it.

Results that name the students stay until they expire, and earlier versions of
the gallery 30 days: 'python -m enroll forget' erases those at once.
"""

_EXIT_STATUS = """\
exit status:
  0    there was nothing to delete, or all of it is deleted
  1    with --dry-run: there is something to delete
  2    not done, or not all: wrong usage, or a stack, a gallery or an AWS that
       can't be used
  130  interrupted; run it again to finish
"""


def options(arguments: Sequence[str]) -> argparse.Namespace:
    """Return what the arguments ask for."""
    mine = parser("python -m enroll prune", _HELP, _EXIT_STATUS)
    add_stack(mine.add_mutually_exclusive_group(required=True))
    mine.add_argument(
        "--dry-run", action="store_true", help="say what would be deleted, and delete nothing"
    )
    return mine.parse_args(arguments)


def run(options: argparse.Namespace) -> int:
    """Delete, and return the exit status."""
    stack = deployment(options.stack)
    held = held_too_long(stack, today())
    if held and not options.dry_run:
        delete(stack, held)
    done = "would be deleted" if options.dry_run else "deleted"
    for each in held:
        print(f"student {each.student_id}, until {each.until}: {_what(each)} {done}")
    who = students_in([each.student_id for each in held])
    print(f"What is held of {who}, whose last day has passed, {done}." if held else _NOTHING)
    return ExitStatus.SOME_REFUSED if held and options.dry_run else ExitStatus.ALL_DONE


_NOTHING = "Nothing is held of students whose last day has passed."


def _what(held: Held) -> str:
    portraits = "1 portrait" if held.portraits == 1 else f"{held.portraits} portraits"
    parts = [portraits] if held.portraits else []
    return " and ".join([*parts, "the record"] if held.has_record else parts)
