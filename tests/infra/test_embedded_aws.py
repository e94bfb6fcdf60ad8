"""A session with the embedded AWS is the same whatever AWS settings and proxies the user has."""

from __future__ import annotations

import json
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import TYPE_CHECKING

import pytest

from stacks.embedded_aws import AccessKey, embedded_aws_session

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

TABLES = ["students"]
KEY = AccessKey.random()


class _Tables(BaseHTTPRequestHandler):
    """Answers as DynamoDB does when it is asked for its tables."""

    def do_POST(self) -> None:
        """Answer any request."""
        body = json.dumps({"TableNames": TABLES}).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture
def endpoint_url() -> Iterator[str]:
    with HTTPServer(("127.0.0.1", 0), _Tables) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


@pytest.mark.parametrize(
    "settings",
    [
        {},
        {"AWS_PROFILE": "a profile that is nowhere"},
        {"http_proxy": "http://127.0.0.1:9", "HTTP_PROXY": "http://127.0.0.1:9"},
        {"AWS_ACCESS_KEY_ID": "the user's", "AWS_SECRET_ACCESS_KEY": "own"},
        {"AWS_DEFAULT_REGION": "eu-west-1"},
        {"AWS_RETRY_MODE": "none that exists"},
    ],
    ids=",".join,
)
def test_settings_in_the_environment_are_not_read(
    settings: dict[str, str], endpoint_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in settings.items():
        monkeypatch.setenv(name, value)
    _ask(endpoint_url)


@pytest.mark.parametrize(
    "content",
    ["no configuration", "[default]\nretry_mode = none that exists\n"],
)
@pytest.mark.parametrize("variable", ["AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE"])
def test_configuration_files_are_not_read(
    variable: str,
    content: str,
    endpoint_url: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    (tmp_path / "file").write_text(content)
    monkeypatch.setenv(variable, str(tmp_path / "file"))
    _ask(endpoint_url)


def _ask(endpoint_url: str) -> None:
    session = embedded_aws_session("us-east-1", KEY)
    client = session.client("dynamodb", endpoint_url=endpoint_url)
    assert client.list_tables()["TableNames"] == TABLES
    assert client.meta.region_name == "us-east-1"
    credentials = session.get_credentials()
    assert credentials is not None
    assert (credentials.access_key, credentials.secret_key) == (KEY.key_id, KEY.secret)
    # A resource has a client of its own.
    tables = session.resource("dynamodb", endpoint_url=endpoint_url).tables.all()
    assert [table.name for table in tables] == TABLES
