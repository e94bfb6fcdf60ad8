"""Long videos in ranges beside one run of each: whether both say the same, and at what cost.

Both are done at the same time, each in a process of its own: what else the machine does meanwhile
falls on both alike, and the longest of them need not be waited for twice.
"""

from __future__ import annotations

import json
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from bench.answers import Verdict
from bench.divided import ONE_RUN, RANGES
from bench.measure import run_process
from bench.report import megabytes

if TYPE_CHECKING:
    from collections.abc import Iterable

    from bench.inputs import Known, Video
    from bench.lectures import Lecture, LectureHall
    from bench.measure import ProcessCost
    from bench.report import Report

# Everybody is looked for anew where a range begins: a nearer look may come of it, and a face more.
_MOST_FARTHER = 0.01
_EQUAL = ("seen", "strangers", "frames", "seconds", "unread")
_MOST_FACES_APART = 0.01  # of all that were found

_COLUMNS = (
    "",
    "ranges",
    "students",
    "of both equal",
    "faces",
    "distances nearer, farther",
    "one run, CPU s",
    "ranges, CPU s",
    "ratio",
    "one run, peak MB",
    "ranges, peak MB",
    "looks of a range, kB",
)


@dataclass(frozen=True, kw_only=True)
class _Look:
    """What a way of looking cost, and what it came to."""

    cost: ProcessCost
    came_to: dict[str, Any]

    @property
    def students(self) -> frozenset[str]:
        return frozenset(student for student, *_ in self.came_to["seen"])


def compare_ranges(
    report: Report, lectures: Iterable[Lecture], hall: LectureHall, known: Known, sample: Known
) -> None:
    """Print what ranges come to beside one run, and fail the benchmark where it is not the same.

    In lectures of videos, the `known` are looked for, and in the still room the sample class.
    """
    rows = []
    for lecture in lectures:
        with report.doing(f"making {lecture.name}"):
            video = hall.video(lecture)
        with report.doing(lecture.name):
            one, ranges = _both(video, sample if lecture.is_still_room else known)
        video.path.unlink()
        rows.append(_row(report, video, one, ranges))
        # They take long: what is known is told.
        report.note(" | ".join(rows[-1]))
    report.table("Lectures in ranges beside one run", _COLUMNS, rows)


def _both(video: Video, known: Known) -> tuple[_Look, _Look]:
    with ThreadPoolExecutor(2) as processes:
        one, ranges = processes.map(lambda form: _look(form, video, known), (ONE_RUN, RANGES))
    return one, ranges


def _look(form: str, video: Video, known: Known) -> _Look:
    command = [sys.executable, "-m", "bench.divided", form, str(known.path), str(video.path)]
    cost = run_process(command)
    return _Look(cost=cost, came_to=json.loads(cost.output))


def _row(report: Report, video: Video, one: _Look, ranges: _Look) -> list[str]:
    other = [name for name in _EQUAL if one.came_to[name] != ranges.came_to[name]]
    for name in other:
        said = f"{one.came_to[name]} in one run, {ranges.came_to[name]} in ranges"
        report.failure(f"{video.name}: {name}: {said}")
    faces = [look.came_to["faces"] for look in (one, ranges)]
    if abs(faces[0] - faces[1]) > _MOST_FACES_APART * max(faces):
        report.failure(f"{video.name}: {faces[0]} faces in one run, {faces[1]} in ranges")
    farther = [0.0]
    if "seen" not in other:
        pairs = zip(one.came_to["distances"], ranges.came_to["distances"], strict=True)
        farther += [in_ranges - in_one for in_one, in_ranges in pairs]
        if max(farther) > _MOST_FARTHER:
            report.failure(f"{video.name}: a distance is {max(farther):.3f} more in ranges")
    if ranges.came_to["spans"] == 1:
        report.failure(f"{video.name}: it was not divided")
    truth = one.students if video.truth is None else video.truth
    return [
        video.name,
        str(ranges.came_to["spans"]),
        str(Verdict.on(ranges.students, truth)),
        "all" if not other else f"not {', '.join(other)}",
        str(faces[0]) if faces[0] == faces[1] else f"{faces[0]}, {faces[1]}",
        f"{-min(farther):.4f}, {max(farther):.4f}",
        f"{one.cost.cpu:.1f}",
        f"{ranges.cost.cpu:.1f}",
        f"{ranges.cost.cpu / one.cost.cpu:.3f}",
        megabytes(one.cost.peak),
        megabytes(ranges.cost.peak),
        f"{ranges.came_to['most_bytes'] / 1e3:.0f}",
    ]
