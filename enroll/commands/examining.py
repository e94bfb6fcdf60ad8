"""Going through the portraits that a command is given, and showing them where that is asked for."""

from __future__ import annotations

from contextlib import nullcontext
from typing import TYPE_CHECKING

from rich.console import Console
from rich.progress import track

from enroll.commands.arguments import add_alike, add_dry_run, alike_pairs, new_file
from enroll.commands.keeping import barred_now
from enroll.contact_sheet import write_contact_sheet
from enroll.crops import Crops
from enroll.days import today
from enroll.descriptions import descriptions
from enroll.enrolment import enrol

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterable, Sequence

    from enroll.destinations import Destination
    from enroll.enrolment import Enrolment
    from enroll.examination import Examination, Portrait
    from function.students import Student

PORTRAITS = "the folder of pictures, or of folders of them, named for the student ids"
"""What --portraits is."""


def add_examination(parser: argparse.ArgumentParser) -> None:
    """Have it said how the portraits are examined, beside where they are."""
    add_alike(parser)
    add_dry_run(parser)
    parser.add_argument(
        "--contact-sheet",
        type=new_file,
        metavar="FILE",
        help="the HTML file to write, which shows each portrait and what was made of it",
    )


def examined(
    students: Sequence[Student], destination: Destination, options: argparse.Namespace
) -> Enrolment:
    """Go through the portraits, and show them where that is asked for.

    Raises CourseNameError, PortraitsUnreadableError, UnknownAlikeError, or OSError.
    """
    known = destination.known
    ids = {*known.student_ids, *(student.student_id for student in students)}
    alike = alike_pairs(options, ids)
    barred = barred_now(students, destination)
    with Crops() if options.contact_sheet else nullcontext() as crops:
        enrolment = enrol(
            students,
            options.portraits,
            known=known,
            barred=barred,
            alike=alike,
            crops=crops,
            watch=_with_progress_bar,
        )
        if crops:
            write_contact_sheet(
                options.contact_sheet,
                students,
                enrolment,
                crops,
                known=descriptions(students, known=known),
                barred=barred,
                day=today(),
            )
    return enrolment


def _with_progress_bar(portraits: Examination) -> Iterable[Portrait]:
    """Show the progress, on a terminal only."""
    console = Console(stderr=True)
    return track(
        portraits,
        "Portraits",
        total=len(portraits),
        console=console,
        transient=True,
        disable=not console.is_terminal,
    )
