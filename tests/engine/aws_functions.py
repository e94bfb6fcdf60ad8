"""Lambda's types: functions with their versions, aliases, permissions, and where failures go.

Not made as `local/` makes them: there a function is bound to workers of the process that deploys,
and here whoever runs functions finds them in the embedded AWS, as it would on the real one.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from local.resources.request import Created, RefusedError
from tests.engine.resource_type import ResourceType, if_there

if TYPE_CHECKING:
    from collections.abc import Mapping

    from local.account import Account

    Properties = Mapping[str, Any]


class FunctionTypes:
    """The types, in an account."""

    def __init__(self, account: Account) -> None:
        self._lambda = account.client("lambda")

    def table(self) -> dict[str, ResourceType]:
        """Return each type under its token."""
        return {
            "aws:lambda/function:Function": ResourceType(
                create=self._create_function,
                update=self._update_function,
                delete=lambda id_, _: self._lambda.delete_function(FunctionName=id_),
                read=if_there(self._read_function),
                named="name",
                replaced_by=frozenset({"name", "packageType"}),
                renewed=frozenset({"version", "qualifiedArn"}),
            ),
            "aws:lambda/alias:Alias": ResourceType(
                create=self._create_alias,
                update=self._update_alias,
                delete=lambda _, alias: self._lambda.delete_alias(
                    FunctionName=alias["functionName"], Name=alias["name"]
                ),
                read=if_there(
                    lambda _, alias: self._lambda.get_alias(
                        FunctionName=alias["functionName"], Name=alias["name"]
                    )
                ),
                named="name",
                replaced_by=frozenset({"name", "functionName"}),
            ),
            "aws:lambda/permission:Permission": ResourceType(
                create=self._create_permission,
                update=lambda *_: {},
                delete=lambda id_, permission: self._lambda.remove_permission(
                    StatementId=id_, **_of_function(permission, "function")
                ),
                read=if_there(
                    lambda _, permission: self._lambda.get_policy(
                        **_of_function(permission, "function")
                    )
                ),
                named="statementId",
                replaced_by=frozenset(
                    {
                        *("statementId", "function", "qualifier", "action"),
                        *("principal", "sourceArn", "sourceAccount"),
                    }
                ),
            ),
            "aws:lambda/functionEventInvokeConfig:FunctionEventInvokeConfig": ResourceType(
                create=self._create_invoke_config,
                update=lambda _, __, new: self._create_invoke_config("", new).outputs,
                delete=lambda _, config: self._lambda.delete_function_event_invoke_config(
                    **_of_function(config, "functionName")
                ),
                read=if_there(
                    lambda _, config: self._lambda.get_function_event_invoke_config(
                        **_of_function(config, "functionName")
                    )
                ),
                replaced_by=frozenset({"functionName", "qualifier"}),
                is_deleted_first=True,
            ),
        }

    def _create_function(self, _: str, inputs: Properties) -> Created:
        name = inputs["name"]
        created = self._lambda.create_function(
            FunctionName=name,
            PackageType=inputs["packageType"],
            Code={"ImageUri": inputs["imageUri"]},
            Architectures=inputs["architectures"],
            Publish=inputs.get("publish", False),
            **_configuration(inputs),
        )
        self._reserve(name, inputs)
        return Created(id=name, outputs=_outputs(created))

    def _update_function(self, name: str, old: Properties, new: Properties) -> Properties:
        """Change the configuration, then the code, and publish both: in the provider's order."""
        self._lambda.update_function_configuration(FunctionName=name, **_configuration(new))
        changed = self._lambda.update_function_code(
            FunctionName=name, ImageUri=new["imageUri"], Architectures=new["architectures"]
        )
        if new.get("publish"):
            changed = self._lambda.publish_version(FunctionName=name)
        if old.get("reservedConcurrentExecutions") != new.get("reservedConcurrentExecutions"):
            self._reserve(name, new)
        return _outputs(changed)

    def _reserve(self, name: str, inputs: Properties) -> None:
        reserved = inputs.get("reservedConcurrentExecutions", -1)
        if reserved >= 0:
            self._lambda.put_function_concurrency(
                FunctionName=name, ReservedConcurrentExecutions=reserved
            )
        else:
            self._lambda.delete_function_concurrency(FunctionName=name)

    def _read_function(self, name: str, _: Properties) -> Properties:
        found = self._lambda.get_function(FunctionName=name)
        configuration = found["Configuration"]
        return {
            "imageUri": found["Code"]["ImageUri"],
            "memorySize": configuration["MemorySize"],
            "timeout": configuration["Timeout"],
        }

    def _create_alias(self, _: str, inputs: Properties) -> Created:
        created = self._lambda.create_alias(
            FunctionName=inputs["functionName"],
            Name=inputs["name"],
            FunctionVersion=inputs["functionVersion"],
            Description=inputs.get("description", ""),
        )
        return Created(id=created["AliasArn"], outputs={"arn": created["AliasArn"]})

    def _update_alias(self, _: str, __: Properties, new: Properties) -> Properties:
        self._lambda.update_alias(
            FunctionName=new["functionName"],
            Name=new["name"],
            FunctionVersion=new["functionVersion"],
        )
        return {}

    def _create_permission(self, _: str, inputs: Properties) -> Created:
        conditions = {"SourceArn": "sourceArn", "SourceAccount": "sourceAccount"}
        self._lambda.add_permission(
            StatementId=inputs["statementId"],
            Action=inputs["action"],
            Principal=inputs["principal"],
            **_of_function(inputs, "function"),
            **{key: inputs[name] for key, name in conditions.items() if name in inputs},
        )
        return Created(id=inputs["statementId"])

    def _create_invoke_config(self, _: str, inputs: Properties) -> Created:
        destination = inputs["destinationConfig"]["onFailure"]["destination"]
        self._lambda.put_function_event_invoke_config(
            MaximumRetryAttempts=inputs["maximumRetryAttempts"],
            MaximumEventAgeInSeconds=inputs["maximumEventAgeInSeconds"],
            DestinationConfig={"OnFailure": {"Destination": destination}},
            **_of_function(inputs, "functionName"),
        )
        if not destination.startswith("arn:"):
            raise RefusedError(f"the on-failure destination {destination} is no ARN")
        return Created(id=":".join(_of_function(inputs, "functionName").values()))


def _of_function(properties: Properties, name: str) -> dict[str, str]:
    """Return which function a call is about, and which of its aliases if it is about one."""
    named = {"FunctionName": properties[name]}
    return named | ({"Qualifier": properties["qualifier"]} if properties.get("qualifier") else {})


def _configuration(inputs: Properties) -> dict[str, Any]:
    logging = inputs["loggingConfig"]
    image = inputs.get("imageConfig", {})
    return {
        "Role": inputs["role"],
        "Description": inputs["description"],
        "MemorySize": inputs["memorySize"],
        "Timeout": inputs["timeout"],
        "EphemeralStorage": {"Size": inputs.get("ephemeralStorage", {}).get("size", 512)},
        **({"ImageConfig": {"Command": image["commands"]}} if image else {}),
        "LoggingConfig": {
            "LogFormat": logging["logFormat"],
            "LogGroup": logging["logGroup"],
            "ApplicationLogLevel": logging["applicationLogLevel"],
            "SystemLogLevel": logging["systemLogLevel"],
        },
        "Environment": {"Variables": inputs["environment"]["variables"]},
    }


def _outputs(function: Properties) -> dict[str, Any]:
    """Return what AWS says of a function, or of a version of it."""
    arn = ":".join(function["FunctionArn"].split(":")[:7])
    version = function["Version"]
    return {"arn": arn, "version": version, "qualifiedArn": f"{arn}:{version}"}
