"""Putting an enrolment where it belongs, and saying what was done."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from botocore.exceptions import BotoCoreError, ClientError

from enroll.commands.arguments import ExitStatus
from enroll.commands.older import tell_of_older
from enroll.commands.words import portraits, portraits_in, students_in
from enroll.days import today
from enroll.descriptions import descriptions, ended, without_consent
from enroll.destinations import KnownInStack, NewFile, NewInStack
from enroll.gallery_edits import with_students
from stacks.outputs import deployment

if TYPE_CHECKING:
    import argparse
    from collections.abc import Collection, Sequence

    from enroll.destinations import Destination
    from enroll.enrolment import Enrolment
    from function.students import Student


def parsed(parser: argparse.ArgumentParser, arguments: Sequence[str]) -> argparse.Namespace:
    """Return the options that the arguments set; end the process where they make no sense."""
    options = parser.parse_args(arguments)
    if options.new_gallery and not options.stack:
        parser.error("argument --new-gallery: goes with --stack; --output always writes a new one")
    return options


def destination_of(options: argparse.Namespace) -> Destination:
    """Return the place that is enrolled in.

    Raises StackNotFoundError, GalleryError, or a botocore exception.
    """
    if options.output:
        return NewFile(path=options.output)
    stack = deployment(options.stack)
    return NewInStack.of(stack) if options.new_gallery else KnownInStack.of(stack)


def keep(
    enrolment: Enrolment,
    students: Collection[Student],
    destination: Destination,
    options: argparse.Namespace,
) -> int:
    """Put the enrolment where the options say, and say what was done, or would be.

    Raises what the destination raises.
    """
    for line in (*enrolment.refused, *enrolment.doubtful):
        print(line, file=sys.stderr)
    place = f"the stack {options.stack}" if options.stack else str(options.output)
    rows = enrolment.rows
    if not rows.student_ids and not enrolment.kept:
        print(f"Nobody was enrolled, and nothing was written to {place}.")
        return ExitStatus.SOME_REFUSED
    is_only_said = options.dry_run
    everybody = (
        with_students(destination.known, rows) if is_only_said else destination.keep(students, rows)
    )
    then = "would then know" if is_only_said else "now knows"
    knows = f", which {then} {students_in(everybody.student_ids)}" if options.stack else ""
    if rows.student_ids:
        enrolled = "Would enrol" if is_only_said else "Enrolled"
        print(
            f"{enrolled} {students_in(rows.student_ids)}, {portraits_in(rows)}, in {place}{knows}."
        )
    else:
        print(f"Nobody new {'would be' if is_only_said else 'was'} enrolled in {place}{knows}.")
    if enrolment.kept:
        print(f"Without new portraits, and known as before: {students_in(enrolment.kept)}.")
    if enrolment.refused:
        print(f"Refused, as named above: {_refused(enrolment)}.")
    if is_only_said:
        print("Nothing was changed.")
    is_looked_at = is_only_said or _look_again(destination, options)
    return (
        ExitStatus.ALL_DONE if is_looked_at and not enrolment.refused else ExitStatus.SOME_REFUSED
    )


def _refused(enrolment: Enrolment) -> str:
    """Count what was refused, portraits and students apart."""
    parts = []
    if enrolment.refused_portraits:
        parts.append(portraits(len(enrolment.refused_portraits)))
    if enrolment.refused_students:
        parts.append(students_in(enrolment.refused_students))
    return " and ".join(parts)


def without_consent_now(students: Collection[Student], destination: Destination) -> dict[str, str]:
    """Say of which students what is wrong with their consent, where the place asks for it.

    Raises CourseNameError.
    """
    known = descriptions(students, known=destination.known)
    return without_consent(known, today()) if destination.requires_consent else {}


def barred_now(students: Collection[Student], destination: Destination) -> dict[str, str]:
    """Say of which students no encoding may be made, and why. Raises CourseNameError."""
    known = descriptions(students, known=destination.known)
    return ended(known, today()) | without_consent_now(students, destination)


def _look_again(destination: Destination, options: argparse.Namespace) -> bool:
    """See to the videos that were looked at before, and tell whether that went well."""
    try:
        count = destination.look_again()
        older = destination.older_results()
    except (BotoCoreError, ClientError) as error:
        print(
            f"the students are enrolled, but videos that came before anybody was may not be looked "
            f"at again ({error}): enrol again as somebody who may list and read the output bucket "
            "and invoke the function, or upload such videos again",
            file=sys.stderr,
        )
        return False
    if count:
        videos = "1 video that came before anybody was enrolled is"
        if count > 1:
            videos = f"{count} videos that came before anybody was enrolled are"
        print(f"{videos} looked at again.")
    tell_of_older(older, options.stack)
    return True
