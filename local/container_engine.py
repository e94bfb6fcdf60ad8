"""The Docker engine of this machine, through a client that can build with BuildKit.

There may be several clients on one machine: a new one without its buildx component reaches an
engine but can't build, while an old one brings BuildKit along. So they are asked, not assumed.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

_BUILDKIT_INSIDE_UNTIL = 23
"""From this version on, the client leaves BuildKit to the component buildx."""

_ASKING_SECONDS = 30


class ContainerEngineError(Exception):
    """There is no engine to be had, or it refused; the message is one line."""


@dataclass(frozen=True)
class ContainerEngine:
    """An engine that answers, by the path of the client that reaches it."""

    client: str

    @classmethod
    def find(cls) -> ContainerEngine:
        """Return the engine that the environment's Docker settings lead to.

        Raises ContainerEngineError if none answers, or no client can build.
        """
        problem = "there is no `docker` on PATH: install Docker"
        for client in _clients():
            engine = cls(client)
            try:
                engine.ask("version", "--format", "{{.Server.Version}}")
            except ContainerEngineError as error:
                problem = f"no Docker engine answers: start one, or set DOCKER_HOST ({error})"
                continue
            if engine.has_buildx or engine.has_buildkit_inside:
                return engine
            problem = f"{client} can't build: install Docker's buildx"
        raise ContainerEngineError(problem)

    @cached_property
    def has_buildx(self) -> bool:
        """Whether the client has the component buildx."""
        try:
            self.ask("buildx", "version")
        except ContainerEngineError:
            return False
        return True

    @cached_property
    def has_buildkit_inside(self) -> bool:
        """Whether the client is so old that it has BuildKit in itself."""
        version = self.ask("version", "--format", "{{.Client.Version}}")
        return int(version.split(".")[0]) < _BUILDKIT_INSIDE_UNTIL

    def ask(self, *arguments: str) -> str:
        """Run a command of the client that is answered at once, and return the answer.

        Raises ContainerEngineError with the last line of what it said if it failed.
        """
        try:
            answer = subprocess.run(
                [self.client, *arguments],
                capture_output=True,
                check=True,
                text=True,
                timeout=_ASKING_SECONDS,
            )
        except subprocess.CalledProcessError as error:
            lines = error.stderr.strip().splitlines() or [f"exit status {error.returncode}"]
            raise ContainerEngineError(f"docker {arguments[0]}: {lines[-1]}") from error
        except (OSError, subprocess.TimeoutExpired) as error:
            raise ContainerEngineError(f"docker {arguments[0]}: {error}") from error
        return answer.stdout.strip()

    def do(self, *arguments: str) -> None:
        """Run a command of the client that takes its time, and says on stderr how far it is.

        Raises ContainerEngineError if it failed.
        """
        try:
            subprocess.run(
                [self.client, *arguments],
                check=True,
                env={**os.environ, "DOCKER_BUILDKIT": "1"},
                stdin=subprocess.DEVNULL,
                stdout=2,
            )
        except subprocess.CalledProcessError as error:
            raise ContainerEngineError(f"docker {arguments[0]} failed: see above why") from error


def _clients() -> Iterator[str]:
    for folder in os.get_exec_path():
        client = Path(folder) / "docker"
        if shutil.which(client):
            yield str(client)
