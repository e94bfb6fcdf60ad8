"""The command line of enrolment: who is known, and who is to be forgotten."""

from __future__ import annotations

import signal

if __name__ == "__main__" and signal.getsignal(signal.SIGINT) is signal.default_int_handler:
    # The modules take a second to load. A Ctrl-C in that second ends the process there and then,
    # where Python's own answer would be the traceback of whatever is being loaded.
    signal.signal(signal.SIGINT, signal.SIG_DFL)

import argparse
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from botocore.exceptions import BotoCoreError, ClientError
from rich.console import Console
from rich.progress import track

from enroll.deployed import FacesNotForgottenError, GalleryBusyError, forget_students
from enroll.destinations import KnownInStack, NewFile, NewInStack
from enroll.encodings_file import EncodingsFileError, read_encodings_file
from enroll.enrolment import PortraitsUnreadableError, enrol
from enroll.gallery_edits import without_students
from enroll.known_names import AmbiguousNameError, enrol_encodings
from function.composed_text import composed
from function.recogniser.identity.gallery import Gallery, GalleryError
from function.student_list import StudentListError, read_student_list
from stacks.outputs import StackNotFoundError, deployment

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Sequence

    from enroll.destinations import Destination
    from enroll.enrolment import Enrolment
    from function.students import Student

_ALL_DONE, _SOME_REFUSED, _NOT_DONE, _INTERRUPTED = 0, 1, 2, 130

_EXIT_STATUS = """\
exit status:
  0  all done
  1  some were refused, or are still known elsewhere, or videos that waited for
     an enrolment are not looked at again, as named on standard error with the
     remedy; the rest is done
  2  not done: wrong usage, or a list, folder, file, stack or AWS that can't be
     used
"""

_ENROL_HELP = """\
Enrol students: learn their faces from portraits.

    students.csv                    portraits/
      Student ID,Name,Major,Year      1001.jpg
      1001,Ada Lovelace,maths,3       1001_2.heic
      1002,Alan Turing,logic,4        1002/alan.jpg

    python -m enroll --students students.csv --portraits portraits --stack dev

The list is what your school exports: CSV with commas, semicolons or tabs, XLSX
(its first sheet), JSON, or the folder or ZIP of a Canvas or OneRoster export,
of which the active students are taken. It needs an id and a name (in one
column, or in first and last name); major, year, courses (separated by ';'),
consent and until (dates, as 2026-09-30) are read if they are there, and other
columns are passed over. Upper and lower case, blanks and underscores in
headers don't matter. Text that is not UTF-8 or UTF-16 is read as Windows-1252,
and you are asked to check a word of it.

A portrait is a file named for the student id (1001.jpg, 1001_2.jpg), or any
file in a folder of that name: JPEG, PNG, WebP, HEIC, AVIF, GIF or BMP, whatever
its suffix. Each must show one face, from the front. Two or three of different
days are better than one. One that lies on its side is turned. What can't be
used, and what is no listed student's, is named; the rest goes on.

With --stack, the students in the list are added to the ones that the stack
knows; those it knew before get the list's record and, if there are pictures of
them, these portraits in place of the earlier ones. Everybody else stays as they
are, so one new student takes a list of one. Videos uploaded from then on are
compared with the new gallery, and so are those that came before anybody was
enrolled; upload any other again to have it looked at again. With --output, the
file is written anew, with the students in the list only.

A stack's gallery that can't be used, such as one of another model, is replaced
with --stack and --new-gallery. Give the list and the portraits of everybody:
whoever is not among them is no longer recognised, though their records stay
until they are forgotten. The earlier gallery can be had back for 30 days.

Other commands, each with its own --help:
  python -m enroll forget            delete students' faces and records
  python -m enroll import-encodings  enrol from face_recognition's encodings in
                                     a pickle
"""

_FORGET_HELP = """\
Forget students: delete their encodings from the gallery and, with --stack,
their records.

    python -m enroll forget 1001 1002 --stack dev

A stack's gallery that can't be used doesn't keep the records from being
deleted. The command then fails, naming it: enrol everybody else with
--new-gallery to be rid of the faces as well.

What was made before goes by itself: CSVs that name the students as the stack's
settings say, earlier versions of the gallery after 30 days, and the table's
backups, in stacks that have them, after 35. The portraits are yours to delete.
"""

_IMPORT_HELP = """\
Enrol from a pickle of known faces, made with face_recognition, in any of these
forms:

    {name: encoding, ...}  or  {name: [encoding, ...], ...}
    {"names": [name, ...], "encodings": [encoding, ...]}
    ([encoding, ...], [name, ...])  or  ([name, ...], [encoding, ...])
    [(name, encoding), ...]  or  [{"name": name, "encoding": encoding}, ...]

Nothing in the file is executed: it is refused if it holds anything but names
and NumPy arrays. A name gets the id of the student of that name in the list,
which must be the one the stack knows the student by; names that are not in the
list are left out. --stack, --output and --new-gallery do what they do for an
enrolment from portraits.

    python -m enroll import-encodings encodings.pickle \\
      --students students.csv --output gallery.npz
"""


def main(arguments: Sequence[str]) -> int:
    """Run the command with these arguments, and return its exit status."""
    options = _options(arguments)
    try:
        exit_status: int = options.run(options)
    except (
        AmbiguousNameError,
        EncodingsFileError,
        FacesNotForgottenError,
        GalleryBusyError,
        GalleryError,
        PortraitsUnreadableError,
        StackNotFoundError,
        StudentListError,
    ) as error:
        return _not_done(str(error))
    except OSError as error:
        named = f"{error.filename}: {error.strerror}" if error.filename else error
        return _not_done(f"{named}: check the path, its permissions and the space on the disk")
    except (BotoCoreError, ClientError) as error:
        return _not_done(
            f"{error}: check that the stack is up, and whose credentials you use "
            "('aws sts get-caller-identity')"
        )
    except KeyboardInterrupt:
        print("enroll: interrupted; run it again to finish", file=sys.stderr)
        return _INTERRUPTED
    return exit_status


def _options(arguments: Sequence[str]) -> argparse.Namespace:
    """Enrolling needs no command's name; the other two begin with theirs."""
    match list(arguments):
        case ["forget", *rest]:
            return _forget_parser().parse_args(rest)
        case ["import-encodings", *rest]:
            return _with_destination(_import_parser(), rest)
        case everything:
            return _with_destination(_enrol_parser(), everything)


def _with_destination(
    parser: argparse.ArgumentParser, arguments: Sequence[str]
) -> argparse.Namespace:
    options = parser.parse_args(arguments)
    if options.new_gallery and not options.stack:
        parser.error("argument --new-gallery: goes with --stack; --output always writes a new one")
    return options


def _enrol(options: argparse.Namespace) -> int:
    students = _listed(options.students)
    destination = _destination(options)
    enrolment = enrol(
        students, options.portraits, known=destination.known, watch=_with_progress_bar
    )
    return _keep(enrolment, students, destination, options)


def _import_encodings(options: argparse.Namespace) -> int:
    students = _listed(options.students)
    names, encodings = read_encodings_file(options.file)
    destination = _destination(options)
    enrolment = enrol_encodings(names, encodings, students, known=destination.known)
    return _keep(enrolment, students, destination, options)


def _listed(path: Path) -> list[Student]:
    """Read the student list, and say what should be said of how it was read."""
    read = read_student_list(path)
    for note in read.notes:
        print(note, file=sys.stderr)
    return read.students


def _destination(options: argparse.Namespace) -> Destination:
    if options.output:
        return NewFile(path=options.output)
    stack = deployment(options.stack)
    return NewInStack.of(stack) if options.new_gallery else KnownInStack.of(stack)


def _keep(
    enrolment: Enrolment,
    students: Collection[Student],
    destination: Destination,
    options: argparse.Namespace,
) -> int:
    """Put the enrolment where the options say, and say what was done."""
    for line in (*enrolment.refused, *enrolment.doubtful):
        print(line, file=sys.stderr)
    place = f"the stack {options.stack}" if options.stack else str(options.output)
    rows = enrolment.rows
    if not rows.student_ids and not enrolment.kept:
        print(f"Nobody was enrolled, and nothing was written to {place}.")
        return _SOME_REFUSED
    everybody = destination.keep(students, rows)
    knows = f", which now knows {_students(everybody.student_ids)}" if options.stack else ""
    print(f"Enrolled {_students(rows.student_ids)}, {_portraits(rows)}, in {place}{knows}.")
    if enrolment.kept:
        print(f"Without new portraits, and known as before: {_students(enrolment.kept)}.")
    if enrolment.refused:
        print(f"Refused, as named above: {len(enrolment.refused)}.")
    is_looked_at = _look_again(destination)
    return _ALL_DONE if is_looked_at and not enrolment.refused else _SOME_REFUSED


def _look_again(destination: Destination) -> bool:
    """See to the videos that came before anybody was enrolled, and tell whether that went well."""
    try:
        count = destination.look_again()
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
    return True


def _forget(options: argparse.Namespace) -> int:
    wanted = dict.fromkeys(options.student_id)
    is_kept_elsewhere = False
    if options.stack:
        forgotten = forget_students(deployment(options.stack), wanted)
    else:
        earlier = options.gallery.stat()
        forgotten = _forget_in_file(options.gallery, wanted)
        # The new file takes the place of one name only.
        is_kept_elsewhere = bool(forgotten) and earlier.st_nlink > 1
    if is_kept_elsewhere:
        print(
            f"{options.gallery} had other names (hard links), which keep who was forgotten: "
            f"remove them; 'find -inum {earlier.st_ino}' finds them",
            file=sys.stderr,
        )
    unknown = [student_id for student_id in wanted if student_id not in forgotten]
    for student_id in unknown:
        print(f"student {student_id} is not known here: check the id", file=sys.stderr)
    print(f"Forgot {_students(forgotten)}.")
    return _SOME_REFUSED if unknown or is_kept_elsewhere else _ALL_DONE


def _forget_in_file(file: Path, student_ids: Collection[str]) -> set[str]:
    try:
        gallery = Gallery.load(file)
    except GalleryError as error:
        raise GalleryError(f"{file}: {error}") from error
    except IsADirectoryError as error:
        raise GalleryError(f"{file} is a folder: name the gallery file in it") from error
    without_students(gallery, student_ids).save(file)
    known = set(map(composed, gallery.student_ids))
    return {student_id for student_id in student_ids if composed(student_id) in known}


def _enrol_parser() -> argparse.ArgumentParser:
    parser = _parser("python -m enroll", _ENROL_HELP)
    _add_students(parser)
    parser.add_argument(
        "--portraits",
        type=Path,
        required=True,
        metavar="DIR",
        help="the folder of pictures, or of folders of them, named for the student ids",
    )
    _add_destination(parser)
    parser.set_defaults(run=_enrol)
    return parser


def _forget_parser() -> argparse.ArgumentParser:
    parser = _parser("python -m enroll forget", _FORGET_HELP)
    parser.add_argument(
        "student_id", nargs="+", type=composed, metavar="STUDENT_ID", help="whom to forget"
    )
    where = parser.add_mutually_exclusive_group(required=True)
    _add_stack(where)
    where.add_argument("--gallery", type=Path, metavar="FILE", help="forget in this gallery file")
    parser.set_defaults(run=_forget)
    return parser


def _import_parser() -> argparse.ArgumentParser:
    parser = _parser("python -m enroll import-encodings", _IMPORT_HELP)
    parser.add_argument("file", type=Path, metavar="FILE", help="the pickle to read")
    _add_students(parser)
    _add_destination(parser)
    parser.set_defaults(run=_import_encodings)
    return parser


def _parser(program: str, text: str) -> argparse.ArgumentParser:
    return argparse.ArgumentParser(
        prog=program,
        description=text,
        epilog=_EXIT_STATUS,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )


def _add_students(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--students",
        type=Path,
        required=True,
        metavar="LIST",
        help="the student list: CSV, XLSX or JSON, or the folder or ZIP of a roster",
    )


def _add_destination(parser: argparse.ArgumentParser) -> None:
    where = parser.add_mutually_exclusive_group(required=True)
    _add_stack(where)
    where.add_argument("--output", type=_new_file, metavar="FILE", help="the gallery file to write")
    parser.add_argument(
        "--new-gallery",
        action="store_true",
        help="make the stack's gallery anew, of these students alone: for a gallery that can't be "
        "used any more, or a new class",
    )


def _add_stack(where: argparse._MutuallyExclusiveGroup) -> None:
    where.add_argument(
        "--stack",
        metavar="NAME",
        help="a deployed stack: dev, prod, or local while 'make up' is running",
    )


def _new_file(text: str) -> Path:
    """Check before the long work, and not after it, that the file can be put there."""
    file = Path(os.path.realpath(text))
    try:
        if file.is_dir() or not file.parent.is_dir():
            raise argparse.ArgumentTypeError(
                f"{text} is not a file in an existing folder: name the gallery file to write"
            )
        if file.exists() and not file.is_file():
            raise argparse.ArgumentTypeError(
                f"{text} is not a regular file: name another file for the gallery"
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


def _with_progress_bar(paths: Sequence[Path]) -> Iterable[Path]:
    """Show the progress, on a terminal only."""
    console = Console(stderr=True)
    return track(
        paths, "Portraits", console=console, transient=True, disable=not console.is_terminal
    )


def _students(student_ids: Collection[str]) -> str:
    count = len(set(student_ids))
    return "1 student" if count == 1 else f"{count} students"


def _portraits(rows: Gallery) -> str:
    count = len(rows.student_ids)
    return "1 portrait" if count == 1 else f"{count} portraits"


def _not_done(message: str) -> int:
    print(f"enroll: {message}", file=sys.stderr)
    return _NOT_DONE


if __name__ == "__main__":
    if signal.getsignal(signal.SIGINT) is signal.SIG_DFL:
        signal.signal(signal.SIGINT, signal.default_int_handler)
    sys.exit(main(sys.argv[1:]))
