"""Runs the Pulumi program in this process, against any provider of resources, without the CLI.

The program is the same that `pulumi up` runs, with the same configuration. In place of the engine
stands Pulumi's own mock runtime: it resolves what a resource is given, in the order of their
dependencies, and passes it to us. Each run has a thread, an event loop and a context of its own,
so Pulumi's state, which is otherwise global, begins and ends with it.
"""

from __future__ import annotations

import asyncio
import logging
import runpy
import threading
import traceback
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from pulumi import RunError
from pulumi.runtime import mocks, rpc, set_all_config
from pulumi.runtime.settings import configure
from pulumi.runtime.stack import run_in_stack

from local.provisioning import ResourceError
from local.resources.request import one_line

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Iterator, Mapping
    from concurrent.futures import Future
    from pathlib import Path

    from local.provisioning import Provisioner

_log = logging.getLogger(__name__)


class DeploymentError(Exception):
    """The program failed, or one of its resources; the message is one line."""


def run_program(
    program: Path,
    *,
    project: str,
    stack: str,
    configuration: Mapping[str, str],
    provisioner: Provisioner,
) -> dict[str, object]:
    """Run the program as this stack, and return what it exports.

    `configuration` has the keys that the program sees, `<namespace>:<key>`. Raises
    DeploymentError with the first thing that went wrong; no resource is made after that.
    """
    resources = _Resources(provisioner)
    monitor = _Monitor(resources)

    async def run() -> None:
        asyncio.get_running_loop().set_exception_handler(_forget)
        await run_in_stack(lambda: execute(program))

    failure = run_apart(
        run, monitor=monitor, project=project, stack=stack, configuration=configuration
    ).exception()
    if resources.failures:
        # What the program sees of a failed resource may be a consequence of it, in many guises.
        failure = resources.failures[0]
    if failure is not None:
        raise DeploymentError(_described(failure, program)) from failure
    return monitor.exports


def run_apart(
    run: Callable[[], Coroutine[Any, Any, None]],
    *,
    monitor: mocks.MockMonitor,
    project: str,
    stack: str,
    configuration: Mapping[str, str],
) -> Future[None]:
    """Run a coroutine with a thread, a loop and settings of Pulumi of its own, to its end."""

    def run_in_context() -> None:
        # Pulumi's settings live in context variables, so they are made where they are to be seen.
        # The outputs under way too: without a set of its own a run would wait for those of one
        # that failed, whose event loop is closed.
        configure(
            mocks.MockSettings(  # type: ignore[no-untyped-call]
                monitor=monitor,
                monitor_features=set(monitor.GetDeploymentInfo(None).supportedFeatures),  # type: ignore[no-untyped-call]
                engine=mocks.MockEngine(_log),
                project=project,
                stack=stack,
                dry_run=False,
                callbacks=None,
                outputs=set(),
                lock=threading.Lock(),
            )
        )
        set_all_config(dict(configuration))
        asyncio.run(run())

    with ThreadPoolExecutor(max_workers=1, thread_name_prefix="program") as thread:
        return thread.submit(run_in_context)


def execute(program: Path) -> None:
    """Run a program's file, as the one that was started."""
    runpy.run_path(str(program), run_name="__main__")


def _forget(_loop: asyncio.AbstractEventLoop, _context: dict[str, Any]) -> None:
    """Say nothing of outputs that failed because a resource did: that one is reported."""


def _described(failure: BaseException, program: Path) -> str:
    if isinstance(failure, (ResourceError, RunError)):
        return one_line(failure)
    # Not meant for users: the program itself is at fault, and whoever wrote it wants to know where.
    where = traceback.extract_tb(failure.__traceback__)[-1]
    return one_line(
        f"{program.name}: {type(failure).__name__} in {where.filename}:{where.lineno}: {failure}"
    )


class _Resources(mocks.Mocks):
    """Makes what the program registers, until the first failure."""

    def __init__(self, provisioner: Provisioner) -> None:
        self._provisioner = provisioner
        self.failures: list[ResourceError] = []

    def new_resource(self, args: mocks.MockResourceArgs) -> tuple[str | None, dict[str, object]]:
        """Make a resource; a component is only a name for those within it."""
        if not args.custom:
            return None, args.inputs
        with self._until_first_failure():
            return self._provisioner.create(args.typ, args.name, _plain(args.inputs))

    def call(self, args: mocks.MockCallArgs) -> tuple[dict[str, object], list[tuple[str, str]]]:
        """Answer a provider's function."""
        with self._until_first_failure():
            return self._provisioner.call(args.token), []

    @contextmanager
    def _until_first_failure(self) -> Iterator[None]:
        # Calls come from several threads; one that was under way when another failed may end.
        if self.failures:
            raise self.failures[0]
        try:
            yield
        except ResourceError as error:
            self.failures.append(error)
            raise


class _Monitor(mocks.MockMonitor):
    """Pulumi's mock of its engine, which also keeps what the program exports."""

    def __init__(self, resources: _Resources) -> None:
        super().__init__(resources)
        self.exports: dict[str, object] = {}

    def RegisterResourceOutputs(self, request: Any) -> Any:  # noqa: ANN401, N802 - as inherited
        """Keep the outputs of the stack, which are the program's exports."""
        if "::pulumi:pulumi:Stack::" in request.urn:
            self.exports = _plain(rpc.deserialize_properties(request.outputs))
        return super().RegisterResourceOutputs(request)  # type: ignore[no-untyped-call]


def _plain(value: Any) -> Any:  # noqa: ANN401 - any JSON value
    """Take secrets out of their wrapping, and make whole numbers, which come as floats, ints."""
    value = rpc.unwrap_rpc_secret(value)
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_plain(item) for item in value]
    if isinstance(value, float) and value.is_integer():
        return int(value)
    return value
