"""An engine that Pulumi can't see is named before the build, with what to do."""

from __future__ import annotations

import json
import socket
import socketserver
import threading
from http.server import BaseHTTPRequestHandler
from typing import TYPE_CHECKING

import pytest

from stacks.docker_engine import DEFAULT_ADDRESS, DockerEngineError, check_engine
from stacks.image_build import end_of_log

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


class _Ping(BaseHTTPRequestHandler):
    """Answers as an engine does when it is asked whether it is there."""

    def do_GET(self) -> None:
        """Answer any request."""
        self.send_response(200)
        self.send_header("Content-Length", "2")
        self.end_headers()
        self.wfile.write(b"OK")

    def address_string(self) -> str:
        """Return who asks, which a socket in the file system doesn't know."""
        return "here"

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture
def home(tmp_path: Path) -> Path:
    (tmp_path / ".docker").mkdir()
    return tmp_path


@pytest.fixture
def engine(home: Path) -> Iterator[str]:
    """Return the address of an engine that is neither where Pulumi looks first, nor named to it."""
    address = home / "docker.sock"
    with socketserver.UnixStreamServer(str(address), _Ping) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"unix://{address}"
        server.shutdown()


def make_context(home: Path, name: str, address: str) -> None:
    folder = home / ".docker" / "contexts" / "meta" / name
    folder.mkdir(parents=True)
    context = {"Name": name, "Endpoints": {"docker": {"Host": address}}}
    (folder / "meta.json").write_text(json.dumps(context), encoding="utf-8")


def refused(environment: dict[str, str], home: Path) -> str:
    with pytest.raises(DockerEngineError) as error:
        check_engine(environment, home)
    assert "\n" not in str(error.value)
    return str(error.value)


def test_an_engine_that_docker_host_names_is_found(engine: str, home: Path) -> None:
    check_engine({"DOCKER_HOST": engine}, home)


def test_a_named_context_comes_before_docker_host(engine: str, home: Path) -> None:
    make_context(home, "desktop", engine)
    check_engine({"DOCKER_CONTEXT": "desktop", "DOCKER_HOST": "unix:///nowhere"}, home)


def test_an_engine_on_the_network_is_asked(home: Path) -> None:
    with socketserver.TCPServer(("127.0.0.1", 0), _Ping) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        check_engine({"DOCKER_HOST": f"tcp://127.0.0.1:{server.server_address[1]}"}, home)
        server.shutdown()


@pytest.mark.parametrize("address", ["ssh://me@builder", "npipe:////./pipe/docker_engine"])
def test_what_takes_more_to_ask_is_left_to_the_provider(address: str, home: Path) -> None:
    check_engine({"DOCKER_HOST": address}, home)


def test_where_python_has_no_sockets_in_files_it_is_left_to_the_provider(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delattr(socket, "AF_UNIX")  # as on Windows
    check_engine({}, home)


def test_what_docker_context_use_has_chosen_is_named(engine: str, home: Path) -> None:
    make_context(home, "desktop-linux", engine)
    (home / ".docker" / "config.json").write_text('{"currentContext": "desktop-linux"}')
    message = refused({"DOCKER_HOST": "unix:///nowhere"}, home)
    assert message.startswith("no Docker engine answers at unix:///nowhere, where Pulumi looks")
    assert f"set DOCKER_HOST={engine}, which is the engine of the context 'desktop-lin" in message


def test_a_rootless_engine_is_named(engine: str, home: Path) -> None:
    message = refused({"DOCKER_HOST": "unix:///nowhere", "XDG_RUNTIME_DIR": str(home)}, home)
    assert f"set DOCKER_HOST={engine}, which is the engine that runs rootless" in message


def test_without_any_the_remedy_is_to_start_one(home: Path) -> None:
    message = refused({"DOCKER_HOST": "tcp://127.0.0.1:9"}, home)
    assert "(Connection refused): start Docker, or set DOCKER_HOST" in message


def test_a_context_that_is_not_there_is_named(home: Path) -> None:
    assert refused({"DOCKER_CONTEXT": "default"}, home).startswith("DOCKER_CONTEXT is 'default',")


@pytest.mark.parametrize("content", ["", "[]", "no JSON", '{"currentContext": 1}'])
def test_a_configuration_that_can_t_be_read_is_as_good_as_none(home: Path, content: str) -> None:
    (home / ".docker" / "config.json").write_text(content, encoding="utf-8")
    assert "start Docker" in refused({"DOCKER_HOST": "unix:///nowhere"}, home)


def test_the_default_is_docker_s() -> None:
    assert DEFAULT_ADDRESS == "unix:///var/run/docker.sock"


def test_the_end_of_a_build_s_log_is_shown(tmp_path: Path) -> None:
    assert end_of_log(tmp_path / "none") == ""
    log = tmp_path / "log"
    log.write_text("".join(f"step {number}\n" for number in range(100)), encoding="utf-8")
    assert end_of_log(log).startswith("step 40\n")
    assert end_of_log(log).endswith("step 99")
