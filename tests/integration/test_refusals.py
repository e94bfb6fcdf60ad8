"""The embedded AWS refuses what AWS would refuse, in one line that names the resource."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from local.program import DeploymentError

if TYPE_CHECKING:
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


def test_an_error_of_the_program_says_where_it_is(aws: LocalAws) -> None:
    with pytest.raises(DeploymentError, match=r"RuntimeError in .*small_program.py:\d+: nobody"):
        aws.deploy(PROGRAM, {"lambdalens:fault": "error of its own"})


def test_a_wrong_setting_is_named(aws: LocalAws) -> None:
    with pytest.raises(DeploymentError, match="imageUri"):
        aws.deploy(PROGRAM.parents[2] / "__main__.py", {"aws:region": "us-east-1"})
