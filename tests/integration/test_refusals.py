"""The embedded AWS refuses what AWS would refuse, in one line that names the resource."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from local.function_host import FunctionHost
from local.program import DeploymentError, run_program
from local.provisioning import Provisioner
from local.sandbox import ProcessSandbox
from stacks.configuration import REPOSITORY, stack_configuration

if TYPE_CHECKING:
    from collections.abc import Mapping

    from local.aws import LocalAws

PROGRAM = Path(__file__).parent / "small_program.py"


def test_a_program_without_a_fault_is_deployed(aws: LocalAws) -> None:
    exports = aws.deploy(PROGRAM, {})

    assert str(exports["bucket"]).startswith("small-")
    assert exports["secret"] == "unwrapped"  # noqa: S105 - no secret
    assert exports["number"] == 3


@pytest.mark.parametrize(
    ("fault", "resource", "reason"),
    [
        ("no permission to invoke", "BucketNotification", "no permission lets the bucket"),
        ("permission for another bucket", "BucketNotification", "no permission lets the bucket"),
        ("permission for another account", "BucketNotification", "no permission lets the bucket"),
        ("permission for the function alone", "BucketNotification", "no permission lets"),
        ("permission for the alias alone", "BucketNotification", "no permission lets"),
        ("alias of an unknown version", "Alias", "has no version 7: an alias is of a published"),
        ("failures of the function alone", "FunctionEventInvokeConfig", "without a qualifier"),
        ("suffixes that overlap", "BucketNotification", "overlap"),
        ("no permission to report failures", "FunctionEventInvokeConfig", "lacks sqs:SendMessage"),
        ("no permission to log", "Function", "lacks logs:CreateLogStream"),
        ("role not for Lambda", "Function", "can't be assumed by lambda.amazonaws.com"),
        ("timeout beyond Lambda's", "Function", "901 s is more than Lambda's 900 s"),
        ("property that is not known", "Function", "does nothing with layers"),
        ("type that is not known", "Vpc", "does not know this type of resource"),
        ("refused by the emulator", "Bucket", "InvalidBucketName"),
    ],
)
def test_a_fault_is_refused(aws: LocalAws, fault: str, resource: str, reason: str) -> None:
    with pytest.raises(DeploymentError) as refusal:
        aws.deploy(PROGRAM, {"lambdalens:fault": fault})

    message = str(refusal.value)
    assert message.startswith("aws:")
    assert f":{resource} small: " in message
    assert reason in message
    assert "\n" not in message


def test_a_second_alias_is_refused(aws: LocalAws) -> None:
    with pytest.raises(DeploymentError, match=r":Alias second: .* has the alias live already"):
        aws.deploy(PROGRAM, {"lambdalens:fault": "second alias"})


def test_an_error_of_the_program_says_where_it_is(aws: LocalAws) -> None:
    with pytest.raises(DeploymentError, match=r"RuntimeError in .*small_program.py:\d+: nobody"):
        aws.deploy(PROGRAM, {"lambdalens:fault": "error of its own"})


def test_a_program_that_failed_leaves_nothing_to_the_next(aws: LocalAws, tmp_path: Path) -> None:
    failing = tmp_path / "failing.py"
    failing.write_text(
        """
import asyncio

import pulumi


def fail(_):
    pulumi.Output.from_input(asyncio.get_event_loop().create_future())
    raise RuntimeError("with an output under way")


pulumi.Output.from_input(0).apply(fail)
"""
    )
    with pytest.raises(DeploymentError, match="with an output under way"):
        aws.deploy(failing, {})

    assert aws.deploy(PROGRAM, {})["number"] == 3


def test_a_wrong_setting_is_named(aws: LocalAws) -> None:
    with pytest.raises(DeploymentError, match="imageDigest is not set"):
        aws.deploy(PROGRAM.parents[2] / "__main__.py", {"aws:region": "us-east-1"})


def test_the_real_program_is_refused_without_the_permission_of_its_trigger(aws: LocalAws) -> None:
    functions = FunctionHost(aws.hook, aws.account, aws.lifeline, workers=1, start=ProcessSandbox)
    try:
        with pytest.raises(DeploymentError, match="BucketNotification lambdalens-trigger: no perm"):
            run_program(
                REPOSITORY / "__main__.py",
                project="lambdalens",
                stack="local",
                configuration=stack_configuration("local"),
                provisioner=_WithoutPermission(aws.deployer, functions),
            )
    finally:
        functions.stop()


class _WithoutPermission(Provisioner):
    """Makes every resource but S3's permission to invoke the function."""

    def create(
        self, kind: str, name: str, inputs: Mapping[str, Any]
    ) -> tuple[str, dict[str, object]]:
        """Make a resource, or only say so."""
        if kind == "aws:lambda/permission:Permission" and name == "lambdalens-trigger":
            return name, dict(inputs)
        return super().create(kind, name, inputs)
