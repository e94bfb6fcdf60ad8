"""The report as one HTML file."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from loadtest.report import Report


def page(report: Report) -> str:
    """Render it."""
    return f"<p>{report.prefix}</p>"
