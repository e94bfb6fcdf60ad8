"""Which course a video is of: its key's first folder names it.

`physics-10b/2026-11-23.mp4` is compared with the students of physics-10b alone. A video in no
folder, or in one that is no enrolled student's course, is compared with everybody.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from function.recogniser.identity.enrolled import CourseNameError, course_name

if TYPE_CHECKING:
    from collections.abc import Collection


def course_of_video(key: str, courses: Collection[str]) -> str | None:
    """Return which of the courses the video of this key is of, if it is of any.

    The key is as in the bucket, not as in an event. Names are compared as people see them: without
    blanks around them, and whichever way an accented letter is stored; upper and lower case count.
    """
    folder, slash, _ = key.partition("/")
    try:
        course = course_name(folder) if slash else None
    except CourseNameError:
        return None
    return course if course in courses else None
