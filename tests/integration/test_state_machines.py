"""State machines of the embedded AWS: refused where AWS would refuse them, now or in the end."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import ClientError

from local.gate.executions import LARGEST_STATE
from local.program import DeploymentError

if TYPE_CHECKING:
    from local.aws import LocalAws

PROGRAM = Path(__file__).parent / "machine_program.py"


class Machine:
    """A machine that is deployed, and the executions of it."""

    def __init__(self, aws: LocalAws) -> None:
        self._exports = aws.deploy(PROGRAM, {})
        self._client = aws.client("stepfunctions")
        self._sqs = aws.client("sqs")
        self.aws = aws
        self.role = str(self._exports["machineRole"])

    def start(self, name: str, given: object) -> str:
        """Start an execution, and return its ARN."""
        arn: str = self._client.start_execution(
            stateMachineArn=self._exports["machine"], name=name, input=json.dumps(given)
        )["executionArn"]
        return arn

    def ended(self, execution: str) -> dict[str, Any]:
        """Wait for the end of an execution, and return what became of it."""
        while True:
            found: dict[str, Any] = self._client.describe_execution(executionArn=execution)
            if found["status"] != "RUNNING":
                return found
            time.sleep(0.02)

    def told(self) -> list[object]:
        """Take what the machine has told out of the queue."""
        found = self._sqs.receive_message(QueueUrl=self._exports["queue"], MaxNumberOfMessages=10)
        return [json.loads(message["Body"]) for message in found.get("Messages", [])]


@pytest.fixture(scope="module")
def machine(aws: LocalAws) -> Machine:
    return Machine(aws)


@pytest.mark.parametrize(
    ("fault", "message"),
    [
        ("role not for Step Functions", "can't be assumed by states.amazonaws.com"),
        ("no permission to invoke", "lacks lambda:InvokeFunction on arn:aws:lambda:"),
        ("no permission to send", "lacks sqs:SendMessage on arn:aws:sqs:"),
    ],
)
def test_a_role_with_which_it_would_fail_is_refused(
    aws: LocalAws, fault: str, message: str
) -> None:
    with pytest.raises(DeploymentError, match=message):
        aws.deploy(PROGRAM, {"lambdalens:machineFault": fault})


def test_it_invokes_the_function(machine: Machine) -> None:
    execution = machine.start("invokes", {"payload": {"do": "describe yourself"}})
    answer = json.loads(machine.ended(execution)["output"])["Payload"]
    assert answer["function"].startswith("small-")


def test_what_fails_is_caught_by_the_name_of_the_functions_error(machine: Machine) -> None:
    machine.ended(machine.start("fails", {"payload": {"do": "raise"}}))
    assert machine.told() == [{"error": "ValueError"}]


def test_a_right_that_is_taken_away_later_is_missed(machine: Machine) -> None:
    iam = machine.aws.client("iam")
    (name,) = iam.list_role_policies(RoleName=machine.role)["PolicyNames"]
    whole = iam.get_role_policy(RoleName=machine.role, PolicyName=name)["PolicyDocument"]
    part = [each for each in whole["Statement"] if each["Action"] != ["lambda:InvokeFunction"]]
    iam.put_role_policy(
        RoleName=machine.role,
        PolicyName=name,
        PolicyDocument=json.dumps({**whole, "Statement": part}),
    )
    machine.ended(machine.start("denied", {"payload": {"do": "describe yourself"}}))
    assert machine.told() == [{"error": "Lambda.AWSLambdaException"}]
    iam.put_role_policy(RoleName=machine.role, PolicyName=name, PolicyDocument=json.dumps(whole))


def test_a_state_that_is_larger_than_may_be_ends_the_execution(machine: Machine) -> None:
    given = {"payload": {"do": "say", "text": "é" * (LARGEST_STATE // 2)}}
    with pytest.raises(ClientError, match="ValidationException"):
        machine.start("large", given)
    execution = machine.start("larger", {"payload": {"do": "say", "times": LARGEST_STATE}})
    assert machine.ended(execution)["error"] == "States.DataLimitExceeded"
    assert machine.told() == []


def test_to_start_what_runs_is_no_second_execution(machine: Machine, tmp_path: Path) -> None:
    begun, until = tmp_path / "begun", tmp_path / "until"
    given = {"payload": {"do": "wait", "begun": str(begun), "until": str(until)}}
    execution = machine.start("once", given)
    while not begun.exists():
        time.sleep(0.01)
    assert machine.start("once", given) == execution
    with pytest.raises(ClientError, match="ExecutionAlreadyExists"):
        machine.start("once", {"payload": {}})
    until.touch()
    machine.ended(execution)
    with pytest.raises(ClientError, match="ExecutionAlreadyExists"):
        machine.start("once", given)
