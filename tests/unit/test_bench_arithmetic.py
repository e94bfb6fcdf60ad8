"""The benchmark's arithmetic: exponents, dollars, and verdicts on answers."""

from __future__ import annotations

from io import StringIO

import pytest
from rich.console import Console

from bench.answers import Verdict
from bench.comparison import _print_ratios
from bench.measure import Median
from bench.prices import ARM64, X86, dollars_per_video_hour
from bench.report import Report, with_range
from bench.scaling import fitted_exponent
from bench.trials import Measured, Try
from bench.ways import OURS_EVERYONE, OURS_FIRST, SEED_EVERYONE, SEED_FIRST, answers_in


@pytest.mark.parametrize("exponent", [0.0, 0.5, 1.0, 2.0])
def test_the_exponent_of_a_power_law_is_found(exponent: float) -> None:
    amounts = [10, 100, 1_000, 10_000]
    assert fitted_exponent(amounts, [7 * it**exponent for it in amounts]) == pytest.approx(exponent)


def test_chance_in_the_costs_moves_the_exponent_little() -> None:
    assert fitted_exponent([1, 2, 4, 8], [1.1, 1.9, 4.2, 7.8]) == pytest.approx(0.96, abs=0.02)


@pytest.mark.parametrize(
    ("amounts", "costs", "problem"),
    [
        ([1], [1], "no line"),
        ([2, 2], [1, 3], "no line"),
        ([1, 2], [1], "no line"),
        ([0, 2], [1, 3], "above 0"),
        ([1, 2], [0, 3], "above 0"),
    ],
)
def test_no_exponent_without_a_line(amounts: list[float], costs: list[float], problem: str) -> None:
    with pytest.raises(ValueError, match=problem):
        fitted_exponent(amounts, costs)


def test_a_vcpu_that_is_busy_all_the_time_costs_what_aws_charges() -> None:
    # An hour of one vCPU is 3,600 s of 1,769 MB: 6,219.1 GB-seconds.
    x86 = dollars_per_video_hour(60, video_seconds=60, architecture=X86)
    arm64 = dollars_per_video_hour(60, video_seconds=60, architecture=ARM64)
    assert x86 == pytest.approx(0.10365, abs=1e-5)
    assert arm64 == pytest.approx(0.08292, abs=1e-5)


def test_dollars_are_per_hour_of_video_however_long_it_was() -> None:
    minute = dollars_per_video_hour(15, video_seconds=60, architecture=X86)
    assert dollars_per_video_hour(0.5, video_seconds=2, architecture=X86) == pytest.approx(minute)


def test_a_video_without_length_has_no_price() -> None:
    with pytest.raises(ValueError, match="0 s"):
        dollars_per_video_hour(1, video_seconds=0, architecture=X86)


@pytest.mark.parametrize(
    ("answer", "truth", "right", "words"),
    [
        ("ab", "ab", True, "2/2"),
        ("", "", True, "0/0"),
        ("a", "ab", False, "1/2"),
        ("abc", "ab", False, "2/2, 1 false"),
        ("x", "", False, "0/0, 1 false"),
    ],
)
def test_an_answer_is_right_with_everyone_and_nobody_else(
    answer: str,
    truth: str,
    *,
    right: bool,
    words: str,
) -> None:
    verdict = Verdict.on(frozenset(answer), frozenset(truth))
    assert (verdict.right, str(verdict)) == (right, words)


@pytest.mark.parametrize(
    ("answer", "truth", "right"),
    [("a", "ab", True), ("", "", True), ("", "ab", False), ("x", "ab", False), ("x", "", False)],
)
def test_a_first_match_is_right_with_anyone_in_the_video(
    answer: str,
    truth: str,
    *,
    right: bool,
) -> None:
    assert Verdict.on_first_match(frozenset(answer), frozenset(truth)).right is right


def test_verdicts_add_up() -> None:
    verdicts = [Verdict(found=1, present=2, false=0), Verdict(found=3, present=3, false=1)]
    assert str(Verdict.sum(verdicts)) == "4/5, 1 false"


def test_each_of_the_csvs_that_are_printed_one_after_another_is_an_answer() -> None:
    of_students = "name,student_id\nAda,a\nBob,b\n"
    assert answers_in(f"{of_students}student_id\nstudent_id\nc\n") == [
        frozenset("ab"),
        frozenset(),
        frozenset("c"),
    ]


def test_a_way_that_failed_has_no_ratio() -> None:
    printed = StringIO()
    console = Console(file=printed)
    answered = Try(answer=frozenset(), cpu=1.0)
    failed = Try(answer=None, cpu=0.0)
    measured = {
        SEED_EVERYONE: Measured(tries=[answered], processes=[answered]),
        OURS_EVERYONE: Measured(tries=[answered], processes=[failed]),
        SEED_FIRST: Measured(tries=[answered], processes=[answered]),
        OURS_FIRST: Measured(tries=[answered], processes=[answered]),
    }
    _print_ratios(Report(console, console), [measured])
    assert "Everyone: no ratio, as one of the two failed." in printed.getvalue()
    assert "First match: the seed's way costs 1.0 times ours" in printed.getvalue()


def test_a_median_shows_how_far_its_measurements_lie_apart() -> None:
    assert with_range(Median.of([1.0, 1.25, 1.1])) == "1.10 (1.00-1.25)"
    assert with_range(Median.of([1.0])) == "1.00"
    assert with_range(None) == "-"
