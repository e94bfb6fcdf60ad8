"""All that the pages and files say, in one place: a language more is another of these."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from register.corrections import What
from register.statuses import Status

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True, kw_only=True)
class Texts:
    """The texts of one language. Those with braces are filled in by name."""

    language: str
    statuses: Mapping[Status, str]
    signs: Mapping[Status, str]
    no_status: str
    no_status_sign: str
    corrections: Mapping[What, str]

    overview: str = "Overview"
    register: str = "Register"
    session: str = "Session"
    sessions: str = "Sessions"
    students: str = "Students"
    student: str = "Student"
    course: str = "Course"
    to_print: str = "The whole register, to print"
    skip: str = "To the content"

    of_term: str = "{first} to {last}"
    counted: str = "{students} students, {sessions} sessions"
    one_student: str = "1 student"
    some_students: str = "{count} students"
    one_session: str = "1 session"
    some_sessions: str = "{count} sessions"
    a_person_decides: str = (
        "Made of what the camera saw. A student who was not seen may have been there all the same, "
        "turned away or too far off. A person decides."
    )
    not_a_class_list: str = (
        "There was no class list: here are only those who were seen, or perhaps seen, in one of "
        "the sessions."
    )
    rules: str = (
        "Late: first seen more than {late} minutes after the lesson began. Left early: last seen "
        "more than {early} minutes before it ended."
    )
    share_meaning: str = (
        "Per cent of the sessions that could be attended: without those excused, and those with "
        "nothing to go by. What is still to be checked does not count as attended."
    )

    to_check_heading: str = "Please check"
    to_check_none: str = "Nothing is waiting for you: there is nobody to check."
    to_check_one: str = "1 student to check"
    to_check_some: str = "{count} students to check"
    to_check_meaning: str = (
        "These were perhaps there: look at the recording at the time that is given, and decide."
    )
    earlier_ones: str = "{count} earlier sessions"
    look_at: str = "look at {time}"

    was_seen: str = "{count} of {all} seen"
    nobody_to_check: str = "nobody to check"
    strangers_one: str = "at least 1 person who is not enrolled"
    strangers_some: str = "at least {count} people who are not enrolled"
    also_seen: str = "Also seen, and not in the class list"
    partly: str = "Only a part of the recording could be read: {unread}."
    no_result: str = "There is nothing to go by: {problem}"
    without_evidence: str = (
        "Of this lesson there is the CSV alone: when each student was first and last seen."
    )
    length: str = "Recording: {length}"
    lesson: str = "Lesson: {starts} to {ends} in the recording"
    lesson_to_end: str = "Lesson: from {starts} in the recording"

    first_seen: str = "first seen"
    last_seen: str = "last seen"
    presence_of: str = "Seen {spans}"
    from_to: str = "from {start} to {end}"
    at_time: str = "at {start}"
    never: str = "not seen in the recording"
    by_a_person: str = "{what}, said a person on {day}"

    name: str = "name"
    identity: str = "id"
    major: str = "major"
    year: str = "year"
    date: str = "date"
    attended: str = "attended"
    possible: str = "possible"
    percent: str = "per cent"
    legend: str = "What the signs mean"
    part_of: str = "Sessions {first} to {last} of {all}"
    no_date: str = "no date"
    no_sessions: str = "There is no session yet."
    no_students: str = "There is no student yet."


ENGLISH = Texts(
    language="en",
    statuses={
        Status.PRESENT: "present",
        Status.LATE: "late",
        Status.LEFT_EARLY: "left early",
        Status.PLEASE_CHECK: "please check",
        Status.NOT_SEEN: "not seen",
        Status.EXCUSED: "excused",
    },
    signs={
        Status.PRESENT: "P",
        Status.LATE: "L",
        Status.LEFT_EARLY: "E",
        Status.PLEASE_CHECK: "?",
        Status.NOT_SEEN: "\N{EN DASH}",
        Status.EXCUSED: "X",
    },
    no_status="nothing to go by",
    no_status_sign="\N{MIDDLE DOT}",
    corrections={
        What.CONFIRM: "confirmed",
        What.NOT_THEM: "somebody else was seen",
        What.WAS_HERE: "was here",
        What.EXCUSED: "excused",
    },
)
