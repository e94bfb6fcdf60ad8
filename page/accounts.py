"""Who has signed in, and which courses that lets them see."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import unquote

from function.recogniser.identity.enrolled import CourseNameError, course_name

STAFF = "staff"
"""The group whose members see all courses. Any other group is of the course it is named for."""


@dataclass(frozen=True, kw_only=True)
class Account:
    """An account that is signed in: Cognito's id of it, the address it is known by, its groups."""

    id: str
    email: str
    groups: frozenset[str]

    @property
    def is_staff(self) -> bool:
        """Whether all courses are open to this account."""
        return STAFF in self.groups

    @property
    def courses(self) -> frozenset[str]:
        """The courses that its groups are named for.

        A group's name has no blanks, so a course that has some is percent-encoded in it.
        """
        return frozenset(_courses(self.groups - {STAFF}))

    def may_see(self, course: str) -> bool:
        """Whether a course, in the form of `course_name`, is open to this account."""
        return self.is_staff or course in self.courses


def _courses(groups: frozenset[str]) -> list[str]:
    courses = []
    for group in groups:
        try:
            courses.append(course_name(unquote(group, errors="strict")))
        except (CourseNameError, UnicodeDecodeError):  # a group for something else
            continue
    return courses
