"""The tables of docs/scaling.md: each one computed from what was measured, the same every time."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from loadtest.pricing import (
    FREE_STATE_TRANSITIONS,
    GB_SECOND,
    PRICES_AS_OF,
    REKOGNITION_MINUTE,
    S3_GB_MONTH,
    FunctionSize,
    Work,
    cost_of,
)
from scaling import scenarios
from scaling.lambda_rules import LONGEST_EVENT_AGE_SECONDS
from scaling.long_video import simulate_ranges
from scaling.scenarios import HOUR, LESSON_SECONDS, PEOPLE, SIZE
from scaling.service_time import ONE_VCPU_MB, ServiceTime

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from scaling.measured import Measured
    from scaling.scenarios import Summary

TIMEOUT_SECONDS, KEPT_FOR_THE_REPORT_SECONDS = 900, 45
"""The longest run, and what the function keeps of it for its report (function/run_time.py)."""

_MEMORIES_MB = (885, 1769, 3008, 3538)
_MINUTE = 60
_DAY = 24 * HOUR
_MONTHS = 12
_KEPT_MONTHS = 1  # videoExpiryDays
_NEARLY_ALL = 0.9
_MANY_DOLLARS = 100


def tables(measured: Measured) -> dict[str, str]:
    """Return every table as Markdown, by its name in the document."""
    return {name: "".join(f"{line}\n" for line in made(measured)) for name, made in _TABLES.items()}


def described(summary: Summary) -> list[str]:
    """Return what became of a scenario's videos, as cells under `ARRIVALS_HEAD`."""
    return [
        _share(summary.results, summary.videos),
        _share(summary.expired + summary.failed, summary.videos),
        _time(summary.p50),
        _time(summary.p95),
        _time(summary.done),
    ]


def ranged_row(
    service: ServiceTime, *, minutes: float, range_minutes: float, at_once: int, concurrency: int
) -> list[str]:
    """Return a row about a video in ranges beside the same in one run."""
    ranged = simulate_ranges(
        minutes * _MINUTE,
        service,
        at_once=at_once,
        concurrency=concurrency,
        range_seconds=range_minutes * _MINUTE,
    )
    return [
        f"{minutes:g} min",
        f"{range_minutes:g} min",
        str(ranged.ranges),
        str(min(at_once, concurrency)),
        _time(ranged.seconds),
        _one_run(ranged.one_run_seconds),
        f"{ranged.part:.2f}",
        f"{ranged.part_with_conducting:.2f}",
    ]


def _one_run(seconds: float) -> str:
    is_over = seconds > TIMEOUT_SECONDS - KEPT_FOR_THE_REPORT_SECONDS
    return f"{_time(seconds)}, which none may" if is_over else _time(seconds)


RANGED_HEAD = (
    *("video", "ranges of", "how many", "at once", "it takes", "one run takes"),
    *("price ÷ one run's", "with the state machine"),
)


ARRIVALS_HEAD = (
    *("processed", "to the failures queue", "half within", "95 % within"),
    "the last after",
)


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> list[str]:
    """Return the lines of a table in Markdown."""
    return [f"| {' | '.join(row)} |" for row in (head, ["---"] * len(head), *rows)]


def _arrivals(measured: Measured) -> list[str]:
    service = ServiceTime(measured=measured, people=PEOPLE)
    rows = []
    for concurrency, videos, one_in in (
        *((10, 10, 1), (10, 100, 1), (10, 1000, 1)),
        *((1000, 10, 1), (1000, 1000, 1), (1000, 100_000, 50)),
        (20_000, 100_000, 50),
    ):
        summary = scenarios.an_hour(videos, service, concurrency=concurrency, one_in=one_in)
        needed = videos / HOUR * service.of(LESSON_SECONDS)
        rows.append(
            [
                f"{concurrency:,}",
                f"{videos:,}",
                f"{needed:,.1f}",
                *described(summary),
                "all" if one_in == 1 else f"one in {one_in}",
            ]
        )
    return [
        (
            f"Lessons of {_time(LESSON_SECONDS)} on average, {PEOPLE} people in the picture, "
            f"{ONE_VCPU_MB:,} MB: a run takes {_time(service.of(LESSON_SECONDS))}, so each of the "
            f"account's runs gets through {HOUR / service.of(LESSON_SECONDS):.1f} videos an hour. "
            "Videos arrive for one hour, by chance."
        ),
        "",
        *table(
            (
                *("runs at once", "videos in the hour", "runs it takes on average"),
                *ARRIVALS_HEAD,
                "simulated",
            ),
            rows,
        ),
    ]


def _backlog(measured: Measured) -> list[str]:
    service = ServiceTime(measured=measured, people=PEOPLE)
    lessons = scenarios.LESSONS_OF_A_TERM
    few, usual = 10, 1000
    rate = _NEARLY_ALL * few / service.of(LESSON_SECONDS)
    hours = LONGEST_EVENT_AGE_SECONDS / HOUR
    ways: Mapping[str, tuple[int, Summary, str]] = {
        "all at once": (
            few,
            scenarios.at_once(lessons, service, concurrency=few, one_in=10),
            "one in 10",
        ),
        f"`python -m recover missing --rate {rate:.3f}`": (
            few,
            scenarios.evenly(lessons // 10, service, concurrency=few, rate=rate),
            "the first tenth",
        ),
        "all at once ": (
            usual,
            scenarios.at_once(lessons, service, concurrency=usual, one_in=50),
            "one in 50",
        ),
    }
    once = ways["all at once"][1]
    lost = math.ceil(once.expired / once.videos * lessons)
    return [
        (
            f"A term is {scenarios.CLASSES} classes with 30 lessons a week, for "
            f"{scenarios.WEEKS_OF_A_TERM} weeks: {lessons:,} videos. With ten runs at once, "
            f"{lost:,} of them are in the failures queue after {hours:g} hours. "
            f"At {rate:.3f} videos a second, which is {_NEARLY_ALL:.0%} of what ten runs get "
            f"through, all of them take {_time(lessons / rate)}."
        ),
        "",
        *table(
            (
                *("how they are sent", "runs at once"),
                *ARRIVALS_HEAD,
                "simulated",
            ),
            [
                [how.strip(), f"{concurrency:,}", *described(summary), simulated]
                for how, (concurrency, summary, simulated) in ways.items()
            ],
        ),
    ]


def _longest(measured: Measured) -> list[str]:
    seconds = TIMEOUT_SECONDS - KEPT_FOR_THE_REPORT_SECONDS
    rows = []
    for people, _ in measured.class_minutes:
        services = [
            ServiceTime(measured=measured, people=people, memory_mb=memory)
            for memory in _MEMORIES_MB
        ]
        rows.append(
            [
                str(people),
                f"{services[0].cpu_per_video_second:.3f}",
                *(f"{service.longest(seconds) / _MINUTE:.0f} min" for service in services),
            ]
        )
    long_class = measured.long_class_cpu_seconds / measured.long_class_video_seconds
    predicted = ServiceTime(
        measured=measured, people=measured.long_class_people
    ).cpu_per_video_second
    return [
        *table(
            ("people", "CPU s for 1 s of video", *(f"{memory:,} MB" for memory in _MEMORIES_MB)),
            rows,
        ),
        "",
        (
            f"Of a run's {TIMEOUT_SECONDS} s, {seconds} are for looking. Three hours with "
            f"{measured.long_class_people} people took {long_class:.3f} CPU s for a second, on "
            f"another day; the table's line through the sizes says {predicted:.3f}."
        ),
    ]


def _cost(measured: Measured) -> list[str]:
    service = ServiceTime(measured=measured, people=PEOPLE)
    year = scenarios.LESSONS_A_YEAR_OF_A_CLASS
    amounts = {
        "a lesson": 1,
        "a class for a year": year,
        f"a school of {scenarios.CLASSES} classes for a year": scenarios.CLASSES * year,
    }
    lesson = {name: _dollars_of_a_lesson(service, architecture=name) for name in GB_SECOND}
    rekognition = LESSON_SECONDS / _MINUTE * REKOGNITION_MINUTE
    gigabytes = measured.megabytes_per_minute * LESSON_SECONDS / _MINUTE / 1000
    stored = gigabytes * S3_GB_MONTH * _KEPT_MONTHS
    return [
        *table(
            (
                *("dollars", "lessons", "Lambda, x86-64", "Lambda, arm64 (price only)"),
                *("Rekognition Video", "Rekognition ÷ x86-64", "S3, a month of each recording"),
            ),
            [
                [
                    what,
                    f"{lessons:,}",
                    _dollars(lessons * lesson["x86_64"]),
                    _dollars(lessons * lesson["arm64"]),
                    _dollars(lessons * rekognition),
                    f"{rekognition / lesson['x86_64']:.0f}",
                    _dollars(lessons * stored),
                ]
                for what, lessons in amounts.items()
            ],
        ),
        "",
        (
            f"A lesson is {_time(LESSON_SECONDS)} with {PEOPLE} people, on {SIZE.memory_mb:,} MB "
            f"and {SIZE.disk_mb:,} MB of disk, each in a new environment. A class has {year:,} "
            f"lessons a year (six on each of 190 days). Prices of {PRICES_AS_OF}, us-east-1, "
            f"without taxes and free tiers. A lesson's recording is {gigabytes:.2f} GB."
        ),
    ]


def _dollars_of_a_lesson(service: ServiceTime, *, architecture: str) -> float:
    cost = cost_of(
        Work(
            videos=1,
            runs=1,
            seconds=service.cold_start + service.of(LESSON_SECONDS),
            video_seconds=LESSON_SECONDS,
            seconds_from="measured",
        ),
        FunctionSize(memory_mb=service.memory_mb, disk_mb=SIZE.disk_mb, architecture=architecture),
    )
    return cost.total if cost else 0.0


def _long_video(measured: Measured) -> list[str]:
    service = ServiceTime(measured=measured, people=PEOPLE)
    hour = simulate_ranges(HOUR, service, at_once=40, concurrency=1000)
    return [
        (
            f"Simulated: an hour of a class of {PEOPLE} with 40 runs at once, each in a new "
            f"environment, takes {hour.seconds:.0f} s in place of {hour.one_run_seconds:.0f}, at "
            f"{hour.part:.2f} of one run's price, {hour.part_with_conducting:.2f} with the state "
            f"machine's (of whose transitions {FREE_STATE_TRANSITIONS:,} a month are free)."
        ),
        "",
        *table(
            RANGED_HEAD,
            [
                ranged_row(
                    service,
                    minutes=minutes,
                    range_minutes=range_minutes,
                    at_once=at_once,
                    concurrency=concurrency,
                )
                for minutes, range_minutes, at_once, concurrency in (
                    *((60, 1, 40, 1000), (60, 2, 40, 1000), (60, 5, 40, 1000)),
                    *((60, 2, 40, 10), (180, 2, 40, 1000), (180, 5, 40, 1000), (180, 2, 40, 10)),
                )
            ],
        ),
    ]


def _agreement(measured: Measured) -> list[str]:
    return table(
        (
            *("run", "priority", "throughput, simulated against measured"),
            "p95, simulated against measured",
            "the load test's runs against the single ones before",
        ),
        [
            [str(number), priority, *(f"{part:+.1%}" for part in apart)]
            for number, (priority, *apart) in enumerate(measured.agreements, start=1)
        ],
    )


def _sources(measured: Measured) -> list[str]:
    return table(
        ("in `scaling/measured.toml`", "measured by, where, when"),
        [[f"`{name}`", source] for name, source in measured.sources],
    )


_TABLES: Mapping[str, Callable[[Measured], list[str]]] = {
    "arrivals": _arrivals,
    "backlog": _backlog,
    "longest": _longest,
    "cost": _cost,
    "long video": _long_video,
    "agreement": _agreement,
    "sources": _sources,
}


def _share(part: int, whole: int) -> str:
    if part in (0, whole):
        return "none" if part == 0 else "all"
    return f"{part / whole:.1%}"


def _time(seconds: float | None) -> str:
    if seconds is None:
        return "never"
    for unit, name in ((_DAY, "days"), (HOUR, "h"), (_MINUTE, "min")):
        if seconds >= 2 * unit:
            return f"{seconds / unit:.1f} {name}".replace(".0 ", " ")
    return f"{seconds:.0f} s"


def _dollars(amount: float) -> str:
    """Return an amount with three digits or so, and no fraction of many dollars."""
    decimals = 0 if amount >= _MANY_DOLLARS else 2 if amount >= 1 else 4
    return f"{amount:,.{decimals}f}"
