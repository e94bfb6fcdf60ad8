"""Every text that the page shows, for whoever words it better or in another language.

The templates have them as `texts.NAME`. Those with {names} are filled in by `str.format`, and
escaped after that, as all are.
"""

from __future__ import annotations

from datetime import UTC, date, datetime

NAME = "LambdaLens"
SKIP = "Skip to content"
SIGN_OUT = "Sign out"
ALL_COURSES = "Courses"

# Courses
NO_COURSES = "You have no courses yet"
NO_COURSES_WHY = (
    "Your account, {email}, is in no course's group. Ask whoever looks after LambdaLens to add it."
)
NO_COURSES_STAFF = "No student has a course yet, and no video is in a course's folder."
OTHER_COURSE = "Another course"
OTHER_COURSE_HELP = "A course that no student has yet: its videos are compared with everybody."
OPEN = "Open"

# A course
SESSIONS = "Sessions"
NO_SESSIONS = "No session yet"
NO_SESSIONS_WHY = "Put a recording in above. Who was seen in it is here some minutes later."
SINCE = "since"
STATES = {
    "waiting": "Being looked at",
    "late": "No result yet",
    "done": "Done",
    "failed": "Failed",
}
LATE_WHY = (
    "Most videos take some minutes, and several may wait for one another. If nothing comes, tell "
    "whoever looks after LambdaLens."
)

# Putting a video in
UPLOAD = "Put a recording in"
CHOOSE = "Choose a video"
OR_DROP = "or drag it here"
DAY = "Date"
LESSON = "Which of that day"
LESSON_HELP = "1, unless the course met more than once"
START = "Upload"
CANCEL = "Cancel"
NO_SCRIPTS = "To put recordings in, allow this page its scripts."
LARGEST = "Up to {size}."
UPLOADS = {
    "chosen": "{name}, {size}",
    "starting": "Starting …",
    "progress": "{done} of {size}",
    "left": "about {minutes} min left",
    "waiting": "The connection broke. Going on by itself when it is back …",
    "resumed": "Going on where it stopped: {done} of {size} had arrived.",
    "finished": "All of it is there. It is being looked at now.",
    "cancelled": "Cancelled. Nothing of it is kept.",
    "choose-first": "Choose a video first.",
    "too-large": "{name} is larger than the {size} that are taken. Split it, or record in 1080p.",
    "empty": "{name} is empty. Choose another file.",
    "no-video": "{name} is no video, by its name. Choose one that ends in .mp4, .mov or the like.",
    "failed": "That did not work. Try again: what has arrived is not sent again.",
    "signed-out": "You are signed out by now. Reload the page: what has arrived is not sent again.",
}

# What is refused
TAKEN = (
    "There is a recording of this day already. Nothing is overwritten: choose another date, or "
    "count which of that day it is."
)
NOT_A_VIDEO = "By its name this is no video. Choose a file that ends in .mp4, .mov or the like."
WRONG_DAY = "This is no day on which it can have been recorded. Choose a date up to today."
WRONG_SIZE = "Its size is not what can be taken. Choose the file again."
UPLOAD_GONE = "This upload is not there any more. Choose the file again."

# Signing in and out
SIGNED_OUT = "You are signed out"
SIGNED_OUT_WHY = "You can close this window."
SIGN_IN = "Sign in"
SIGN_IN_AGAIN = "Sign in again"
NOT_SIGNED_IN = "Signing in did not work"
NOT_SIGNED_IN_WHY = "It took too long, or it began in another window. Nothing was lost: try again."

# What goes wrong
NOT_FOUND = "Nothing here"
NOT_FOUND_WHY = (
    "There is no such page, or it is of a course that your account is not in the group of."
)
FAILED = "Something went wrong"
FAILED_WHY = "It is not your fault, and it is in the log. Try again in a moment."
REFUSED = "That was refused"
REFUSED_WHY = "The page did not ask for it itself. Go back, and try again."
BACK = "To your courses"

_UNITS = ("KB", "MB", "GB", "TB")
_THOUSAND = 1024
_PRECISE_BELOW = 10


def day(value: date) -> str:
    """Return a day as people write it, such as Mon 23 Nov 2026."""
    return f"{value:%a} {value.day} {value:%b %Y}"


def time(value: datetime) -> str:
    """Return a time as people write it, in UTC: the browser's own time is put in its place."""
    value = value.astimezone(UTC)
    return f"{value.day} {value:%b, %H:%M} UTC"


def size(count: float) -> str:
    """Return a number of bytes as people write it."""
    unit, *larger = _UNITS
    count /= _THOUSAND
    while count >= _THOUSAND and larger:
        unit, *larger = larger
        count /= _THOUSAND
    return f"{count:.1f} {unit}" if count < _PRECISE_BELOW and count % 1 else f"{count:.0f} {unit}"
