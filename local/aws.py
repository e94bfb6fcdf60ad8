"""The embedded AWS with the local stack on it, as a context manager.

`with LocalAws() as aws:` starts the emulator, runs the Pulumi program for the stack `local`
against it, and warms up the workers that run the function. At the end nothing of it is left: no
process, no port, no file.
"""

from __future__ import annotations

import os
import subprocess
from abc import ABC, abstractmethod
from contextlib import ExitStack, suppress
from typing import TYPE_CHECKING, Any, Self

from local.account import Account
from local.emulator import start_emulator
from local.function_host import FunctionHost
from local.invoke_hook import InvokeHook
from local.lifeline import Lifeline
from local.program import run_program
from local.provisioning import Provisioner, StackProvisioner
from local.sandbox import ProcessSandbox
from stacks.configuration import (
    REPOSITORY,
    StackConfigurationError,
    project,
    stack_configuration,
)
from stacks.outputs import LOCAL_STACK, Deployment, StackOutputs

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path
    from types import TracebackType

    import boto3

    from local.sandbox import StartSandbox
    from stacks.embedded_aws import AccessKey

PROGRAM = REPOSITORY / "__main__.py"
_SECONDS_TO_GIVE_UP = 0.2


class EmbeddedAws(ABC):
    """An emulator, the account in it, a stack on it, and the workers that run its functions.

    `workers` is how many events run at once, by default one for each core this process may use.
    `port` is the emulator's, 0 for a free one. `retry_base_seconds` is the wait before the first
    retry of a failed event. `start` starts the sandbox of a worker.

    Entering it raises StackConfigurationError before anything is started, or else EmulatorError
    or DeploymentError.
    """

    endpoint_url: str
    administrator: AccessKey
    outputs: StackOutputs
    exports: Mapping[str, object]

    def __init__(
        self,
        *,
        workers: int | None = None,
        port: int = 0,
        retry_base_seconds: float = 0.2,
        start: StartSandbox = ProcessSandbox,
    ) -> None:
        self._workers = workers or len(os.sched_getaffinity(0))
        self._port = port
        self._retry_base_seconds = retry_base_seconds
        self._start = start

    def __enter__(self) -> Self:
        # Before anything is started, which a wrong setting would only have wasted.
        configuration = local_configuration()
        with ExitStack() as ending:
            self.lifeline = ending.enter_context(Lifeline())
            self.hook = InvokeHook()
            ending.callback(self.hook.close)
            emulator = start_emulator(
                self.lifeline,
                port=self._port,
                retry_base_seconds=self._retry_base_seconds,
                hook_url=self.hook.url,
            )
            self.endpoint_url = emulator.endpoint_url
            self._process = emulator.process
            self.administrator = emulator.administrator
            self._deployer_key = emulator.deployer
            self.account = Account(emulator.endpoint_url, emulator.administrator)
            self.deployer = Account(emulator.endpoint_url, emulator.deployer)
            functions = FunctionHost(
                self.hook, self.deployer, self.lifeline, workers=self._workers, start=self._start
            )
            ending.callback(functions.stop)
            self._deploy_stack(configuration, functions, ending)
            self._ending = ending.pop_all()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._ending.close()

    @abstractmethod
    def _deploy_stack(
        self, configuration: dict[str, str], functions: FunctionHost, ending: ExitStack
    ) -> None:
        """Deploy the local stack and run its functions. What is to end before they do goes last."""

    def _exported(self, exports: Mapping[str, object]) -> None:
        """Take what the stack exports."""
        self.exports = exports
        self.outputs = StackOutputs.from_mapping(exports)

    @property
    def environment(self) -> dict[str, str]:
        """What a shell needs for the user's tools to be about this AWS."""
        return self._environment_of(self.administrator)

    def _environment_of(self, key: AccessKey) -> dict[str, str]:
        return {
            "AWS_ENDPOINT_URL": self.endpoint_url,
            "AWS_ACCESS_KEY_ID": key.key_id,
            "AWS_SECRET_ACCESS_KEY": key.secret,
        }

    @property
    def deployment(self) -> Deployment:
        """The stack as enrolment and the load test take it."""
        return Deployment(
            outputs=self.outputs, endpoint_url=self.endpoint_url, access_key=self.administrator
        )

    def session(self) -> boto3.Session:
        """Return a session with the administrator's credentials."""
        return self.account.session()

    def client(self, service: str) -> Any:  # noqa: ANN401 - the type depends on the service
        """Return the administrator's boto3 client for a service, for any thread to use."""
        return self.account.client(service)

    def wait(self, *, given_up: Callable[[], bool]) -> int:
        """Wait until the emulator ends, which by itself it does not; return its exit status.

        Raises KeyboardInterrupt when it is given up.
        """
        while not given_up():
            with suppress(subprocess.TimeoutExpired):
                return self._process.wait(timeout=_SECONDS_TO_GIVE_UP)
        raise KeyboardInterrupt


class LocalAws(EmbeddedAws):
    """The embedded AWS with a stack that the program makes in this process, without Pulumi."""

    def _deploy_stack(
        self,
        configuration: dict[str, str],
        functions: FunctionHost,
        ending: ExitStack,  # noqa: ARG002 - nothing of it has an end of its own
    ) -> None:
        self._provisioner = Provisioner(self.deployer, functions)
        self._stack = StackProvisioner(self.deployer, functions)
        self._exported(self._run(PROGRAM, configuration, self._stack))

    def deploy(self, program: Path, configuration: Mapping[str, str]) -> dict[str, object]:
        """Run a Pulumi program against this AWS, and return its exports.

        Raises DeploymentError if the program or one of its resources fails.
        """
        return self._run(program, configuration, self._provisioner)

    def update(self, **settings: str) -> None:
        """Change settings of the stack, as `pulumi config set` and `pulumi up` do.

        Raises DeploymentError, also for a setting that this AWS can't change while it is up: it can
        change those of the function.
        """
        changed = {f"{project()['name']}:{key}": value for key, value in settings.items()}
        self._exported(self._run(PROGRAM, local_configuration() | changed, self._stack))

    def _run(
        self, program: Path, configuration: Mapping[str, str], provisioner: Provisioner
    ) -> dict[str, object]:
        return run_program(
            program,
            project=str(project()["name"]),
            stack=LOCAL_STACK,
            configuration=configuration,
            provisioner=provisioner,
        )


def local_configuration() -> dict[str, str]:
    """Return the configuration of the local stack, if it is one that the embedded AWS can serve.

    Raises StackConfigurationError otherwise, since the stack would come up and yet not work, or
    fail with a resource that only AWS has.
    """
    configuration = stack_configuration(LOCAL_STACK)
    image_uri, image_digest, require_tls = (
        f"{project()['name']}:{key}" for key in ("imageUri", "imageDigest", "requireTls")
    )
    if not configuration.get(image_uri) and not configuration.get(image_digest):
        raise StackConfigurationError(
            f"The stack {LOCAL_STACK!r} needs {image_uri}, because the embedded AWS builds no "
            "image: any that is well-formed, since it is never pulled"
        )
    if configuration.get(require_tls) != "false":
        raise StackConfigurationError(
            f"The stack {LOCAL_STACK!r} needs {require_tls}: false, because the embedded AWS "
            "speaks plain http, and every request of the function's would be refused"
        )
    return configuration
