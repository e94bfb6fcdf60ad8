"""Nothing that the embedded AWS starts outlives the process that started it.

A `with` block or a signal handler is not enough: neither runs when the process is killed. So a
small watcher process holds one end of a pipe whose other end is ours. Whatever becomes of us,
the kernel closes our end; the watcher then kills every process of its group, which is where all
our children are put, and removes the temporary folder, and the containers and files it was told
about. An orderly end takes the same way, so that there is only one way to end, and it is the one in
use every day.

The group is not our own: a Ctrl-C in the terminal reaches us alone, and we decide what follows.

Run as a script, this module is the watcher. That half uses the standard library only.
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path
from typing import IO, TYPE_CHECKING, Self

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence
    from types import TracebackType

_ENGINE_SECONDS = 60
"""How long the watcher waits for a Docker engine."""


class LifelineCutError(Exception):
    """There is no temporary folder to be had, or the end has come, or the watcher is gone."""


class Lifeline:
    """A process group and a temporary folder that end with this process, however it ends."""

    def __enter__(self) -> Self:
        self._watcher = subprocess.Popen(
            [sys.executable, "-I", "-S", __file__],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            process_group=0,
        )
        # The folder is made by the one who removes it: there is no moment at which it exists
        # and nobody is there to remove it.
        folder = _pipe(self._watcher.stdout).readline().rstrip("\n")
        if not folder:
            raise LifelineCutError(
                "no temporary folder could be made: check TMPDIR and the space on the disk"
            )
        self.folder = Path(folder)
        self._ended = False
        self._children: list[subprocess.Popen[bytes]] = []
        self._starting = threading.Lock()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        with self._starting:
            self._ended = True
        with contextlib.suppress(BrokenPipeError):  # somebody has killed the watcher
            _pipe(self._watcher.stdin).close()
        self._watcher.wait()
        _pipe(self._watcher.stdout).close()
        for child in self._children:
            child.kill()  # which the watcher has done, if it could
            child.wait()

    def start(
        self,
        arguments: Sequence[str],
        *,
        environment: Mapping[str, str],
        folder: Path,
        output: int | IO[bytes],
        descriptors: Collection[int] = (),
    ) -> subprocess.Popen[bytes]:
        """Start a child that ends when we do.

        `environment` and `descriptors`, files that are open, are all the child sees: nothing of the
        user's own is passed on. Standard output and error both go to `output`. Raises
        LifelineCutError after the end.
        """
        # Under a lock with the end, so that no child joins the group after it was emptied.
        with self._starting:
            if self._ended or self._watcher.poll() is not None:
                raise LifelineCutError("the embedded AWS has ended")
            child = subprocess.Popen(
                arguments,
                env=environment,
                cwd=folder,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                pass_fds=descriptors,
                process_group=self._watcher.pid,
            )
            self._children.append(child)
            return child

    def remove_at_end(self, path: Path) -> None:
        """Have a file outside the folder removed at the end, too."""
        self._tell(file=str(path.resolve()))

    def remove_containers_at_end(self, client: str, label: str) -> None:
        """Have all containers with a label removed at the end, by this Docker client.

        They are children of the engine's and not ours.
        """
        self._tell(client=client, label=label)

    def _tell(self, **errand: str) -> None:
        pipe = _pipe(self._watcher.stdin)
        try:
            pipe.write(json.dumps(errand) + "\n")
            pipe.flush()
        except BrokenPipeError:
            raise LifelineCutError("the embedded AWS has ended") from None


def _pipe(stream: IO[str] | None) -> IO[str]:
    if stream is None:
        raise ValueError("a stream that was asked for as a pipe is none")
    return stream


def _watch() -> None:
    for ending in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(ending, signal.SIG_IGN)
    try:
        folder = tempfile.mkdtemp(prefix="lambdalens-")
    except OSError:
        return  # which the parent sees by what it does not read
    print(folder, flush=True)  # noqa: T201 - this is how the parent learns the folder
    errands = [json.loads(line) for line in sys.stdin]  # until the parent is gone
    while others := _others_in_group():
        for process in others:
            _kill(process)
        time.sleep(0.01)
    # Each worker says it of all.
    for client, label in {(told["client"], told["label"]) for told in errands if "label" in told}:
        _remove_containers(client, label)
    shutil.rmtree(folder, ignore_errors=True)
    for told in errands:
        if "file" in told:
            Path(told["file"]).unlink(missing_ok=True)


def _remove_containers(client: str, label: str) -> None:
    with contextlib.suppress(OSError, subprocess.TimeoutExpired):  # the engine is gone, too
        found = subprocess.run(
            [client, "ps", "--all", "--quiet", "--filter", f"label={label}"],
            capture_output=True,
            check=False,
            text=True,
            timeout=_ENGINE_SECONDS,
        ).stdout.split()
        if found:
            subprocess.run(
                [client, "rm", "--force", *found],
                capture_output=True,
                check=False,
                timeout=_ENGINE_SECONDS,
            )


def _others_in_group() -> list[int]:
    """List the living processes of our group but ourselves.

    From /proc, because killpg would kill us before the folder is removed, and because it also
    finds those who are dead and only not yet waited for.
    """
    others = []
    for status in Path("/proc").glob("[0-9]*/stat"):
        try:
            # "pid (name) state parent group …", and the name may hold blanks and brackets
            state, _, group = status.read_text().rpartition(")")[2].split()[:3]
        except (OSError, ValueError):  # it ended while we looked
            continue
        process = int(status.parent.name)
        if int(group) == os.getpgrp() and state not in "ZX" and process != os.getpid():
            others.append(process)
    return others


def _kill(process: int) -> None:
    with contextlib.suppress(ProcessLookupError):  # it ended by itself
        os.kill(process, signal.SIGKILL)


if __name__ == "__main__":
    _watch()
