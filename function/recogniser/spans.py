"""A video span by span: what its spans are, what is found in one, and what follows from all.

One process may do all of it, or a run for each span: the result is the same.
"""

from __future__ import annotations

import os
from collections import Counter
from contextlib import closing, suppress
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from function.recogniser.heap import give_back
from function.recogniser.identity.attendance import attendance
from function.recogniser.identity.near_misses import near_misses
from function.recogniser.identity.strangers import most_strangers
from function.recogniser.looking import search
from function.recogniser.looks import Looks
from function.recogniser.outcome import Recognition
from function.recogniser.video.opening import opened_recording
from function.recogniser.video.plan import WHOLE, IndivisibleError, Span, divided
from function.recogniser.video.reading import Reading, told
from function.recogniser.video.unreadable import UnreadableVideoError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from function.recogniser.identity.gallery import Gallery
    from function.recogniser.identity.strangers import Moment
    from function.recogniser.looking import Finding
    from function.recogniser.options import RecognitionOptions
    from function.recogniser.video.source import Source


# What is smaller is not opened to be divided: three minutes of 1080p would have 190 kbit a second.
# To open a file costs up to 2 % of the processor time that a clip of two seconds takes.
_LEAST_BYTES = 1 << 22


@dataclass(frozen=True, kw_only=True)
class Plan:
    """The spans of one video, in order: all of it, without a gap."""

    spans: tuple[Span, ...]

    def as_json(self) -> dict[str, Any]:
        """Return the form that `from_json` reads."""
        return {"spans": [span.as_json() for span in self.spans]}

    @classmethod
    def from_json(cls, stored: object) -> Plan:
        """Return what was stored. Raise ValueError of anything else."""
        found = stored.get("spans") if isinstance(stored, dict) else None
        spans = [Span.from_json(it) for it in found] if isinstance(found, list) else []
        if not _are_all(spans):
            raise ValueError(f"{stored!r} is no plan of all of a video")
        return cls(spans=tuple(spans))


IN_ONE = Plan(spans=(WHOLE,))
"""The plan of what is short or cannot be divided."""


def plan(video: Source, options: RecognitionOptions) -> Plan:
    """Return the spans to look at a video in; one, if it is short or cannot be divided.

    What is no video has one, too: who looks at it is told what is wrong.
    """
    if _is_small(video):
        return IN_ONE
    with suppress(UnreadableVideoError), opened_recording(video, pictures=False) as recording:
        outline, tracks = recording.outline(), len(recording.tracks())
        if outline is not None:
            spans = divided(outline, step=tracks / options.samples_per_second)
            if len(spans) == 1 or recording.is_divisible_at([it.start for it in spans[1:]]):
                return Plan(spans=spans)
    return IN_ONE


def look_at(
    video: Source,
    gallery: Gallery,
    options: RecognitionOptions,
    span: Span,
    *,
    watch: Callable[[Iterator[Finding]], Iterable[Finding]] = iter,
) -> Looks:
    """Look for the gallery's students in one span of a video.

    The findings are taken through `watch` as they come.

    Raises:
        function.recogniser.video.unreadable.UnreadableVideoError: it is no video that can be read.
        IndivisibleError: it has to be looked at as WHOLE.

    """
    reading = Reading()
    with closing(search(video, gallery, options, reading, span)) as found:
        findings = list(watch(found))
    give_back()
    return Looks.of(span, findings, reading, tolerance=options.tolerance)


def conclude(looks: Iterable[Looks], options: RecognitionOptions) -> Recognition:
    """Return who was seen in a video, from what was found in all its spans, in any order.

    Raises:
        IndivisibleError: they do not fit together, so it has to be looked at as WHOLE.
        ValueError: they are not all spans of a video.

    """
    spans = sorted(looks, key=lambda it: it.span.start)
    if not _are_all([it.span for it in spans]):
        raise ValueError("these are not all spans of a video")
    # Each begins where the one before ends, so nothing was passed over, and no time is another's.
    if any(one.reading.ends != other.reading.begins for one, other in pairwise(spans)):
        raise IndivisibleError("its spans do not fit together")
    frames = sum(it.frames for it in spans)
    if not frames and len(spans) > 1:
        raise IndivisibleError("it has no frame")
    all_looks = [look for it in spans for look in it.looks]
    tolerance, margin = options.tolerance, options.margin
    present = attendance(all_looks, tolerance=tolerance, margin=margin)
    named = {student.student_id for student in present}
    perhaps = near_misses(all_looks, named, tolerance=tolerance, margin=margin)
    named.update(student.student_id for student in perhaps)
    nobodys: Counter[Moment] = Counter()
    for it in spans:
        nobodys.update(it.nobodys)
    return Recognition(
        attendance=tuple(present),
        please_check=tuple(perhaps),
        strangers=most_strangers(
            [face for it in spans for face in it.faces_seen], named, others=nobodys
        ),
        frames=frames,
        faces=sum(it.faces for it in spans),
        video_seconds=max(it.reading.seconds for it in spans),
        unread=told(_read([it.reading for it in spans])),
    )


def _is_small(video: Source) -> bool:
    with suppress(OSError), video.open("rb") as file:
        return file.seek(0, os.SEEK_END) < _LEAST_BYTES
    return True


def _read(readings: Sequence[Reading]) -> Reading:
    """Return how far all spans could be read, as one run's reading says it."""
    return Reading(
        seconds=max(reading.seconds for reading in readings),
        unread=sorted({stretch for reading in readings for stretch in reading.unread}),
    )


def _are_all(spans: Sequence[Span]) -> bool:
    """Tell whether spans that are in order are all of a video."""
    return (
        bool(spans)
        and spans[0].start == 0
        and spans[-1].end is None
        and all(one.end == other.start for one, other in pairwise(spans))
    )
