"""What the results of a stack say about students, in all their versions, and its erasure.

A result without a student's entries takes the place of the one with them, only if that is still the
one that was read: a run that writes meanwhile loses nothing, and is looked at in turn. Its metadata
stay, which say what it was made from: it is not made anew for that. Then the versions that hold
the student are deleted. Whatever is interrupted in this order is found by the next look.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from botocore.exceptions import ClientError

from enroll.object_versions import (
    delete_version,
    read_latest,
    read_version,
    versions_by_key,
    versions_of,
)
from enroll.result_kinds import (
    UnknownFormError,
    in_step,
    kind_of,
    words_in,
)
from function.results import evidence_beside
from recover.many_requests import answers

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from collections.abc import Set as AbstractSet

    from types_boto3_s3 import S3Client

    from enroll.object_versions import Content, ObjectVersion
    from enroll.result_kinds import Entry
    from stacks.outputs import Deployment

_MOST_LOOKS = 10

# What S3 answers when the object is not, or no more, the one the condition names.
_CHANGED_MEANWHILE = ("PreconditionFailed", "ConditionalRequestConflict", "NoSuchKey", "404")


class ResultsBusyError(Exception):
    """A result was changed by others again and again, each time it was to be written."""


@dataclass(frozen=True, kw_only=True)
class HeldResult:
    """A version of a result that is about some of the students, and what it says of them.

    One of unknown form has no `entries`, and only mentions the students.
    """

    version: ObjectVersion
    student_ids: frozenset[str]
    entries: Sequence[Entry]

    @property
    def is_of_known_form(self) -> bool:
        """Whether the entries can be taken out of it."""
        return bool(self.entries)


@dataclass(frozen=True, kw_only=True)
class ErasedResult:
    """A result out of which students were taken: so many entries now, and so many old versions.

    `not_erased` are its versions of unknown form that mention students, and stay as they are.
    """

    key: str
    student_ids: frozenset[str]
    entries: int
    versions: int
    not_erased: Sequence[ObjectVersion]


def held_results(
    stack: Deployment, student_ids: AbstractSet[str], looked_at: Callable[[], None] = lambda: None
) -> Iterator[HeldResult]:
    """Find the versions of results that are about the students, in the order of their keys.

    `looked_at` is called after each result. Raises a botocore exception.
    """
    s3 = stack.client("s3")

    def held(found: tuple[str, list[ObjectVersion]]) -> list[HeldResult]:
        return [it for it in (_held(s3, each, student_ids) for each in found[1]) if it]

    for results in answers(held, _results(s3, stack.outputs.output_bucket)):
        yield from results
        looked_at()


def erase_from_results(
    stack: Deployment, student_ids: AbstractSet[str], looked_at: Callable[[], None] = lambda: None
) -> Iterator[ErasedResult]:
    """Take the students out of all results, and yield those that they were in.

    `looked_at` is called after each result. Raises ResultsBusyError or a botocore exception.
    """
    s3 = stack.client("s3")

    def erased(found: tuple[str, list[ObjectVersion]]) -> ErasedResult | None:
        return _erased(s3, *found, student_ids)

    for result in answers(erased, _results(s3, stack.outputs.output_bucket)):
        if result:
            yield result
        looked_at()


def _results(s3: S3Client, bucket: str) -> Iterator[tuple[str, list[ObjectVersion]]]:
    return (found for found in versions_by_key(s3, bucket) if kind_of(found[0]))


def _erased(
    s3: S3Client, key: str, versions: Sequence[ObjectVersion], student_ids: AbstractSet[str]
) -> ErasedResult | None:
    bucket = versions[0].bucket
    latest = _erased_from_latest(s3, bucket, key, student_ids)
    if latest.version_id not in {each.version_id for each in versions if each.is_latest}:
        # What was the latest when they were listed is an earlier one now.
        versions = versions_of(s3, bucket, key)
    about = {entry.student_id for entry in latest.entries} | latest.mentioned
    deleted, not_erased = 0, [each for each in versions if each.is_latest and latest.mentioned]
    for version in versions:
        held = None if version.is_latest else _held(s3, version, student_ids)
        if held is None:
            continue
        about |= held.student_ids
        if held.is_of_known_form:
            delete_version(s3, version)
            deleted += 1
        else:
            not_erased.append(version)
    if not about:
        return None
    return ErasedResult(
        key=key,
        student_ids=frozenset(about),
        entries=len(latest.entries),
        versions=deleted,
        not_erased=tuple(not_erased),
    )


class _Latest(NamedTuple):
    """What was taken out of a result as it is, or who is mentioned in one of unknown form.

    `version_id` is that of the version that is looked at and stays, None where there is none or
    another has taken its place.
    """

    version_id: str | None = None
    entries: Sequence[Entry] = ()
    mentioned: frozenset[str] = frozenset()


def _erased_from_latest(
    s3: S3Client, bucket: str, key: str, student_ids: AbstractSet[str]
) -> _Latest:
    kind = kind_of(key)
    for _ in range(_MOST_LOOKS):
        content = read_latest(s3, bucket, key)
        if content is None or kind is None:
            return _Latest()
        try:
            entries = kind.entries(content.body, student_ids)
        except UnknownFormError:
            return _Latest(content.version_id, mentioned=_mentioned(content.body, student_ids))
        if not entries:
            return _Latest(content.version_id)
        body = kind.without(content.body, student_ids)
        if _kept_in_step(s3, bucket, key, content.body, body) and _replaced(
            s3, bucket, key, content, body
        ):
            return _Latest(entries=entries)
    raise ResultsBusyError(
        f"{key} was changed by others {_MOST_LOOKS} times in a row: run it again to finish"
    )


def _kept_in_step(s3: S3Client, bucket: str, key: str, before: bytes, after: bytes) -> bool:
    """Have the evidence of a CSV say that it is of what the CSV will be, and tell whether it does.

    Before the CSV is written: between the two it may be interrupted, and the next time the CSV
    comes to what the evidence says.
    """
    if not key.endswith(".csv"):
        return True
    beside = evidence_beside(key)
    evidence = read_latest(s3, bucket, beside)
    if evidence is None:
        return True
    try:
        body = in_step(evidence.body, before, after)
    except UnknownFormError:
        return True  # it is a person's, and not the CSV's
    return body == evidence.body or _replaced(s3, bucket, beside, evidence, body)


def _replaced(s3: S3Client, bucket: str, key: str, before: Content, body: bytes) -> bool:
    """Write the content in place of the one before, and tell whether that was still there."""
    try:
        s3.put_object(
            Bucket=bucket,
            Key=key,
            Body=body,
            ContentType=before.content_type,
            Metadata=before.metadata,
            IfMatch=before.etag,
        )
    except ClientError as error:
        if error.response["Error"]["Code"] not in _CHANGED_MEANWHILE:
            raise
        return False
    return True


def _held(s3: S3Client, version: ObjectVersion, student_ids: AbstractSet[str]) -> HeldResult | None:
    content = read_version(s3, version)
    kind = kind_of(version.key)
    if content is None or kind is None:
        return None
    try:
        entries = kind.entries(content.body, student_ids)
        about = frozenset(entry.student_id for entry in entries)
    except UnknownFormError:
        entries, about = [], _mentioned(content.body, student_ids)
    return HeldResult(version=version, student_ids=about, entries=entries) if about else None


def _mentioned(body: bytes, student_ids: AbstractSet[str]) -> frozenset[str]:
    return frozenset(words_in(body).intersection(student_ids))
