"""The earlier versions that a stack keeps of its gallery: whose faces are in them, and their end.

What is in a version can't be changed, so one that holds a student goes as a whole.
"""

from __future__ import annotations

import io
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from enroll.object_versions import delete_version, read_version, versions_of
from function.composed_text import composed
from function.recogniser.identity.gallery import Gallery, GalleryError
from function.recogniser.identity.gallery_file import student_ids_in

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from enroll.object_versions import ObjectVersion
    from stacks.outputs import Deployment


@dataclass(frozen=True, kw_only=True)
class EarlierGallery:
    """A version of the gallery that is not the one in use, and the ids of its rows.

    `student_ids` is None where the version is damaged, and nobody can tell; `gallery` is None where
    this release can't use it.
    """

    version: ObjectVersion
    student_ids: tuple[str, ...] | None
    gallery: Gallery | None

    def may_hold(self, student_ids: Collection[str]) -> bool:
        """Tell whether any of these students may be in it."""
        return self.student_ids is None or not set(student_ids).isdisjoint(self.student_ids)


class DeletedGalleries(NamedTuple):
    """How many versions were deleted, and which of the students were in any of them."""

    number: int
    student_ids: frozenset[str]


def earlier_galleries(stack: Deployment) -> Iterator[EarlierGallery]:
    """Read the earlier versions, one after the other. Raises a botocore exception."""
    s3, outputs = stack.client("s3"), stack.outputs
    for version in versions_of(s3, outputs.gallery_bucket, outputs.gallery_key):
        content = None if version.is_latest else read_version(s3, version)
        if content is not None:
            yield EarlierGallery(
                version=version,
                student_ids=_ids_in(content.body),
                gallery=_gallery_in(content.body),
            )


def delete_earlier_galleries(stack: Deployment, student_ids: Collection[str]) -> DeletedGalleries:
    """Delete the earlier versions that may hold any of these students, for good.

    A damaged one, of which nobody can tell, and which nobody can use, goes with them. Raises a
    botocore exception.
    """
    s3 = stack.client("s3")
    wanted, found, number = set(student_ids), set[str](), 0
    for earlier in earlier_galleries(stack):
        if earlier.may_hold(wanted):
            delete_version(s3, earlier.version)
            found |= wanted.intersection(earlier.student_ids or ())
            number += 1
    return DeletedGalleries(number=number, student_ids=frozenset(found))


def _ids_in(content: bytes) -> tuple[str, ...] | None:
    try:
        return tuple(map(composed, student_ids_in(io.BytesIO(content))))
    except GalleryError:
        return None


def _gallery_in(content: bytes) -> Gallery | None:
    try:
        return Gallery.load(io.BytesIO(content)).renamed(composed)
    except GalleryError:
        return None
