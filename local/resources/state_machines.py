"""Step Functions: state machines, and what their roles have to allow them.

The emulator runs a machine whatever its role may do. So what each of its tasks does is looked up
in its definition, and whether its role allows that is asked when it is made or changed.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from local.resources.request import Created, RefusedError, Request
from local.resources.roles import check_trust, role_allows

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from local.account import Account
    from local.resources.request import Creator

SERVICE = "states.amazonaws.com"

_LARGEST_DEFINITION = 1_000_000
"""Bytes: https://docs.aws.amazon.com/step-functions/latest/dg/service-quotas.html."""


def _state_machine(request: Request) -> Created:
    """Make a machine, or change the one there is of this name."""
    client = request.account.client("stepfunctions")
    name, role, definition, logging = (
        request.physical_name(),
        request.take("roleArn"),
        request.take("definition"),
        request.take("loggingConfiguration", default={"level": "OFF"}),
    )
    _check(request.account, role, definition)
    if logging.get("level", "OFF") != "OFF":
        raise RefusedError("the embedded AWS keeps no log of a state machine")
    arn = (
        f"arn:aws:states:{request.account.region}:{request.account.account_id}:stateMachine:{name}"
    )
    configuration = {"definition": definition, "roleArn": role}
    kind = request.take("type", default="STANDARD")
    try:
        client.describe_state_machine(stateMachineArn=arn)
    except client.exceptions.StateMachineDoesNotExist:
        client.create_state_machine(name=name, type=kind, **configuration)
    else:
        client.update_state_machine(stateMachineArn=arn, **configuration)
    return Created(id=arn, outputs={"name": name, "arn": arn})


def _check(account: Account, role_arn: str, definition: str) -> None:
    """Refuse a definition, or a role, with which AWS would not run the machine to its end."""
    if len(definition.encode()) > _LARGEST_DEFINITION:
        raise RefusedError("the state machine's definition has more than a million bytes")
    check_trust(account, role_arn, SERVICE)
    for action, resource in sorted(set(_done(json.loads(definition), account))):
        if not role_allows(account, role_arn, action=action, resource=resource):
            raise RefusedError(f"the role {role_arn} lacks {action} on {resource}")


def _done(machine: Mapping[str, Any], account: Account) -> Iterator[tuple[str, str]]:
    """Yield what the machine's tasks do, action and resource, those within others too."""
    for name, state in machine["States"].items():
        for inner in (state.get("ItemProcessor"), *state.get("Branches", [])):
            if inner:
                yield from _done(inner, account)
        if state["Type"] != "Task":
            continue
        integration = state["Resource"].rpartition(":::")[2]
        parameters = state.get("Parameters", {})
        if integration == "lambda:invoke":
            yield "lambda:InvokeFunction", parameters["FunctionName"]
        elif integration == "sqs:sendMessage":
            queue = parameters["QueueUrl"].rpartition("/")[2]
            yield "sqs:SendMessage", f"arn:aws:sqs:{account.region}:{account.account_id}:{queue}"
        else:
            raise RefusedError(
                f"the embedded AWS does not know which right the state {name!r} takes: "
                "add its integration to local/resources/state_machines.py"
            )


def _update(request: Request, _: str) -> Created:
    return _state_machine(request)


CREATORS: dict[str, Creator] = {"aws:sfn/stateMachine:StateMachine": _state_machine}

UPDATERS = {"aws:sfn/stateMachine:StateMachine": _update}
