"""Which of several results of a video stands, when several runs have come to one.

Events come twice, late and in any order, and a slow run may end after one that began later. What
stands is the result of the video that is in the bucket, made with the gallery that is in use,
whatever the order in which runs end. Each decides by what it sees, and writes only if that has not
changed meanwhile: then it looks again.

A CSV is whole with the evidence beside it that was made from the same. Evidence is written first,
so one that was not overwritten by another run is there before its CSV.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from function.results import (
    NO_VIDEO,
    is_evidence_of,
    is_for_want_of_enrolment,
    is_for_want_of_time,
)
from function.storage import ResultChangedError, ResultKind

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from function.results import Provenance
    from function.storage import Draft, Seen, StoredResult

# Each time, another run of the same video has written: so many at once there are not.
_MOST_LOOKS = 10


class UnsettledResultError(Exception):
    """The result kept on changing between each look and the write after it, or was never whole."""


@dataclass(frozen=True, kw_only=True)
class Now:
    """The ETags of the video and the gallery that are in use, as of one look at both."""

    video_etag: str
    gallery_etag: str


def is_settled(result: StoredResult, provenance: Provenance, look: Callable[[], Now]) -> bool:
    """Tell whether the result that is there needs no run of this provenance.

    A CSV that is not whole does. Where there is another result beside it, because a run has ended
    between its writes, that one is taken away.

    Raises:
        UnsettledResultError: the result kept on changing; another try may come through.

    """
    now = Now(video_etag=provenance.video_etag, gallery_etag=provenance.gallery_etag)
    for _ in range(_MOST_LOOKS):
        seen = result.seen()
        if seen.keys() >= {ResultKind.CSV, ResultKind.REPORT}:
            now = look()
        standing = _standing(seen, now)
        if standing is None or not _needs_none(standing.metadata, provenance):
            return False
        if not _is_whole(standing, seen) and provenance.video_etag != NO_VIDEO:
            return False  # of a video that is gone, there is nothing to make the evidence of
        try:
            result.keep(standing.kind, seen)
        except ResultChangedError:
            continue
        return True
    raise UnsettledResultError(_UNSETTLED)


def settle(
    result: StoredResult, draft: Draft, provenance: Provenance, look: Callable[[], Now]
) -> bool:
    """Make the draft the result, unless the one that is there is newer, and tell whether it was.

    Raises:
        UnsettledResultError: the result kept on changing; another try may come through.

    """
    written = False
    for _ in range(_MOST_LOOKS):
        # In this order: what is seen was made from what is there now, or from what was before.
        seen = result.seen()
        now = look()
        if now.video_etag not in {NO_VIDEO, provenance.video_etag}:
            return written  # the result of the video that is there is another run's, or the next
        standing = _standing(seen, now)
        try:
            if standing and _stands_before(standing, draft, provenance, now):
                if draft.kind is ResultKind.REPORT or _is_whole(standing, seen):
                    result.keep(standing.kind, seen)
                    # This draft, perhaps by a write whose answer was lost.
                    return standing.metadata == draft.metadata
                if not provenance.is_that_of(standing.metadata):
                    # This run may have put its evidence in the place of what would make the CSV
                    # whole, and has no other. If nobody does, another try makes the whole anew.
                    continue
            # The condition of a write is on one object. So there is one more look: another run may
            # have written another meanwhile.
            result.put(draft, seen)
            written = True
        except ResultChangedError:
            continue
    raise UnsettledResultError(_UNSETTLED)


def is_overtaken(written: Draft, now: Now) -> bool:
    """Tell whether what was written is out of date, and nobody else may be about to notice.

    A video that came while the result was written may have had its event already. Who enrolled
    meanwhile looked for reports that nobody was, perhaps before this one was there.
    """
    made_from = written.metadata
    return now.video_etag not in {NO_VIDEO, made_from["video-etag"]} or (
        is_for_want_of_enrolment(made_from) and now.gallery_etag != made_from["gallery-etag"]
    )


_UNSETTLED = f"The result was changed by others {_MOST_LOOKS} times in a row."


class _Result(NamedTuple):
    """A result that is there, or may come to be."""

    kind: ResultKind
    metadata: Mapping[str, str]


def _standing(seen: Mapping[ResultKind, Seen], now: Now) -> _Result | None:
    """Return which of what was seen is the result: the newer one, and of equals the CSV."""
    found = [
        _Result(kind, it.metadata) for kind, it in seen.items() if kind is not ResultKind.EVIDENCE
    ]
    found.sort(key=lambda it: it.kind is ResultKind.CSV, reverse=True)
    if not found:
        return None
    return found[1] if len(found) > 1 and _is_newer(found[1], found[0], now) else found[0]


def _is_whole(standing: _Result, seen: Mapping[ResultKind, Seen]) -> bool:
    """Tell whether nothing is missing beside a result that was seen."""
    if standing.kind is ResultKind.REPORT:
        return True
    evidence = seen.get(ResultKind.EVIDENCE)
    return evidence is not None and is_evidence_of(evidence.metadata, standing.metadata)


def _needs_none(there: Mapping[str, str], provenance: Provenance) -> bool:
    """Tell whether this result is what a run would come to, or more."""
    return provenance.is_that_of(there) or (
        provenance.video_etag == NO_VIDEO and _was_looked_at(there)
    )


def _stands_before(there: _Result, draft: Draft, provenance: Provenance, now: Now) -> bool:
    ours = _Result(draft.kind, draft.metadata)
    if _tells_more(ours, there):
        return False
    return provenance.is_that_of(there.metadata) or _is_newer(there, ours, now)


def _is_newer(one: _Result, other: _Result, now: Now) -> bool:
    if _tells_more(one, other):
        return True
    return not _tells_more(other, one) and _rank(one.metadata, now) > _rank(other.metadata, now)


def _tells_more(one: _Result, other: _Result) -> bool:
    """Tell whether one is a CSV, and the other says only that the same video takes too long."""
    return (
        one.kind is ResultKind.CSV
        and is_for_want_of_time(other.metadata)
        and one.metadata.get("video-etag") == other.metadata.get("video-etag")
    )


def _rank(metadata: Mapping[str, str], now: Now) -> tuple[bool, bool, str]:
    """Return what is greater for the newer of two results.

    Which of two galleries is newer is known only where one of them is in use; else the run counts
    that began later.
    """
    return (
        _was_looked_at(metadata)
        if now.video_etag == NO_VIDEO
        else metadata.get("video-etag") == now.video_etag,
        metadata.get("gallery-etag") == now.gallery_etag,
        metadata.get("started", ""),
    )


def _was_looked_at(metadata: Mapping[str, str]) -> bool:
    """Tell whether there was a video and somebody to look for in it."""
    return metadata.get("video-etag") != NO_VIDEO and not is_for_want_of_enrolment(metadata)
