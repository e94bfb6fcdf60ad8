"""The role that the function runs with, and what becomes of uploads when it lacks a right."""

from __future__ import annotations

import json
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from local.aws import LocalAws


def role_of(aws: LocalAws) -> str:
    """Return the ARN of the role."""
    function = aws.client("lambda").get_function_configuration(
        FunctionName=aws.outputs.function_name
    )
    arn: str = function["Role"]
    return arn


@contextmanager
def without_right(aws: LocalAws, action: str) -> Iterator[None]:
    """Take an action away from the function's role, for a while."""
    iam = aws.client("iam")
    role = role_of(aws).rpartition("/")[2]
    (name,) = iam.list_role_policies(RoleName=role)["PolicyNames"]
    whole = iam.get_role_policy(RoleName=role, PolicyName=name)["PolicyDocument"]
    part = {
        **whole,
        "Statement": [
            statement for statement in whole["Statement"] if statement["Action"] != [action]
        ],
    }
    assert part != whole
    iam.put_role_policy(RoleName=role, PolicyName=name, PolicyDocument=json.dumps(part))
    try:
        yield
    finally:
        iam.put_role_policy(RoleName=role, PolicyName=name, PolicyDocument=json.dumps(whole))
