"""All that is known of a run, in one record: the page, the JSON and the summary say the same."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from loadtest.figures import Counts, Durations, Histogram, Throughput
from loadtest.timeline import Timeline

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from loadtest.cloudwatch import Metrics
    from loadtest.journeys import Journey
    from loadtest.pricing import Cost
    from loadtest.run import Ending
    from loadtest.thresholds import Judgement, Threshold

FORM = 3
"""The form of the JSON: counted up when a figure changes its name or meaning."""

_DECIMALS = 9


@dataclass(frozen=True, kw_only=True)
class Generator:
    """What the generator itself used; its requests of S3 are by operation, their cost in dollars.

    AWS's clock was ahead of this machine's by `clock_ahead_seconds`, which has been corrected,
    give or take `clock_uncertainty_seconds`.
    """

    cpu_seconds: float
    peak_memory_mb: float
    requests: Mapping[str, int]
    requests_cost: float
    clock_ahead_seconds: float
    clock_uncertainty_seconds: float | None


@dataclass(frozen=True, kw_only=True)
class Report:
    """A run that has ended. `started` is ISO 8601; `problem` says why it could not go on."""

    form: int
    prefix: str
    started: str
    seconds: float
    ending: Ending
    problem: str
    settings: Mapping[str, str]
    counts: Counts
    durations: Durations
    histogram: Histogram | None
    throughput: Throughput | None
    most_at_once: int
    metrics: Metrics | None
    cost: Cost | None
    generator: Generator
    judgements: tuple[Judgement, ...]
    notes: tuple[str, ...]
    videos: tuple[Journey, ...]

    @classmethod
    def of(  # noqa: PLR0913 - a report is what all its parts are
        cls,
        journeys: Sequence[Journey],
        *,
        planned: int,
        thresholds: Sequence[Threshold],
        prefix: str,
        started: str,
        seconds: float,
        ending: Ending,
        problem: str,
        settings: Mapping[str, str],
        metrics: Metrics | None,
        cost: Cost | None,
        generator: Generator,
        notes: Sequence[str],
    ) -> Report:
        """Reckon all figures."""
        counts = Counts.of(journeys, planned=planned)
        durations = Durations.of(journeys)
        throughput = Throughput.of(journeys)
        return cls(
            form=FORM,
            prefix=prefix,
            started=started,
            seconds=seconds,
            ending=ending,
            problem=problem,
            settings=settings,
            counts=counts,
            durations=durations,
            histogram=Histogram.of(journey.latency for journey in journeys),
            throughput=throughput,
            most_at_once=Timeline.of(journeys).most_working,
            metrics=metrics,
            cost=cost,
            generator=generator,
            judgements=tuple(
                threshold.judge(counts, durations, throughput) for threshold in thresholds
            ),
            notes=tuple(notes),
            videos=tuple(journeys),
        )

    @property
    def thresholds_are_met(self) -> bool:
        """Whether all of them are."""
        return all(judgement.met for judgement in self.judgements)

    def as_dict(self) -> dict[str, Any]:
        """Return the record as JSON has it, floats without the noise of their last digits."""
        rounded: dict[str, Any] = _rounded(asdict(self))
        return rounded

    def as_json(self) -> str:
        """Return the record as text."""
        return json.dumps(self.as_dict(), ensure_ascii=False, indent=1) + "\n"


def _rounded(value: Any) -> Any:  # noqa: ANN401 - anything that JSON can hold
    match value:
        case float():
            return round(value, _DECIMALS)
        case dict():
            return {name: _rounded(part) for name, part in value.items()}
        case list() | tuple():
            return [_rounded(part) for part in value]
        case _:
            return value
