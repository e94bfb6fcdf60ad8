"""The report as a page: one file with its charts, its figures and all that draws them.

Every figure on it is the JSON's, and says which: an element with `data-figure` names its place
there and carries the value.
"""

from __future__ import annotations

import json
import math
from datetime import datetime
from functools import reduce
from importlib import resources
from typing import TYPE_CHECKING, Any

import vl_convert
from jinja2 import Environment, StrictUndefined
from markupsafe import Markup

from loadtest.charts import charts
from loadtest.summary import noteworthy, what_happened

if TYPE_CHECKING:
    from collections.abc import Callable

    from loadtest.report import Report

_VEGA_LITE = "6.4"
_EXPORT = "window.vegaEmbed = vegaEmbed;"
_MOST_IN_TABLE = 500
_UNKNOWN = "\N{EN DASH}"

_TENTHS_FROM, _WHOLE_FROM = 10, 100


def page(report: Report) -> str:
    """Return the page, which needs no network and no other file."""
    bundle = vl_convert.javascript_bundle(_EXPORT, vl_version=_VEGA_LITE)
    environment = Environment(
        autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    template = environment.from_string(
        resources.files("loadtest").joinpath("page.html.j2").read_text(encoding="utf-8")
    )
    bad, drawn = noteworthy(report.videos), charts(report)
    return template.render(
        report=report,
        started=f"{datetime.fromisoformat(report.started):%d %B %Y, %H:%M:%S} UTC",
        figure=_figures(report.as_dict()),
        charts=drawn,
        specs={chart.name: chart.spec for chart in drawn},
        bad=bad[:_MOST_IN_TABLE],
        bad_in_all=len(bad),
        what_happened=what_happened,
        # No library that draws charts contains this, and no page survives it.
        bundle=Markup(bundle.replace("</script", "<\\/script")),  # noqa: S704 - the library's code
    )


def _figures(record: dict[str, Any]) -> Callable[[str, str], Markup]:
    """Return what puts a figure on the page, by its place in the JSON and the form to show."""

    def figure(place: str, form: str) -> Markup:
        value: Any = reduce(_part, place.split("."), record)
        shown = _UNKNOWN if value is None else _FORMS[form](value)
        return Markup('<data data-figure="{}" value="{}">{}</data>').format(
            place, json.dumps(value), shown
        )

    return figure


def _part(whole: Any, name: str) -> Any:  # noqa: ANN401 - anything that JSON can hold
    if whole is None:
        return None
    return whole[int(name)] if isinstance(whole, list) else whole[name]


def _count(value: int) -> str:
    return f"{value:,}"


def _seconds(value: float) -> str:
    if abs(value) < 1:
        return f"{value * 1e3:.0f} ms"
    return f"{_short(value)} s"


def _short(value: float) -> str:
    if abs(value) < _TENTHS_FROM:
        return f"{value:.2f}"
    return f"{value:.1f}" if abs(value) < _WHOLE_FROM else f"{value:,.0f}"


def _dollars(value: float) -> str:
    """Show cents from a dollar on, and two digits that count below."""
    if value >= 1 or not value:
        return f"${value:.2f}"
    return f"${value:.{1 - math.floor(math.log10(value))}f}"


_FORMS: dict[str, Callable[[Any], str]] = {
    "count": _count,
    "seconds": _seconds,
    "number": _short,
    "dollars": _dollars,
    "threshold": "{:.6g}".format,
}
