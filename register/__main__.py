"""`python -m register`: the register of a course, and a page for each session."""

from __future__ import annotations

import signal

if __name__ == "__main__" and signal.getsignal(signal.SIGINT) is signal.default_int_handler:
    # The modules take a moment to load, and a Ctrl-C in that moment is no error of theirs.
    signal.signal(signal.SIGINT, signal.SIG_DFL)

import sys
from dataclasses import replace
from typing import TYPE_CHECKING

from function.recogniser.identity.enrolled import CourseNameError, course_name
from function.student_list import StudentListError, read_student_list
from register import moodle
from register.options import ExitStatus, parsed
from register.pages import file_names, pages
from register.private_files import write_private
from register.results_folder import sessions_in_folder
from register.tables import table_bytes
from register.term import register_of
from register.workbook import workbook_bytes

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from function.students import Student
    from register.options import Options
    from register.sessions import Found, Session
    from register.statuses import Status
    from register.term import Register


class _UnusableError(Exception):
    """An argument, or what it names, cannot be used: the message says which, and the remedy."""


class _StackError(Exception):
    """The stack cannot be read."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command and return its exit status."""
    options = parsed(arguments)
    try:
        return _run(options)
    except (_UnusableError, CourseNameError, StudentListError) as error:
        return _failed(str(error), ExitStatus.UNUSABLE)
    except _StackError as error:
        return _failed(str(error), ExitStatus.NOT_DONE)
    except OSError as error:
        remedy = "check the path, its permissions and the space on the disk"
        return _failed(f"{error.filename}: {error.strerror}: {remedy}", ExitStatus.UNUSABLE)
    except KeyboardInterrupt:
        return ExitStatus.INTERRUPTED


def _run(options: Options) -> ExitStatus:
    course = None if options.course is None else course_name(options.course)
    if options.stack is not None and course is not None:
        found, students = _from_stack(options.stack, course, has_list=options.students is not None)
    else:
        found, students = _from_folder(options.folder), None
    notes = list(found.notes)
    if options.students is not None:
        listed = read_student_list(options.students)
        notes += listed.notes
        students = _of_course(listed.students, course)
    sessions = list(_chosen(found.sessions, options, notes))
    if not sessions:
        raise _UnusableError(
            "there is no session: check the course, the folder, and --from and --until"
        )
    title = course or options.folder.resolve().name
    register = register_of(title, sessions, students, options.rules)
    for path, content in _files(register, options):
        write_private(options.output / path, content)
    if options.moodle is not None:
        notes += _notes_of_moodle(register, options.moodle)
    for note in notes:
        print(note, file=sys.stderr)
    print(
        f"{len(register.rows)} students, {len(sessions)} sessions; open "
        f"{options.output / 'index.html'}"
    )
    return ExitStatus.SOMETHING_PASSED_OVER if notes else ExitStatus.DONE


def _from_folder(folder: Path) -> Found:
    if not folder.is_dir():
        raise _UnusableError(f"{folder} is no folder: give the one that the results are in")
    return sessions_in_folder(folder)


def _from_stack(
    name: str, course: str, *, has_list: bool
) -> tuple[Found, Sequence[Student] | None]:
    # Only here is AWS's SDK needed, which takes a while to load, and Pulumi's.
    from botocore.exceptions import BotoCoreError, ClientError  # noqa: PLC0415

    from recover.refusals import in_words  # noqa: PLC0415
    from register.results_bucket import sessions_in_bucket, students_of_course  # noqa: PLC0415
    from stacks.outputs import StackNotFoundError, deployment  # noqa: PLC0415

    try:
        stack = deployment(name)
        s3, outputs = stack.client("s3"), stack.outputs
        students = (
            []
            if has_list
            else students_of_course(stack.client("dynamodb"), outputs.students_table, course)
        )
        if not students and not has_list:
            raise _UnusableError(
                f"no student has the course {course}: check its name, or give the class list with "
                "--students"
            )
        return sessions_in_bucket(s3, outputs.output_bucket, course), students
    except StackNotFoundError as error:
        raise _StackError(str(error)) from error
    except (BotoCoreError, ClientError) as error:
        raise _StackError(in_words(error)) from error


def _of_course(students: Sequence[Student], course: str | None) -> list[Student]:
    """Return a list's students of a course; all of them, if the list says nothing of courses."""
    if course is None or not any(student.courses for student in students):
        return list(students)
    return [student for student in students if course in map(course_name, student.courses)]


def _chosen(sessions: Sequence[Session], options: Options, notes: list[str]) -> Iterator[Session]:
    """Yield the sessions of the term, with the lesson's times."""
    starts_in = dict(options.starts_in)
    for session in sessions:
        names = {session.name, session.title} & starts_in.keys()
        starts = [starts_in.pop(name) for name in names]
        if not _is_in_term(session, options):
            if session.day is None:
                notes.append(f"{session.name}: left out: its name has no day in it")
            continue
        yield replace(
            session,
            # What a teacher has set on the page holds for the one lesson, and the option for all.
            starts=(starts or [session.starts or options.lesson_starts])[0],
            ends=options.lesson_ends,
        )
    notes += [f"--lesson-starts-in {name}: there is no such session" for name in starts_in]


def _is_in_term(session: Session, options: Options) -> bool:
    first, last = options.first_day, options.last_day
    if session.day is None:
        return first is None and last is None
    return (first is None or first <= session.day) and (last is None or session.day <= last)


def _files(register: Register, options: Options) -> Iterator[tuple[str, bytes]]:
    for page in pages(register):
        yield page.path, page.content.encode()
    yield (
        "register.csv",
        table_bytes(register, separator=options.separator, decimal_sign=options.decimal_sign),
    )
    yield "register.xlsx", workbook_bytes(register)
    if options.moodle is None:
        return
    names = file_names(register.sessions)
    for session in register.sessions:
        if not session.problem:
            content = moodle.session_bytes(register, session, options.moodle)
            yield f"moodle/{names[session.name]}.csv", content
    yield "moodle-all-sessions.csv", moodle.all_sessions_bytes(register, options.moodle)


def _notes_of_moodle(register: Register, acronyms: Mapping[Status, str]) -> Iterator[str]:
    for status, count in moodle.left_out(register, acronyms).items():
        yield (
            f"moodle: {count} times '{status.value}' is left out: choose what Moodle calls it with "
            f"--moodle-status '{status.value}=ACRONYM'"
        )
    undated = sum(session.day is None for session in register.sessions)
    if undated:
        yield (
            f"moodle: {undated} sessions have no day and are not in moodle-all-sessions.csv: name "
            "their videos by it, as 2026-11-23.mp4"
        )


def _failed(problem: str, status: ExitStatus) -> ExitStatus:
    print(f"python -m register: {problem}", file=sys.stderr)
    return status


if __name__ == "__main__":
    if signal.getsignal(signal.SIGINT) is signal.SIG_DFL:
        signal.signal(signal.SIGINT, signal.default_int_handler)
    sys.exit(main())
