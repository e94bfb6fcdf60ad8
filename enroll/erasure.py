"""All that a stack holds of students is erased, or looked for.

The gallery comes first: from then on, nobody is recognised who is to be forgotten, and what is
written later does not name them. Then come its earlier versions, the records, what was seen in
ranges of long videos, and the results with their versions. Each step finds what is still to be done
by itself, so an erasure that was interrupted is done again from the start.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from enroll.deployed import FacesNotForgottenError, forget_students, load_gallery
from enroll.earlier_galleries import delete_earlier_galleries, earlier_galleries
from enroll.held_looks import delete_looks, held_looks
from enroll.held_results import erase_from_results, held_results
from enroll.records import records_of
from function.recogniser.identity.gallery import GalleryError

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Sequence

    from enroll.held_results import ErasedResult
    from stacks.outputs import Deployment


@dataclass(frozen=True, kw_only=True)
class Erasure:
    """What was erased: portraits, records, earlier galleries, looks, and what was in which results.

    `student_ids` are those of whom there was anything.
    """

    student_ids: frozenset[str]
    portraits: int
    records: int
    earlier_galleries: int
    looks: int
    results: Sequence[ErasedResult]


class Trace(NamedTuple):
    """Something that is held of a student, or may be, and where."""

    student_id: str
    place: str


def _unseen(_: ErasedResult) -> None: ...


def erase(
    stack: Deployment,
    student_ids: Collection[str],
    *,
    with_results: bool = True,
    erased: Callable[[ErasedResult], None] = _unseen,
    looked_at: Callable[[], None] = lambda: None,
) -> Erasure:
    """Erase what the stack holds of the students, from its results too unless told otherwise.

    `erased` is called with each result that they were in, `looked_at` after every result. A gallery
    that is not usable keeps only the faces from being forgotten.

    Raises FacesNotForgottenError then, in the end, or GalleryBusyError, ResultsBusyError, or a
    botocore exception.
    """
    student_ids = set(student_ids)
    unusable = None
    portraits: Counter[str] = Counter()
    records: frozenset[str] = frozenset()
    try:
        forgotten = forget_students(stack, student_ids)
        portraits, records = forgotten.portraits, forgotten.records
    except FacesNotForgottenError as error:
        unusable = error
    earlier = delete_earlier_galleries(stack, student_ids)
    looks = delete_looks(stack, student_ids)
    results = []
    if with_results:
        for result in erase_from_results(stack, student_ids, looked_at):
            results.append(result)
            erased(result)
    if unusable:
        raise unusable
    return Erasure(
        student_ids=records.union(
            portraits,
            earlier.student_ids,
            looks.student_ids,
            *(result.student_ids for result in results),
        ),
        portraits=portraits.total(),
        records=len(records),
        earlier_galleries=earlier.number,
        looks=looks.number,
        results=results,
    )


def traces(
    stack: Deployment,
    student_ids: Collection[str],
    *,
    in_results: bool = True,
    looked_at: Callable[[], None] = lambda: None,
) -> Iterator[Trace]:
    """Find everything that the stack holds of the students, and change nothing.

    `looked_at` is called after every result. Raises a botocore exception.
    """
    student_ids = set(student_ids)
    yield from _in_gallery(stack, student_ids)
    yield from _in_earlier_galleries(stack, student_ids)
    for looks in held_looks(stack, student_ids):
        for student_id in sorted(looks.student_ids):
            yield Trace(student_id, f"{looks.key}, seen in a range of a long video")
    for student_id in sorted(student_ids):
        if records_of(stack, student_id):
            yield Trace(student_id, "the record in the students table")
    if in_results:
        for held in held_results(stack, student_ids, looked_at):
            form = "" if held.is_of_known_form else ", which is of no known form, mentions it"
            for student_id in sorted(held.student_ids):
                yield Trace(student_id, f"{held.version.key}, {held.version}{form}")


def _in_gallery(stack: Deployment, student_ids: set[str]) -> Iterator[Trace]:
    try:
        rows = Counter(load_gallery(stack).student_ids)
    except GalleryError as error:
        for student_id in sorted(student_ids):
            yield Trace(student_id, f"perhaps in the gallery, which can't be read: {error}")
        return
    for student_id in sorted(student_ids.intersection(rows)):
        yield Trace(student_id, f"the gallery, portraits: {rows[student_id]}")


def _in_earlier_galleries(stack: Deployment, student_ids: set[str]) -> Iterator[Trace]:
    for earlier in earlier_galleries(stack):
        place = f"the gallery, {earlier.version}"
        if earlier.student_ids is None:
            for student_id in sorted(student_ids):
                yield Trace(student_id, f"perhaps in {place}, which is damaged")
        else:
            for student_id in sorted(student_ids.intersection(earlier.student_ids)):
                yield Trace(student_id, place)
