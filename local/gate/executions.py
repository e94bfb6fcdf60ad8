"""What the emulator's Step Functions leave unchecked: a role's rights, and how large a state is.

It does what a task says whatever the machine's role may do, takes states of any size, refuses a
second request to start a running execution, which on AWS is the same execution again, and gives the
errors of all functions one name. All four are mended in the emulator's own process, at functions of
the one version of it that is pinned.
"""

from __future__ import annotations

import json
from contextvars import ContextVar
from typing import Any

from ministack.core.iam_evaluator import EvalContext, _gather_role_policies, evaluate
from ministack.services import stepfunctions

from local.gate.admission import ACCOUNT

LARGEST_STATE = 256 * 1024
"""Bytes of an input or an output, in UTF-8.
https://docs.aws.amazon.com/step-functions/latest/dg/service-quotas.html"""

_TOO_LARGE = "States.DataLimitExceeded"
_DENIED = {"lambda:invoke": "Lambda.AWSLambdaException", "sqs:sendMessage": "SQS.SqsException"}

_role: ContextVar[str] = ContextVar("_role")

Document = dict[str, Any]


def check_executions() -> None:
    """Have executions do what their machine's role allows, with states as large as may be."""
    start = stepfunctions._start_execution  # noqa: SLF001 - see the module's docstring
    task = stepfunctions._execute_task  # noqa: SLF001
    invoke = stepfunctions._invoke_resource  # noqa: SLF001
    call = stepfunctions._call_lambda  # noqa: SLF001

    def start_once(request: Document) -> Any:  # noqa: ANN401 - theirs
        if _size(request.get("input", "{}")) > LARGEST_STATE:
            return stepfunctions.error_response_json(
                "ValidationException", "Value at 'input' failed to satisfy constraint", 400
            )
        return _running(request) or start(request)

    def task_with_role(state: Document, given: Any, execution: Document, context: Document) -> Any:  # noqa: ANN401
        machine = stepfunctions._state_machines[execution["stateMachineArn"]]  # noqa: SLF001
        token = _role.set(machine["roleArn"])
        try:
            return task(state, given, execution, context)
        finally:
            _role.reset(token)

    def invoke_if_allowed(resource: str, given: Document) -> Any:  # noqa: ANN401
        _check_role(resource, given)
        return invoke(resource, given)

    def call_and_name_errors(function: str, event: object) -> Any:  # noqa: ANN401
        try:
            return call(function, event)
        except stepfunctions._ExecutionError as error:  # noqa: SLF001
            raise _named(error) from None

    stepfunctions._call_lambda = call_and_name_errors  # noqa: SLF001
    stepfunctions._start_execution = start_once  # noqa: SLF001
    stepfunctions._invoke_resource = invoke_if_allowed  # noqa: SLF001
    stepfunctions._execute_task = _of_bearable_size(task_with_role)  # noqa: SLF001
    stepfunctions._execute_map = _of_bearable_size(stepfunctions._execute_map)  # noqa: SLF001


def _running(request: Document) -> Any:  # noqa: ANN401 - theirs
    """Answer for the execution that runs under this name with the same input, if there is one."""
    machine = request.get("stateMachineArn", "")
    arn = f"{machine.replace(':stateMachine:', ':execution:')}:{request.get('name')}"
    found = stepfunctions._executions.get(arn)  # noqa: SLF001
    if found is None or found["status"] != "RUNNING" or found["input"] != request.get("input"):
        return None
    return stepfunctions.json_response({"executionArn": arn, "startDate": found["startDate"]})


def _check_role(resource: str, given: Document) -> None:
    integration = resource.rpartition(":::")[2]
    if integration == "lambda:invoke":
        action, on = "lambda:InvokeFunction", given["FunctionName"]
    elif integration == "sqs:sendMessage":
        queue = given["QueueUrl"].rpartition("/")[2]
        action, on = (
            "sqs:SendMessage",
            f"arn:aws:sqs:{stepfunctions.get_region()}:{ACCOUNT}:{queue}",
        )
    else:
        return  # local/resources/state_machines.py makes no machine with any other
    role = _role.get()
    context = EvalContext(
        principal_arn=role,
        principal_type="AssumedRole",
        principal_account=ACCOUNT,
        action=action,
        resource_arn=on,
        region=stepfunctions.get_region(),
    )
    policies = _gather_role_policies(role.rpartition("/")[2], ACCOUNT)
    if evaluate(context, policies).decision != "Allow":
        raise stepfunctions._ExecutionError(  # noqa: SLF001
            _DENIED[integration], f"{role} is not authorized to perform: {action} on {on}"
        )


def _named(error: Any) -> Any:  # noqa: ANN401 - theirs
    """Return an error of a function under the name that it has there, which theirs only cites."""
    try:
        cited = json.loads(error.cause)["errorMessage"].partition(": ")[2]
        return stepfunctions._ExecutionError(json.loads(cited)["errorType"], cited)  # noqa: SLF001
    except (ValueError, KeyError, TypeError):
        return error


def _of_bearable_size(execute: Any) -> Any:  # noqa: ANN401 - theirs
    def execute_and_measure(*arguments: Any) -> Any:  # noqa: ANN401
        output, following = execute(*arguments)
        if _size(json.dumps(output, ensure_ascii=False)) > LARGEST_STATE:
            raise stepfunctions._ExecutionError(  # noqa: SLF001
                _TOO_LARGE, f"the state's output has more than {LARGEST_STATE} bytes"
            )
        return output, following

    return execute_and_measure


def _size(text: str) -> int:
    return len(text.encode())
