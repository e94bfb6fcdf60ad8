"""What AWS would refuse an account is told before it is asked, and each time with a remedy."""

from __future__ import annotations

import json
import threading
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import TYPE_CHECKING, Any, ClassVar

import pulumi
import pytest
from pulumi import ResourceHookArgs
from pulumi.runtime import mocks

from local.program import run_apart
from stacks import check
from stacks.__main__ import main
from stacks.limits import AccountLimits, LimitError, findings, limit_hook
from stacks.settings import StackSettings
from tests.infra.recording import Program, configured
from tests.infra.test_settings import read, read_configuration

if TYPE_CHECKING:
    from collections.abc import Iterator

NEW = AccountLimits(concurrency=10, unreserved=10)
USUAL = AccountLimits(concurrency=1000, unreserved=1000)


def refused(limits: AccountLimits, *, held: int = 0, **settings: str) -> list[str]:
    return [each.text for each in findings(read(**settings), limits, held=held) if each.refused]


def noted(limits: AccountLimits, **settings: str) -> list[str]:
    return [each.text for each in findings(read(**settings), limits) if not each.refused]


@pytest.mark.parametrize("stack", ["dev", "prod", "local"])
def test_the_stacks_as_they_are_fit_every_account(stack: str) -> None:
    settings = read_configuration(configured(stack))
    assert not [each for each in findings(settings, NEW) if each.refused]
    assert findings(settings, USUAL) == []


def test_in_a_new_account_nothing_can_be_reserved() -> None:
    (text,) = refused(NEW, reservedConcurrency="1")
    assert text == (
        "reservedConcurrency is 1, and AWS would refuse more than 0: of the account's 10 "
        "concurrent runs, other functions hold 0 and 10 must stay unreserved; set it to -1, or "
        "ask for more in Service Quotas (AWS Lambda, Concurrent executions)"
    )


@pytest.mark.parametrize(("reserved", "is_refused"), [("900", False), ("901", True)])
def test_a_hundred_must_stay_unreserved(reserved: str, is_refused: bool) -> None:  # noqa: FBT001
    assert bool(refused(USUAL, reservedConcurrency=reserved)) == is_refused


def test_what_other_functions_hold_can_t_be_had() -> None:
    limits = replace(USUAL, unreserved=300)
    (text,) = refused(limits, reservedConcurrency="201")
    assert "refuse more than 200: " in text
    assert "other functions hold 700 and 100 must stay unreserved; set it to 200 or less" in text


def test_what_the_stack_s_own_function_holds_is_its_own() -> None:
    limits = replace(USUAL, unreserved=300)
    assert refused(limits, reservedConcurrency="600", held=600) == []
    assert refused(limits, reservedConcurrency="801", held=600)


def test_few_concurrent_runs_are_said_with_what_they_mean() -> None:
    (text,) = noted(NEW)
    assert text.startswith("the account has 10 concurrent runs: further videos wait, six hours")


@pytest.mark.parametrize(("memory", "is_noted"), [("3008", False), ("3009", True)])
def test_memory_that_new_accounts_may_lack_is_said(memory: str, is_noted: bool) -> None:  # noqa: FBT001
    texts = [text for text in noted(NEW, memoryMb=memory) if text.startswith("memoryMb is")]
    assert bool(texts) == is_noted
    assert not noted(USUAL, memoryMb=memory)


def test_a_finding_is_one_line() -> None:
    found = findings(read(reservedConcurrency="5", memoryMb="10240"), NEW)
    assert len(found) == 2
    assert not [each for each in found if "\n" in each.text]


class _Lambda(BaseHTTPRequestHandler):
    """Answers as Lambda does when it is asked for the account's limits, or refuses to."""

    answer: ClassVar[tuple[int, dict[str, Any]]]

    def do_GET(self) -> None:
        """Answer any request."""
        status, content = self.answer
        body = json.dumps(content).encode()
        self.send_response(status)
        if status != 200:
            self.send_header("x-amzn-ErrorType", "AccessDeniedException")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture
def endpoint(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """Return the address of a Lambda of a new account."""
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "any")
    for name in ("AWS_PROFILE", "HTTP_PROXY", "http_proxy"):
        monkeypatch.delenv(name, raising=False)
    limits = {"ConcurrentExecutions": 10, "UnreservedConcurrentExecutions": 10}
    _Lambda.answer = 200, {"AccountLimit": limits, "AccountUsage": {}}
    with HTTPServer(("127.0.0.1", 0), _Lambda) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


def configure(endpoint: str, **settings: str) -> dict[str, str]:
    changed = {f"lambdalens:{key}": value for key, value in settings.items()}
    endpoints = json.dumps([{"lambda": endpoint}])
    return configured("dev") | changed | {"aws:endpoints": endpoints}


class _NoResources(mocks.Mocks):
    """A provider for a program that has no resource."""

    def new_resource(self, args: mocks.MockResourceArgs) -> tuple[str | None, dict[str, Any]]:
        raise NotImplementedError(args.typ)

    def call(self, args: mocks.MockCallArgs) -> tuple[dict[str, Any], list[tuple[str, str]]]:
        raise NotImplementedError(args.token)


def hook(configuration: dict[str, str], old: dict[str, Any] | None = None) -> None:
    """Do what Pulumi's engine does before it makes or changes the function."""

    async def run() -> None:
        settings = StackSettings.from_config(pulumi.Config("lambdalens"))
        check_limits = limit_hook("function", settings)
        assert check_limits.opts is not None
        assert check_limits.opts.on_dry_run
        called = check_limits(ResourceHookArgs(urn="", id="", name="", type="", old_inputs=old))
        assert called is not None
        await called

    run_apart(
        run,
        monitor=mocks.MockMonitor(_NoResources()),
        project="lambdalens",
        stack="dev",
        configuration=configuration,
    ).result()


def test_a_preview_and_an_update_stop_before_aws_would(endpoint: str) -> None:
    hook(configure(endpoint))
    with pytest.raises(LimitError, match="reservedConcurrency is 4, and AWS would refuse"):
        hook(configure(endpoint, reservedConcurrency="4"))


def test_an_update_knows_what_the_function_has_already(endpoint: str) -> None:
    limits = {"ConcurrentExecutions": 200, "UnreservedConcurrentExecutions": 100}
    _Lambda.answer = 200, {"AccountLimit": limits, "AccountUsage": {}}
    hook(configure(endpoint, reservedConcurrency="90"), {"reservedConcurrentExecutions": 100.0})
    with pytest.raises(LimitError):
        hook(configure(endpoint, reservedConcurrency="90"), {"reservedConcurrentExecutions": -1})


@pytest.mark.parametrize(
    "own", [{}, {"aws:assumeRoles": '[{"roleArn": "arn"}]'}, {"aws:profile": "none that is"}]
)
def test_who_may_not_ask_goes_on_with_a_warning(
    endpoint: str, own: dict[str, str], caplog: pytest.LogCaptureFixture
) -> None:
    _Lambda.answer = 403, {"Message": "User is not authorized"}
    hook(configure(endpoint, reservedConcurrency="4") | own)
    assert "the account's limits were not checked: " in caplog.text


def run_check(
    configuration: dict[str, str], monkeypatch: pytest.MonkeyPatch, *arguments: str
) -> int:
    monkeypatch.setattr(check, "stack_configuration", lambda _stack: configuration)
    monkeypatch.setenv("PATH", "")  # there is no Pulumi CLI that knows of a deployed stack
    return main(["check", *arguments])


def test_the_command_says_what_is_allowed(
    endpoint: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run_check(configure(endpoint), monkeypatch) == 0
    note, allowed = capsys.readouterr().out.splitlines()
    assert note.startswith("note: the account has 10 concurrent runs")
    assert allowed == (
        "The account allows what the stack dev asks for: 10 concurrent runs in us-east-1, 10 of "
        "them unreserved."
    )


def test_the_command_ends_with_1_where_aws_would_refuse(
    endpoint: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run_check(configure(endpoint, reservedConcurrency="2"), monkeypatch) == 1
    (line,) = capsys.readouterr().out.splitlines()
    assert line.startswith("refused: reservedConcurrency is 2, ")


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"lambdalens:memoryMb": "1"}, "error: lambdalens:memoryMb is 1: it must be from 512"),
        ({"aws:region": ""}, "error: aws:region is not set: "),
        ({"aws:accessKey": "AKIA"}, "error: only Pulumi's provider signs in with aws:accessKey"),
        ({}, "error: An error occurred (AccessDeniedException) when calling the GetAccountSett"),
    ],
)
def test_the_command_ends_with_2_where_it_can_t_be_checked(
    endpoint: str,
    changed: dict[str, str],
    message: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    _Lambda.answer = 403, {"Message": "User is not authorized"}
    assert run_check(configure(endpoint) | changed, monkeypatch) == 2
    errors = capsys.readouterr().err
    assert errors.startswith(message)
    assert errors.count("\n") == 1


def test_an_unknown_stack_is_wrong_usage(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check", "--stack", "staging"]) == 2
    assert capsys.readouterr().err.startswith("error: There is no stack 'staging': choose from")


@pytest.mark.parametrize("arguments", [[], ["check", "--stack"], ["measure"]])
def test_wrong_usage_ends_with_2(arguments: list[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(arguments)
    assert ended.value.code == 2


def test_the_help_fits_a_terminal(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    with pytest.raises(SystemExit):
        main(["check", "--help"])
    text = capsys.readouterr().out
    assert "exit status:" in text
    assert max(map(len, text.splitlines())) <= 80


def test_the_function_s_limits_are_checked_whenever_it_is_made_or_changed(
    program: Program,
) -> None:
    assert program.one("lambda/function:Function", "lambdalens-recogniser").hooks >= {
        "before_create: lambdalens-recogniser-limits",
        "before_update: lambdalens-recogniser-limits",
    }


def test_the_processor_of_an_image_is_checked_where_a_setting_names_the_image(
    dev: Program, local: Program
) -> None:
    hook = "before_update: lambdalens-recogniser-processor"
    assert hook not in dev.one("lambda/function:Function", "lambdalens-recogniser").hooks
    assert hook in local.one("lambda/function:Function", "lambdalens-recogniser").hooks
