"""Lambda: functions, their versions and aliases, who may invoke them, and where failures go."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from local.failure_delivery import FailureDelivery
from local.function_configuration import FunctionConfiguration
from local.function_host import UnknownVersionError
from local.function_log import log_stream_arn
from local.resources.request import Created, RefusedError, Request
from local.resources.roles import check_trust, role_allows

if TYPE_CHECKING:
    from collections.abc import Mapping

    from local.account import Account
    from local.resources.request import Creator, Updater

HANDLER = "function.app.handler"
"""The image's own command, unless the function's image configuration names another."""

LONGEST_WAIT = 21600
"""For so many seconds Lambda keeps an asynchronous event that can't be run yet: six hours."""

LONGEST_TIMEOUT = 900
"""Lambda's limit in seconds, which the emulator does not hold to."""


def _function(request: Request) -> Created:
    """Create the function in the emulator, and run it with our own workers."""
    name = request.physical_name()
    properties = _Properties.taken_from(request, name)
    answer = request.account.client("lambda").create_function(
        FunctionName=name,
        PackageType=request.take("packageType"),
        Code={"ImageUri": properties.image_uri},
        Architectures=properties.architectures,
        Publish=properties.publish,
        **properties.configuration,
    )
    return properties.made_known(request, answer)


def _update_function(request: Request, name: str) -> Created:
    """Change the function as the provider does: configuration, code, and then a new version.

    One that is published goes on to run the version that its alias is at.
    """
    properties = _Properties.taken_from(request, name)
    request.take("packageType")
    lambda_ = request.account.client("lambda")
    lambda_.update_function_configuration(FunctionName=name, **properties.configuration)
    answer = lambda_.update_function_code(
        FunctionName=name,
        ImageUri=properties.image_uri,
        Architectures=properties.architectures,
    )
    if properties.publish:
        answer = lambda_.publish_version(FunctionName=name)
    made = properties.made_known(request, answer)
    if not properties.publish:
        request.functions.roll_out(name, answer["Version"])
    return made


@dataclass(frozen=True, kw_only=True)
class _Properties:
    """A function's properties: for the emulator, in its words, and for our workers.

    The reserved concurrency is not passed on: the emulator throttles at it, and each throttle uses
    up one of an event's retries. It is enforced by the workers, as the timeout is.
    """

    name: str
    image_uri: str
    architectures: list[str]
    publish: bool
    configuration: Mapping[str, Any]
    handler: str
    timeout: int
    log_level: str | None
    variables: Mapping[str, str]
    reserved_concurrency: int | None

    @classmethod
    def taken_from(cls, request: Request, name: str) -> _Properties:
        """Read what the program registers. Raise RefusedError at what Lambda would refuse."""
        timeout = request.take("timeout", default=3)
        if timeout > LONGEST_TIMEOUT:
            raise RefusedError(
                f"a timeout of {timeout} s is more than Lambda's {LONGEST_TIMEOUT} s"
            )
        role = request.take("role")
        logging = request.take("loggingConfig", default={})
        log_group = logging.get("logGroup", f"/aws/lambda/{name}")
        _check_role(request.account, role, log_group)
        variables = request.take("environment", default={}).get("variables", {})
        commands = request.take("imageConfig", default={}).get("commands", [HANDLER])
        reserved = request.take("reservedConcurrentExecutions", default=-1)
        return cls(
            name=name,
            image_uri=request.take("imageUri"),
            architectures=request.take("architectures", default=["x86_64"]),
            publish=request.take("publish", default=False),
            configuration={
                "Description": request.take("description", default=""),
                "Role": role,
                "Timeout": timeout,
                "MemorySize": request.take("memorySize", default=128),
                "EphemeralStorage": {
                    "Size": request.take("ephemeralStorage", default={}).get("size", 512)
                },
                "LoggingConfig": {
                    "LogFormat": logging.get("logFormat", "Text"),
                    "LogGroup": log_group,
                },
                "Environment": {"Variables": variables},
                "ImageConfig": {"Command": commands},
            },
            handler=commands[0],
            timeout=timeout,
            log_level=logging.get("applicationLogLevel"),
            variables=variables,
            reserved_concurrency=None if reserved < 0 else reserved,
        )

    def made_known(self, request: Request, answer: Mapping[str, Any]) -> Created:
        """Tell the workers' side what the emulator has made, and return it."""
        arn, version = answer["FunctionArn"], answer["Version"]
        # That of a version that was published by itself has its number.
        arn = arn.removesuffix(f":{version}")
        request.functions.add(
            FunctionConfiguration(
                name=self.name,
                arn=arn,
                version=version,
                role_arn=self.configuration["Role"],
                handler=self.handler,
                timeout=self.timeout,
                memory_mb=self.configuration["MemorySize"],
                ephemeral_storage_mb=self.configuration["EphemeralStorage"]["Size"],
                log_group=self.configuration["LoggingConfig"]["LogGroup"],
                log_format=self.configuration["LoggingConfig"]["LogFormat"],
                log_level=self.log_level,
                variables=self.variables,
            ),
            reserved_concurrency=self.reserved_concurrency,
        )
        return Created(id=self.name, outputs={"name": self.name, "arn": arn, "version": version})


def _alias(request: Request) -> Created:
    """Make the alias, and run the version that it names: one of each function does."""
    lambda_ = request.account.client("lambda")
    function, name = request.take("functionName"), request.take("name")
    for alias in lambda_.list_aliases(FunctionName=function)["Aliases"]:
        raise RefusedError(
            f"the function {function} has the alias {alias['Name']} already, and the embedded AWS "
            "runs one version of it"
        )
    made = lambda_.create_alias(
        FunctionName=function,
        Name=name,
        FunctionVersion=_roll_out(request, function),
        Description=request.take("description", default=""),
    )
    return Created(id=made["AliasArn"], outputs={"name": name, "arn": made["AliasArn"]})


def _update_alias(request: Request, arn: str) -> Created:
    """Move the alias to another version."""
    function = request.take("functionName")
    request.account.client("lambda").update_alias(
        FunctionName=function,
        Name=request.take("name"),
        FunctionVersion=_roll_out(request, function),
        Description=request.take("description", default=""),
    )
    return Created(id=arn, outputs={"arn": arn})


def _roll_out(request: Request, function: str) -> str:
    """Run the version that the alias is to name, and return it."""
    version: str = request.take("functionVersion")
    try:
        request.functions.roll_out(function, version)
    except UnknownVersionError as error:
        raise RefusedError(f"{error}: an alias is of a published one") from error
    return version


def _check_role(account: Account, role_arn: str, log_group: str) -> None:
    """Refuse a role with which the function would not start, or would run without a log."""
    check_trust(account, role_arn, "lambda.amazonaws.com")
    stream = log_stream_arn(account, log_group, "x")
    for action in ("logs:CreateLogStream", "logs:PutLogEvents"):
        if not role_allows(account, role_arn, action=action, resource=stream):
            raise RefusedError(
                f"the role {role_arn} lacks {action} on the log group {log_group}: "
                "what the function says would be lost"
            )


def _permission(request: Request) -> Created:
    statement = request.take("statementId", default=request.name)
    optional = {
        "Qualifier": request.take("qualifier"),
        "SourceArn": request.take("sourceArn"),
        "SourceAccount": request.take("sourceAccount"),
    }
    request.account.client("lambda").add_permission(
        FunctionName=request.take("function"),
        StatementId=statement,
        Action=request.take("action"),
        Principal=request.take("principal"),
        **{name: value for name, value in optional.items() if value is not None},
    )
    return Created(id=statement)


def _event_invoke_config(request: Request) -> Created:
    """Set the retries and the destination of failures, which the role must be able to reach.

    The emulator would put failures into the queue whatever the role may do. So its copy has for a
    destination a function of ours, which sends them on with the role's credentials.
    """
    lambda_ = request.account.client("lambda")
    function, qualifier = request.take("functionName"), request.take("qualifier")
    aliases = [alias["Name"] for alias in lambda_.list_aliases(FunctionName=function)["Aliases"]]
    if aliases and qualifier is None:
        raise RefusedError(
            f"without a qualifier this does not hold for the alias {aliases[0]} of the function "
            f"{function}"
        )
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
        **({} if qualifier is None else {"Qualifier": qualifier}),
    )
    return Created(id=function if qualifier is None else f"{function}:{qualifier}")


def _delivery(request: Request, function: str, role: str, queue: str) -> str:
    """Make the function that delivers another's failures to a queue, and return its ARN."""
    name = f"{function[:50]}-failures"
    created = request.account.client("lambda").create_function(
        FunctionName=name,
        Description=f"Delivers the failures of {function}, with its role.",
        PackageType="Image",
        Code={"ImageUri": "never/pulled:latest"},
        Role=role,
    )
    request.functions.answer(name, FailureDelivery(request.account, role_arn=role, queue_arn=queue))
    arn: str = created["FunctionArn"]
    return arn


CREATORS: dict[str, Creator] = {
    "aws:lambda/function:Function": _function,
    "aws:lambda/alias:Alias": _alias,
    "aws:lambda/permission:Permission": _permission,
    "aws:lambda/functionEventInvokeConfig:FunctionEventInvokeConfig": _event_invoke_config,
}

UPDATERS: dict[str, Updater] = {
    "aws:lambda/function:Function": _update_function,
    "aws:lambda/alias:Alias": _update_alias,
}
