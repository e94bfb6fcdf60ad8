"""`python -m local up --pulumi`: the user's Pulumi deploys, changes, destroys the local stack."""

from __future__ import annotations

import json
import os
import subprocess
import time
from typing import TYPE_CHECKING, TypeVar

import pytest

from local.program import DeploymentError
from local.pulumi_aws import PulumiAws
from stacks.configuration import REPOSITORY
from tests.engine.inventory import inventory
from tests.engine.workspace import plugin_environment

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

Found = TypeVar("Found")


@pytest.fixture(scope="module")
def aws(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PulumiAws]:
    folder = tmp_path_factory.mktemp("local")
    with pytest.MonkeyPatch.context() as patched:
        for name, value in plugin_environment(folder).items():
            patched.setenv(name, value)
        aws = PulumiAws(said=print, changed=lambda: None, workers=1)
        with aws:
            yield aws


def test_videos_are_looked_at_in_the_version_that_is_deployed(aws: PulumiAws) -> None:
    tracked = (REPOSITORY / "stacks" / "Pulumi.local.yaml").read_bytes()

    assert _report_on(aws, "first.mp4")
    _pulumi(aws, "config", "set", "samplesPerSecond", "3")
    planned = _pulumi(aws, "preview")
    assert "lambdalens-recogniser" in planned
    _pulumi(aws, "up", "--yes", "--skip-preview")

    assert _report_on(aws, "second.mp4")
    versions = aws.deployer.client("lambda").list_aliases(FunctionName=aws.outputs.function_name)
    assert versions["Aliases"][0]["FunctionVersion"] == "2"
    assert "pulumi" in _pulumi(aws, "preview", "--expect-no-changes")
    assert (REPOSITORY / "stacks" / "Pulumi.local.yaml").read_bytes() == tracked


def test_what_fails_for_good_is_in_the_failures_queue(aws: PulumiAws) -> None:
    lambda_ = aws.client("lambda")
    lambda_.invoke(
        FunctionName=aws.outputs.live_function,
        InvocationType="Event",
        Payload=b'{"not": "from S3"}',
    )

    queue = aws.client("sqs")
    messages = _wait_for(
        lambda: queue.receive_message(QueueUrl=aws.outputs.failures_queue_url).get("Messages")
    )
    assert "UnexpectedEventError" in messages[0]["Body"]


def test_a_destroyed_stack_leaves_nothing(aws: PulumiAws) -> None:
    _pulumi(aws, "destroy", "--yes")

    assert not any(inventory(aws.deployer).values())
    _pulumi(aws, "up", "--yes", "--skip-preview")
    _wait_for(lambda: aws.outputs.input_bucket in inventory(aws.deployer)["buckets"])
    assert _report_on(aws, "third.mp4")


def test_without_pulumi_it_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    with pytest.raises(DeploymentError, match="the Pulumi CLI is not on the PATH: install it"):
        PulumiAws(said=lambda _: None, changed=lambda: None)


def _pulumi(aws: PulumiAws, *arguments: str) -> str:
    """Run Pulumi as a user does who has read the run's environment into a shell."""
    done = subprocess.run(
        ["pulumi", *arguments, "--non-interactive"],  # noqa: S607 - the one on PATH
        cwd=REPOSITORY,
        env={**os.environ, **aws.environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        check=False,
    )
    assert done.returncode == 0, done.stdout.decode()
    return done.stdout.decode()


def _report_on(aws: PulumiAws, key: str) -> dict[str, str]:
    """Upload what is no video, and return what the function says of it."""
    s3 = aws.client("s3")
    s3.put_object(Bucket=aws.outputs.input_bucket, Key=key, Body=b"no video")

    def report() -> dict[str, str] | None:
        found = s3.list_objects_v2(Bucket=aws.outputs.output_bucket, Prefix=key[:-4])
        for each in found.get("Contents", []):
            body = s3.get_object(Bucket=aws.outputs.output_bucket, Key=each["Key"])["Body"]
            said: dict[str, str] = json.load(body)
            return said
        return None

    return _wait_for(report)


def _wait_for(look: Callable[[], Found | None]) -> Found:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        if found := look():
            return found
        time.sleep(0.2)
    pytest.fail("it did not come")
