"""What a function prints, in its CloudWatch log group, as on AWS.

One log stream per execution environment. Lambda's service writes with the execution role's
permission. We write as the administrator, because the emulator takes the log group's ARN without
the `:*` that AWS has at its end and so refuses the policy that AWS accepts; that the role has the
permission is checked when the function is created.
"""

from __future__ import annotations

import threading
import time
import uuid
from datetime import UTC, datetime
from typing import IO, TYPE_CHECKING, Any

from botocore.exceptions import BotoCoreError, ClientError

if TYPE_CHECKING:
    from collections.abc import Iterator

_LONGEST_LINE = 256 * 1024
"""CloudWatch's limit for one event, in bytes."""


class FunctionLog:
    """A log stream, and the thread that fills it from the output of a process."""

    def __init__(self, logs: Any, *, group: str) -> None:  # noqa: ANN401 - a boto3 client
        self._logs = logs
        self.group = group
        self.stream = f"{datetime.now(UTC):%Y/%m/%d}/[$LATEST]{uuid.uuid4().hex}"

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
                except (BotoCoreError, ClientError):
                    continue
                write = self._write

    def _first_write(self, line: str) -> None:
        self._logs.create_log_stream(logGroupName=self.group, logStreamName=self.stream)
        self._write(line)

    def _write(self, line: str) -> None:
        event = {"timestamp": int(time.time() * 1000), "message": line}
        self._logs.put_log_events(
            logGroupName=self.group, logStreamName=self.stream, logEvents=[event]
        )


def _lines(output: IO[bytes]) -> Iterator[str]:
    while line := output.readline(_LONGEST_LINE):
        if text := line.decode(errors="replace").rstrip():
            yield text
