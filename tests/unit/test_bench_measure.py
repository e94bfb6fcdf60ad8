"""The benchmark's measuring: whole processes, turns, medians, and stages by function."""

from __future__ import annotations

import sys
import time
from concurrent.futures import ThreadPoolExecutor
from types import ModuleType
from typing import TYPE_CHECKING

import numpy as np
import pytest

from bench import floor, ours, reference, seed
from bench.measure import (
    CommandFailedError,
    Median,
    cpu_seconds_each,
    in_turns,
    run_process,
)
from bench.stages import ProbeError, StageClock, probed

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from tests.unit.conftest import MakeVideo

PYTHON = sys.executable


def busy(seconds: float) -> None:
    end = time.process_time() + seconds
    while time.process_time() < end:
        pass


def test_a_median_is_the_middle_with_the_least_and_the_most() -> None:
    assert Median.of([3.0, 1.0, 10.0]) == Median(value=3.0, least=1.0, most=10.0)
    assert Median.of([1.0, 2.0]).value == 1.5


def test_nothing_measured_has_no_median() -> None:
    with pytest.raises(ValueError, match="no measurement"):
        Median.of([])


def test_ways_are_tried_in_turns() -> None:
    order: list[str] = []
    ways = {name: lambda name=name: order.append(name) for name in "ABC"}
    in_turns(ways, repeats=2, cost=lambda _: 0.0)
    assert order == ["A", "B", "C", "A", "B", "C"]


def test_a_way_that_takes_long_is_not_tried_again() -> None:
    tries = in_turns({"slow": lambda: 31.0, "fast": lambda: 1.0}, repeats=3, cost=float)
    assert {name: len(costs) for name, costs in tries.items()} == {"slow": 1, "fast": 3}


def test_something_short_costs_what_it_costs_once() -> None:
    assert 0.004 < cpu_seconds_each(lambda: busy(0.005)) < 0.05


def test_a_process_is_charged_its_own_time_and_that_of_its_children() -> None:
    burn = "import time\nwhile time.process_time() < 0.2: pass"
    child = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {burn!r}])"
    cost = run_process([PYTHON, "-I", "-S", "-c", child])
    assert cost.cpu >= 0.2
    assert cost.wall >= 0.2


def test_waiting_costs_no_cpu_time() -> None:
    cost = run_process([PYTHON, "-I", "-S", "-c", "import time; time.sleep(0.5)"])
    assert cost.wall >= 0.5
    assert cost.cpu < 0.5


def test_a_process_is_not_charged_the_memory_of_who_measures() -> None:
    ballast = np.ones(25_000_000)  # 200 MB
    small = run_process([PYTHON, "-I", "-S", "-c", "pass"])
    large = run_process([PYTHON, "-I", "-S", "-c", "len(bytearray(100_000_000))"])
    assert small.peak < 50_000_000 < ballast.nbytes
    assert large.peak > 100_000_000


def test_what_a_process_prints_is_its_output() -> None:
    assert run_process([PYTHON, "-c", "print('student_id')"]).output == "student_id\n"


def test_a_failed_process_is_named_by_its_last_words() -> None:
    with pytest.raises(CommandFailedError, match="exit status 3: no such gallery"):
        run_process(
            [PYTHON, "-c", "import sys; print('no such gallery', file=sys.stderr); sys.exit(3)"]
        )


def test_a_command_that_is_not_there_fails() -> None:
    with pytest.raises(CommandFailedError, match="could not be started"):
        run_process(["/no/such/command"])


@pytest.fixture
def engine(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """Return a module with an outer stage that calls an inner one, and a stage that yields."""
    module = ModuleType("a_module_with_stages")

    def inner() -> None:
        busy(0.05)

    def outer() -> None:
        module.inner()
        busy(0.02)

    def items() -> Iterator[int]:
        for item in range(3):
            busy(0.01)
            yield item

    for function in (inner, outer, items):
        setattr(module, function.__name__, function)
    monkeypatch.setitem(sys.modules, module.__name__, module)
    return module


def probes(**stages: str) -> Mapping[str, str]:
    return {f"a_module_with_stages:{name}": stage for name, stage in stages.items()}


def test_a_stage_within_a_stage_is_counted_once(engine: ModuleType) -> None:
    clock = StageClock()
    with probed(clock, probes(outer="align", inner="describe")):
        engine.outer()
    assert clock.seconds["describe"] >= 0.05
    assert 0.02 <= clock.seconds["align"] < clock.seconds["describe"]


def test_what_happens_between_two_items_of_a_stage_is_not_counted(engine: ModuleType) -> None:
    clock = StageClock()
    seen = []
    with probed(clock, probes(items="decode")):
        for item in engine.items():
            seen.append(item)
            busy(0.1)
    assert seen == [0, 1, 2]
    assert 0.03 <= clock.seconds["decode"] < 0.2


def test_probes_are_gone_afterwards_also_after_an_error(engine: ModuleType) -> None:
    before = dict(vars(engine))
    with pytest.raises(ZeroDivisionError), probed(StageClock(), probes(outer="align")):
        raise ZeroDivisionError
    assert vars(engine) == before


@pytest.mark.usefixtures("engine")
def test_a_probe_for_nothing_is_refused() -> None:
    with (
        pytest.raises(ProbeError, match="a_module_with_stages:gone"),
        probed(StageClock(), probes(gone="align")),
    ):
        pass


@pytest.mark.parametrize("table", [ours.PROBES, seed.PROBES, reference.PROBES, floor.PROBES])
def test_what_the_benchmark_times_is_there(table: Mapping[str, str]) -> None:
    with probed(StageClock(), table):
        pass


def test_the_reference_looks_at_the_last_pictures_too(make_video: MakeVideo) -> None:
    # H.264 as encoders write it by themselves: the decoder holds pictures back to the end.
    video = make_video(frames=10, rate=10, codec="libx264")
    assert len(list(reference.first_frames(video, per_second=10))) == 10


def test_a_clock_refuses_another_thread() -> None:
    clock = StageClock()

    def elsewhere() -> None:
        with clock.stage("align"):
            pass

    with ThreadPoolExecutor() as pool, pytest.raises(ProbeError, match="use one thread"):
        pool.submit(elsewhere).result()
