"""What something costs: CPU time here and in processes of its own, taken in turns, as medians.

CPU time (user and system) and not wall-clock time, because it is what stays the same when other
work shares the machine, and what a single vCPU is paid for.
"""

from __future__ import annotations

import os
import resource
import signal
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

T = TypeVar("T")

# A way of doing something is not repeated once its turns took this long together: chance weighs
# little in so long a time, and the benchmark has to end.
_ENOUGH_SECONDS = 30.0

# Something short is done again and again until it took this long.
_LEAST_SECONDS = 0.05

_KIB = 1024


class CommandFailedError(Exception):
    """A measured command ended with an error."""


@dataclass(frozen=True, kw_only=True)
class Median:
    """The middle of several measurements, and how far they lie apart."""

    value: float
    least: float
    most: float

    @classmethod
    def of(cls, values: Iterable[float]) -> Median:
        """Summarise measurements, of which there must be one at least."""
        ordered = sorted(values)
        if not ordered:
            raise ValueError("there is no median of no measurement")
        return cls(value=median(ordered), least=ordered[0], most=ordered[-1])


@dataclass(frozen=True, kw_only=True)
class ProcessCost:
    """What a whole process cost, from its start to its end, its own children included.

    `cpu` and `wall` are in seconds, `peak` is the most resident memory in bytes, and `output`
    is what it printed.
    """

    cpu: float
    wall: float
    peak: int
    output: str


def cpu_seconds() -> float:
    """Return the CPU time of this process, all its threads, and the children it waited for."""
    return sum(
        used.ru_utime + used.ru_stime
        for used in map(resource.getrusage, (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    )


def cpu_seconds_each(action: Callable[[], object]) -> float:
    """Return the CPU time of something short: the mean of as many times as can be measured."""
    times = 0
    started = cpu_seconds()
    while (took := cpu_seconds() - started) < _LEAST_SECONDS:
        action()
        times += 1
    return took / times


def in_turns(
    ways: Mapping[str, Callable[[], T]], *, repeats: int, cost: Callable[[T], float]
) -> dict[str, list[T]]:
    """Try each way once, then each again, up to `repeats` times: A B C A B C.

    What changes while this runs (a warmer processor, other work) then falls on all alike. A way
    whose tries `cost` half a minute of CPU time together is not tried again.
    """
    tries: dict[str, list[T]] = {name: [] for name in ways}
    for _ in range(repeats):
        for name, way in ways.items():
            if sum(map(cost, tries[name])) < _ENOUGH_SECONDS:
                tries[name].append(way())
    return tries


def run_process(command: Sequence[str]) -> ProcessCost:
    """Run a command to its end, in the repository's root, and return what it cost.

    Raises CommandFailedError when it ends with another status than 0.
    """
    with tempfile.TemporaryDirectory(prefix="lambdalens-bench-") as folder:
        report = Path(folder, "cost")
        launcher = [sys.executable, "-I", "-S", str(Path(__file__).with_name("launcher.py"))]
        said, complained = _run_to_its_end([*launcher, str(report), *command])
        if not report.exists():
            raise CommandFailedError(f"{command[0]} could not be started: {_last_line(complained)}")
        status, cpu, wall, peak = report.read_text(encoding="ascii").split()
    if status != "0":
        raise CommandFailedError(f"exit status {status}: {_last_line(complained)}")
    return ProcessCost(cpu=float(cpu), wall=float(wall), peak=int(peak) * _KIB, output=said)


def _run_to_its_end(command: Sequence[str]) -> tuple[str, str]:
    """Run a command, and return what it printed and its errors; leave nothing behind if stopped."""
    with subprocess.Popen(
        command,
        cwd=Path(__file__).parent.parent,
        env=_environment(),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,  # a process group, to be ended as a whole
    ) as process:
        try:
            return process.communicate()
        except BaseException:
            os.killpg(process.pid, signal.SIGKILL)
            raise


def _environment() -> dict[str, str]:
    """Return the environment, but for the variable that makes Python compile at every start.

    A container's image has its modules compiled.
    """
    return {name: text for name, text in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}


def _last_line(text: str) -> str:
    lines = text.strip().splitlines()
    return lines[-1] if lines else "it said nothing"
