"""Everything that runs functions, outside the emulator: the hook it calls, and the worker pools."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING

from local.workers import WorkerPool

if TYPE_CHECKING:
    from local.account import Account
    from local.function_configuration import FunctionConfiguration
    from local.invoke_hook import EventTaker, InvokeHook
    from local.lifeline import Lifeline
    from local.sandbox import StartSandbox


class UnknownVersionError(Exception):
    """The function has no version of this number."""


@dataclass(frozen=True, kw_only=True)
class _Version:
    function: FunctionConfiguration
    workers: int


class FunctionHost:
    """Runs one version of each function that it is given, `workers` events at a time at most.

    Events come by the hook, and `start` starts the sandbox of a worker.
    """

    def __init__(
        self,
        hook: InvokeHook,
        account: Account,
        lifeline: Lifeline,
        *,
        workers: int,
        start: StartSandbox,
    ) -> None:
        self._account = account
        self._lifeline = lifeline
        self._workers = workers
        self._start = start
        self._hook = hook
        self._versions: dict[tuple[str, str], _Version] = {}
        self._running: dict[str, tuple[_Version, WorkerPool]] = {}
        self._pools: list[WorkerPool] = []
        self._rolling_out = threading.Lock()

    def add(self, function: FunctionConfiguration, *, reserved_concurrency: int | None) -> None:
        """Learn of a version. The first one of a function runs from now on.

        The reserved concurrency (None: none) limits the workers here, where an event beyond it
        waits. In the emulator it would throttle, and lose the event after three attempts.
        """
        workers = self._workers
        if reserved_concurrency is not None:
            workers = min(workers, reserved_concurrency)
        version = _Version(function=function, workers=workers)
        with self._rolling_out:
            self._versions[function.name, function.version] = version
            if function.name not in self._running:
                self._run(version)

    def roll_out(self, function_name: str, version: str) -> None:
        """Run this version from now on; what is under way ends in the one before.

        Returns before the workers are warm. Raises UnknownVersionError.
        """
        with self._rolling_out:
            wanted = self._versions.get((function_name, version))
            if wanted is None:
                raise UnknownVersionError(f"the function {function_name} has no version {version}")
            running, pool = self._running[function_name]
            if wanted != running:
                self._run(wanted)
                pool.hand_over_to(self._running[function_name][1])

    def answer(self, function_name: str, pool: EventTaker) -> None:
        """Let this take the function's events from now on, in place of workers."""
        self._hook.attach(function_name, pool)

    def stop(self) -> None:
        """Run no more events. The workers end with their processes."""
        for pool in self._pools:
            pool.stop()

    def _run(self, version: _Version) -> None:
        pool = WorkerPool(
            version.function,
            size=version.workers,
            account=self._account,
            lifeline=self._lifeline,
            start=self._start,
        )
        self._pools.append(pool)
        self._running[version.function.name] = version, pool
        pool.start()
        self._hook.attach(version.function.name, pool)
