"""Every text that the page shows, for whoever words it better or in another language.

The templates have them as `texts.NAME`. Those with {names} are filled in by `str.format`, and
escaped after that, as all are.
"""

from __future__ import annotations

from datetime import UTC, date, datetime

from register.corrections import What

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

# A session
PLAYER = "Recording"
PLAY = "Play"
PLAY_OF = "{name}, at {time}"
A_PERSON_DECIDES = (
    "Made of what the camera saw. A student who was not seen may have been there all the same, "
    "turned away or too far off. You decide."
)
NOT_A_CLASS_LIST = "No student has this course in the list, so here is only who was seen."
RULES = (
    "Late: first seen more than {late} minutes after the lesson began. Left early: last seen more "
    "than {early} minutes before the recording ended."
)
LENGTH = "Recording: {length}"
LESSON_STARTS = "The lesson begins at"
LESSON_STARTS_HELP = "In the recording, as 5:00 or 0:05:00. Who is late is counted from then."
SET = "Set"
TO_CHECK = "Please check"
TO_CHECK_WHY = "Perhaps they were there: look at the recording, and decide."
STUDENTS = "Students"
NOBODY = "There is no student here."
ALSO_SEEN = "Also seen, and not in this course"
FIRST_SEEN = "first seen"
LAST_SEEN = "last seen"
NEVER_SEEN = "not seen in the recording"
PERHAPS_AT = "perhaps at"
STRANGERS = "People who are not enrolled, at least: {count}"
PARTLY = "Only a part of the recording could be read: {unread}."
NO_RESULT = "There is nothing to go by: {problem}"
SOMETHING_PASSED_OVER = (
    "Something that belongs to the results cannot be read and is left out. Tell whoever looks "
    "after LambdaLens."
)
NOTHING_TO_GO_BY = "nothing to go by"
UNDO = "Undo"
YOU = "you"
SOMEBODY = "another account"
SAID = "{what}, said by {who} on"
CORRECT = "Correct"
CORRECTIONS = {
    What.CONFIRM: "It is them",
    What.NOT_THEM: "Not them",
    What.WAS_HERE: "Was here",
    What.EXCUSED: "Excused",
}
MOODLE_OF_SESSION = "This session for Moodle (CSV)"
VIDEO_GONE_TITLE = "No recording"
VIDEO_GONE = "The recording is not kept any more, or another was put in its place."
VIDEO_UNPLAYABLE = "This browser cannot play the recording."
VIDEO_LOADING = "Loading the recording …"
VIDEO_AT = "{name}, at {shown}: in the frame"
VIDEO_NOW = "{name}: the recording plays up to {shown}, and stops there"
PLAYER_TEXTS = {
    "loading": VIDEO_LOADING,
    "unplayable": VIDEO_UNPLAYABLE,
    "at": VIDEO_AT,
    "now": VIDEO_NOW,
}
NOT_CORRECTED = "That was not taken down"
CORRECTIONS_BUSY = "Others are correcting the same lesson, too. Go back, and try again."
CORRECTIONS_UNREADABLE = (
    "What was corrected before cannot be read, and is not written over. Tell whoever looks after "
    "LambdaLens."
)
NO_MOMENT = "This is no moment of the recording. Write minutes and seconds, as 5:00."
BACK_TO_SESSION = "To the session"

# The register
REGISTER = "Register"
FROM = "From"
UNTIL = "Until"
SHOW = "Show"
SEPARATOR = "Columns are separated by"
SEPARATORS = {",": "comma", ";": "semicolon", "tab": "tab"}
DECIMAL = "Decimal sign"
DECIMALS = {".": "point", ",": "comma"}
DOWNLOAD = "Download"
AS_CSV = "CSV"
AS_XLSX = "Workbook (XLSX)"
AS_MOODLE = "Moodle (CSV)"
MOODLE_LEFT_OUT = "For Moodle, {count} entries are left out: who was not seen, or is to be checked."
STUDENT = "Student"
ATTENDED = "attended"
PERCENT = "per cent"
PART_OF = "Sessions {first} to {last} of {all}"
SHARE_MEANING = (
    "Per cent of the sessions that could be attended: without those excused. What is still to be "
    "checked does not count as attended."
)
NO_REGISTER = "No session in this time"
NO_REGISTER_WHY = "Choose other days, or put a recording in."
LEGEND = "What the signs mean"

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
