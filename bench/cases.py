"""Videos of which it is known who is in them, in every kind, and what is answered to them."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from bench import ours, reference
from bench.answers import Verdict
from bench.variants import AS_IT_IS, HARDER

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    from bench.inputs import Video
    from bench.report import Report
    from bench.variants import Variants
    from function.recogniser.identity.gallery import Gallery

    Look = Callable[[Path, Gallery], frozenset[str]]

KINDS = (AS_IT_IS, *HARDER)

OURS = "ours"
_REFERENCE = "reference"


@dataclass(frozen=True, kw_only=True)
class Case:
    """A video, who is in it, and its file in each kind."""

    name: str
    truth: frozenset[str]
    files: Mapping[str, Path]


def cases_of(report: Report, videos: Sequence[Video], variants: Variants) -> list[Case]:
    """Make the videos harder, but for those that nothing can be learnt from."""
    judged = [(video, video.truth) for video in videos if video.truth is not None]
    cases = []
    for position, (video, truth) in enumerate(judged, start=1):
        with report.doing(f"making video {position} of {len(judged)} harder: {video.name}"):
            files = variants.of(video.path)
        if files:
            cases.append(Case(name=video.name, truth=truth, files=files))
    if unknown := len(videos) - len(judged):
        report.note(f"Videos of which it is not known who is in them: {unknown}, left out.")
    if faceless := len(judged) - len(cases):
        report.note(f"Videos in which face_recognition finds no face: {faceless}, left out.")
    report.note("")
    return cases


def looks(*, with_reference: bool) -> dict[str, Look]:
    """Return ours and, if it is wanted, the reference: whom each recognises, of a gallery."""
    if not with_reference:
        return {OURS: ours.everyone}
    rate = ours.OPTIONS.samples_per_second
    return {OURS: ours.everyone, _REFERENCE: partial(reference.everyone, per_second=rate)}


def verdicts_on(
    report: Report, case: Case, gallery: Gallery, by_name: Mapping[str, Look]
) -> dict[tuple[str, str], Verdict]:
    """Return the verdict on each kind of a video, by each name, with those in a gallery known."""
    verdicts = {}
    for kind, file in case.files.items():
        for name, look in by_name.items():
            with report.doing(f"{case.name}, {kind}, {name}"):
                try:
                    answer = look(file, gallery)
                except Exception as error:  # noqa: BLE001 - in any way: that is a result
                    say = report.failure if name == OURS else report.note
                    say(f"{case.name}, {kind}: {name} failed: {error!r}")
                    answer = frozenset()
            verdicts[kind, name] = Verdict.on(answer, case.truth)
    return verdicts
