"""The Docker engine that Pulumi's provider builds with: not always the one that `docker` uses.

The provider asks the context that DOCKER_CONTEXT names, or else the address in DOCKER_HOST, or
else /var/run/docker.sock (kreuzwerker/terraform-provider-docker, internal/provider/provider.go).
What `docker context use` has chosen it does not read (pulumi/pulumi-docker#619), so Docker Desktop
and rootless engines are often missed. It needs no `docker` command: BuildKit's client is in it.
"""

from __future__ import annotations

import http.client
import json
import os
import socket
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

DEFAULT_ADDRESS = "unix:///var/run/docker.sock"
_ANSWER_SECONDS = 10


class DockerEngineError(Exception):
    """The provider would find no engine; the message is one line with the remedy."""


def check_engine(environment: Mapping[str, str] = os.environ, home: Path | None = None) -> None:
    """Raise DockerEngineError if no engine answers where the provider looks for one.

    An address that takes more than a connection to ask (ssh, a pipe of Windows) is not checked,
    nor is a socket where Python has none, which is on Windows.
    """
    home = home or Path.home()
    address = _address(environment, home)
    try:
        _ask(address, with_tls="DOCKER_CERT_PATH" in environment)
    except PermissionError as error:
        raise DockerEngineError(
            f"the Docker engine at {address} is not for you ({error.strerror}): add yourself to "
            "the group docker and log in again, or set DOCKER_HOST to an engine of your own"
        ) from error
    except (OSError, http.client.HTTPException) as error:
        reason = getattr(error, "strerror", None) or str(error) or type(error).__name__
        raise DockerEngineError(
            f"no Docker engine answers at {address}, where Pulumi looks for one ({reason}): "
            f"{_remedy(address, environment, home)}"
        ) from error


def _address(environment: Mapping[str, str], home: Path) -> str:
    if name := environment.get("DOCKER_CONTEXT"):
        address = _contexts(home).get(name)
        if address is None:
            raise DockerEngineError(
                f"DOCKER_CONTEXT is {name!r}, and there is no such context in "
                f"{home / '.docker' / 'contexts'}: unset it, or choose one of 'docker context ls'"
            )
        return address
    return environment.get("DOCKER_HOST") or DEFAULT_ADDRESS


def _ask(address: str, *, with_tls: bool) -> None:
    """Ask an engine whether it is there. Raise OSError or HTTPException if it is not."""
    place = urlsplit(address)
    connection: http.client.HTTPConnection
    if place.scheme == "unix":
        if not hasattr(socket, "AF_UNIX"):
            return
        connection = _UnixConnection(place.path)
    elif place.scheme in ("tcp", "http") and place.hostname and not with_tls:
        connection = http.client.HTTPConnection(
            place.hostname, place.port or 2375, timeout=_ANSWER_SECONDS
        )
    else:
        return
    with closing(connection):
        connection.request("GET", "/_ping")
        connection.getresponse().read()


def _remedy(address: str, environment: Mapping[str, str], home: Path) -> str:
    for name, other in _others(environment, home):
        if other != address:
            return (
                f"set DOCKER_HOST={other}, which is the engine {name}, since Pulumi does not read "
                "what 'docker context use' has chosen"
            )
    return (
        "start Docker, or set DOCKER_HOST to the address that 'docker context ls' shows for yours; "
        "with a prebuilt image (imageUri) none is needed"
    )


def _others(environment: Mapping[str, str], home: Path) -> Iterator[tuple[str, str]]:
    """Yield other engines there may be: that of the chosen context, and a rootless one."""
    try:
        chosen = json.loads((home / ".docker" / "config.json").read_bytes()).get("currentContext")
    except (OSError, ValueError, AttributeError):
        chosen = None
    if address := _contexts(home).get(chosen):
        yield f"of the context {chosen!r}", address
    rootless = Path(environment.get("XDG_RUNTIME_DIR") or home) / "docker.sock"
    if rootless.is_socket():
        yield "that runs rootless", f"unix://{rootless}"


def _contexts(home: Path) -> dict[str | None, str]:
    """Return the addresses of Docker's contexts by their names, as the provider reads them."""
    found: dict[str | None, str] = {}
    for file in (home / ".docker" / "contexts" / "meta").glob("*/meta.json"):
        try:
            context = json.loads(file.read_bytes())
            found[str(context["Name"])] = str(context["Endpoints"]["docker"]["Host"])
        except (OSError, ValueError, KeyError, TypeError):
            continue
    return found


class _UnixConnection(http.client.HTTPConnection):
    """A connection to a socket in the file system."""

    def __init__(self, path: str) -> None:
        super().__init__("localhost", timeout=_ANSWER_SECONDS)
        self._path = path

    def connect(self) -> None:
        """Connect to the socket."""
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(self.timeout)
        self.sock.connect(self._path)
