"""One execution environment of a function: what runs one event at a time, in Lambda's words.

It is a process of Lambda's own runtime client (`awslambdaric`) in a sandbox, with the function's
code, the environment variables Lambda sets, the credentials of the execution role and nothing else
of ours. It serves one invocation after another until it crashes, overruns the function's timeout or
is closed; then it is never used again.
"""

from __future__ import annotations

import json
import signal
import threading
import time
from contextlib import suppress
from dataclasses import dataclass
from queue import Empty, SimpleQueue
from typing import TYPE_CHECKING

from local.function_log import FunctionLog
from local.runtime_api import Invocation, Message, RuntimeApi, Said

if TYPE_CHECKING:
    from local.account import Account
    from local.function_configuration import FunctionConfiguration
    from local.lifeline import Lifeline
    from local.sandbox import StartSandbox

_CREDENTIALS_SECONDS = 3600
_RETIREMENT_SECONDS = 2400
"""Environments older than this take no new event. Lambda retires them too, before the role's
credentials, which last an hour, run out; a run that starts now may still take fifteen minutes."""


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """How an invocation ended: what the function returned, or how it failed, as JSON."""

    succeeded: bool
    payload: bytes


class ExecutionEnvironmentLostError(Exception):
    """The environment ended before it answered. Type and message are what Lambda would report."""

    def __init__(self, error_type: str, message: str) -> None:
        super().__init__(message)
        self.error_type = error_type


class ExecutionEnvironment:
    """A function's process, from its start to its end."""

    def __init__(
        self,
        function: FunctionConfiguration,
        account: Account,
        lifeline: Lifeline,
        start: StartSandbox,
    ) -> None:
        """Start the process. It initialises by itself: importing the function takes a second.

        Raises ClientError if the role can't be assumed.
        """
        self._function = function
        self._started = time.monotonic()
        self._ready = False
        credentials = account.client("sts").assume_role(
            RoleArn=function.role_arn,
            RoleSessionName=function.name[:64],
            DurationSeconds=_CREDENTIALS_SECONDS,
        )["Credentials"]
        self._messages: SimpleQueue[Message] = SimpleQueue()
        self._runtime_api = RuntimeApi(self._messages.put)
        log = FunctionLog(account, role_arn=function.role_arn, group=function.log_group)
        variables = {
            **function.variables,
            **_reserved_variables(function, account, log),
            "AWS_ACCESS_KEY_ID": credentials["AccessKeyId"],
            "AWS_SECRET_ACCESS_KEY": credentials["SecretAccessKey"],
            "AWS_SESSION_TOKEN": credentials["SessionToken"],
            "AWS_LAMBDA_RUNTIME_API": self._runtime_api.address,
        }
        self._sandbox = start(function, variables, lifeline)
        log.follow(self._sandbox.output)
        threading.Thread(target=self._wait_for_exit, daemon=True).start()

    @property
    def usable(self) -> bool:
        """Whether the next event may go here: the process lives, and is not up for retirement."""
        return (
            self._sandbox.poll() is None and time.monotonic() - self._started < _RETIREMENT_SECONDS
        )

    def wait_until_ready(self) -> None:
        """Wait until the process has initialised. Raises ExecutionEnvironmentLostError.

        Lambda gives initialisation ten seconds, and when it takes longer does it again as part
        of the first invocation, within the function's timeout. A machine that others use too
        deserves the second from the start.
        """
        if self._ready:
            return
        message = self._await({Said.READY, Said.INIT_ERROR}, self._function.timeout)
        if message.said is Said.INIT_ERROR:
            raise ExecutionEnvironmentLostError(*_init_error(message.body))
        self._ready = True

    def invoke(self, request_id: str, event: bytes) -> Outcome:
        """Run one event, for which the process must be ready.

        Raises ExecutionEnvironmentLostError if the process crashes, or if the function's timeout
        passes: it runs from now, when the event starts, not from when it began to wait its turn.
        """
        self._ready = False
        self._runtime_api.hand_over(
            Invocation(
                request_id=request_id,
                function_arn=self._function.arn,
                event=event,
                deadline=int((time.time() + self._function.timeout) * 1000),
            )
        )
        try:
            answer = self._await({Said.RESPONSE, Said.ERROR}, self._function.timeout)
        except ExecutionEnvironmentLostError as lost:
            raise ExecutionEnvironmentLostError(
                lost.error_type, f"RequestId: {request_id} Error: {lost}"
            ) from None
        return Outcome(succeeded=answer.said is Said.RESPONSE, payload=answer.body)

    def close(self) -> None:
        """End the process, if it has not ended, and its sandbox."""
        self._sandbox.close()
        self._runtime_api.close()

    def _wait_for_exit(self) -> None:
        self._sandbox.wait()
        self._messages.put(Message(said=Said.EXITED))

    def _await(self, expected: set[Said], seconds: int) -> Message:
        """Return the first message of the expected kinds, dropping those that came before it."""
        deadline = time.monotonic() + seconds
        while True:
            try:
                message = self._messages.get(timeout=max(0, deadline - time.monotonic()))
            except Empty:
                raise ExecutionEnvironmentLostError(
                    "Sandbox.Timedout", f"Task timed out after {seconds}.00 seconds"
                ) from None
            if message.said in expected:
                return message
            if message.said is Said.EXITED:
                raise ExecutionEnvironmentLostError(
                    "Runtime.ExitError", _exit_reason(self._sandbox.wait())
                )


def _reserved_variables(
    function: FunctionConfiguration, account: Account, log: FunctionLog
) -> dict[str, str]:
    """Return the variables that Lambda sets itself, but those that the sandbox decides.

    https://docs.aws.amazon.com/lambda/latest/dg/configuration-envvars.html
    """
    variables = {
        "_HANDLER": function.handler,
        "AWS_REGION": account.region,
        "AWS_DEFAULT_REGION": account.region,
        "AWS_LAMBDA_FUNCTION_NAME": function.name,
        "AWS_LAMBDA_FUNCTION_VERSION": function.version,
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": str(function.memory_mb),
        "AWS_LAMBDA_INITIALIZATION_TYPE": "on-demand",
        "AWS_LAMBDA_LOG_FORMAT": function.log_format,
        "AWS_LAMBDA_LOG_GROUP_NAME": log.group,
        "AWS_LAMBDA_LOG_STREAM_NAME": log.stream,
        "LANG": "en_US.UTF-8",
        "TZ": ":UTC",
        # The one thing that differs from AWS on purpose: where AWS is.
        "AWS_ENDPOINT_URL": account.endpoint_url,
    }
    if function.log_level is not None:
        variables["AWS_LAMBDA_LOG_LEVEL"] = function.log_level
    return variables


def _exit_reason(status: int) -> str:
    """Describe a process's end in Lambda's words; a negative status is a signal's number."""
    if status == 0:
        return "Runtime exited without providing a reason"
    if status > 0:
        return f"Runtime exited with error: exit status {status}"
    name = signal.strsignal(-status) or str(-status)
    return f"Runtime exited with error: signal: {name.lower()}"


def _init_error(body: bytes) -> tuple[str, str]:
    with suppress(ValueError, KeyError, TypeError):
        error = json.loads(body)
        return str(error["errorType"]), str(error["errorMessage"])
    return "Runtime.Unknown", "the function failed to initialise"
