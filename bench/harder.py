"""Who is found in videos made harder, and who is falsely: how far the recognition reaches."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bench.answers import Verdict
from bench.cases import KINDS, OURS, verdicts_on

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from bench.cases import Case, Look
    from bench.report import Report
    from function.recogniser.identity.gallery import Gallery


def compare_harder(
    report: Report, cases: Sequence[Case], gallery: Gallery, by_name: Mapping[str, Look]
) -> None:
    """Print who is found in each kind of video, and have the benchmark fail for a false name.

    It does not fail for those missed: the table shows how far a recognition reaches, and each one
    ends somewhere.
    """
    if not cases:
        report.note("There is no video to be made harder.")
        return
    verdicts = [verdicts_on(report, case, gallery, by_name) for case in cases]
    rows = []
    for kind in KINDS:
        row = [kind]
        for name in by_name:
            together = Verdict.sum(by_kind[kind, name] for by_kind in verdicts)
            row += [_found(together), str(together.false)]
        rows.append(row)
    columns = [f"{name} {what}" for name in by_name for what in ("found", "false")]
    report.table(f"students in {len(cases)} videos, made harder", ("", *columns), rows)
    for case, by_kind in zip(cases, verdicts, strict=True):
        for kind in KINDS:
            if false := by_kind[kind, OURS].false:
                report.failure(f"{case.name}, {kind}: of those that ours found, {false} false")


def _found(verdict: Verdict) -> str:
    part = f" ({verdict.found / verdict.present:.0%})" if verdict.present else ""
    return f"{verdict.found}/{verdict.present}{part.replace('%', ' %')}"
