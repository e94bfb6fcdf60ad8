"""What a function's process runs in: a process of this machine, or a container as in Lambda.

Both run Lambda's own runtime client with the function's code, and pass on the same variables. They
differ in how much of Lambda there is around it.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
import uuid
from contextlib import suppress
from typing import IO, TYPE_CHECKING, Protocol

from local.container_engine import ContainerEngineError
from stacks.configuration import REPOSITORY

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from local.container_engine import ContainerEngine
    from local.function_configuration import FunctionConfiguration
    from local.lifeline import Lifeline

LAMBDA_USER = "993:990"
"""User and group that Lambda runs every image as."""

CONTAINER_LABEL = "lambdalens.lifeline"

_TASK_ROOT = "/var/task"
_TMP = "/tmp"  # noqa: S108 - the container's own
_FIRST_SIGNAL_STATUS = 128
"""A container's process that a signal ended has this status plus the signal's number."""


class Sandbox(Protocol):
    """Where a function's process runs, from its start to its end."""

    @property
    def output(self) -> IO[bytes]:
        """What the process writes to its standard output and error."""

    def poll(self) -> int | None:
        """Return how the process ended, as `Popen` does, or None while it lives."""

    def wait(self) -> int:
        """Wait for the end of the process; a negative status is a signal's number."""

    def close(self) -> None:
        """End the process, if it has not ended, and remove what was its own."""


if TYPE_CHECKING:
    StartSandbox = Callable[[FunctionConfiguration, Mapping[str, str], Lifeline], Sandbox]


class ProcessSandbox:
    """A process of this machine, with a folder in place of Lambda's /tmp.

    It is at hand at once, and limits neither memory nor disk.
    """

    def __init__(
        self, function: FunctionConfiguration, variables: Mapping[str, str], lifeline: Lifeline
    ) -> None:
        self._tmp = tempfile.mkdtemp(dir=lifeline.folder, prefix="tmp-")
        self._process = lifeline.start(
            [sys.executable, "-m", "local.runtime_client", function.handler],
            environment={
                **variables,
                "LAMBDA_TASK_ROOT": str(REPOSITORY),
                "PATH": os.defpath,
                "TMPDIR": self._tmp,
            },
            folder=REPOSITORY,
            output=subprocess.PIPE,
        )

    @property
    def output(self) -> IO[bytes]:
        """What the process writes to its standard output and error."""
        return _output(self._process)

    def poll(self) -> int | None:
        """Return how the process ended, as `Popen` does, or None while it lives."""
        return self._process.poll()

    def wait(self) -> int:
        """Wait for the end of the process; a negative status is a signal's number."""
        return self._process.wait()

    def close(self) -> None:
        """End the process, if it has not ended, and remove its folder."""
        self._process.kill()
        self._process.wait()
        shutil.rmtree(self._tmp, ignore_errors=True)


class ContainerSandbox:
    """A container of the function's image, with no more rights and room than in Lambda.

    The root file system is read-only and /tmp as large as the stack says, memory is limited, and
    the user is Lambda's, without capabilities or ways to get any. Unlike in Lambda, /tmp counts as
    memory. The network is the machine's, since the embedded AWS is on its loopback.
    """

    def __init__(  # noqa: PLR0913 - the last two are for other programs around the function's
        self,
        engine: ContainerEngine,
        image: str,
        function: FunctionConfiguration,
        variables: Mapping[str, str],
        lifeline: Lifeline,
        *,
        options: Sequence[str] = (),
        command: Sequence[str] | None = None,
    ) -> None:
        """Start the container.

        `options` are more of them for `docker run`. `command` takes the place of the image's own,
        which is the function's handler.
        """
        self._engine = engine
        label = lifeline.folder.name
        self.name = f"{label}-{uuid.uuid4().hex}"
        variables = {**variables, "LAMBDA_TASK_ROOT": _TASK_ROOT}
        # A killed client leaves its container behind.
        lifeline.remove_containers_at_end(engine.client, f"{CONTAINER_LABEL}={label}")
        self._client = lifeline.start(
            [
                *(engine.client, "run", "--rm", "--name", self.name),
                *("--label", f"{CONTAINER_LABEL}={label}", "--pull", "never"),
                *("--network", "host", "--read-only", "--user", LAMBDA_USER),
                *("--tmpfs", f"{_TMP}:size={function.ephemeral_storage_mb}m,mode=1777"),
                *("--memory", f"{function.memory_mb}m", "--memory-swap", f"{function.memory_mb}m"),
                *("--cap-drop", "ALL", "--security-opt", "no-new-privileges"),
                # By name alone, so that no list of processes shows a value.
                *(option for name in variables for option in ("--env", name)),
                *options,
                *(image, *([function.handler] if command is None else command)),
            ],
            environment={**_client_environment(), **variables},
            folder=lifeline.folder,
            output=subprocess.PIPE,
        )

    @property
    def output(self) -> IO[bytes]:
        """What the container writes to its standard output and error."""
        return _output(self._client)

    def poll(self) -> int | None:
        """Return how the container ended, as `Popen` does, or None while it lives."""
        status = self._client.poll()
        return None if status is None else _signal_or_status(status)

    def wait(self) -> int:
        """Wait for the end of the container; a negative status is a signal's number."""
        return _signal_or_status(self._client.wait())

    def close(self) -> None:
        """End the container, if it has not ended; its file system goes with it."""
        # The client first, so that it can't create what is about to be removed.
        self._client.kill()
        self._client.wait()
        with suppress(ContainerEngineError):  # it has ended by itself, or never began
            self._engine.ask("rm", "--force", self.name)


def _output(process: subprocess.Popen[bytes]) -> IO[bytes]:
    if process.stdout is None:
        raise ValueError("the output was asked for as a pipe and is none")
    return process.stdout


def _signal_or_status(status: int) -> int:
    return _FIRST_SIGNAL_STATUS - status if status > _FIRST_SIGNAL_STATUS else status


def _client_environment() -> dict[str, str]:
    """Return what a Docker client needs to know to reach the engine, and nothing else of ours."""
    return {
        name: value
        for name, value in os.environ.items()
        if name in ("HOME", "PATH") or name.startswith("DOCKER_")
    }
