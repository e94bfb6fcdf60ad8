"""What a function prints, in its CloudWatch log group, as on AWS.

One log stream per execution environment. Lambda's service writes with the execution role's
permission. We write as the administrator, because the emulator takes the log group's ARN without
the `:*` that AWS has at its end and so refuses the policy that AWS accepts; whether the role has
the permission is asked before each line.
"""

from __future__ import annotations

import logging
import threading
import time
import uuid
from datetime import UTC, datetime
from typing import IO, TYPE_CHECKING

from botocore.exceptions import BotoCoreError, ClientError

from local.resources.roles import role_allows

if TYPE_CHECKING:
    from collections.abc import Iterator

    from local.account import Account

_log = logging.getLogger(__name__)

_LONGEST_LINE = 256 * 1024
"""CloudWatch's limit for one event, in bytes."""


class _NotAllowedError(Exception):
    """The role may not do what writing a log takes."""


class FunctionLog:
    """A log stream, and the thread that fills it from the output of a process."""

    def __init__(self, account: Account, *, role_arn: str, group: str) -> None:
        self._account = account
        self._logs = account.client("logs")
        self._role_arn = role_arn
        self.group = group
        self.stream = f"{datetime.now(UTC):%Y/%m/%d}/[$LATEST]{uuid.uuid4().hex}"
        self._lacking: set[str] = set()

    def follow(self, output: IO[bytes]) -> None:
        """Copy `output` into the stream, line by line, until its end."""
        threading.Thread(target=self._copy, args=(output,), daemon=True).start()

    def _copy(self, output: IO[bytes]) -> None:
        write = self._first_write
        with output:
            for line in _lines(output):
                # A log that can't be written must not hold up the function, whose output would
                # fill the pipe: we read on.
                try:
                    write(line)
                except (BotoCoreError, ClientError, _NotAllowedError):
                    continue
                write = self._write

    def _first_write(self, line: str) -> None:
        self._check("logs:CreateLogStream")
        self._logs.create_log_stream(logGroupName=self.group, logStreamName=self.stream)
        self._write(line)

    def _write(self, line: str) -> None:
        self._check("logs:PutLogEvents")
        event = {"timestamp": int(time.time() * 1000), "message": line}
        self._logs.put_log_events(
            logGroupName=self.group, logStreamName=self.stream, logEvents=[event]
        )

    def _check(self, action: str) -> None:
        stream = log_stream_arn(self._account, self.group, self.stream)
        if role_allows(self._account, self._role_arn, action=action, resource=stream):
            return
        if action not in self._lacking:
            self._lacking.add(action)
            _log.warning(
                "the role %s lacks %s on the log group %s: what the function says is lost",
                self._role_arn,
                action,
                self.group,
            )
        raise _NotAllowedError


def log_stream_arn(account: Account, group: str, stream: str) -> str:
    """Return what a policy calls a log stream."""
    return (
        f"arn:aws:logs:{account.region}:{account.account_id}:log-group:{group}:log-stream:{stream}"
    )


def _lines(output: IO[bytes]) -> Iterator[str]:
    while line := output.readline(_LONGEST_LINE):
        if text := line.decode(errors="replace").rstrip():
            yield text
