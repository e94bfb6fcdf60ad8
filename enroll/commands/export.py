"""`python -m enroll export`: all that is held of a student, in one file."""

from __future__ import annotations

import json
import os
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from enroll.commands.arguments import ExitStatus, add_stack, new_file, parser
from enroll.personal_data import personal_data
from function.composed_text import composed
from recover.terminal import counted, progress
from stacks.outputs import deployment

if TYPE_CHECKING:
    import argparse
    from collections.abc import Sequence

_HELP = """\
Write all that a stack holds of a student to a file, such as for a student who
asks for it.

    python -m enroll export 1001 --stack prod --output 1001.json

It is JSON: the record, the encodings (128 numbers for each portrait) with their
days and the SHA-256 of the pictures, courses, consent, last day and own
tolerance, what is in earlier versions of the gallery, what was seen of the
student in ranges of long videos, and what each result and each of its earlier
versions says of the student. Only its owner may read the file (mode 0600). It
takes the rights of the stack's forgetterPolicy.

Videos are not searched. The portraits are where you keep them; in backups of
the table, which can't be read, is what the record was in the last 35 days.
"""

_EXIT_STATUS = """\
exit status:
  0    written
  1    nothing is held of the student, and nothing was written
  2    not done: wrong usage, a file that is there already, or a stack, gallery
       or AWS that can't be used
  130  interrupted; nothing was written
"""


def options(arguments: Sequence[str]) -> argparse.Namespace:
    """Return what the arguments ask for."""
    mine = parser("python -m enroll export", _HELP, _EXIT_STATUS)
    mine.add_argument("student_id", type=composed, metavar="STUDENT_ID", help="of whom")
    add_stack(mine.add_mutually_exclusive_group(required=True))
    mine.add_argument(
        "--output", type=new_file, required=True, metavar="FILE", help="the file to write"
    )
    mine.add_argument(
        "--force", action="store_true", help="replace the file if it is there already"
    )
    options = mine.parse_args(arguments)
    if options.output.exists() and not options.force:
        mine.error(
            f"argument --output: {options.output} is there already: name another file, or replace "
            "it with --force"
        )
    return options


def run(options: argparse.Namespace) -> int:
    """Export, and return the exit status."""
    with progress("Results") as advance:
        data = personal_data(deployment(options.stack), options.student_id, advance)
    if data is None:
        print(f"nothing is held of student {options.student_id}: check the id", file=sys.stderr)
        return ExitStatus.SOME_REFUSED
    _write(
        options.output,
        # Numbers of DynamoDB are decimals, and may be more than a float has room for.
        json.dumps(data, ensure_ascii=False, indent=2, default=str) + "\n",
        replace=options.force,
    )
    results = counted(len(data["results"]), "version of results", "versions of results")
    portraits = counted(len((data["gallery"] or {}).get("portraits", ())), "portrait", "portraits")
    print(
        f"Wrote what is held of student {options.student_id} to {options.output}: "
        f"{portraits}, {results}."
    )
    return ExitStatus.ALL_DONE


def _write(file: Path, text: str, *, replace: bool) -> None:
    """Write the file whole or not at all, for its owner alone to read."""
    descriptor, name = tempfile.mkstemp(dir=file.parent, prefix=f".{file.name[:50]}.")
    partial = Path(name)
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as partial_file:
            partial_file.write(text)
        if replace:
            partial.replace(os.path.realpath(file))
        else:
            file.hardlink_to(partial)  # which fails where a file has come meanwhile
    finally:
        partial.unlink(missing_ok=True)
