"""A new version of the function takes over while videos are under way, and none is lost."""

from __future__ import annotations

import json
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from function.results import csv_key
from local.function_host import FunctionHost
from local.program import DeploymentError, run_program
from local.provisioning import StackProvisioner
from local.sandbox import ProcessSandbox
from tests.integration.conftest import BIDEN, OBAMA

if TYPE_CHECKING:
    from collections.abc import Iterator

    from local.aws import LocalAws
    from tests.integration.conftest import ClassVideo
    from tests.integration.pipeline import Pipeline

PROGRAM = Path(__file__).parent / "small_program.py"
_PATIENCE_SECONDS = 60


class SmallStack:
    """A stack whose program is run again and again, with a function that has one worker."""

    def __init__(self, aws: LocalAws, functions: FunctionHost) -> None:
        self._aws = aws
        self._provisioner = StackProvisioner(aws.deployer, functions)
        self._exports: dict[str, object] = {}

    def deploy(self, **configuration: str) -> None:
        """Make the stack, or change it."""
        self._exports = run_program(
            PROGRAM,
            project="lambdalens",
            stack="local",
            configuration={f"lambdalens:{key}": value for key, value in configuration.items()},
            provisioner=self._provisioner,
        )

    def invoke(self, do: str, **details: object) -> dict[str, Any]:
        """Tell the function what to do; return what it answers."""
        answer = self._aws.client("lambda").invoke(
            FunctionName=self._exports["function"], Payload=json.dumps({"do": do, **details})
        )
        assert "FunctionError" not in answer
        payload: dict[str, Any] = json.load(answer["Payload"])
        return payload


@pytest.fixture
def stack(aws: LocalAws) -> Iterator[SmallStack]:
    functions = FunctionHost(aws.hook, aws.deployer, aws.lifeline, workers=1, start=ProcessSandbox)
    yield SmallStack(aws, functions)
    functions.stop()


def test_a_changed_function_is_a_new_version_and_the_alias_moves_to_it(stack: SmallStack) -> None:
    stack.deploy(timeout="50")
    first = stack.invoke("describe yourself")
    stack.deploy(timeout="60")
    second = stack.invoke("describe yourself")

    assert (first["version"], second["version"]) == ("1", "2")
    assert first["process"] != second["process"]
    assert first["remaining"] <= 50_000 < second["remaining"]


def test_going_back_is_a_version_of_its_own(stack: SmallStack) -> None:
    for timeout in ("50", "60", "50"):
        stack.deploy(timeout=timeout)

    described = stack.invoke("describe yourself")

    assert described["version"] == "3"
    assert described["remaining"] <= 50_000


def test_nothing_is_rolled_out_where_nothing_has_changed(stack: SmallStack) -> None:
    stack.deploy()
    first = stack.invoke("describe yourself")
    stack.deploy()

    assert stack.invoke("describe yourself")["process"] == first["process"]


def test_a_function_without_versions_changes_at_once(stack: SmallStack) -> None:
    stack.deploy(timeout="50", unpublished="true")
    stack.deploy(timeout="60", unpublished="true")

    described = stack.invoke("describe yourself")

    assert described["version"] == "$LATEST"
    assert described["remaining"] > 50_000


def test_a_run_ends_in_its_version_and_what_waits_goes_to_the_next(
    stack: SmallStack, tmp_path: Path
) -> None:
    begun, may_end = tmp_path / "begun", tmp_path / "may end"
    stack.deploy(timeout="60")
    with ThreadPoolExecutor(3) as senders:
        running = senders.submit(stack.invoke, "wait", begun=str(begun), until=str(may_end))
        wait_for(begun)
        waiting = [senders.submit(stack.invoke, "describe yourself") for _ in range(2)]

        stack.deploy(timeout="70")

        # The one worker of the first version is taken all the while.
        assert [each.result(_PATIENCE_SECONDS)["version"] for each in waiting] == ["2", "2"]
        assert not running.done()
        may_end.touch()
        ended = running.result(_PATIENCE_SECONDS)
    assert ended["version"] == "1"
    wait_until_gone(ended["process"])


def test_a_rollout_that_fails_leaves_the_version_there_was(stack: SmallStack) -> None:
    stack.deploy()
    before = stack.invoke("describe yourself")

    with pytest.raises(DeploymentError, match="901 s is more than Lambda's 900 s"):
        stack.deploy(fault="timeout beyond Lambda's")

    assert stack.invoke("describe yourself")["process"] == before["process"]


def test_videos_under_way_all_get_their_results(
    pipeline: Pipeline, class_video: ClassVideo
) -> None:
    aws, names = pipeline.aws, {OBAMA: "Barack Obama", BIDEN: "Joe Biden"}
    videos = {f"rollout/{number}.mp4": (OBAMA, BIDEN)[number % 2] for number in range(12)}
    before = aws.exports["functionVersion"]
    try:
        for number, (key, person) in enumerate(videos.items()):
            pipeline.upload(key, class_video((person,)))
            if number == 4:
                aws.update(samplesPerSecond="3")
            if number == 8:
                aws.update(samplesPerSecond="3", memoryMb="2048")
        results = {key: pipeline.wait_for(csv_key(key), key) for key in videos}
    finally:
        aws.update()

    assert {key: result.names for key, result in results.items()} == {
        key: {names[person]} for key, person in videos.items()
    }
    # Each is the work of one version, and more than one was at work.
    assert len({result.metadata["recogniser"] for result in results.values()}) == 2
    # Others may have published versions since the stack was deployed.
    assert int(str(aws.exports["functionVersion"])) >= int(str(before)) + 3
    assert not pipeline.failures()


def test_going_back_to_an_image_of_the_stack_takes_its_digest_alone(aws: LocalAws) -> None:
    digest = f"sha256:{'b' * 64}"
    before = int(str(aws.exports["functionVersion"]))
    try:
        aws.update(imageUri="", imageDigest=digest)
        assert aws.exports["functionVersion"] == str(before + 1)
        assert aws.exports["imageDigest"] == digest
        assert aws.exports["imageUri"] == f"{aws.exports['repositoryUrl']}@{digest}"
        deployed = aws.client("lambda").get_function(FunctionName=aws.outputs.live_function)
        assert deployed["Code"]["ImageUri"] == aws.exports["imageUri"]
    finally:
        aws.update()


def test_what_can_not_be_changed_while_it_is_up_is_refused(aws: LocalAws) -> None:
    with pytest.raises(DeploymentError, match=r"BucketLifecycle\S+ lambdalens-input: .*start it"):
        aws.update(videoExpiryDays="2")
    aws.update()


def wait_for(file: Path) -> None:
    deadline = time.monotonic() + _PATIENCE_SECONDS
    while not file.exists():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def wait_until_gone(process: int) -> None:
    deadline = time.monotonic() + _PATIENCE_SECONDS
    while Path(f"/proc/{process}").exists():
        assert time.monotonic() < deadline
        time.sleep(0.01)
