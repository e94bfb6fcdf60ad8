"""The workers, as they are seen from outside: started through the proxy, killed, and measured."""

from __future__ import annotations

import os
import random
import signal
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from local.function_configuration import FunctionConfiguration
    from local.lifeline import Lifeline
    from local.sandbox import ProcessSandbox
    from tests.integration.faulty_proxy import FaultyProxy


class Fleet:
    """All workers that there have been."""

    def __init__(self, proxy: FaultyProxy, seed: int) -> None:
        self.peak_mib = 0.0
        self.kills = 0
        self._proxy = proxy
        self._numbers = random.Random(seed)  # noqa: S311 - no secret
        self._started: list[ProcessSandbox] = []

    def start(
        self, function: FunctionConfiguration, variables: Mapping[str, str], lifeline: Lifeline
    ) -> ProcessSandbox:
        """Start a worker."""
        sandbox = self._proxy.start(function, variables, lifeline)
        self._started.append(sandbox)
        return sandbox

    def kill_one(self) -> None:
        """Kill one of those that live, whatever it is doing."""
        if living := self._living():
            self._numbers.choice(living)._process.send_signal(signal.SIGKILL)
            self.kills += 1

    def resident_mib(self) -> float:
        """Return how much memory the largest has now."""
        sizes = [_mib(sandbox._process.pid, "VmRSS") for sandbox in self._living()]
        for sandbox in self._living():
            self.peak_mib = max(self.peak_mib, _mib(sandbox._process.pid, "VmHWM"))
        return max(sizes, default=0.0)

    def cpu_seconds(self) -> float:
        """Return what those that live have computed so far: what stays the same is at rest."""
        return sum(_cpu_seconds(sandbox._process.pid) for sandbox in self._living())

    def left_in_tmp(self) -> list[Path]:
        """Return what there is in the folders that are the workers' /tmp."""
        folders = [Path(sandbox._tmp) for sandbox in self._started]
        return [left for folder in folders if folder.exists() for left in folder.iterdir()]

    def _living(self) -> list[ProcessSandbox]:
        return [sandbox for sandbox in self._started if sandbox.poll() is None]


def _mib(process: int, field: str) -> float:
    with suppress(OSError):  # it has ended
        for line in Path(f"/proc/{process}/status").read_text().splitlines():
            if line.startswith(f"{field}:"):
                return int(line.split()[1]) / 1024
    return 0.0


def _cpu_seconds(process: int) -> float:
    with suppress(OSError):
        # After the program's name, which is in brackets.
        fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
    return 0.0
