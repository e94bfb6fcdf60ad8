"""Where an enrolment goes: into a stack beside those it knows, into a stack anew, or into a file.

A destination is made before the faces are looked at, so that what can't be used is told before the
long work.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol, Self

from enroll.deployed import enrol_anew, enrol_students, gallery_etag, load_gallery
from enroll.descriptions import descriptions
from enroll.gallery_edits import described, with_portraits, with_students
from enroll.gallery_on_disk import load_gallery_file
from enroll.older_results import OlderResults, older_results
from enroll.waiting_videos import look_again
from function.recogniser.identity.gallery import Gallery

if TYPE_CHECKING:
    from collections.abc import Callable, Collection
    from pathlib import Path

    from function.students import Student
    from stacks.outputs import Deployment

    Joined = Callable[[Gallery, Gallery], Gallery]


class Destination(Protocol):
    """Where an enrolment goes."""

    @property
    def known(self) -> Gallery:
        """The gallery that the rows are to join."""

    def keep(self, students: Collection[Student], rows: Gallery) -> Gallery:
        """Put the rows there, and the students' records where there are any; return all rows."""

    @property
    def requires_consent(self) -> bool:
        """Whether no encoding may be made of a student without consent."""

    def look_again(self) -> int:
        """Have videos that waited for an enrolment looked at again; return how many."""

    def older_results(self) -> OlderResults:
        """Count the results that were made with an earlier gallery."""


@dataclass(frozen=True, kw_only=True)
class KnownInStack:
    """A stack's gallery, in which everybody who is not enrolled now is kept.

    Rows of those who are take the place of their earlier ones, or whatever place `joined` gives
    them.
    """

    stack: Deployment
    known: Gallery
    joined: Joined = with_students

    @classmethod
    def of(cls, stack: Deployment, joined: Joined = with_students) -> Self:
        """Read the gallery. Raises GalleryError, or a botocore exception."""
        return cls(stack=stack, known=load_gallery(stack), joined=joined)

    def keep(self, students: Collection[Student], rows: Gallery) -> Gallery:
        """Raise GalleryBusyError, GalleryError, or a botocore exception."""
        return enrol_students(self.stack, students, rows, joined=self.joined)

    @property
    def requires_consent(self) -> bool:
        """As the stack is set."""
        return self.stack.outputs.require_consent

    def look_again(self) -> int:
        """Raise a botocore exception."""
        return look_again(self.stack)

    def older_results(self) -> OlderResults:
        """Raise a botocore exception."""
        return older_results(self.stack)


@dataclass(frozen=True, kw_only=True)
class NewInStack:
    """A stack's gallery made anew, in place of one that need not be usable."""

    stack: Deployment
    in_place_of: str | None

    @classmethod
    def of(cls, stack: Deployment) -> Self:
        """Remember which gallery is to be replaced. Raises a botocore exception."""
        return cls(stack=stack, in_place_of=gallery_etag(stack))

    @property
    def known(self) -> Gallery:
        """Nobody."""
        return Gallery.empty()

    def keep(self, students: Collection[Student], rows: Gallery) -> Gallery:
        """Raise GalleryBusyError, or a botocore exception."""
        enrol_anew(self.stack, students, rows, in_place_of=self.in_place_of)
        return rows

    @property
    def requires_consent(self) -> bool:
        """As the stack is set."""
        return self.stack.outputs.require_consent

    def look_again(self) -> int:
        """Raise a botocore exception."""
        return look_again(self.stack)

    def older_results(self) -> OlderResults:
        """Raise a botocore exception."""
        return older_results(self.stack)


class _OnDisk:
    """What no file has, and a stack does."""

    @property
    def requires_consent(self) -> bool:
        """A file has no settings."""
        return False

    def look_again(self) -> int:
        """No video waits for a file."""
        return 0

    def older_results(self) -> OlderResults:
        """No result is known to have been made with the file."""
        return OlderResults(number=0, is_all=True)


@dataclass(frozen=True, kw_only=True)
class NewFile(_OnDisk):
    """A gallery file, which has no records."""

    path: Path

    @property
    def known(self) -> Gallery:
        """Nobody."""
        return Gallery.empty()

    def keep(self, students: Collection[Student], rows: Gallery) -> Gallery:
        """Raise CourseNameError or OSError."""
        whole = described(rows, descriptions(students, known=self.known))
        whole.save(self.path)
        return whole


@dataclass(frozen=True, kw_only=True)
class KnownInFile(_OnDisk):
    """A gallery file, in which everybody is kept, and rows come beside those there are."""

    path: Path
    known: Gallery

    @classmethod
    def of(cls, path: Path) -> Self:
        """Read the gallery. Raises GalleryError or OSError."""
        return cls(path=path, known=load_gallery_file(path))

    def keep(self, students: Collection[Student], rows: Gallery) -> Gallery:
        """Raise CourseNameError, GalleryError or OSError."""
        joined = with_portraits(self.known, rows)
        whole = described(joined, descriptions(students, known=self.known))
        whole.save(self.path)
        return whole
