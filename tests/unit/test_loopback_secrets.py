"""Who does not know the secret of a worker's Runtime API or of the hook gets and gives nothing."""

from __future__ import annotations

import http.client
from queue import SimpleQueue
from typing import TYPE_CHECKING

import pytest

from local.invoke_hook import InvokeHook
from local.runtime_api import Invocation, Message, RuntimeApi, Said

if TYPE_CHECKING:
    from collections.abc import Iterator

RUNTIME = "/2018-06-01/runtime"


@pytest.fixture
def said() -> SimpleQueue[Message]:
    return SimpleQueue()


@pytest.fixture
def api(said: SimpleQueue[Message]) -> Iterator[RuntimeApi]:
    """Return a Runtime API with an event to give away."""
    api = RuntimeApi(said.put)
    api.hand_over(Invocation(request_id="1", function_arn="arn", event=b'"event"', deadline=0))
    yield api
    api.close()


def ask(address: str, method: str, path: str, **headers: str) -> tuple[int, bytes]:
    """Ask a server, by host and port."""
    connection = http.client.HTTPConnection(address.partition("/")[0], timeout=5)
    connection.request(method, path, b"{}" if method == "POST" else None, headers)
    answer = connection.getresponse()
    return answer.status, answer.read()


@pytest.mark.parametrize("secret", ["", "/", "/secret", "/2018-06-01"])
@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", f"{RUNTIME}/invocation/next"),
        ("POST", f"{RUNTIME}/invocation/1/response"),
        ("POST", f"{RUNTIME}/invocation/1/error"),
        ("POST", f"{RUNTIME}/init/error"),
    ],
)
def test_without_the_secret_no_event_is_given_and_no_answer_taken(
    api: RuntimeApi, said: SimpleQueue[Message], secret: str, method: str, path: str
) -> None:
    assert ask(api.address, method, secret + path) == (404, b"{}")

    assert said.empty()
    with_secret = f"/{api.address.partition('/')[2]}{RUNTIME}/invocation/next"
    assert ask(api.address, "GET", with_secret) == (200, b'"event"')
    assert said.get().said is Said.READY


@pytest.mark.parametrize("header", [{"Origin": "http://localhost:3000"}, {"Host": "example.org"}])
def test_a_page_or_another_name_gets_nothing_even_with_the_secret(
    api: RuntimeApi, said: SimpleQueue[Message], header: dict[str, str]
) -> None:
    path = f"/{api.address.partition('/')[2]}{RUNTIME}/invocation/next"
    assert ask(api.address, "GET", path, **header) == (404, b"{}")
    assert said.empty()


def test_each_server_has_a_secret_of_its_own() -> None:
    apis = [RuntimeApi(lambda _: None) for _ in range(2)]
    secrets = {api.address.partition("/")[2] for api in apis}
    for api in apis:
        api.close()
    assert len(secrets) == 2
    assert all(len(secret) >= 32 for secret in secrets)


def test_the_hook_takes_no_event_without_the_secret() -> None:
    hook = InvokeHook()
    address = f"{hook.url}/function".removeprefix("http://")
    assert address.count("/") == 2
    for path in ("/function", "//function", "/secret/function"):
        assert ask(address, "POST", path) == (404, b"{}")
    hook.close()
