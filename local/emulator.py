"""MiniStack, the AWS emulator, as a private process.

Private means: on loopback only, with IAM enforced, with every folder it writes to inside our own
temporary one (its defaults are shared folders in /tmp), and with none of the user's environment,
least of all their AWS credentials.
"""

from __future__ import annotations

import errno
import http.client
import os
import socket
import sys
import time
import urllib.error
import urllib.request
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import subprocess
    from pathlib import Path

    from local.lifeline import Lifeline

HOST = "127.0.0.1"
REGION = "us-east-1"

_START_SECONDS = 60
"""It takes half a second; only a machine that is very busy needs more."""


class EmulatorError(Exception):
    """The emulator did not start; the message says why and what to do."""


@dataclass(frozen=True, kw_only=True)
class Emulator:
    """A running emulator."""

    endpoint_url: str
    process: subprocess.Popen[bytes]


def start_emulator(lifeline: Lifeline, *, port: int, retry_base_seconds: float) -> Emulator:
    """Start MiniStack on `port`, or on a free one for 0, and wait until it answers.

    `retry_base_seconds` is the wait before the first retry of a failed asynchronous invocation,
    and doubles with each: a minute on AWS, which nobody wants to sit through here. Raises
    EmulatorError if the port is taken or the emulator ends.
    """
    port = _free_port(port)
    folder = lifeline.folder / "emulator"
    folder.mkdir()
    log = folder / "log"
    environment = {
        "PATH": os.defpath,
        "HOME": str(folder),
        "TMPDIR": str(folder),
        "STATE_DIR": str(folder / "state"),
        "S3_DATA_DIR": str(folder / "s3"),
        "BIND_HOST": HOST,
        "GATEWAY_PORT": str(port),
        "MINISTACK_REGION": REGION,
        "AUTH": "true",
        "LAMBDA_ASYNC_RETRY_BASE_SECONDS": str(retry_base_seconds),
        # Throttled events would use up their retries; here they wait for a worker instead.
        "LAMBDA_ACCOUNT_CONCURRENCY": "0",
        # Further listeners on fixed ports, which nobody here talks to.
        "SFTP_ENABLED": "0",
        "IOT_MTLS_ENABLED": "0",
        # It would remove containers that it takes for its own.
        "DOCKER_HOST": f"unix://{folder}/no-docker",
    }
    with log.open("wb") as output:
        process = lifeline.start(
            [sys.executable, "-m", "ministack"],
            environment=environment,
            folder=folder,
            output=output,
        )
    endpoint_url = f"http://{HOST}:{port}"
    _wait_until_ready(f"{endpoint_url}/_ministack/ready", process, log)
    return Emulator(endpoint_url=endpoint_url, process=process)


def _free_port(port: int) -> int:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError as error:
            if error.errno == errno.EADDRINUSE:
                raise EmulatorError(
                    f"port {port} is in use: stop what listens there, or choose another with --port"
                ) from error
            raise EmulatorError(
                f"port {port} can't be opened ({error.strerror}): choose another with --port"
            ) from error
        chosen: int = probe.getsockname()[1]
    return chosen


def _wait_until_ready(url: str, process: subprocess.Popen[bytes], log: Path) -> None:
    direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    deadline = time.monotonic() + _START_SECONDS
    while time.monotonic() < deadline:
        if process.poll() is not None:
            lines = log.read_text(errors="replace").split("\n")
            last = next((line.strip() for line in reversed(lines) if line.strip()), "no output")
            raise EmulatorError(f"the embedded AWS ended at its start: {last}")
        try:
            direct.open(url, timeout=5).close()
        except (urllib.error.URLError, http.client.HTTPException, OSError):
            time.sleep(0.02)
        else:
            return
    raise EmulatorError(f"the embedded AWS was not ready after {_START_SECONDS} s: try again")
