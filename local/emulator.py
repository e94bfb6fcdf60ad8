"""MiniStack, the AWS emulator, as a private process.

Private means: on loopback only and behind our gate, with IAM enforced, with every folder it writes
to inside our own temporary one (its defaults are shared folders in /tmp), and with none of the
user's environment, least of all their AWS credentials.
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

from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from stacks.configuration import REPOSITORY
from stacks.embedded_aws import AccessKey

if TYPE_CHECKING:
    import subprocess
    from pathlib import Path

    from local.lifeline import Lifeline

HOST = "127.0.0.1"
REGION = "us-east-1"

SERVICES = (
    *("apigatewayv2", "budgets", "cloudwatch", "cognito-idp", "dynamodb", "ecr", "iam", "lambda"),
    *("logs", "s3", "scheduler", "sns", "sqs", "sts"),
)
"""What the stack is made of. Of the emulator's hundred services some run programs of their own:
whoever adds a resource of another service to the stack adds that service here, and no more."""

_DEPLOYER_KEY_ID = "000000000000"
"""For the emulator an account's id is the id of a key of its root user."""

_BACKLOG = 1024
"""Connections that wait: a hundred uploads at once are several hundred."""

_START_SECONDS = 60
"""It takes half a second; only a machine that is very busy needs more."""


class EmulatorError(Exception):
    """The emulator did not start; the message says why and what to do."""


@dataclass(frozen=True, kw_only=True)
class Emulator:
    """A running emulator, and the keys that it takes, of which only `deployer` makes functions."""

    endpoint_url: str
    process: subprocess.Popen[bytes]
    administrator: AccessKey
    deployer: AccessKey


def start_emulator(
    lifeline: Lifeline, *, port: int, retry_base_seconds: float, hook_url: str | None = None
) -> Emulator:
    """Start MiniStack on `port`, or on a free one for 0, and wait until it answers.

    `retry_base_seconds` is the wait before the first retry of a failed asynchronous invocation,
    and doubles with each: a minute on AWS, which nobody wants to sit through here. Events of
    functions go to `hook_url`; without one, no function can run. Raises EmulatorError if the port
    is taken or the emulator ends.
    """
    administrator = AccessKey.random()
    deployer = AccessKey(key_id=_DEPLOYER_KEY_ID, secret=AccessKey.random().secret)
    folder = lifeline.folder / "emulator"
    folder.mkdir()
    log = folder / "log"
    environment = {
        "PATH": os.defpath,
        "PYTHONPATH": str(REPOSITORY),
        "HOME": str(folder),
        "TMPDIR": str(folder),
        "STATE_DIR": str(folder / "state"),
        "S3_DATA_DIR": str(folder / "s3"),
        "MINISTACK_REGION": REGION,
        "SERVICES": ",".join(SERVICES),
        "AUTH": "true",
        "AWS_ACCESS_KEY_ID": administrator.key_id,
        "AWS_SECRET_ACCESS_KEY": administrator.secret,
        "LAMBDALENS_DEPLOYER_SECRET": deployer.secret,
        **({"LAMBDALENS_HOOK": hook_url} if hook_url else {}),
        # Functions run in our workers only: without Docker, this runs none.
        "LAMBDA_EXECUTOR": "docker",
        "LAMBDA_ASYNC_RETRY_BASE_SECONDS": str(retry_base_seconds),
        # Throttled events would use up their retries; here they wait for a worker instead.
        "LAMBDA_ACCOUNT_CONCURRENCY": "0",
        # Further listeners on fixed ports, which nobody here talks to.
        "SFTP_ENABLED": "0",
        "IOT_MTLS_ENABLED": "0",
        # It would remove containers that it takes for its own.
        "DOCKER_HOST": f"unix://{folder}/no-docker",
    }
    with _listen(port) as listening, log.open("wb") as output:
        endpoint_url = f"http://{HOST}:{listening.getsockname()[1]}"
        environment["GATEWAY_PORT"] = str(listening.getsockname()[1])
        process = lifeline.start(
            [sys.executable, "-m", "local.gate", str(listening.fileno())],
            environment=environment,
            folder=folder,
            output=output,
            descriptors=(listening.fileno(),),
        )
    _wait_until_ready(f"{endpoint_url}/_ministack/ready", deployer, process, log)
    return Emulator(
        endpoint_url=endpoint_url,
        process=process,
        administrator=administrator,
        deployer=deployer,
    )


def _listen(port: int) -> socket.socket:
    try:
        return socket.create_server((HOST, port), backlog=_BACKLOG)
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            raise EmulatorError(
                f"port {port} is in use: stop what listens there, or choose another with --port"
            ) from error
        raise EmulatorError(
            f"port {port} can't be opened ({error.strerror}): choose another with --port"
        ) from error


def _wait_until_ready(
    url: str, deployer: AccessKey, process: subprocess.Popen[bytes], log: Path
) -> None:
    direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    deadline = time.monotonic() + _START_SECONDS
    while time.monotonic() < deadline:
        if process.poll() is not None:
            lines = log.read_text(errors="replace").split("\n")
            last = next((line.strip() for line in reversed(lines) if line.strip()), "no output")
            raise EmulatorError(f"the embedded AWS ended at its start: {last}")
        try:
            direct.open(_signed(url, deployer), timeout=5).close()
        except (urllib.error.URLError, http.client.HTTPException, OSError):
            time.sleep(0.02)
        else:
            return
    raise EmulatorError(f"the embedded AWS was not ready after {_START_SECONDS} s: try again")


def _signed(url: str, access_key: AccessKey) -> urllib.request.Request:
    request = AWSRequest(method="GET", url=url)
    SigV4Auth(Credentials(access_key.key_id, access_key.secret), "health", REGION).add_auth(request)
    return urllib.request.Request(url, headers=dict(request.headers))  # noqa: S310 - our own
