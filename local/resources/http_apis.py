"""API Gateway: HTTP APIs, and the function that answers for one."""

from __future__ import annotations

import fnmatch
import json
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from local.resources.request import Created, RefusedError, Request, aws_spelling

if TYPE_CHECKING:
    from local.account import Account
    from local.resources.request import Creator

_MILLISECONDS = 30_000
"""The longest that an HTTP API waits for its function."""


def _api(request: Request) -> Created:
    api = request.account.client("apigatewayv2").create_api(
        Name=request.physical_name(),
        Description=request.take("description", default=""),
        ProtocolType=request.take("protocolType"),
    )
    account = request.account
    identity = api["ApiId"]
    return Created(
        id=identity,
        outputs={
            "name": api["Name"],
            "apiEndpoint": api["ApiEndpoint"],
            "arn": f"arn:aws:apigateway:{account.region}::/apis/{identity}",
            "executionArn": f"arn:aws:execute-api:{account.region}:{account.account_id}:{identity}",
        },
    )


def _integration(request: Request) -> Created:
    made = request.account.client("apigatewayv2").create_integration(
        ApiId=request.take("apiId"),
        IntegrationType=request.take("integrationType"),
        IntegrationUri=request.take("integrationUri"),
        PayloadFormatVersion=request.take("payloadFormatVersion", default="1.0"),
        TimeoutInMillis=request.take("timeoutMilliseconds", default=_MILLISECONDS),
    )
    return Created(id=made["IntegrationId"])


def _route(request: Request) -> Created:
    gateway, api = request.account.client("apigatewayv2"), request.take("apiId")
    target = request.take("target")
    known = [each["IntegrationId"] for each in gateway.get_integrations(ApiId=api)["Items"]]
    if target.removeprefix("integrations/") not in known:
        raise RefusedError(f"the API {api} has no {target} that a route could lead to")
    made = gateway.create_route(ApiId=api, RouteKey=request.take("routeKey"), Target=target)
    return Created(id=made["RouteId"])


def _stage(request: Request) -> Created:
    """Deploy an API, if its function lets itself be invoked: on AWS, each request would fail."""
    gateway, api = request.account.client("apigatewayv2"), request.take("apiId")
    name = request.take("name")
    log = request.take("accessLogSettings", default={})
    _refuse_unknown_log_group(request.account, log.get("destinationArn"))
    for route in gateway.get_routes(ApiId=api)["Items"]:
        integration = gateway.get_integration(
            ApiId=api, IntegrationId=route["Target"].removeprefix("integrations/")
        )
        source = (
            f"arn:aws:execute-api:{request.account.region}:{request.account.account_id}:{api}/"
            f"{name}/{route['RouteKey']}"
        )
        function = integration["IntegrationUri"]
        if not _may_invoke(request.account, function=function, source=source):
            raise RefusedError(
                f"no permission lets the API {api} invoke {function}: the stage needs a "
                "lambda.Permission for it, and to depend on it"
            )
    gateway.create_stage(
        ApiId=api,
        StageName=name,
        AutoDeploy=request.take("autoDeploy", default=False),
        DefaultRouteSettings=aws_spelling(request.take("defaultRouteSettings", default={})),
        **({"AccessLogSettings": aws_spelling(log)} if log else {}),
    )
    return Created(id=name)


def _refuse_unknown_log_group(account: Account, arn: str | None) -> None:
    if arn is None:
        return
    name = arn.rpartition(":log-group:")[2]
    found = account.client("logs").describe_log_groups(logGroupNamePrefix=name)["logGroups"]
    if name not in {group["logGroupName"] for group in found}:
        raise RefusedError(f"there is no log group {arn} for the requests")


def _may_invoke(account: Account, *, function: str, source: str) -> bool:
    try:
        answer = account.client("lambda").get_policy(FunctionName=function)
    except ClientError as error:
        if error.response["Error"]["Code"] == "ResourceNotFoundException":
            return False
        raise
    return any(
        _lets_in(statement, source) for statement in json.loads(answer["Policy"])["Statement"]
    )


def _lets_in(statement: dict[str, Any], source: str) -> bool:
    sources = [
        value
        for condition in statement.get("Condition", {}).values()
        for key, value in condition.items()
        if key.lower() == "aws:sourcearn"
    ]
    return (
        statement["Effect"] == "Allow"
        and statement["Principal"] == {"Service": "apigateway.amazonaws.com"}
        and statement["Action"] == "lambda:InvokeFunction"
        and all(fnmatch.fnmatchcase(source, pattern) for pattern in sources)
    )


CREATORS: dict[str, Creator] = {
    "aws:apigatewayv2/api:Api": _api,
    "aws:apigatewayv2/integration:Integration": _integration,
    "aws:apigatewayv2/route:Route": _route,
    "aws:apigatewayv2/stage:Stage": _stage,
}
