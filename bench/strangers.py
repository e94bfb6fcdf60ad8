"""Strangers in the video: who is named when everybody is enrolled but those who are in it.

A wrong name is worse than a missing one, and easiest to give to somebody who is not enrolled.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from bench.cases import KINDS, verdicts_on
from enroll.gallery_edits import without_students

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from bench.cases import Case, Look
    from bench.report import Report
    from function.recogniser.identity.gallery import Gallery


def count_false_names(
    report: Report, cases: Sequence[Case], gallery: Gallery, by_name: Mapping[str, Look]
) -> None:
    """Print how often somebody is named in each kind of video, none of whom can be right."""
    galleries = [without_students(gallery, case.truth) for case in cases]
    tried = [pair for pair in zip(cases, galleries, strict=True) if pair[1].student_ids]
    if everybody := len(cases) - len(tried):
        report.note(f"Videos with everybody in them who is enrolled: {everybody}, left out.")
    if not tried:
        report.note("There is no video whose people would be strangers.")
        return
    nobody: frozenset[str] = frozenset()
    verdicts = [
        verdicts_on(report, replace(case, truth=nobody), others, by_name) for case, others in tried
    ]
    people = sorted({len(set(others.student_ids)) for _, others in tried})
    enrolled = " to ".join(dict.fromkeys(map(str, (people[0], people[-1]))))
    report.table(
        f"false names in {len(tried)} videos, {enrolled} people being enrolled",
        ("", *by_name),
        [
            [kind, *(str(sum(it[kind, name].false for it in verdicts)) for name in by_name)]
            for kind in KINDS
        ],
    )
