"""The charts of a run, as Vega-Lite specifications.

Colours are the page's CSS variables, so that the charts follow it from light to dark. What a
colour says is also said by a dash, a shape or a label.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from loadtest.results import Verdict
from loadtest.timeline import Timeline

if TYPE_CHECKING:
    from collections.abc import Sequence

    from loadtest.cloudwatch import Metrics
    from loadtest.figures import Histogram, Spread
    from loadtest.journeys import Journey
    from loadtest.report import Report

Spec = dict[str, Any]

_SCHEMA = "https://vega.github.io/schema/vega-lite/v6.json"
_HEIGHT = 260
_BAR_HEIGHT = 120
_MOST_POINTS = 1500
_PART_OF_SLOWEST = 0.1
# Arrivals within so small a part of the run's time would be one upright line of points.
_LEAST_PART_FOR_ARRIVALS = 0.05
_ROOM_FOR_NAMES = 1.35
_LEGEND_COLUMNS = {2: 2, 3: 3, 4: 2}

_TIME = {"field": "time", "type": "quantitative", "title": "seconds from the start"}
_ARRIVAL = "intended arrival, in seconds from the start"
_NUMBER = {
    "field": "number",
    "type": "quantitative",
    "title": "number of the video, in the order of arrival",
    "axis": {"tickMinStep": 1, "format": "d"},
    "scale": {"zero": False},
}
_GOOD = (Verdict.RIGHT, Verdict.UNCHECKED)
_STAGES = ("late", "upload", "queue", "function")
_STAGE_COLOURS = ("var(--late)", "var(--arrived)", "var(--waiting)", "var(--working)")


@dataclass(frozen=True, kw_only=True)
class Chart:
    """A chart, what it shows, and how to read it."""

    name: str
    title: str
    caption: str
    spec: Spec
    wide: bool = False


def charts(report: Report) -> list[Chart]:
    """Return the charts for which there is anything to show."""
    uploaded = [journey for journey in report.videos if journey.is_uploaded]
    timeline = Timeline.of(uploaded)
    return [
        chart
        for chart in (
            _progress(timeline),
            _in_flight(timeline, report.metrics),
            _latency_over_time(uploaded),
            _distribution(report.histogram, report.durations.latency),
            _stages(uploaded),
        )
        if chart
    ]


def _progress(timeline: Timeline) -> Chart | None:
    if not timeline.arrived[-1]:
        return None
    rows = [
        {"time": time, "videos": videos, "what": what}
        for what, series in (
            ("arrived", timeline.arrived),
            ("uploaded", timeline.uploaded),
            ("done", timeline.done),
        )
        for time, videos in zip(timeline.times, series, strict=True)
    ]
    spec = _spec(
        rows,
        mark={"type": "line", "interpolate": "step-after", "strokeWidth": 2.5},
        encoding={
            "x": _TIME,
            "y": {"field": "videos", "type": "quantitative", "title": "videos"},
            "color": _coloured(
                "what",
                ("arrived", "uploaded", "done"),
                ("var(--arrived)", "var(--waiting)", "var(--done)"),
            ),
            "strokeDash": {
                "field": "what",
                "scale": {
                    "domain": ["arrived", "uploaded", "done"],
                    "range": [[2, 3], [7, 3], [1, 0]],
                },
            },
            "tooltip": [{"field": "what"}, {"field": "time"}, {"field": "videos"}],
        },
    )
    return Chart(
        name="progress",
        title="Arrivals, uploads and results",
        caption="How many videos had been meant to arrive, had been uploaded, and were done, by "
        "each moment. The height between the lines is what was under way.",
        spec=spec,
    )


def _in_flight(timeline: Timeline, metrics: Metrics | None) -> Chart | None:
    if not timeline.uploaded[-1]:
        return None
    rows = [
        {"time": time, "videos": videos, "what": what}
        for what, series in (
            ("in the function", timeline.working),
            ("waiting", timeline.waiting),
        )
        for time, videos in zip(timeline.times, series, strict=True)
    ]
    what = ("in the function", "waiting")
    layers: list[Spec] = [
        {
            "data": {"values": rows},
            "mark": {"type": "area", "interpolate": "step-after", "opacity": 0.85},
            "encoding": {
                "x": _TIME,
                "y": {"field": "videos", "type": "quantitative", "title": "videos"},
                "color": _coloured("what", what, ("var(--working)", "var(--waiting)")),
                # The function at the bottom, where its height can be read off.
                "order": {"field": "what", "sort": "ascending"},
                "tooltip": [{"field": "what"}, {"field": "time"}, {"field": "videos"}],
            },
        }
    ]
    caption = (
        "The videos that were uploaded and not done: at the bottom those being worked on, which "
        "is how many workers there were at once, and on top of them those that waited."
    )
    if metrics and metrics.concurrency:
        caption += " The dots are the concurrency that CloudWatch measured, minute by minute."
        layers.append(
            {
                "data": {
                    "values": [{"time": time, "videos": n} for time, n in metrics.concurrency]
                },
                "mark": {"type": "point", "filled": True, "size": 50, "color": "var(--ink)"},
                "encoding": {
                    "x": _TIME,
                    "y": {"field": "videos", "type": "quantitative"},
                    "tooltip": [{"field": "time"}, {"field": "videos", "title": "CloudWatch"}],
                },
            }
        )
    return Chart(
        name="in-flight",
        title="Waiting, and in the function",
        caption=caption,
        spec=_layered(layers),
    )


def _latency_over_time(journeys: Sequence[Journey]) -> Chart | None:
    timed = [journey for journey in journeys if journey.latency is not None]
    if not timed:
        return None
    shown = _thinned(timed)
    arriving, seconds = _spans(timed)
    by_number = arriving <= _LEAST_PART_FOR_ARRIVALS * seconds
    kinds = ("warm", "cold start", "not right")
    rows = [
        {
            "number": journey.number,
            "time": round(journey.arrival, 3),
            "latency": round(journey.latency or 0.0, 3),
            "kind": _kind(journey),
            "video": f"{journey.number}: {journey.source}",
        }
        for journey in shown
    ]
    spec = _spec(
        rows,
        mark={"type": "point", "filled": True, "opacity": 0.75},
        encoding={
            "x": _NUMBER if by_number else {**_TIME, "title": _ARRIVAL},
            "y": {"field": "latency", "type": "quantitative", "title": "latency, seconds"},
            "color": _coloured("kind", kinds, ("var(--working)", "var(--waiting)", "var(--bad)")),
            "shape": {
                "field": "kind",
                "scale": {"domain": list(kinds), "range": ["circle", "triangle-up", "cross"]},
            },
            "size": {"condition": {"test": "datum.kind === 'warm'", "value": 36}, "value": 80},
            "tooltip": [
                {"field": "video"},
                {"field": "time", "title": "arrival"},
                {"field": "latency"},
                {"field": "kind"},
            ],
        },
    )
    caption = (
        "A point for each video, by its number, in the order of arrival: how long after its "
        f"arrival its result was there. They arrived within {arriving:.2f} of the "
        f"{seconds:.2f} s to the last result, too close together to be drawn over time."
        if by_number
        else "A point for each video: when it was meant to arrive, and how long after that its "
        "result was there."
    )
    if len(shown) < len(timed):
        caption += (
            f" {len(shown)} of {len(timed)} are shown: the slowest, all that are not right, "
            "and an even choice of the others."
        )
    title = "Latency by video" if by_number else "Latency over time"
    return Chart(name="latency", title=title, caption=caption, spec=spec)


def _spans(timed: Sequence[Journey]) -> tuple[float, float]:
    """Return the seconds from the first arrival to the last one, and to the last result."""
    arrivals = [journey.arrival for journey in timed]
    results = [journey.result_time for journey in timed if journey.result_time is not None]
    first = min(arrivals)
    return max(arrivals) - first, max(results) - first


def _distribution(histogram: Histogram | None, latency: Spread | None) -> Chart | None:
    if not histogram or not latency:
        return None
    bins = [
        {"from": low, "to": high, "videos": count}
        for low, high, count in zip(
            histogram.edges, histogram.edges[1:], histogram.counts, strict=False
        )
    ]
    marks: list[Spec] = [
        {"at": round(value, 3), "name": f"{name}  {value:.3g} s", "height": 1 - 0.09 * rank}
        for rank, (name, value) in enumerate(
            (("p50", latency.p50), ("p95", latency.p95), ("p99", latency.p99))
        )
    ]
    middle = (histogram.edges[0] + histogram.edges[-1]) / 2
    at = {"field": "at", "type": "quantitative"}
    layers: list[Spec] = [
        {
            "data": {"values": bins},
            "mark": {"type": "bar", "color": "var(--working)", "binSpacing": 1, "opacity": 0.8},
            "encoding": {
                "x": {
                    "field": "from",
                    "type": "quantitative",
                    "bin": {"binned": True},
                    "title": "latency, seconds",
                },
                "x2": {"field": "to"},
                "y": {
                    "field": "videos",
                    "type": "quantitative",
                    "title": "videos",
                    "scale": {"domainMax": _ROOM_FOR_NAMES * max(histogram.counts)},
                },
                "tooltip": [{"field": "from"}, {"field": "to"}, {"field": "videos"}],
            },
        },
        {
            "data": {"values": marks},
            "mark": {"type": "rule", "color": "var(--ink)", "strokeDash": [4, 3]},
            "encoding": {"x": at},
        },
        *(
            {
                "data": {"values": named},
                "mark": {
                    "type": "text",
                    "align": "right" if is_right else "left",
                    "dx": -5 if is_right else 5,
                    "color": "var(--ink)",
                    "fontWeight": 600,
                },
                "encoding": {
                    "x": at,
                    "y": {
                        "field": "height",
                        "type": "quantitative",
                        "scale": {"domain": [0, 1]},
                        "axis": None,
                    },
                    "text": {"field": "name"},
                },
            }
            # Names stand to the side on which there is room for them.
            for is_right in (False, True)
            if (named := [mark for mark in marks if (mark["at"] > middle) is is_right])
        ),
    ]
    return Chart(
        name="distribution",
        title="Latency as a distribution",
        caption="How many videos took how long, from the intended arrival to the result. Videos "
        "without a result are not in it.",
        spec={**_layered(layers), "resolve": {"scale": {"y": "independent"}}},
    )


def _stages(journeys: Sequence[Journey]) -> Chart | None:
    timed = [
        journey
        for journey in journeys
        if journey.started is not None and journey.finished is not None
    ]
    if not timed:
        return None
    slowest_first = sorted(timed, key=lambda journey: -(journey.latency or 0.0))
    slowest = slowest_first[: max(1, round(_PART_OF_SLOWEST * len(timed)))]
    rows = [
        {"videos": videos, "stage": stage, "seconds": round(seconds, 4), "order": order}
        for videos, some in (("all", timed), ("slowest", slowest))
        for order, (stage, seconds) in enumerate(zip(_STAGES, _mean_stages(some), strict=True))
    ]
    spec = _spec(
        rows,
        mark={"type": "bar", "cornerRadius": 2, "stroke": "var(--card)", "strokeWidth": 1},
        encoding={
            "y": {"field": "videos", "type": "nominal", "title": None, "axis": {"domain": False}},
            "x": {
                "field": "seconds",
                "type": "quantitative",
                "title": "seconds on average",
                "stack": "zero",
            },
            "color": _coloured("stage", _STAGES, _STAGE_COLOURS),
            "order": {"field": "order"},
            "tooltip": [{"field": "videos"}, {"field": "stage"}, {"field": "seconds"}],
        },
        height=_BAR_HEIGHT,
    )
    return Chart(
        name="stages",
        title="Where the time goes",
        caption="The parts of the latency, on average, of all videos and of the slowest tenth. "
        "Late is what waited for an uploader: the generator's doing, or the connection's.",
        spec=spec,
        wide=True,
    )


def _mean_stages(journeys: Sequence[Journey]) -> list[float]:
    """Return the mean seconds of the stages, which add up to the mean latency."""
    parts = np.array(
        [
            (
                journey.lateness,
                journey.upload,
                (journey.started or 0.0) - journey.uploaded,
                journey.function or 0.0,
            )
            for journey in journeys
        ]
    )
    # Clocks that differ by a millisecond can make a wait of none negative.
    means: list[float] = np.maximum(parts.mean(axis=0), 0.0).tolist()
    return means


def _kind(journey: Journey) -> str:
    if journey.verdict not in _GOOD:
        return "not right"
    return "cold start" if journey.cold else "warm"


def _thinned(journeys: Sequence[Journey]) -> Sequence[Journey]:
    """Choose so many points as a page can bear: what stands out, and of the rest evenly."""
    if len(journeys) <= _MOST_POINTS:
        return journeys
    slowest = sorted(journeys, key=lambda journey: journey.latency or 0.0)[-_MOST_POINTS // 10 :]
    bad = [journey for journey in journeys if journey.verdict not in _GOOD][:_MOST_POINTS]
    step = -(-len(journeys) // _MOST_POINTS)
    chosen = {journey.number: journey for journey in (*journeys[::step], *slowest, *bad)}
    return [chosen[number] for number in sorted(chosen)]


def _coloured(field: str, domain: Sequence[str], colours: Sequence[str]) -> Spec:
    return {
        "field": field,
        "type": "nominal",
        "scale": {"domain": list(domain), "range": list(colours)},
        # More columns than that are cut off on a phone.
        "legend": {"title": None, "orient": "top", "columns": _LEGEND_COLUMNS[len(domain)]},
    }


def _spec(rows: list[Spec], *, mark: Spec, encoding: Spec, height: int = _HEIGHT) -> Spec:
    return {
        "$schema": _SCHEMA,
        "width": "container",
        "height": height,
        "autosize": {"type": "fit-x", "contains": "padding"},
        "data": {"values": rows},
        "mark": mark,
        "encoding": encoding,
    }


def _layered(layers: list[Spec]) -> Spec:
    return {
        "$schema": _SCHEMA,
        "width": "container",
        "height": _HEIGHT,
        "autosize": {"type": "fit-x", "contains": "padding"},
        "layer": layers,
    }
