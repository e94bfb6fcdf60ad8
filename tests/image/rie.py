"""The image under AWS's own Runtime Interface Emulator (RIE).

`python -m tests.image.rie` builds the emulator, once, and prints where it is. In the container it
takes the place of the image's entrypoint, which it starts for the first event, as AWS describes
for an image that does not have it:
https://docs.aws.amazon.com/lambda/latest/dg/images-test.html
"""

from __future__ import annotations

import http.client
import json
import socket
import subprocess
import sys
import threading
import time
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Self

from local.emulator import HOST
from local.sandbox import ContainerSandbox
from tests.go_program import GoNotFoundError, GoProgram
from tests.image.container import deployed_function, variables_in_lambda

if TYPE_CHECKING:
    from collections.abc import Mapping
    from types import TracebackType

    from local.aws import LocalAws
    from local.container_engine import ContainerEngine

EMULATOR = GoProgram(
    module=Path(__file__).parent / "aws-lambda-rie",
    package="github.com/aws/aws-lambda-runtime-interface-emulator/cmd/aws-lambda-rie",
    # For the container, which has Linux whatever this machine has, and any C library or none.
    variables={"GOOS": "linux", "CGO_ENABLED": "0"},
)

_IN_THE_CONTAINER = "/aws-lambda-rie"
_TASK_ROOT = "/var/task"
_INVOCATIONS = "/2015-03-31/functions/function/invocations"
_START_SECONDS = 60
_PATIENCE_SECONDS = 90


class EmulatedFunction:
    """A container in which RIE runs the deployed function, until the end of the context.

    `timeout` is the function's, in seconds. `code` is a module whose `handler` is run in place of
    the function's.
    """

    def __init__(  # noqa: PLR0913 - what Lambda lets people set, each by its name
        self,
        engine: ContainerEngine,
        image: str,
        aws: LocalAws,
        *,
        timeout: int = _PATIENCE_SECONDS,
        variables: Mapping[str, str] | None = None,
        code: Path | None = None,
    ) -> None:
        self._engine = engine
        self._image = image
        self._aws = aws
        self._timeout = timeout
        self._variables = variables or {}
        self._code = code
        self.output: list[str] = []

    def __enter__(self) -> Self:
        function = deployed_function(self._aws)
        self._port, runtime_api = _free_ports(2)
        inspected = self._engine.ask(
            "image", "inspect", "--format", "{{json .Config.Entrypoint}}", self._image
        )
        shown, handler = {EMULATOR.built(): _IN_THE_CONTAINER}, function.handler
        if self._code is not None:
            shown[self._code] = f"{_TASK_ROOT}/{self._code.name}"
            handler = f"{self._code.stem}.handler"
        with ExitStack() as ending:
            self._sandbox = ContainerSandbox(
                self._engine,
                self._image,
                function,
                {
                    **variables_in_lambda(self._aws, function),
                    "AWS_LAMBDA_FUNCTION_NAME": function.name,
                    "AWS_LAMBDA_FUNCTION_VERSION": function.version,
                    "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": str(function.memory_mb),
                    "AWS_LAMBDA_FUNCTION_TIMEOUT": str(self._timeout),
                    **self._variables,
                },
                self._aws.lifeline,
                options=[
                    *(
                        f"--mount=type=bind,source={here},target={there},readonly"
                        for here, there in shown.items()
                    ),
                    *("--entrypoint", _IN_THE_CONTAINER),
                ],
                command=[
                    *("--runtime-interface-emulator-address", f"{HOST}:{self._port}"),
                    *("--runtime-api-address", f"{HOST}:{runtime_api}"),
                    *(*json.loads(inspected), handler),
                ],
            )
            ending.callback(self._sandbox.close)
            threading.Thread(target=self._listen, daemon=True).start()
            self._wait_until_it_listens()
            self._ending = ending.pop_all()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._ending.close()

    def answer_to(self, event: object, request_id: str) -> bytes:
        """Invoke the function with an event, and return what RIE answers.

        That is the response, or the error that the function fails with, or what RIE says itself.
        RIE does not tell which.
        """
        connection = http.client.HTTPConnection(
            HOST, self._port, timeout=self._timeout + _PATIENCE_SECONDS
        )
        try:
            headers = {"X-Amzn-RequestId": request_id, "Content-Type": "application/json"}
            connection.request("POST", _INVOCATIONS, json.dumps(event), headers)
            return connection.getresponse().read()
        finally:
            connection.close()

    def signal(self, name: str) -> None:
        """Send a signal to the function's process, which is the one child of RIE's."""
        program = f"kill -{name} $(cat /proc/1/task/*/children)"
        self._engine.ask("exec", self._sandbox.name, "sh", "-c", program)

    def _wait_until_it_listens(self) -> None:
        deadline = time.monotonic() + _START_SECONDS
        while True:
            try:
                socket.create_connection((HOST, self._port)).close()
            except ConnectionRefusedError:
                ended = self._sandbox.poll() is not None
                assert not ended, self.output
                assert time.monotonic() < deadline, self.output
                time.sleep(0.05)
            else:
                return

    def _listen(self) -> None:
        for line in self._sandbox.output:
            self.output.append(line.decode(errors="replace").rstrip())


def _free_ports(count: int) -> list[int]:
    """Return ports that nobody listens at now: RIE takes no port of the system's choice."""
    with ExitStack() as held:
        sockets = [held.enter_context(socket.socket()) for _ in range(count)]
        for each in sockets:
            each.bind((HOST, 0))
        return [each.getsockname()[1] for each in sockets]


if __name__ == "__main__":
    try:
        sys.stdout.write(f"{EMULATOR.built()}\n")
    except GoNotFoundError as error:
        sys.exit(f"error: {error}")
    except subprocess.CalledProcessError as error:
        sys.exit(
            f"error: go ended with status {error.returncode}, as it says above: {EMULATOR.remedy}"
        )
