"""Everything that runs functions, outside the emulator: the hook it calls, and the worker pools."""

from __future__ import annotations

from typing import TYPE_CHECKING

from local.invoke_hook import InvokeHook
from local.workers import WorkerPool

if TYPE_CHECKING:
    from local.account import Account
    from local.function_configuration import FunctionConfiguration
    from local.invoke_hook import EventTaker
    from local.lifeline import Lifeline
    from local.sandbox import StartSandbox


class FunctionHost:
    """Runs each function that it is given, `workers` events at a time at most.

    `start` starts the sandbox of a worker.
    """

    def __init__(
        self, account: Account, lifeline: Lifeline, *, workers: int, start: StartSandbox
    ) -> None:
        self._account = account
        self._lifeline = lifeline
        self._workers = workers
        self._start = start
        self._hook = InvokeHook()
        self._pools: list[WorkerPool] = []

    def url(self, function_name: str) -> str:
        """Return the URL to which the emulator is to send the function's events."""
        return self._hook.url(function_name)

    def run(self, function: FunctionConfiguration, *, reserved_concurrency: int | None) -> None:
        """Run the function from now on; returns before its workers are warm.

        Its reserved concurrency (None: none) limits the workers here, where an event beyond it
        waits. In the emulator it would throttle, and lose the event after three attempts.
        """
        size = self._workers
        if reserved_concurrency is not None:
            size = min(size, reserved_concurrency)
        pool = WorkerPool(
            function,
            size=size,
            account=self._account,
            lifeline=self._lifeline,
            start=self._start,
        )
        self._pools.append(pool)
        self._hook.attach(function.name, pool)
        pool.start()

    def answer(self, function_name: str, pool: EventTaker) -> None:
        """Let this take the function's events from now on, in place of workers."""
        self._hook.attach(function_name, pool)

    def stop(self) -> None:
        """Take no more events. The workers end with their processes."""
        self._hook.close()
        for pool in self._pools:
            pool.stop()
