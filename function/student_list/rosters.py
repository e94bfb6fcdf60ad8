"""Rosters as Canvas and OneRoster 1.1 export them: users, and their enrolments in courses.

Both have teachers and people who have left among the users; here they become entries of the active
students alone. The columns are those of Canvas's "SIS CSV Format", which its provisioning reports
share, and of the tables of OneRoster's CSV.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from function.student_list.records import COURSE_SEPARATOR
from function.student_list.refusal import StudentListError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from function.student_list.entries import Entries, Entry

_CANVAS_USERS = {"userid", "loginid", "status"}
_CANVAS_ENROLMENTS = {"userid", "courseid", "role", "status"}
_ONEROSTER_USERS = {"sourcedid", "givenname", "familyname"}
_ONEROSTER_ENROLMENTS = {"usersourcedid", "classsourcedid", "role"}

_ACTIVE = {"active", ""}  # OneRoster leaves it out where everything is exported
_STUDENT = {"student", "studentenrollment"}

# Canvas's users have no role, but may have been given a type.
_NO_STUDENT_TYPES = {"administrative", "observer", "staff", "teacher"}


def is_roster(users: Entries) -> bool:
    """Tell by the columns whether these are the users of Canvas or OneRoster."""
    columns = set(users.columns or ())
    return columns >= _ONEROSTER_USERS or (columns >= _CANVAS_USERS and "studentid" not in columns)


def students_of(users: Entries, enrolments: Entries | None) -> Entries:
    """Return the active students, as entries of a plain list.

    Enrolments give their courses, by the ids of Canvas's courses and OneRoster's classes. Without
    them, all of Canvas's users count as students whose type does not say otherwise. Raises
    StudentListError when the enrolments are not those of such users.
    """
    if "sourcedid" in (users.columns or ()):
        return _oneroster(users, _courses(enrolments, _ONEROSTER_ENROLMENTS, "usersourcedid"))
    courses = _courses(enrolments, _CANVAS_ENROLMENTS, "userid")
    return _canvas(users, None if enrolments is None else courses)


def _canvas(users: Entries, courses: Mapping[str, list[str]] | None) -> Entries:
    def students() -> Iterator[Entry]:
        for user in users.entries:
            user_id = user.fields.get("userid", "")
            is_student = (
                user.fields.get("declaredusertype", "") not in _NO_STUDENT_TYPES
                if courses is None
                else user_id in courses
            )
            # Who was added by hand has no id of the school's.
            if is_student and user_id and _is_active(user):
                yield _with_courses(user, user_id, courses or {})

    return replace(users, entries=students())


def _oneroster(users: Entries, courses: Mapping[str, list[str]]) -> Entries:
    def students() -> Iterator[Entry]:
        for user in users.entries:
            sourced_id = user.fields["sourcedid"]
            # From OneRoster 1.2 on, the role is with the enrolments only.
            role = user.fields.get("role", "student" if sourced_id in courses else "")
            is_enabled = user.fields.get("enableduser", "").lower() != "false"
            if role.lower() in _STUDENT and is_enabled and _is_active(user):
                student = _with_courses(user, sourced_id, courses)
                # What people call the student by, where there is one.
                student_id = user.fields.get("identifier") or sourced_id
                yield replace(student, fields={**student.fields, "studentid": student_id})

    return replace(users, entries=students(), columns=("studentid", *(users.columns or ())))


def _with_courses(user: Entry, key: str, courses: Mapping[str, list[str]]) -> Entry:
    return replace(
        user, fields={**user.fields, "courses": COURSE_SEPARATOR.join(courses.get(key, ()))}
    )


def _courses(enrolments: Entries | None, columns: set[str], user: str) -> dict[str, list[str]]:
    """Return the courses in which somebody is an active student, by the user's key."""
    if enrolments is None:
        return {}
    missing = columns.difference(enrolments.columns or ())
    if missing:
        raise StudentListError(
            f"the column {min(missing)} is missing: export users and enrollments together",
            place=enrolments.header,
        )
    course = "courseid" if "courseid" in columns else "classsourcedid"
    courses: dict[str, list[str]] = {}
    for enrolment in enrolments.entries:
        if _is_active(enrolment) and _is_students(enrolment):
            courses.setdefault(enrolment.fields[user], []).append(enrolment.fields[course])
    return courses


def _is_students(enrolment: Entry) -> bool:
    # A custom role of Canvas's has the one that it is based on beside it.
    roles = {enrolment.fields["role"].lower(), enrolment.fields.get("baseroletype", "").lower()}
    return bool(roles & _STUDENT)


def _is_active(entry: Entry) -> bool:
    return entry.fields.get("status", "").lower() in _ACTIVE
