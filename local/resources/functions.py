"""Lambda: functions, who may invoke them, and where their failures go."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from local.failure_delivery import FailureDelivery
from local.function_configuration import FunctionConfiguration
from local.function_log import log_stream_arn
from local.invoke_hook import HOOK_VARIABLE
from local.resources.request import Created, RefusedError, Request
from local.resources.roles import role_allows

if TYPE_CHECKING:
    from local.account import Account
    from local.resources.request import Creator

HANDLER = "function.app.handler"
"""The image's own command, unless the function's image configuration names another."""

LONGEST_TIMEOUT = 900
"""Lambda's limit in seconds, which the emulator does not hold to."""

LONGEST_WAIT = 21600
"""For so many seconds Lambda keeps an asynchronous event that can't be run yet: six hours."""


def _function(request: Request) -> Created:
    """Create the function in the emulator, and run it with our own workers.

    Two properties are not passed on. The emulator counts the function's timeout from the moment
    it sends an event to the hook, so an event that waits there for a worker would time out before
    it began: its copy gets the longest wait an event can have, and the workers enforce the real
    timeout, from the moment the event starts. The reserved concurrency is enforced by the workers,
    too, because the emulator throttles at it, and each throttle uses up one of an event's retries.
    """
    account = request.account
    name = request.physical_name()
    timeout = request.take("timeout", default=3)
    if timeout > LONGEST_TIMEOUT:
        raise RefusedError(f"a timeout of {timeout} s is more than Lambda's {LONGEST_TIMEOUT} s")
    role = request.take("role")
    logging = request.take("loggingConfig", default={})
    log_group = logging.get("logGroup", f"/aws/lambda/{name}")
    _check_role(account, role, log_group)
    memory = request.take("memorySize", default=128)
    ephemeral_storage = request.take("ephemeralStorage", default={}).get("size", 512)
    variables = request.take("environment", default={}).get("variables", {})
    created = account.client("lambda").create_function(
        FunctionName=name,
        Description=request.take("description", default=""),
        PackageType=request.take("packageType"),
        Code={"ImageUri": request.take("imageUri")},
        Architectures=request.take("architectures", default=["x86_64"]),
        Role=role,
        Timeout=LONGEST_WAIT,
        MemorySize=memory,
        EphemeralStorage={"Size": ephemeral_storage},
        LoggingConfig={
            "LogFormat": logging.get("logFormat", "Text"),
            "LogGroup": log_group,
        },
        Environment={"Variables": {**variables, HOOK_VARIABLE: request.functions.url(name)}},
    )
    commands = request.take("imageConfig", default={}).get("commands", [HANDLER])
    reserved = request.take("reservedConcurrentExecutions", default=-1)
    request.functions.run(
        FunctionConfiguration(
            name=name,
            arn=created["FunctionArn"],
            role_arn=role,
            handler=commands[0],
            timeout=timeout,
            memory_mb=memory,
            ephemeral_storage_mb=ephemeral_storage,
            log_group=log_group,
            log_format=logging.get("logFormat", "Text"),
            log_level=logging.get("applicationLogLevel"),
            variables=variables,
        ),
        reserved_concurrency=None if reserved < 0 else reserved,
    )
    return Created(id=name, outputs={"name": name, "arn": created["FunctionArn"]})


def _check_role(account: Account, role_arn: str, log_group: str) -> None:
    """Refuse a role with which the function would not start, or would run without a log."""
    role = account.client("iam").get_role(RoleName=role_arn.rpartition("/")[2])["Role"]
    if not _trusts_lambda(role["AssumeRolePolicyDocument"]):
        raise RefusedError(f"the role {role_arn} can't be assumed by lambda.amazonaws.com")
    stream = log_stream_arn(account, log_group, "x")
    for action in ("logs:CreateLogStream", "logs:PutLogEvents"):
        if not role_allows(account, role_arn, action=action, resource=stream):
            raise RefusedError(
                f"the role {role_arn} lacks {action} on the log group {log_group}: "
                "what the function says would be lost"
            )


def _trusts_lambda(document: str | dict[str, Any]) -> bool:
    policy = json.loads(document) if isinstance(document, str) else document
    return any(
        statement["Effect"] == "Allow"
        and "lambda.amazonaws.com" in json.dumps(statement["Principal"])
        for statement in policy["Statement"]
    )


def _permission(request: Request) -> Created:
    statement = request.take("statementId", default=request.name)
    conditions = {
        "SourceArn": request.take("sourceArn"),
        "SourceAccount": request.take("sourceAccount"),
    }
    request.account.client("lambda").add_permission(
        FunctionName=request.take("function"),
        StatementId=statement,
        Action=request.take("action"),
        Principal=request.take("principal"),
        **{name: value for name, value in conditions.items() if value is not None},
    )
    return Created(id=statement)


def _event_invoke_config(request: Request) -> Created:
    """Set the retries and the destination of failures, which the role must be able to reach.

    The emulator would put failures into the queue whatever the role may do. So its copy has for a
    destination a function of ours, which sends them on with the role's credentials.
    """
    lambda_ = request.account.client("lambda")
    function = request.take("functionName")
    destination = request.take("destinationConfig", default={}).get("onFailure", {})
    queue = destination.get("destination")
    role = lambda_.get_function_configuration(FunctionName=function)["Role"]
    if queue is not None and not role_allows(
        request.account, role, action="sqs:SendMessage", resource=queue
    ):
        raise RefusedError(
            f"the role {role} lacks sqs:SendMessage on the on-failure destination {queue}"
        )
    lambda_.put_function_event_invoke_config(
        FunctionName=function,
        MaximumRetryAttempts=request.take("maximumRetryAttempts", default=2),
        MaximumEventAgeInSeconds=request.take("maximumEventAgeInSeconds", default=LONGEST_WAIT),
        DestinationConfig=(
            {"OnFailure": {"Destination": _delivery(request, function, role, queue)}}
            if queue is not None
            else {}
        ),
    )
    return Created(id=function)


def _delivery(request: Request, function: str, role: str, queue: str) -> str:
    """Make the function that delivers another's failures to a queue, and return its ARN."""
    name = f"{function[:50]}-failures"
    created = request.account.client("lambda").create_function(
        FunctionName=name,
        Description=f"Delivers the failures of {function}, with its role.",
        PackageType="Image",
        Code={"ImageUri": "never/pulled:latest"},
        Role=role,
        Environment={"Variables": {HOOK_VARIABLE: request.functions.url(name)}},
    )
    request.functions.answer(name, FailureDelivery(request.account, role_arn=role, queue_arn=queue))
    arn: str = created["FunctionArn"]
    return arn


CREATORS: dict[str, Creator] = {
    "aws:lambda/function:Function": _function,
    "aws:lambda/permission:Permission": _permission,
    "aws:lambda/functionEventInvokeConfig:FunctionEventInvokeConfig": _event_invoke_config,
}
