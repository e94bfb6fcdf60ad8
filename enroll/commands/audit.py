"""`python -m enroll audit`: who will be mistaken for whom, and what may be done about it."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

from enroll.commands.arguments import ExitStatus, add_alike, add_stack, alike_pairs, parser
from enroll.commands.words import portraits, students_in
from enroll.days import today
from enroll.deployed import load_gallery, set_tolerances
from enroll.gallery_audit import OLD_AFTER_YEARS, audit
from enroll.gallery_edits import with_tolerances
from enroll.gallery_on_disk import load_gallery_file
from enroll.not_them import AskedFor, asked_for
from function.recogniser.options import RecognitionOptions
from stacks.outputs import deployment

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterable, Sequence

    from enroll.gallery_audit import Audit, Pair, Tolerance, Wrong
    from function.recogniser.identity.gallery import Gallery
    from stacks.outputs import Deployment

_HELP = f"""\
Look through a gallery: who will be mistaken for whom, and which tolerance it
supports.

    python -m enroll audit --stack dev
    python -m enroll audit --gallery gallery.npz --allow-alike 1001 1002
    python -m enroll audit --stack dev --apply

It names, by student id:

  - portraits that would be refused today: those that look like another student
    more than like their own, and those that are not of one person
  - pairs of students who will be mistaken for each other, and at which distance
  - students with one portrait only, and those whose newest is of more than
    {OLD_AFTER_YEARS} years ago, as far as its day is known
  - the greatest tolerance within which at most one in ten looks at people who
    are not enrolled would come, were they as different from the students as
    these are from each other; several such looks would make a wrong name
  - the own tolerances that students should have who resemble another: below the
    distance to the other. They take the place of the stack's tolerance, so such
    a student has to be nearer to be recognised
  - of a stack, the same for students of whom a teacher has said on the page
    that a face was not theirs: below the distance of that face, so that it does
    not come again. If the teacher takes it back, the next audit does, too

Nothing is changed, unless --apply says so: then the own tolerances are set, and
those taken away that are not needed any more. Videos that come after that are
looked at with them. Its rights are those of enrolling.
"""

_EXIT_STATUS = """\
exit status:
  0    nothing is to be done: students with one portrait, or who resemble each
       other less, are only named
  1    something is to be done, as named, with the remedy
  2    not done: wrong usage, or a stack, a gallery or an AWS that can't be used
  130  interrupted; run it again
"""

_MOST_NAMED = 20

_NOTHING_KNOWN = "Nobody is enrolled here."


def options(arguments: Sequence[str]) -> argparse.Namespace:
    """Return what the arguments ask for."""
    mine = parser("python -m enroll audit", _HELP, _EXIT_STATUS)
    where = mine.add_mutually_exclusive_group(required=True)
    add_stack(where)
    where.add_argument("--gallery", type=Path, metavar="FILE", help="a gallery file")
    mine.add_argument(
        "--tolerance",
        type=_tolerance,
        default=RecognitionOptions().tolerance,
        metavar="DISTANCE",
        help="everybody's tolerance, if it is set to another (default: %(default)s)",
    )
    add_alike(mine)
    mine.add_argument("--apply", action="store_true", help="set the own tolerances")
    mine.add_argument("--all", action="store_true", help=f"name all, not {_MOST_NAMED} of a kind")
    return mine.parse_args(arguments)


def run(options: argparse.Namespace) -> int:
    """Audit, and return the exit status."""
    stack = deployment(options.stack) if options.stack else None
    gallery = load_gallery(stack) if stack else load_gallery_file(options.gallery)
    if not gallery.student_ids:
        print(_NOTHING_KNOWN)
        return ExitStatus.ALL_DONE
    asked = asked_for(stack) if stack else AskedFor({}, ())
    for note in asked.notes:
        print(f"enroll: {note}", file=sys.stderr)
    found = audit(
        gallery,
        tolerance=options.tolerance,
        margin=RecognitionOptions().margin,
        today=today(),
        alike=alike_pairs(options, set(gallery.student_ids)),
        asked_for=asked.tolerances,
    )
    _tell(found, most=None if options.all else _MOST_NAMED)
    if options.apply and found.tolerances:
        _apply(found.tolerances, stack, options.gallery, gallery)
        found = found.with_tolerances_set()
    elif found.tolerances:
        print("Nothing was changed: with --apply, these tolerances are set.")
    return ExitStatus.SOME_REFUSED if found.has_work or asked.notes else ExitStatus.ALL_DONE


def _apply(
    tolerances: Sequence[Tolerance], stack: Deployment | None, file: Path, gallery: Gallery
) -> None:
    new = {each.student_id: each.after for each in tolerances}
    if stack:
        set_tolerances(stack, new)
    else:
        with_tolerances(gallery, new).save(file)
    print(f"The own tolerances of {students_in(new)} were changed.")


def _tell(found: Audit, *, most: int | None) -> None:
    _list("Portraits that are probably not of their student", map(_wrong, found.wrong), most)
    _list(
        "Pairs who will be taken for one person (forget one id if they are, or replace the wrong "
        "portrait; add --allow-alike with both ids if both are right)",
        map(_pair, found.alike),
        most,
    )
    _list("Pairs who resemble each other", map(_pair, found.resembling), most)
    _list(
        f"Whose newest portrait is more than {OLD_AFTER_YEARS} years old (enrol new ones)",
        (f"student {student_id}, enrolled {day}" for student_id, day in found.old.items()),
        most,
    )
    _list(
        "With one portrait only (two or three of different days are better)",
        (f"student {student_id}" for student_id in found.single),
        most,
    )
    _list("Own tolerances that are not as they should be", map(_own, found.tolerances), most)
    _list(
        "Teachers said 'not them' of a face so near that a tolerance below it would miss the "
        "student, too (look at the student's portraits, and enrol better ones)",
        (f"student {student_id}, at {own:.2f}" for student_id, own in found.too_near.items()),
        most,
    )
    print(_supported(found))
    number = "1 student" if found.students == 1 else f"{found.students} students"
    print(f"Audited: {number}, {portraits(found.portraits)}.")


def _list(title: str, lines: Iterable[str], most: int | None) -> None:
    named = list(lines)
    if not named:
        return
    print(f"{title}: {len(named)}")
    for line in named[:most]:
        print(f"  {line}")
    if most is not None and len(named) > most:
        print(f"  and {len(named) - most} more: --all names them")


def _wrong(it: Wrong) -> str:
    day = f", enrolled {it.enrolled}," if it.enrolled else ""
    return f"{it.name} of student {it.student_id}{day} {it.verdict.problem}"


def _pair(pair: Pair) -> str:
    where = f", both in {', '.join(pair.courses)}" if pair.courses else ""
    return f"students {pair.first} and {pair.second}, at {pair.distance:.2f}{where}"


def _own(it: Tolerance) -> str:
    before = "none" if it.before is None else f"{it.before:.2f}"
    after = "none" if it.after is None else f"{it.after:.2f}"
    return f"student {it.student_id}: {after} (now {before})"


def _supported(found: Audit) -> str:
    if found.supported is None:
        return (
            "Which tolerance it supports cannot be told: nobody in it is like somebody else, and "
            "clearly like one alone."
        )
    measured = (
        f"Within the tolerance {found.tolerance:.2f}, and clear of the next student, would come "
        f"{found.strangers:.1%} of looks at people who are not enrolled, were they as different "
        "from the students as these are from each other"
    )
    if found.is_supported:
        return f"{measured}. The gallery supports it."
    return (
        f"{measured}. The gallery supports {found.supported:.2f}, within which one in ten would: "
        f"'pulumi config set tolerance {found.supported:.2f}', or have videos compared with their "
        "courses only"
    )


def _tolerance(text: str) -> float:
    return RecognitionOptions(tolerance=float(text)).tolerance
