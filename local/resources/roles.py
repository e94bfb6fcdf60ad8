"""IAM: roles, policies, and what a role may do."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from local.resources.request import Created, RefusedError, Request

if TYPE_CHECKING:
    from local.account import Account
    from local.resources.request import Creator


def check_trust(account: Account, role_arn: str, service: str) -> None:
    """Refuse a role that the service can't assume. Raises RefusedError."""
    role = account.client("iam").get_role(RoleName=role_arn.rpartition("/")[2])["Role"]
    document = role["AssumeRolePolicyDocument"]
    policy = json.loads(document) if isinstance(document, str) else document
    if not any(
        statement["Effect"] == "Allow" and statement["Principal"] == {"Service": service}
        for statement in policy["Statement"]
    ):
        raise RefusedError(f"the role {role_arn} can't be assumed by {service}")


def role_allows(account: Account, role_arn: str, *, action: str, resource: str) -> bool:
    """Whether the policies of the role allow the action on the resource."""
    simulation = account.client("iam").simulate_principal_policy(
        PolicySourceArn=role_arn, ActionNames=[action], ResourceArns=[resource]
    )
    return bool(simulation["EvaluationResults"][0]["EvalDecision"] == "allowed")


def _role(request: Request) -> Created:
    name = request.physical_name()
    arn = request.take("permissionsBoundary")
    boundary = {"PermissionsBoundary": arn} if arn else {}
    role = request.account.client("iam").create_role(
        RoleName=name,
        AssumeRolePolicyDocument=request.take("assumeRolePolicy"),
        Description=request.take("description", default=""),
        **boundary,
    )["Role"]
    return Created(id=name, outputs={"name": name, "arn": role["Arn"]})


def _role_policy(request: Request) -> Created:
    role, name = request.take("role"), request.physical_name()
    request.account.client("iam").put_role_policy(
        RoleName=role, PolicyName=name, PolicyDocument=request.take("policy")
    )
    return Created(id=f"{role}:{name}", outputs={"name": name})


def _policy(request: Request) -> Created:
    name = request.physical_name()
    policy = request.account.client("iam").create_policy(
        PolicyName=name,
        PolicyDocument=request.take("policy"),
        Description=request.take("description", default=""),
    )["Policy"]
    return Created(id=policy["Arn"], outputs={"name": name, "arn": policy["Arn"]})


def _identity_provider(request: Request) -> Created:
    arn = request.account.client("iam").create_open_id_connect_provider(
        Url=request.take("url"), ClientIDList=request.take("clientIdLists", default=[])
    )["OpenIDConnectProviderArn"]
    return Created(id=arn, outputs={"arn": arn})


CREATORS: dict[str, Creator] = {
    "aws:iam/openIdConnectProvider:OpenIdConnectProvider": _identity_provider,
    "aws:iam/policy:Policy": _policy,
    "aws:iam/role:Role": _role,
    "aws:iam/rolePolicy:RolePolicy": _role_policy,
}
