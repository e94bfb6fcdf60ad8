"""Whoever deploys has rights to this project's resources, and a job of GitHub's has them, too."""

from __future__ import annotations

import json
from functools import cache
from typing import TYPE_CHECKING, Any

import pytest

from stacks.deployer import GITHUB
from tests.infra.recording import ACCOUNT, run_program, statements

if TYPE_CHECKING:
    from tests.infra.recording import Program

REPOSITORY = "school/lambdalens"
BOUNDARY = f"arn:aws:iam::{ACCOUNT}:policy/bounds"
LONGEST_OF_A_ROLE = 10_240
"""Characters that IAM takes for all of a role's own policies together."""


@cache
def deployed(**settings: str) -> Program:
    return run_program("prod", githubRepository=REPOSITORY, **settings)


@cache
def everything() -> Program:
    return deployed(
        teachersPage="true",
        peoplePolicies="true",
        dataEvents="true",
        permissionsBoundary=BOUNDARY,
        alarmEmail="engineer@school.example",
        monthlyBudget="100",
    )


def trust(program: Program, name: str) -> dict[str, Any]:
    (statement,) = statements(program.one("iam/role:Role", name).inputs["assumeRolePolicy"])
    return statement


@pytest.mark.parametrize(
    ("name", "jobs"),
    [
        ("lambdalens-github-preview", ("pull_request", "ref:refs/heads/main")),
        ("lambdalens-github-deploy", ("environment:prod",)),
    ],
)
def test_a_role_trusts_these_jobs_of_one_repository(name: str, jobs: tuple[str, ...]) -> None:
    subjects = [f"repo:{REPOSITORY}:{job}" for job in jobs]
    provider = deployed().one(":OpenIdConnectProvider")
    assert provider.inputs["url"] == f"https://{GITHUB}"
    assert trust(deployed(), name) == {
        "Effect": "Allow",
        "Principal": {"Federated": provider.outputs["arn"]},
        "Action": "sts:AssumeRoleWithWebIdentity",
        "Condition": {
            "StringEquals": {f"{GITHUB}:aud": "sts.amazonaws.com", f"{GITHUB}:sub": subjects}
        },
    }


def test_the_account_s_provider_is_taken_where_there_is_one() -> None:
    arn = f"arn:aws:iam::{ACCOUNT}:oidc-provider/{GITHUB}"
    program = deployed(githubOidcProvider=arn)
    assert not program.has(":OpenIdConnectProvider")
    assert trust(program, "lambdalens-github-deploy")["Principal"] == {"Federated": arn}
    assert program.exports["githubOidcProvider"] == arn


def test_the_roles_are_exported_and_without_a_repository_there_are_none(prod: Program) -> None:
    for name, output in (("preview", "previewRoleArn"), ("deploy", "deployRoleArn")):
        role = deployed().one("iam/role:Role", f"lambdalens-github-{name}")
        assert deployed().exports[output] == role.outputs["arn"]
        assert prod.exports[output] == ""
    assert not [each for each in prod.registrations if "github" in each.name]


def test_who_previews_only_reads_and_nothing_of_anybody_s() -> None:
    policy = everything().one(":RolePolicy", "lambdalens-github-preview").inputs["policy"]
    actions = {action for each in statements(policy) for action in each["Action"]}
    verbs = {action.partition(":")[2] for action in actions}
    assert {verb for verb in verbs if not verb.startswith(("Get", "List", "Describe"))} == {
        "BatchGetImage",
        "GET",
        "ValidateStateMachineDefinition",
        "ViewBudget",
    }
    assert not actions & {
        *("s3:GetObject", "dynamodb:GetItem", "dynamodb:Scan", "logs:GetLogEvents"),
        *("sqs:ReceiveMessage", "lambda:InvokeFunction"),
    }


def test_the_deployer_s_policy_is_the_role_s_and_short_enough() -> None:
    program = everything()
    policy = program.one(":RolePolicy", "lambdalens-github-deploy").inputs["policy"]
    assert policy == program.exports["deployerPolicy"]
    assert len(policy) <= LONGEST_OF_A_ROLE


def test_what_has_a_name_is_limited_to_this_project_s_names() -> None:
    unnamed = {
        (action, resource)
        for each in statements(everything().exports["deployerPolicy"])
        for action in each["Action"]
        for resource in each["Resource"]
        if "lambdalens" not in resource and "oidc-provider" not in resource
    }
    # What has no ARN, is in a listing, or has an ARN with an id that AWS chooses.
    assert {action.partition(":")[0] for action, _ in unnamed} == {
        *("apigateway", "cloudtrail", "cognito-idp", "ecr", "lambda", "logs", "states"),
    }
    assert {action for action, resource in unnamed if resource == "*"} == {
        "ecr:GetAuthorizationToken",
        "lambda:GetAccountSettings",
        "cloudtrail:DescribeTrails",
        "cognito-idp:DescribeUserPoolDomain",
        "cognito-idp:CreateUserPool",
        "states:ValidateStateMachineDefinition",
        *(f"logs:{each}LogDelivery" for each in ("Create", "Get", "Update", "Delete")),
        *("logs:ListLogDeliveries", "logs:DescribeResourcePolicies", "logs:PutResourcePolicy"),
    }


def test_no_role_is_given_rights_without_the_boundary_or_to_other_services() -> None:
    of_roles = {
        action: each
        for each in statements(everything().exports["deployerPolicy"])
        for action in each["Action"]
        if "Condition" in each
    }
    bounded = {"StringEquals": {"iam:PermissionsBoundary": BOUNDARY}}
    for action in ("iam:CreateRole", "iam:PutRolePolicy", "iam:PutRolePermissionsBoundary"):
        assert of_roles[action]["Condition"] == bounded
    (passed,) = of_roles["iam:PassRole"]["Condition"].values()
    assert set(passed["iam:PassedToService"]) == {
        "lambda.amazonaws.com",
        "scheduler.amazonaws.com",
        "states.amazonaws.com",
    }
    everything_allowed = json.dumps(statements(everything().exports["deployerPolicy"]))
    assert "iam:DeleteRolePermissionsBoundary" not in everything_allowed
    assert "iam:Attach" not in everything_allowed


def test_there_are_rights_to_each_service_that_the_program_uses() -> None:
    services = {"cognito": "cognito-idp", "apigatewayv2": "apigateway", "sfn": "states"}
    used = {
        each.kind.split(":")[1].partition("/")[0]
        for each in everything().registrations
        if each.kind.startswith("aws:")
    }
    policy = statements(everything().exports["deployerPolicy"])
    allowed = {action.partition(":")[0] for each in policy for action in each["Action"]}
    # Log groups are of the module of CloudWatch, and of a service of their own.
    assert {services.get(each, each) for each in used} | {"logs"} == allowed


def test_objects_are_deleted_only_where_data_is_not_protected(dev: Program, prod: Program) -> None:
    assert "s3:DeleteObjectVersion" in dev.exports["deployerPolicy"]
    assert "s3:DeleteObject" not in prod.exports["deployerPolicy"]
