"""`python -m enroll restore`: an earlier gallery, or the records of a restored table, come back."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from enroll.commands.arguments import ExitStatus, add_dry_run, add_stack, parser
from enroll.commands.words import portraits_in, students_in
from enroll.restoring import gallery_versions, restore_gallery, restore_records
from recover.terminal import counted
from stacks.outputs import deployment

if TYPE_CHECKING:
    import argparse
    from collections.abc import Collection, Sequence

    from enroll.restoring import GalleryVersion

_HELP = """\
Bring an earlier version of a stack's gallery back, or the records of a table
that AWS has restored (docs/runbook.md).

    python -m enroll restore --stack prod               which versions there are
    python -m enroll restore VERSION --stack prod --dry-run
    python -m enroll restore VERSION --stack prod
    python -m enroll restore --records TABLE --stack prod

S3 keeps the gallery's earlier versions for 30 days. Who was taken out of it
since comes back, and is named: 'python -m enroll forget' whoever has withdrawn.
(Who was forgotten is in no version any more.) Of a table, only the records of
students who are enrolled are taken, and no other record is changed.

Versions take the rights of the stack's forgetterPolicy; records those of its
enrollerPolicy, and dynamodb:Scan on the restored table.
"""

_EXIT_STATUS = """\
exit status:
  0    listed, or restored
  1    there is nothing to restore: no version, or no record
  2    not done: wrong usage, a version that is not there or can't be used, or
       a stack, table or AWS that can't be used
  130  interrupted; run it again to finish
"""


def options(arguments: Sequence[str]) -> argparse.Namespace:
    """Return what the arguments ask for."""
    mine = parser("python -m enroll restore", _HELP, _EXIT_STATUS)
    mine.add_argument("version", nargs="?", metavar="VERSION", help="the version to bring back")
    add_stack(mine.add_mutually_exclusive_group(required=True))
    mine.add_argument("--records", metavar="TABLE", help="a restored table, to take records from")
    add_dry_run(mine)
    options = mine.parse_args(arguments)
    if options.version and options.records:
        mine.error("argument --records: goes without a version: the gallery first, then records")
    return options


def run(options: argparse.Namespace) -> int:
    """List or restore, and return the exit status."""
    if options.records:
        return _restore_records(options)
    return _restore_gallery(options) if options.version else _list(options)


def _list(options: argparse.Namespace) -> int:
    versions = gallery_versions(deployment(options.stack))
    for each in versions:
        print(_line(each))
    if not versions:
        print("The stack's gallery has no version: nobody was enrolled, or none is kept any more.")
    return ExitStatus.ALL_DONE if versions else ExitStatus.SOME_REFUSED


def _line(each: GalleryVersion) -> str:
    holds = "can't be used"
    if each.gallery is not None:
        holds = f"{students_in(each.gallery.student_ids)}, {portraits_in(each.gallery)}"
    now = ", the one in use" if each.version.is_latest else ""
    version = each.version
    return f"{version.written:%Y-%m-%d %H:%M:%S} UTC  {version.version_id}  {holds}{now}"


def _restore_gallery(options: argparse.Namespace) -> int:
    stack = deployment(options.stack)
    restored = restore_gallery(stack, options.version, is_only_said=options.dry_run)
    done = "would be put" if options.dry_run else "is put"
    print(f"Version {options.version} {done} in the place of the stack {options.stack}'s gallery.")
    if restored.gone:
        print(f"Not enrolled in it: {_named(restored.gone)}.")
    if restored.back:
        print(
            f"Enrolled again: {_named(restored.back)}. Forget whoever has withdrawn "
            "('python -m enroll forget'), and enrol with a list for records that are missing.",
            file=sys.stderr,
        )
    return ExitStatus.ALL_DONE


def _restore_records(options: argparse.Namespace) -> int:
    stack = deployment(options.stack)
    records = restore_records(stack, options.records, is_only_said=options.dry_run)
    done = "would be written" if options.dry_run else "written"
    print(
        f"{counted(records.taken, 'record', 'records')} of {options.records} {done}; "
        f"{records.left} left out, whose students are not enrolled."
    )
    return ExitStatus.ALL_DONE if records.taken else ExitStatus.SOME_REFUSED


def _named(student_ids: Collection[str]) -> str:
    return ", ".join(sorted(student_ids))
