"""The state machine for long videos: what it may do, what it tries again, and where it ends."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from function import long_videos as of_the_function
from function.recogniser.video.plan import Outline, divided
from loadtest.pricing import cost_of_conducting
from stacks.long_videos import INDIVISIBLE, OUTDATED
from tests.infra.recording import ACCOUNT, Program, run_program, statements

if TYPE_CHECKING:
    from collections.abc import Iterator

MACHINE = "sfn/stateMachine:StateMachine"
NAME = "lambdalens-long-videos"


def definition(program: Program) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(program.one(MACHINE).inputs["definition"])
    return found


def states(machine: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield all states, those within others too."""
    for name, state in machine["States"].items():
        yield name, state
        if "ItemProcessor" in state:
            yield from states(state["ItemProcessor"])


def following(state: dict[str, Any]) -> Iterator[str]:
    for each in (state, *state.get("Catch", ()), *state.get("Choices", ())):
        if "Next" in each:
            yield each["Next"]
    if "Default" in state:
        yield state["Default"]


def test_step_functions_alone_may_take_the_role_and_for_this_account(program: Program) -> None:
    (statement,) = statements(program.one("iam/role:Role", NAME).inputs["assumeRolePolicy"])
    assert statement["Principal"] == {"Service": "states.amazonaws.com"}
    assert statement["Condition"] == {"StringEquals": {"aws:SourceAccount": ACCOUNT}}
    assert (
        program.one(MACHINE).inputs["roleArn"] == program.one("iam/role:Role", NAME).outputs["arn"]
    )


def test_it_may_invoke_the_alias_and_tell_the_failures_queue_and_nothing_else(
    program: Program,
) -> None:
    policy = program.one("iam/rolePolicy:RolePolicy", NAME)
    allowed = {
        (action, resource)
        for statement in statements(policy.inputs["policy"])
        for action in statement["Action"]
        for resource in statement["Resource"]
    }
    assert allowed == {
        ("lambda:InvokeFunction", program.one("lambda/alias:Alias").outputs["arn"]),
        ("sqs:SendMessage", program.one("sqs/queue:Queue").outputs["arn"]),
    }
    assert policy.urn in program.one(MACHINE).depends_on


def test_it_is_there_before_videos_come(program: Program) -> None:
    notification = program.one("s3/bucketNotification:BucketNotification")
    assert program.one(MACHINE).urn in notification.depends_on


def test_what_it_does_is_kept_out_of_logs(program: Program) -> None:
    logging = program.one(MACHINE).inputs["loggingConfiguration"]
    assert logging == {"level": "OFF", "includeExecutionData": False}
    assert program.one(MACHINE).inputs["type"] == "STANDARD"


def test_every_state_can_be_come_to_and_leads_to_one(program: Program) -> None:
    def check(machine: dict[str, Any]) -> None:
        found = machine["States"]
        to = {machine["StartAt"], *(each for state in found.values() for each in following(state))}
        assert to == found.keys()
        for state in found.values():
            is_last = state["Type"] in {"Succeed", "Fail"} or state.get("End")
            assert bool(is_last) != bool(list(following(state)))
            if "ItemProcessor" in state:
                check(state["ItemProcessor"])

    check(definition(program))


def test_it_knows_the_functions_words() -> None:
    assert (of_the_function.INDIVISIBLE, of_the_function.OUTDATED) == (INDIVISIBLE, OUTDATED)


def test_a_range_is_one_state_of_which_each_costs(program: Program) -> None:
    ranges = definition(program)["States"]["Look at the ranges"]
    (state,) = ranges["ItemProcessor"]["States"].values()
    assert state["End"] is True
    # Of ninety ranges, nothing may be in the one state that follows.
    assert (state["OutputPath"], ranges["ResultPath"]) == (None, None)
    assert cost_of_conducting(90) == pytest.approx(94 * 0.025 / 1000)


def test_a_run_is_tried_again_as_that_of_an_event_is(program: Program) -> None:
    invoke = program.one("lambda/functionEventInvokeConfig:FunctionEventInvokeConfig").inputs
    function = program.one("lambda/function:Function", "lambdalens-recogniser").inputs
    runs = [
        state
        for _, state in states(definition(program))
        if "lambda:invoke" in str(state) and state["Type"] == "Task"
    ]
    assert len(runs) == 4
    for run in runs:
        *of_aws, of_the_function_itself = run["Retry"]
        assert {error for each in of_aws for error in each["ErrorEquals"]} >= {
            "Lambda.TooManyRequestsException",
            "Lambda.ServiceException",
        }
        assert of_the_function_itself["ErrorEquals"] == ["States.ALL"]
        assert of_the_function_itself["MaxAttempts"] == invoke["maximumRetryAttempts"]
        assert run["TimeoutSeconds"] > function["timeout"]
        assert run["Parameters"]["FunctionName"] == program.one("lambda/alias:Alias").outputs["arn"]


def test_the_longest_wait_of_a_hundred_ranges_stays_within_the_events_of_an_execution(
    program: Program,
) -> None:
    """https://docs.aws.amazon.com/step-functions/latest/dg/service-quotas.html: 25,000 events."""
    ranges = definition(program)["States"]["Look at the ranges"]["ItemProcessor"]
    tries = sum(each["MaxAttempts"] for each in ranges["States"]["Look at a range"]["Retry"])
    events_of_a_try, besides, of_all = 3, 4, 20
    most = len(divided(Outline(seconds=1e9, pixels=1, rate=25), step=0.5))
    assert most == 100
    assert most * (tries * events_of_a_try + besides) + of_all < 25_000


def test_whatever_fails_for_good_is_one_message_in_the_failures_queue(program: Program) -> None:
    machine = definition(program)
    for name, state in machine["States"].items():
        if state["Type"] in {"Task", "Map"} and name != "Report the failure":
            *_, last = state["Catch"]
            assert (last["ErrorEquals"], last["Next"]) == (["States.ALL"], "Report the failure")
    report = machine["States"]["Report the failure"]
    assert report["Parameters"]["QueueUrl"] == program.one("sqs/queue:Queue").outputs["url"]
    message = report["Parameters"]["MessageBody"]
    assert message["requestPayload.$"] == "$.plan.event"
    assert message["requestContext"]["executionArn.$"] == "$$.Execution.Id"
    assert machine["States"][report["Next"]]["Type"] == "Fail"


@pytest.mark.parametrize("at_once", [1, 40])
def test_how_many_ranges_at_once_is_a_setting(at_once: int) -> None:
    machine = definition(run_program("dev", rangesAtOnce=str(at_once)))
    assert machine["States"]["Look at the ranges"]["MaxConcurrency"] == at_once
