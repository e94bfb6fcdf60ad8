"""A container of the function's image, with a Runtime API that the test serves."""

from __future__ import annotations

import json
import re
import threading
import time
import uuid
from contextlib import ExitStack
from dataclasses import dataclass
from queue import SimpleQueue
from typing import TYPE_CHECKING, Self
from urllib.parse import quote_plus

from local.emulator import REGION
from local.function_configuration import FunctionConfiguration
from local.runtime_api import Invocation, Message, RuntimeApi, Said
from local.sandbox import ContainerSandbox

if TYPE_CHECKING:
    from collections.abc import Mapping
    from types import TracebackType

    from local.aws import LocalAws
    from local.container_engine import ContainerEngine

_PATIENCE_SECONDS = 90
_IMPORT = re.compile(r"import time: +(?P<own>\d+) \| +\d+ \| +(?P<module>\S+)")


@dataclass(frozen=True, kw_only=True)
class Import:
    """A module that was imported, and the seconds that it took without those it imported."""

    module: str
    seconds: float


class Container:
    """A container that runs the deployed function, until the end of the context."""

    def __init__(
        self,
        engine: ContainerEngine,
        image: str,
        aws: LocalAws,
        variables: Mapping[str, str] | None = None,
    ) -> None:
        self._engine = engine
        self._image = image
        self._aws = aws
        self._variables = variables or {}
        self._function = deployed_function(aws)
        self.output: list[str] = []

    def __enter__(self) -> Self:
        self._messages: SimpleQueue[Message] = SimpleQueue()
        with ExitStack() as ending:
            self._api = RuntimeApi(self._messages.put)
            ending.callback(self._api.close)
            self._sandbox = ContainerSandbox(
                self._engine,
                self._image,
                self._function,
                {
                    **variables_in_lambda(self._aws, self._function),
                    "AWS_LAMBDA_RUNTIME_API": self._api.address,
                    **self._variables,
                },
                self._aws.lifeline,
            )
            ending.callback(self._sandbox.close)
            threading.Thread(target=self._listen, daemon=True).start()
            self._ending = ending.pop_all()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._ending.close()

    @property
    def name(self) -> str:
        """What the engine calls it."""
        return self._sandbox.name

    def wait_until_ready(self) -> None:
        """Wait for the first request for an event."""
        self._await({Said.READY, Said.INIT_ERROR}, Said.READY)

    def run(self, key: str) -> None:
        """Hand over the event of an upload, and wait for the response to it."""
        self._hand_over(upload_event(self._aws.outputs.input_bucket, key))
        self._await({Said.RESPONSE, Said.ERROR}, Said.RESPONSE)

    def error_of(self, event: object) -> dict[str, object]:
        """Hand over an event that must fail, and return the error it fails with."""
        self._hand_over(event)
        error: dict[str, object] = json.loads(
            self._await({Said.RESPONSE, Said.ERROR}, Said.ERROR).body
        )
        return error

    def answer_to(self, event: object, request_id: str) -> bytes:
        """Hand over an event, and return the response to it, or the error it fails with."""
        self._hand_over(event, request_id)
        return self._await({Said.RESPONSE, Said.ERROR}).body

    def look(self, *command: str) -> str:
        """Run a command inside the container, and return its output."""
        return self._engine.ask("exec", self.name, *command)

    def resident_bytes(self) -> int:
        """Return the memory that the function's process has."""
        (kilobytes,) = re.findall(r"VmRSS:\s+(\d+) kB", self.look("cat", "/proc/1/status"))
        return int(kilobytes) * 1024

    def imports(self) -> list[Import]:
        """Return what was imported up to now, which PYTHONPROFILEIMPORTTIME makes it print."""
        found = (_IMPORT.fullmatch(line) for line in list(self.output))
        return [
            Import(module=match["module"], seconds=int(match["own"]) / 1e6)
            for match in found
            if match
        ]

    def _hand_over(self, event: object, request_id: str | None = None) -> None:
        self._api.hand_over(
            Invocation(
                request_id=request_id or str(uuid.uuid4()),
                function_arn=self._function.arn,
                event=json.dumps(event).encode(),
                deadline=int((time.time() + _PATIENCE_SECONDS) * 1000),
            )
        )

    def _await(self, expected: set[Said], wanted: Said | None = None) -> Message:
        while (message := self._messages.get(timeout=_PATIENCE_SECONDS)).said not in expected:
            pass
        assert wanted in (None, message.said), message.body
        return message

    def _listen(self) -> None:
        for line in self._sandbox.output:
            self.output.append(line.decode(errors="replace").rstrip())
        self._sandbox.wait()
        self._messages.put(Message(said=Said.EXITED))


def deployed_function(aws: LocalAws) -> FunctionConfiguration:
    """Return the function as the stack has it."""
    function = aws.client("lambda").get_function_configuration(
        FunctionName=aws.outputs.function_name
    )
    return FunctionConfiguration(
        name=function["FunctionName"],
        arn=function["FunctionArn"],
        version=function["Version"],
        role_arn=function["Role"],
        handler="function.app.handler",
        timeout=_PATIENCE_SECONDS,
        memory_mb=function["MemorySize"],
        ephemeral_storage_mb=function["EphemeralStorage"]["Size"],
        log_group=aws.outputs.log_group,
        log_format="JSON",
        log_level="INFO",
        variables=function["Environment"]["Variables"],
    )


def variables_in_lambda(aws: LocalAws, function: FunctionConfiguration) -> dict[str, str]:
    """Return the function's variables, with its role's credentials and where AWS is."""
    credentials = aws.client("sts").assume_role(RoleArn=function.role_arn, RoleSessionName="test")[
        "Credentials"
    ]
    return {
        **function.variables,
        "AWS_REGION": REGION,
        "AWS_DEFAULT_REGION": REGION,
        "AWS_ACCESS_KEY_ID": credentials["AccessKeyId"],
        "AWS_SECRET_ACCESS_KEY": credentials["SecretAccessKey"],
        "AWS_SESSION_TOKEN": credentials["SessionToken"],
        "AWS_ENDPOINT_URL": aws.endpoint_url,
    }


def upload_event(bucket: str, key: str) -> dict[str, object]:
    """Return what S3 says when an object has been put."""
    record = {
        "eventSource": "aws:s3",
        "eventName": "ObjectCreated:Put",
        "eventTime": "2026-09-01T08:00:00.000Z",
        "s3": {"bucket": {"name": bucket}, "object": {"key": quote_plus(key, safe="/")}},
    }
    return {"Records": [record]}
