"""Bringing back what was: an earlier version of a stack's gallery, records of a restored table.

An earlier gallery is put in the place of the one there is byte for byte, so that results that were
made with it count as up to date again; and only if that one is still there. Of a restored table,
those records are taken whose students are enrolled: the table may hold some that were erased since.
"""

from __future__ import annotations

import io
from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

from boto3.dynamodb.types import TypeDeserializer

from enroll.deployed import GalleryBusyError, gallery_etag, load_gallery, put_gallery
from enroll.object_versions import read_version, versions_of
from function.composed_text import composed
from function.recogniser.identity.gallery import Gallery, GalleryError

if TYPE_CHECKING:
    from enroll.object_versions import ObjectVersion
    from stacks.outputs import Deployment


class NoSuchVersionError(Exception):
    """The gallery has no such version; the message is one line with the remedy."""


@dataclass(frozen=True, kw_only=True)
class GalleryVersion:
    """A version of the gallery; `gallery` is None where it can't be used."""

    version: ObjectVersion
    body: bytes
    gallery: Gallery | None

    @classmethod
    def of(cls, version: ObjectVersion, body: bytes) -> Self:
        """Read it."""
        try:
            gallery = Gallery.load(io.BytesIO(body)).renamed(composed)
        except GalleryError:
            return cls(version=version, body=body, gallery=None)
        return cls(version=version, body=body, gallery=gallery)


@dataclass(frozen=True, kw_only=True)
class Restored:
    """Who comes back with an earlier gallery, and who is not in it, by their ids."""

    back: frozenset[str]
    gone: frozenset[str]


@dataclass(frozen=True, kw_only=True)
class Records:
    """How many records of a restored table were taken over, and how many were left there."""

    taken: int
    left: int


def gallery_versions(stack: Deployment) -> list[GalleryVersion]:
    """Return every version there is of the gallery, the newest first. Raises a botocore exception.

    Where the gallery was deleted, none of them is the latest.
    """
    s3, place = stack.client("s3"), stack.outputs
    found = []
    for version in versions_of(s3, place.gallery_bucket, place.gallery_key):
        content = read_version(s3, version)
        if content is not None:
            found.append(GalleryVersion.of(version, content.body))
    return sorted(found, key=lambda each: each.version.written, reverse=True)


def restore_gallery(stack: Deployment, version_id: str, *, is_only_said: bool = False) -> Restored:
    """Put a version in the place of the gallery there is, which need not be usable.

    Raises NoSuchVersionError, GalleryError if that version can't be used, GalleryBusyError if
    others have changed the gallery meanwhile, or a botocore exception.
    """
    in_place_of = gallery_etag(stack)
    versions = gallery_versions(stack)
    wanted = next((each for each in versions if each.version.version_id == version_id), None)
    if wanted is None:
        raise NoSuchVersionError(
            f"the gallery has no version {version_id}: 'python -m enroll restore --stack NAME' "
            "lists those there are"
        )
    if wanted.gallery is None:
        raise GalleryError(f"version {version_id} of the gallery can't be used: choose another one")
    now = next((each.gallery for each in versions if each.version.is_latest), None)
    known = frozenset(now.student_ids) if now else frozenset[str]()
    then = frozenset(wanted.gallery.student_ids)
    if not is_only_said and not put_gallery(stack, wanted.body, in_place_of=in_place_of):
        raise GalleryBusyError(
            "others have changed the stack's gallery meanwhile: look at its versions again"
        )
    return Restored(back=then - known, gone=known - then)


def restore_records(stack: Deployment, table: str, *, is_only_said: bool = False) -> Records:
    """Write the records of a restored table, of those who are enrolled, into the stack's own.

    Other records of the stack's stay as they are. Raises GalleryError, or a botocore exception.
    """
    enrolled = set(load_gallery(stack).student_ids)
    pages = stack.client("dynamodb").get_paginator("scan").paginate(TableName=table)
    plain = TypeDeserializer()  # batch_writer, which writes what was left again, takes plain values
    records = [plain.deserialize({"M": item}) for page in pages for item in page["Items"]]
    taken = [each for each in records if composed(str(each["student_id"])) in enrolled]
    if not is_only_said:
        dynamodb = stack.session().resource("dynamodb", endpoint_url=stack.endpoint_url)
        with dynamodb.Table(stack.outputs.students_table).batch_writer() as own:
            for record in taken:
                own.put_item(Item=record)
    return Records(taken=len(taken), left=len(records) - len(taken))
