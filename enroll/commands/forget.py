"""`python -m enroll forget`: all that is held of students is erased."""

from __future__ import annotations

import sys
from datetime import UTC, datetime, timedelta
from shlex import join
from typing import TYPE_CHECKING

from enroll.commands.arguments import ExitStatus, add_stack_or_gallery, parser
from enroll.commands.words import students_in
from enroll.erasure import erase, traces
from enroll.gallery_edits import without_students
from enroll.gallery_on_disk import load_gallery_file, replace_gallery_file
from function.composed_text import composed
from recover.terminal import counted, progress, shown
from stacks.outputs import deployment

if TYPE_CHECKING:
    import argparse
    from collections.abc import Sequence

    from enroll.erasure import Erasure
    from enroll.held_results import ErasedResult

_HELP = """\
Forget students: erase all that is held of them.

    python -m enroll forget 1001 1002 --stack dev
    python -m enroll forget --verify 1001 1002 --stack dev

From a stack go their encodings, with the earlier versions of the gallery that
hold them, their records, what was seen in ranges of long videos that are under
way, and their rows in all results, with the versions of results that had them.
Nobody else's rows change, and no video that has a result is looked at again. It
takes the rights of the stack's forgetterPolicy. Interrupted, run it again; it
begins anew and ends the same.

--verify changes nothing, looks everywhere, and says where anything is left. A
video that is being looked at meanwhile takes 15 minutes at most, so do it then.

Those who merely leave the class are not forgotten, if the results are to say
that they were there: give them a last day (until), and 'python -m enroll prune'
deletes their faces and records; or forget them with --keep-results.

An erased version can't be had back. What else was kept of the gallery can, for
30 days. The table's backups, in stacks that have them, keep a record for 35
days. The portraits and exported files are yours to delete. A stack's gallery
that can't be used keeps nothing else from being erased. The command then fails,
naming it: enrol everybody else with --new-gallery, and forget them once more.
"""

_EXIT_STATUS = """\
exit status:
  0    forgotten; with --verify: nothing is held of them
  1    nothing was held of some of them, or something is still kept that this
       can't erase, as named on standard error; all else is forgotten. With
       --verify: something is held, at the places on standard output
  2    not done, or not all: wrong usage, or a file, stack, gallery or AWS that
       can't be used
  130  interrupted; run it again to finish
"""

_LONGEST_RUN = timedelta(minutes=15)  # Lambda's limit


def options(arguments: Sequence[str]) -> argparse.Namespace:
    """Return what the arguments ask for."""
    mine = parser("python -m enroll forget", _HELP, _EXIT_STATUS)
    mine.add_argument(
        "student_id", nargs="+", type=composed, metavar="STUDENT_ID", help="whom to forget"
    )
    add_stack_or_gallery(mine, "forget in this gallery file")
    mine.add_argument(
        "--verify", action="store_true", help="change nothing, and say what is held where"
    )
    mine.add_argument("--keep-results", action="store_true", help="leave the results as they are")
    mine.add_argument(
        "--verbose", action="store_true", help="name each result that they were in, by its key"
    )
    options = mine.parse_args(arguments)
    if options.gallery and options.keep_results:
        mine.error("argument --keep-results: goes with --stack; a file has no results")
    return options


def run(options: argparse.Namespace) -> int:
    """Forget, or verify, and return the exit status."""
    options.student_id = list(dict.fromkeys(options.student_id))
    if options.verify:
        return _verify_in_stack(options) if options.stack else _verify_in_file(options)
    return _forget_in_stack(options) if options.stack else _forget_in_file(options)


def _forget_in_stack(options: argparse.Namespace) -> int:
    stack = deployment(options.stack)

    def tell(result: ErasedResult) -> None:
        for version in result.not_erased:
            print(
                f"{shown(result.key)}, {version}: mentions a student, and is of no form that the "
                "function writes: look at it, and change or delete it yourself",
                file=sys.stderr,
            )
        if options.verbose:
            print(f"{shown(result.key)}: {_in_result(result)}", flush=True)

    with progress("Results") as advance:
        erasure = erase(
            stack,
            options.student_id,
            with_results=not options.keep_results,
            erased=tell,
            looked_at=advance,
        )
    is_all = _tell_unknown(options, erasure.student_ids)
    print(f"Forgot {students_in(erasure.student_ids)}{_erased(erasure, options)}.")
    if erasure.student_ids:
        ended = datetime.now(UTC) + _LONGEST_RUN
        command = ["python", "-m", "enroll", "forget", "--verify", *sorted(erasure.student_ids)]
        keeping = ["--keep-results"] if options.keep_results else []
        print(
            f"After {ended:%H:%M} UTC, when what was being looked at has ended, see that nothing "
            f"is left: {join([*command, '--stack', options.stack, *keeping])}"
        )
    is_all &= not any(result.not_erased for result in erasure.results)
    return ExitStatus.ALL_DONE if is_all else ExitStatus.SOME_REFUSED


def _erased(erasure: Erasure, options: argparse.Namespace) -> str:
    """Say what there was of them."""
    entries = sum(result.entries for result in erasure.results)
    versions = sum(result.versions for result in erasure.results)
    changed = sum(bool(result.entries) for result in erasure.results)
    parts = [
        counted(erasure.portraits, "portrait", "portraits"),
        counted(erasure.records, "record", "records"),
        counted(erasure.earlier_galleries, "earlier gallery", "earlier galleries"),
    ]
    if erasure.looks:
        parts.append(f"what was seen in {counted(erasure.looks, 'range', 'ranges')} of videos")
    if options.keep_results:
        return f": {', '.join(parts)}; results were left as they are"
    parts += [
        f"{counted(entries, 'entry', 'entries')} in {counted(changed, 'result', 'results')}",
        counted(versions, "earlier version", "earlier versions") + " of results",
    ]
    return f": {', '.join(parts)}"


def _in_result(result: ErasedResult) -> str:
    entries = counted(result.entries, "entry", "entries")
    return f"{entries}, {counted(result.versions, 'earlier version', 'earlier versions')}"


def _verify_in_stack(options: argparse.Namespace) -> int:
    stack = deployment(options.stack)
    number = 0
    with progress("Results") as advance:
        for trace in traces(
            stack,
            options.student_id,
            in_results=not options.keep_results,
            looked_at=advance,
        ):
            print(f"student {trace.student_id}: {shown(trace.place)}", flush=True)
            number += 1
    if not number:
        print(f"Nothing is held of {students_in(options.student_id)}.")
        return ExitStatus.ALL_DONE
    print(
        f"{counted(number, 'place holds', 'places hold')} something of them: forget them, once "
        "more if need be",
        file=sys.stderr,
    )
    return ExitStatus.SOME_REFUSED


def _forget_in_file(options: argparse.Namespace) -> int:
    gallery = load_gallery_file(options.gallery)
    forgotten = set(options.student_id).intersection(gallery.student_ids)
    kept_elsewhere = ""
    if forgotten:
        changed = without_students(gallery, options.student_id)
        kept_elsewhere = replace_gallery_file(options.gallery, changed)
    if kept_elsewhere:
        print(kept_elsewhere, file=sys.stderr)
    is_all = _tell_unknown(options, forgotten)
    print(f"Forgot {students_in(forgotten)}.")
    return ExitStatus.ALL_DONE if is_all and not kept_elsewhere else ExitStatus.SOME_REFUSED


def _verify_in_file(options: argparse.Namespace) -> int:
    known = set(load_gallery_file(options.gallery).student_ids)
    held = [student_id for student_id in options.student_id if student_id in known]
    for student_id in held:
        print(f"student {student_id}: {options.gallery}")
    if not held:
        print(f"Nothing is held of {students_in(options.student_id)}.")
    return ExitStatus.SOME_REFUSED if held else ExitStatus.ALL_DONE


def _tell_unknown(options: argparse.Namespace, known: frozenset[str] | set[str]) -> bool:
    """Name those of whom there was nothing, and tell whether there are none."""
    unknown = [student_id for student_id in options.student_id if student_id not in known]
    for student_id in unknown:
        print(f"student {student_id} is not known here: check the id", file=sys.stderr)
    return not unknown
