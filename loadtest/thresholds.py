"""What a run must reach: `p95<30s`, `missing==0`. They decide the exit code."""

from __future__ import annotations

import operator
import re
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING

from loadtest.figures import Counts, Durations, Spread

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from loadtest.figures import Throughput

DEFAULT = ("missing==0", "wrong==0", "errors==0", "not_uploaded==0")

_COMPARISONS: Mapping[str, Callable[[float, float], bool]] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
    "==": operator.eq,
    "!=": operator.ne,
}
_UNITS = {"": 1.0, "s": 1.0, "ms": 1e-3, "m": 60.0}
_FORM = re.compile(r"\s*([a-z0-9_.]+)\s*(<=|>=|==|!=|<|>)\s*([0-9]*\.?[0-9]+)\s*(ms|s|m|)\s*")

_LATENCY = "latency"
_THROUGHPUT = "throughput"
_STATISTICS = tuple(field.name for field in fields(Spread) if field.name != "count")
_DURATIONS = tuple(field.name for field in fields(Durations))
_COUNTS = tuple(field.name for field in fields(Counts))
_OF_CHECKED = ("right", "wrong")

FIGURES_IN_HELP = (
    f"counts: {', '.join(_COUNTS)}; of the latency: {', '.join(_STATISTICS)}; the same of "
    f"{', '.join(name for name in _DURATIONS if name != _LATENCY)}, as in queue.p95; "
    f"{_THROUGHPUT}, in results a second"
)


class ThresholdError(ValueError):
    """The text is no threshold."""


@dataclass(frozen=True, kw_only=True)
class Threshold:
    """A figure, a comparison and a limit; durations are in seconds."""

    text: str
    figure: str
    comparison: str
    limit: float

    @classmethod
    def parse(cls, text: str) -> Threshold:
        """Read one. Raises ThresholdError."""
        match = _FORM.fullmatch(text)
        if not match:
            raise ThresholdError(
                f"{text!r} is no threshold: write p95<30s, queue.max<=500ms or missing==0"
            )
        figure, comparison, number, unit = match.groups()
        if figure in _STATISTICS:
            figure = f"{_LATENCY}.{figure}"
        duration, _, statistic = figure.partition(".")
        is_duration = duration in _DURATIONS and statistic in _STATISTICS
        if not is_duration and figure not in (*_COUNTS, _THROUGHPUT):
            raise ThresholdError(f"{figure!r} in {text!r} is no figure: --help lists them")
        if unit and not is_duration:
            raise ThresholdError(f"{figure} in {text!r} is no time: leave out the {unit!r}")
        return cls(
            text=text.strip(),
            figure=figure,
            comparison=comparison,
            limit=float(number) * _UNITS[unit],
        )

    @property
    def takes_expectations(self) -> bool:
        """Whether the figure is known only where it was said what should be in the results."""
        return self.figure in _OF_CHECKED

    def judge(
        self, counts: Counts, durations: Durations, throughput: Throughput | None
    ) -> Judgement:
        """Compare. A figure that is not known does not reach its threshold."""
        duration, _, statistic = self.figure.partition(".")
        value: float | None
        if statistic:
            value = getattr(getattr(durations, duration), statistic, None)
        elif self.figure == _THROUGHPUT:
            value = throughput.results_per_second if throughput else None
        else:
            value = getattr(counts, self.figure)
        return Judgement(
            threshold=self.text,
            value=value,
            met=value is not None and _COMPARISONS[self.comparison](value, self.limit),
        )


@dataclass(frozen=True, kw_only=True)
class Judgement:
    """Whether a threshold was met, by which value; None is not known."""

    threshold: str
    value: float | None
    met: bool
