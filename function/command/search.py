"""Whom to look for in the videos and how, as the arguments say, and the looking."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from function.command.progress import with_progress
from function.command.unusable import UnusableError
from function.composed_text import composed
from function.recogniser.identity.enrolled import CourseNameError, course_name
from function.recogniser.identity.gallery import Gallery, GalleryError
from function.recogniser.options import RecognitionOptionError, RecognitionOptions
from function.recogniser.recognition import recognise
from function.recogniser.video.unreadable import UnreadableVideoError
from function.student_list import StudentListError, read_student_list

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from rich.console import Console

    from function.command.inputs import Video
    from function.recogniser.outcome import Recognition
    from function.student_list import StudentList
    from function.students import Student


_MOST_NAMED = 5


@dataclass(frozen=True, kw_only=True)
class Search:
    """Who is looked for, of which course, the records of those who are `listed`, and the options.

    Where there is no list at all, nobody is expected to be in it. `notes` are
    what is to be said of how it was read.
    """

    gallery: Gallery
    course: str | None
    listed: Mapping[str, Student] | None
    options: RecognitionOptions
    notes: tuple[str, ...] = ()

    @classmethod
    def as_asked(cls, arguments: argparse.Namespace) -> Search:
        """Load what the arguments name.

        Raises:
            UnusableError: an argument, or the file it names, cannot be used.

        """
        options = _recognition_options(arguments)
        course = _course(arguments.course)
        gallery = _looked_for(_gallery(arguments.gallery), course)
        if arguments.students is None:
            return cls(options=options, gallery=gallery, course=course, listed=None)
        listed = _student_list(arguments.students)
        return cls(
            options=options,
            gallery=gallery,
            course=course,
            listed={student.student_id: student for student in listed.students},
            notes=listed.notes,
        )

    @property
    def students(self) -> Mapping[str, Student]:
        """The records by student id; of students who have none, only the ids can be told."""
        return self.listed or {}

    def through(
        self, videos: Sequence[Video], console: Console
    ) -> Iterator[tuple[Video, Recognition | None]]:
        """Yield each video with what was recognised in it; with None, once it is said why not."""
        for video, watch in with_progress(videos, console):
            try:
                recognition = recognise(video.path, self.gallery, self.options, watch=watch)
            except UnreadableVideoError as error:
                console.print(f"{video.path}: {error}")
                yield video, None
                continue
            if recognition.unread:
                console.print(f"{video.path}: {recognition.unread}: the rest cannot be decoded")
            unlisted = self._unlisted(recognition)
            if unlisted:
                console.print(f"{video.path}: {unlisted} of the students seen are not in the list")
            yield video, recognition

    def _unlisted(self, recognition: Recognition) -> int:
        if self.listed is None:
            return 0
        return sum(seen.student_id not in self.listed for seen in recognition.attendance)


def _recognition_options(arguments: argparse.Namespace) -> RecognitionOptions:
    try:
        return RecognitionOptions(
            samples_per_second=arguments.samples_per_second,
            tolerance=arguments.tolerance,
            margin=arguments.margin,
        )
    except RecognitionOptionError as error:
        raise UnusableError(f"--{error.option.replace('_', '-')} {error.problem}") from error


def _gallery(path: Path) -> Gallery:
    try:
        gallery = Gallery.load(path)
    except GalleryError as error:
        raise UnusableError(f"{path}: {error}") from error
    except OSError as error:
        raise UnusableError(
            f"{path}: {error.strerror}: check the path and its permissions; a gallery is one file, "
            "as written by python -m enroll"
        ) from error
    # An earlier version kept ids as they were typed, and the list's are composed.
    return gallery.renamed(composed)


def _course(name: str | None) -> str | None:
    try:
        return None if name is None else course_name(name)
    except CourseNameError as error:
        raise UnusableError(f"--course: {error}") from error


def _looked_for(gallery: Gallery, course: str | None) -> Gallery:
    if course is not None and course not in gallery.courses:
        there_are = ", ".join(sorted(gallery.courses)[:_MOST_NAMED]) or "none"
        raise UnusableError(
            f"--course {course}: no enrolled student has this course: check its name (of the "
            f"{len(gallery.courses)} in the gallery: {there_are})"
        )
    return gallery.looked_for(course=course, today=datetime.now(UTC).date())


def _student_list(path: Path) -> StudentList:
    try:
        return read_student_list(path)
    except StudentListError as error:
        raise UnusableError(str(error)) from error
