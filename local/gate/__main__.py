"""The process of the embedded AWS: `python -m local.gate FD`, with the emulator behind the gate.

FD is the listening socket that whoever starts it has opened. So no other process can take the port
between its choice and its use. The keys come in the environment, which only the user can read.
"""

from __future__ import annotations

import asyncio
import os
import resource
import socket
import sys

from hypercorn.asyncio import serve
from hypercorn.config import Config

from local.gate.admission import ACCOUNT, Admission
from local.gate.application import Gate
from stacks.embedded_aws import AccessKey

_KEEP_ALIVE_SECONDS = 75


def main(descriptor: int) -> None:
    """Serve until the process is ended."""
    # Imported here, because it reads its settings from the environment at import.
    from ministack.app import app  # noqa: PLC0415

    from local.gate import http_api  # noqa: PLC0415
    from local.gate.executions import check_executions  # noqa: PLC0415
    from local.gate.function_events import send_events_to  # noqa: PLC0415

    hook_url = os.environ.pop("LAMBDALENS_HOOK", None)
    if hook_url:
        send_events_to(hook_url)

    check_executions()

    with socket.socket(fileno=os.dup(descriptor)) as listening:
        host, port = listening.getsockname()
    gate = Gate(
        app,
        Admission(
            deployer=AccessKey(key_id=ACCOUNT, secret=os.environ.pop("LAMBDALENS_DEPLOYER_SECRET")),
            administrator=AccessKey(
                key_id=os.environ["AWS_ACCESS_KEY_ID"], secret=os.environ["AWS_SECRET_ACCESS_KEY"]
            ),
            host=f"{host}:{port}",
            has_api=http_api.exists,
            runs_functions=bool(hook_url),
        ),
        http_api.answer,
    )
    # A hundred uploads at once are several hundred open files.
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    config = Config()
    config.bind = [f"fd://{descriptor}"]
    config.keep_alive_timeout = _KEEP_ALIVE_SECONDS
    asyncio.run(serve(gate, config))  # type: ignore[arg-type]


if __name__ == "__main__":
    main(int(sys.argv[1]))
