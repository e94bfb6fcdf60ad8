"""Whether the answer hangs on which pictures happen to be looked at: other rates, other starts."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bench import ours
from bench.answers import Verdict

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bench.inputs import Known, Video
    from bench.report import Report

_RATES = (1.0, 2.0, 5.0)  # samples a second
_STARTS = 8  # of the first step, evenly within one


def compare_samplings(report: Report, videos: Sequence[Video], known: Known) -> None:
    """Recognise everyone in each video at several rates, from several starts, and count.

    Videos of which the truth is not known are left out.
    """
    verdicts: dict[tuple[float, int], list[Verdict]] = {
        (rate, start): [] for rate in _RATES for start in range(_STARTS)
    }
    rows = []
    judged = [(video, video.truth) for video in videos if video.truth is not None]
    if not judged:
        report.note("It is not known who is in these videos: give a --truth.")
        return
    for position, (video, truth) in enumerate(judged, start=1):
        with report.doing(f"video {position} of {len(judged)}: {video.name}"):
            here = {
                (rate, start): Verdict.on(_answer(report, video, known, rate, start), truth)
                for rate, start in verdicts
            }
        for way, verdict in here.items():
            verdicts[way].append(verdict)
        by_rate = [_sum([here[rate, start] for start in range(_STARTS)]) for rate in _RATES]
        rows.append([video.name, *map(str, by_rate)])
        for rate, verdict in zip(_RATES, by_rate, strict=True):
            if not verdict.right:
                report.failure(f"{video.name} at {rate:g} a second: ours found {verdict}")
    rates = [f"{rate:g} a second" for rate in _RATES]
    report.table(f"students found, from {_STARTS} starts together", ("video", *rates), rows)
    report.table(
        "students found, in all videos together",
        ("first step", *rates),
        [
            [f"{start}/{_STARTS}", *(str(_sum(verdicts[rate, start])) for rate in _RATES)]
            for start in range(_STARTS)
        ],
    )


def _answer(report: Report, video: Video, known: Known, rate: float, start: int) -> frozenset[str]:
    first_step = start / _STARTS / rate
    try:
        return ours.everyone_at(video.path, known.gallery, per_second=rate, first_step=first_step)
    except Exception as error:  # noqa: BLE001 - it may fail in any way at a video: that is a result
        report.failure(f"{video.name} at {rate:g} a second: {error!r}")
        return frozenset()


def _sum(verdicts: Sequence[Verdict]) -> Verdict:
    return Verdict(
        found=sum(verdict.found for verdict in verdicts),
        present=sum(verdict.present for verdict in verdicts),
        false=sum(verdict.false for verdict in verdicts),
    )
