"""The policy pack, asked by Pulumi's engine: the program passes, and what breaks a rule is stopped.

What is wrong is put at the end of the copy of the program, so that one preview shows most of it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from policy.rules import RULES, STACK_RULES
from tests.engine.workspace import CommandFailedError

if TYPE_CHECKING:
    from tests.engine.conftest import NewWorkspace
    from tests.engine.workspace import Workspace

_PACK = ("--policy-pack", "policy")

# Each breaks the rule that it is named for. In a preview the names are known, and no ARN is.
_BROKEN = """
import json

from pulumi_aws import iam, s3, sqs

from stacks.component import Component


class Wrong(Component):
    def __init__(self, name):
        super().__init__(name)
        inside = pulumi.ResourceOptions(parent=self)
        bucket = s3.Bucket("naked", opts=inside)
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
        sqs.Queue(
            "tagged", sqs_managed_sse_enabled=True, tags={"stack": "another"}, opts=inside
        )


Wrong("wrong")
s3.BucketVersioning(
    "in-a-component", bucket="a-bucket", versioning_configuration={"status": "Enabled"}
)
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
    program = dev.folder / "__main__.py"
    right = program.read_text()
    program.write_text(right + _BROKEN)
    try:
        with pytest.raises(CommandFailedError) as failure:
            dev.pulumi("preview", *_PACK, "-s", "dev")
    finally:
        program.write_text(right)
    printed = str(failure.value)
    print(printed)

    # The stand-in for the provider has no type that goes with its version 8.
    for rule in {it.name for it in RULES} - {"stays-in-version-8"}:
        assert f"[mandatory]  {rule}  (" in printed
        assert f"{rule} " in printed, rule
    for rule in STACK_RULES:
        assert rule.description in printed, rule.name


def test_an_update_is_stopped_before_anything_is_made(dev: Workspace) -> None:
    """What depends on names that AWS gives is known only then."""
