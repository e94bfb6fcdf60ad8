"""The policy pack, asked by Pulumi's engine: the program passes, and what breaks a rule is stopped.

What is wrong is put at the end of the copy of the program, so that one preview shows most of it.
"""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest

from policy.rules import RULES, STACK_RULES
from tests.engine.workspace import CommandFailedError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.engine.conftest import NewWorkspace
    from tests.engine.workspace import Workspace

_PACK = ("--policy-pack", "policy")

# Each breaks the rule that it is named for, and the bucket all of a stack as a whole.
_BROKEN = """
import json

from pulumi_aws import iam, s3, sqs

from stacks.component import Component


class Wrong(Component):
    def __init__(self, name):
        super().__init__(name)
        inside = pulumi.ResourceOptions(parent=self)
        s3.Bucket("naked", opts=inside)
        s3.BucketPublicAccessBlock(
            "no-public-access", bucket="a-bucket", block_public_acls=True, opts=inside
        )
        s3.BucketPolicy(
            "no-plain-http", bucket="a-bucket",
            policy=json.dumps({"Version": "2012-10-17", "Statement": []}), opts=inside,
        )
        sqs.Queue("encrypted-at-rest", sqs_managed_sse_enabled=False, opts=inside)
        iam.RolePolicy(
            "no-wildcard", role="a-role", opts=inside,
            policy=json.dumps({"Version": "2012-10-17", "Statement": [
                {"Effect": "Allow", "Action": "s3:*", "Resource": "*"}]}),
        )


Wrong("wrong")
# Components set the tags.
sqs.Queue("in-a-component-and-tagged", sqs_managed_sse_enabled=True)
"""


# What it allows is known only when the role is there.
_BROKEN_LATER = """
import json

import pulumi
from pulumi_aws import iam

from stacks.component import Component


class Wrong(Component):
    def __init__(self, name):
        super().__init__(name)
        inside = pulumi.ResourceOptions(parent=self)
        lambda_ = {"Effect": "Allow", "Action": "sts:AssumeRole",
                   "Principal": {"Service": "lambda.amazonaws.com"}}
        role = iam.Role(
            "right", opts=inside,
            assume_role_policy=json.dumps({"Version": "2012-10-17", "Statement": [lambda_]}),
        )
        iam.RolePolicy(
            "no-wildcard", role=role.name, opts=inside,
            policy=pulumi.Output.json_dumps({"Version": "2012-10-17", "Statement": [
                {"Effect": "Allow", "Action": "iam:*", "Resource": [role.arn]}]}),
        )


Wrong("wrong")
"""


@pytest.fixture(scope="module")
def dev(new_workspace: NewWorkspace) -> Workspace:
    """Return a workspace whose stack is as it is on AWS, for previews alone."""
    workspace = new_workspace()
    workspace.configure("dev", requireTls=True, teachersPage=True)
    workspace.pulumi("stack", "init", "dev")
    return workspace


def test_the_program_passes(dev: Workspace) -> None:
    printed = dev.pulumi("preview", *_PACK, "-s", "dev")

    assert "lambdalens@v1.0.0" in printed
    assert "mandatory" not in printed.lower(), printed


def test_what_breaks_a_rule_is_stopped_by_that_rule(dev: Workspace) -> None:
    with (
        _with_program(dev, dev.program.read_text() + _BROKEN),
        pytest.raises(CommandFailedError) as failure,
    ):
        dev.pulumi("preview", *_PACK, "-s", "dev")

    # The stand-in for the provider has no type that goes with its version 8.
    expected = {rule.name for rule in (*RULES, *STACK_RULES)} - {"stays-in-version-8"}
    assert {
        rule for rule in expected if f"[mandatory]  {rule}  (" not in str(failure.value)
    } == set()


def test_what_is_known_only_in_an_update_is_stopped_there(dev: Workspace) -> None:
    dev.calls()
    with _with_program(dev, _BROKEN_LATER):
        with pytest.raises(CommandFailedError, match="the actions iam:\\* have a wildcard"):
            dev.up("dev", *_PACK)
        assert [call.type for call in dev.calls() if call.call == "Create"] == ["aws:iam/role:Role"]
        dev.pulumi("destroy", "--yes", "--skip-preview", "-s", "dev")


@contextmanager
def _with_program(workspace: Workspace, text: str) -> Iterator[None]:
    """Have another program for a while."""
    program = workspace.program
    right = program.read_text()
    program.write_text(text)
    try:
        yield
    finally:
        program.write_text(right)
