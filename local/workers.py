"""The workers that run a function: at most so many events at once, the others wait their turn.

On AWS an asynchronous invocation waits in Lambda's own queue, for up to six hours, until an
execution environment is free. The emulator has no such queue: at a limit it throttles, and each
throttle uses up one of the event's retries. So the queue is here, in front of one worker per core,
or fewer if the function's reserved concurrency says so.
"""

from __future__ import annotations

import json
import logging
import threading
from concurrent.futures import Future
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from queue import Empty, SimpleQueue
from typing import TYPE_CHECKING

from local.execution_environment import (
    ExecutionEnvironment,
    ExecutionEnvironmentLostError,
    Outcome,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from local.account import Account
    from local.function_configuration import FunctionConfiguration
    from local.lifeline import Lifeline
    from local.sandbox import StartSandbox

_log = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True)
class _Job:
    request_id: str
    event: bytes
    outcome: Future[Outcome] = field(default_factory=Future)


class WorkerPool:
    """Some workers for one version of a function, and the queue before them."""

    def __init__(
        self,
        function: FunctionConfiguration,
        *,
        size: int,
        account: Account,
        lifeline: Lifeline,
        start: StartSandbox,
    ) -> None:
        self._jobs: SimpleQueue[_Job | None] = SimpleQueue()
        self._successor: WorkerPool | None = None
        self._handing_over = threading.Lock()
        self._stopping = threading.Event()
        self._workers = [
            _Worker(
                partial(ExecutionEnvironment, function, account, lifeline, start),
                function.name,
                self._jobs,
                self._stopping,
            )
            for _ in range(size)
        ]

    def start(self) -> None:
        """Start the workers; returns before they are warm."""
        for worker in self._workers:
            worker.start()

    def submit(self, request_id: str, event: bytes) -> Future[Outcome]:
        """Put an event into the queue, and return its outcome to come."""
        job = _Job(request_id=request_id, event=event)
        self.take(job)
        return job.outcome

    def take(self, job: _Job) -> None:
        """Put an event into the queue, or into that of the pool that has taken over."""
        with self._handing_over:
            if self._successor is None:
                self._jobs.put(job)
                return
        self._successor.take(job)

    def hand_over_to(self, successor: WorkerPool) -> None:
        """Let another pool run the events that wait here, and those that still come.

        What is under way ends here, and each worker with it. So for a while there are workers of
        both, as there are execution environments of two versions on AWS.
        """
        with self._handing_over:
            self._successor = successor
            with suppress(Empty):
                while job := self._jobs.get_nowait():
                    successor.take(job)
            self._let_workers_end()

    def stop(self) -> None:
        """Answer the events still in the queue as failed, and let no worker take another.

        A worker ends as soon as its process does.
        """
        self._stopping.set()
        with suppress(Empty):
            while job := self._jobs.get_nowait():
                job.outcome.set_result(_failure("Service.Stopped", "the embedded AWS has ended"))
        self._let_workers_end()

    def _let_workers_end(self) -> None:
        for _ in self._workers:
            self._jobs.put(None)


class _Worker(threading.Thread):
    """Keeps one execution environment warm and passes it one event after another.

    The environment is started at once, so that the first event finds it ready. One that is lost
    is replaced only when there is an event for the new one: a function that can't start is tried
    once per event, and never in a loop.
    """

    def __init__(
        self,
        start_environment: Callable[[], ExecutionEnvironment],
        function_name: str,
        jobs: SimpleQueue[_Job | None],
        stopping: threading.Event,
    ) -> None:
        super().__init__(name=f"worker of {function_name}", daemon=True)
        self._start_environment = start_environment
        self._function_name = function_name
        self._jobs = jobs
        self._stopping = stopping
        self._environment: ExecutionEnvironment | None = None

    def run(self) -> None:
        """Warm up, then pass on events until the queue yields None."""
        try:
            self._ready_environment()
        except Exception as error:  # noqa: BLE001 - whatever it is, events are yet to come
            self._give_up(error)
        while job := self._jobs.get():
            job.outcome.set_result(self._outcome_of(job))
        self._discard_environment()

    def _outcome_of(self, job: _Job) -> Outcome:
        try:
            return self._ready_environment().invoke(job.request_id, job.event)
        except Exception as error:  # noqa: BLE001 - an event that nobody answers hangs for good
            return self._give_up(error)

    def _ready_environment(self) -> ExecutionEnvironment:
        if self._environment is not None and not self._environment.usable:
            self._discard_environment()
        if self._environment is None:
            self._environment = self._start_environment()
        self._environment.wait_until_ready()
        return self._environment

    def _give_up(self, error: Exception) -> Outcome:
        """Discard the environment, and return its loss in Lambda's format."""
        error_type = type(error).__name__
        if isinstance(error, ExecutionEnvironmentLostError):
            error_type = error.error_type
        if not self._stopping.is_set():
            _log.warning("%s: %s: %s", self._function_name, error_type, error)
        self._discard_environment()
        return _failure(error_type, str(error))

    def _discard_environment(self) -> None:
        environment, self._environment = self._environment, None
        if environment is None:
            return
        try:
            environment.close()
        except Exception as error:  # noqa: BLE001 - what is left of it ends with the lifeline
            _log.warning("%s: %s: %s", self._function_name, type(error).__name__, error)


def _failure(error_type: str, message: str) -> Outcome:
    error = {"errorType": error_type, "errorMessage": message}
    return Outcome(succeeded=False, payload=json.dumps(error).encode())
