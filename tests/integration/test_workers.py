"""A function's workers: one event after another, and failures as Lambda reports them."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from local.function_configuration import FunctionConfiguration
from local.workers import WorkerPool

if TYPE_CHECKING:
    from local.aws import LocalAws
    from local.sandbox import Sandbox

PROGRAM = Path(__file__).parent / "small_program.py"


class Function:
    """A deployed function with a single worker."""

    def __init__(self, aws: LocalAws, **configuration: str) -> None:
        self._aws = aws
        self._exports = aws.deploy(
            PROGRAM, {f"lambdalens:{key}": value for key, value in configuration.items()}
        )

    def invoke(self, do: str, **details: object) -> dict[str, Any]:
        """Tell the function what to do; return what it answers, or the error it fails with."""
        answer = self._aws.client("lambda").invoke(
            FunctionName=self._exports["function"], Payload=json.dumps({"do": do, **details})
        )
        payload: dict[str, Any] = json.load(answer["Payload"])
        if "FunctionError" not in answer:
            return payload
        # The emulator wraps what the hook answers.
        error: dict[str, Any] = json.loads(payload["errorMessage"].partition(": ")[2])
        return error

    def invoke_later(self, do: str) -> None:
        """Tell the function what to do some time, as S3 does."""
        self._aws.client("lambda").invoke(
            FunctionName=self._exports["function"],
            InvocationType="Event",
            Payload=json.dumps({"do": do}),
        )

    def failure(self) -> dict[str, Any]:
        """Wait for an event that failed for good."""
        (message,) = self._aws.client("sqs").receive_message(
            QueueUrl=self._exports["queue"], WaitTimeSeconds=20
        )["Messages"]
        failure: dict[str, Any] = json.loads(message["Body"])
        return failure


@pytest.fixture(scope="module")
def function(aws: LocalAws) -> Function:
    return Function(aws, timeout="1")


def test_a_worker_serves_one_event_after_another(function: Function) -> None:
    first, second = (function.invoke("describe yourself") for _ in range(2))

    assert first["process"] == second["process"]
    assert 0 < first["remaining"] <= 1000


def test_a_worker_sees_nothing_of_the_users_environment(
    function: Function, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_PROFILE", "private")
    function.invoke("crash")  # so that a new worker is started

    environment = function.invoke("describe yourself")["environment"]

    assert {"AWS_SESSION_TOKEN", "AWS_LAMBDA_FUNCTION_NAME", "AWS_ENDPOINT_URL"} <= {*environment}
    assert {"AWS_PROFILE", "HOME", "USER"}.isdisjoint(environment)


@pytest.mark.parametrize(
    ("misdeed", "error_type", "message"),
    [
        ("crash", "Runtime.ExitError", "Error: Runtime exited with error: signal: killed"),
        ("exit", "Runtime.ExitError", "Error: Runtime exited with error: exit status 3"),
        ("sleep", "Sandbox.Timedout", "Error: Task timed out after 1.00 seconds"),
    ],
)
def test_a_lost_worker_is_reported_and_replaced(
    function: Function, misdeed: str, error_type: str, message: str
) -> None:
    before = function.invoke("describe yourself")

    error = function.invoke(misdeed, seconds=3600)

    assert error["errorType"] == error_type
    assert error["errorMessage"].startswith("RequestId: ")
    assert error["errorMessage"].endswith(message)
    after = function.invoke("describe yourself")
    assert after["process"] != before["process"]
    assert after["folder"] != before["folder"]
    assert not Path(before["folder"]).exists()


def test_an_exception_is_reported_and_the_worker_kept(function: Function) -> None:
    before = function.invoke("describe yourself")

    error = function.invoke("raise")

    assert (error["errorType"], error["errorMessage"]) == ("ValueError", "as you wish")
    assert function.invoke("describe yourself")["process"] == before["process"]


def test_an_event_that_fails_for_good_reaches_the_destination(function: Function) -> None:
    function.invoke_later("crash")

    failure = function.failure()

    assert failure["requestPayload"] == {"do": "crash"}
    assert "Runtime.ExitError" in failure["responsePayload"]["errorMessage"]


def test_events_wait_their_turn_longer_than_the_timeout(function: Function) -> None:
    with ThreadPoolExecutor(4) as senders:
        runs = list(senders.map(lambda _: function.invoke("sleep", seconds=0.4), range(4)))

    runs.sort(key=lambda run: run["started"])
    assert all(one["ended"] <= other["started"] for one, other in pairwise(runs))


def test_a_function_that_can_not_start_fails_each_event(aws: LocalAws) -> None:
    function = Function(aws, handler="tests.integration.broken_handler.handler", timeout="20")

    errors = [function.invoke("anything") for _ in range(2)]

    assert {error["errorType"] for error in errors} == {"RuntimeError"}
    assert {error["errorMessage"] for error in errors} == {"this module is broken"}


def test_a_worker_outlives_whatever_goes_wrong_and_answers(
    aws: LocalAws, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(*_: object) -> Sandbox:
        raise ZeroDivisionError("nobody thought of this")

    function = unlucky_function(aws)
    pool = WorkerPool(function, size=1, account=aws.account, lifeline=aws.lifeline, start=fail)
    pool.start()

    outcomes = [pool.submit(str(number), b"{}").result(timeout=20) for number in range(2)]

    pool.stop()
    assert [outcome.succeeded for outcome in outcomes] == [False, False]
    assert b"nobody thought of this" in outcomes[1].payload
    assert "unlucky: ZeroDivisionError: nobody thought of this" in caplog.text


def test_a_pool_that_has_handed_over_takes_events_for_its_successor(aws: LocalAws) -> None:
    def pool(name: str) -> WorkerPool:
        def fail(*_: object) -> Sandbox:
            raise ZeroDivisionError(f"in a worker of the {name} pool")

        function = unlucky_function(aws)
        return WorkerPool(function, size=1, account=aws.account, lifeline=aws.lifeline, start=fail)

    first, second, third = pools = [pool(name) for name in ("first", "second", "third")]
    waiting = first.submit("1", b"{}")
    first.hand_over_to(second)
    second.hand_over_to(third)
    late = first.submit("2", b"{}")
    for each in pools:
        each.start()

    for outcome in (waiting, late):
        assert b"in a worker of the third pool" in outcome.result(timeout=20).payload
    for each in pools:
        each.stop()


def unlucky_function(aws: LocalAws) -> FunctionConfiguration:
    return FunctionConfiguration(
        name="unlucky",
        arn="arn",
        version="$LATEST",
        role_arn=aws.deployer.client("lambda").get_function_configuration(
            FunctionName=aws.outputs.function_name
        )["Role"],
        handler="handler",
        timeout=1,
        memory_mb=512,
        ephemeral_storage_mb=512,
        log_group="group",
        log_format="JSON",
        log_level=None,
        variables={},
    )
