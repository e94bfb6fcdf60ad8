"""A Docker engine of its own for a command: `python -m tests.image.private_engine COMMAND…`.

For machines on which no engine runs, such as CI's. The daemon keeps everything in a temporary
folder, makes no bridge and no firewall rules, and is gone at the end with all it had. It needs
root, and Debian's package docker.io or Docker's own.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    from collections.abc import Sequence
    from types import TracebackType

_START_SECONDS = 60
_STOP_SECONDS = 60


class PrivateEngineError(Exception):
    """The daemon can't be started here."""


class PrivateEngine:
    """A daemon, from the start of the context to its end.

    `host` is what DOCKER_HOST is set to, `folder` where everything is.
    """

    def __enter__(self) -> Self:
        daemon = shutil.which("dockerd", path=f"{os.environ['PATH']}:/usr/sbin:/sbin")
        if daemon is None:
            raise PrivateEngineError("there is no dockerd: apt-get install docker.io")
        if os.geteuid() != 0:
            raise PrivateEngineError("dockerd needs root")
        self.folder = Path(tempfile.mkdtemp(prefix="docker-"))
        self._log = self.folder / "log"
        socket = self.folder / "socket"
        self.host = f"unix://{socket}"
        with self._log.open("wb") as log:
            self._process = subprocess.Popen(
                [
                    *(daemon, "--host", self.host),
                    *("--data-root", self.folder / "data", "--exec-root", self.folder / "exec"),
                    *("--pidfile", self.folder / "pid"),
                    *("--bridge", "none", "--iptables=false", "--ip6tables=false"),
                ],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                # Not for it to hear: a Ctrl-C in the terminal is for the command.
                process_group=0,
            )
        try:
            self._wait_for(socket)
        except PrivateEngineError:
            self._end()
            raise
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._end()

    def _wait_for(self, socket: Path) -> None:
        deadline = time.monotonic() + _START_SECONDS
        while not socket.exists():
            if self._process.poll() is not None or time.monotonic() > deadline:
                lines = self._log.read_text(errors="replace").splitlines() or ["no output"]
                raise PrivateEngineError(f"dockerd did not start: {lines[-1]}")
            time.sleep(0.05)

    def _end(self) -> None:
        # Asked to, it ends its containers and its containerd, and takes its file systems away.
        self._process.terminate()
        try:
            self._process.wait(_STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        # But for the network namespace of the containers that had the machine's own network.
        for mounted in _mounted_below(self.folder):
            subprocess.run(["umount", mounted], check=False)  # noqa: S607 - the system's own
        shutil.rmtree(self.folder, ignore_errors=True)


def _mounted_below(folder: Path) -> list[str]:
    """Return the mount points in a folder, the innermost first."""
    mounts = Path("/proc/self/mountinfo").read_text(encoding="utf-8").splitlines()
    points = [mount.split()[4] for mount in mounts]
    return sorted((point for point in points if Path(point).is_relative_to(folder)), reverse=True)


def main(command: Sequence[str]) -> int:
    """Run the command with an engine of its own, and return its exit code."""
    for ending in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(ending, signal.default_int_handler)
    try:
        with PrivateEngine() as engine:
            return subprocess.call(command, env={**os.environ, "DOCKER_HOST": engine.host})
    except PrivateEngineError as error:
        print(f"error: {error}", file=sys.stderr)  # noqa: T201 - a command prints
        return 1
    except KeyboardInterrupt:
        return 130


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
