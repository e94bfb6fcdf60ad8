"""A stack's life, as Pulumi's engine has it: preview, up, change, failure, refresh, destroy."""

from __future__ import annotations

import io
import json
from typing import TYPE_CHECKING

import pytest
import yaml  # type: ignore[import-untyped]  # it ships no types

from stacks import promotion
from tests.engine.inventory import inventory
from tests.engine.workspace import CommandFailedError

if TYPE_CHECKING:
    from local.account import Account
    from tests.engine.conftest import NewWorkspace
    from tests.engine.docker_engine import DockerEngine
    from tests.engine.workspace import Call, Workspace

FUNCTION = "aws:lambda/function:Function"
NOTIFICATION = "aws:s3/bucketNotification:BucketNotification"
PERMISSION = "aws:lambda/permission:Permission"
INVOKE_CONFIG = "aws:lambda/functionEventInvokeConfig:FunctionEventInvokeConfig"
IMAGE = "docker:index/registryImage:RegistryImage"


@pytest.fixture(scope="module")
def dev(new_workspace: NewWorkspace) -> Workspace:
    """Return a workspace in which dev is deployed, for tests that leave it as it is."""
    workspace = new_workspace()
    workspace.pulumi("stack", "init", "dev")
    workspace.up("dev")
    workspace.calls()
    return workspace


def test_a_preview_touches_neither_docker_nor_aws(
    workspace: Workspace, account: Account, docker_engine: DockerEngine
) -> None:
    before, asked = inventory(account), docker_engine.asked
    workspace.pulumi("stack", "init", "dev")

    planned = workspace.preview("dev")

    assert planned.keys() == {"create"}
    assert f"{IMAGE} lambdalens" in planned["create"]
    assert f"{FUNCTION} lambdalens-recogniser" in planned["create"]
    assert {(call.call, call.preview) for call in workspace.calls()} == {
        ("Create", True),
        ("Invoke", False),
    }
    assert inventory(account) == before
    assert docker_engine.asked == asked


def test_without_docker_an_update_says_so_before_the_build(workspace: Workspace) -> None:
    workspace.pulumi("stack", "init", "dev")

    with pytest.raises(CommandFailedError, match="no Docker engine answers at tcp:"):
        workspace.up("dev", DOCKER_HOST="tcp://127.0.0.1:1")

    assert IMAGE not in {call.type for call in workspace.calls()}
    workspace.up("dev")


def test_a_pulumi_of_another_version_than_is_required_is_refused(workspace: Workspace) -> None:
    project = workspace.folder / "Pulumi.yaml"
    text = project.read_text()
    workspace.pulumi("stack", "init", "dev")
    project.write_text(text.replace('">=3.272.0 <4.0.0"', '">=4.0.0"'))
    assert project.read_text() != text

    with pytest.raises(CommandFailedError, match="does not satisfy the version range"):
        workspace.pulumi("preview", "-s", "dev")


def test_a_second_up_changes_nothing(dev: Workspace) -> None:
    assert dev.preview("dev") == {}
    dev.up("dev")
    assert {call.call for call in dev.calls()} == {"Invoke"}


def test_a_refresh_finds_what_is_in_the_state(dev: Workspace) -> None:
    dev.pulumi("refresh", "--yes", "--expect-no-changes", "-s", "dev")
    assert dev.preview("dev") == {}


def test_a_refresh_finds_what_was_deleted_by_hand(workspace: Workspace, account: Account) -> None:
    workspace.pulumi("stack", "init", "dev")
    workspace.up("dev")
    (queue,) = (
        each["id"] for key, each in workspace.resources("dev").items() if "sqs/queue:" in key
    )
    account.client("sqs").delete_queue(QueueUrl=queue)

    workspace.pulumi("refresh", "--yes", "-s", "dev")

    assert (
        "aws:sqs/queue:Queue lambdalens-recogniser-failures" in workspace.preview("dev")["create"]
    )
    workspace.up("dev")
    assert workspace.preview("dev") == {}


def test_one_byte_of_the_function_is_a_new_image(workspace: Workspace) -> None:
    workspace.pulumi("stack", "init", "dev")
    workspace.up("dev")
    module = workspace.folder / "function" / "app.py"
    module.write_bytes(module.read_bytes() + b"\n")

    planned = workspace.preview("dev")

    assert planned["replace"][0].startswith(IMAGE)
    assert f"{FUNCTION} lambdalens-recogniser" in planned["update"]
    workspace.calls()
    workspace.up("dev")
    assert [call.type for call in workspace.calls() if call.plugin == "docker"] == [IMAGE, IMAGE]
    assert workspace.preview("dev") == {}

    # So is another day of the base, which then stays though nobody keeps it in the stack's file.
    workspace.configure("dev", baseDate="2026-11-27")
    assert workspace.preview("dev")["replace"][0].startswith(IMAGE)
    workspace.up("dev")
    workspace.configure("dev", baseDate=None)
    assert workspace.preview("dev") == {}


def test_a_promoted_image_is_named_in_the_stack_s_file(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    workspace.pulumi("stack", "init", "prod")
    before = yaml.safe_load(workspace.configuration("prod"))["config"]
    digest = f"sha256:{'a' * 64}"
    for name, value in workspace.environment.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(promotion, "REPOSITORY", workspace.folder)

    promotion.set_image_digest("prod", digest)

    after = yaml.safe_load(workspace.configuration("prod"))["config"]
    assert after == before | {"lambdalens:imageDigest": digest}


def test_a_file_that_is_not_of_the_image_builds_nothing(dev: Workspace) -> None:
    (dev.folder / "function" / "command" / "notes.txt").write_text("not of the image")
    (dev.folder / "function" / "__pycache__").mkdir(exist_ok=True)
    (dev.folder / "function" / "__pycache__" / "app.cpython-311.pyc").write_bytes(b"compiled")

    assert dev.preview("dev") == {}


def test_going_back_to_an_image_needs_no_docker_and_loses_none(
    workspace: Workspace, account: Account
) -> None:
    workspace.pulumi("stack", "init", "dev")
    workspace.up("dev")
    first = _output(workspace, "imageDigest")
    module = workspace.folder / "function" / "app.py"
    module.write_bytes(module.read_bytes() + b"\n")
    workspace.up("dev")
    assert _output(workspace, "imageDigest") != first
    workspace.calls()

    workspace.pulumi("config", "set", "imageDigest", first, "-s", "dev")
    workspace.up("dev", DOCKER_HOST="tcp://127.0.0.1:1")

    asked = {(call.call, call.type) for call in workspace.calls()}
    assert ("Create", IMAGE) not in asked
    assert ("Delete", "aws:ecr/repository:Repository") not in asked
    function = account.client("lambda").get_function(
        FunctionName=_output(workspace, "functionName"), Qualifier="live"
    )
    assert function["Code"]["ImageUri"] == f"{_output(workspace, 'repositoryUrl')}@{first}"
    assert function["Configuration"]["Version"] == "3"
    assert workspace.preview("dev") == {}


def test_an_image_that_lambda_would_refuse_stops_a_preview(
    workspace: Workspace, account: Account
) -> None:
    workspace.pulumi("stack", "init", "dev")
    workspace.up("dev")
    index = {"schemaVersion": 2, "mediaType": "application/vnd.oci.image.index.v1+json"}
    repository = _output(workspace, "repositoryUrl").partition("/")[2]
    pushed = account.client("ecr").put_image(
        repositoryName=repository, imageManifest=json.dumps(index), imageTag="index"
    )
    workspace.configure("dev", imageDigest=pushed["image"]["imageId"]["imageDigest"])

    with pytest.raises(CommandFailedError, match="is an index of several images, which Lambda"):
        workspace.pulumi("preview", "-s", "dev")


@pytest.mark.parametrize(
    "out_of_order",
    ["aws:sqs/queue:Queue", FUNCTION, IMAGE, PERMISSION, NOTIFICATION],
)
def test_the_next_up_heals_one_that_failed_half_way(
    workspace: Workspace, account: Account, out_of_order: str
) -> None:
    before = inventory(account)
    workspace.pulumi("stack", "init", "dev")
    with pytest.raises(CommandFailedError, match="out of order"):
        workspace.up("dev", LAMBDALENS_FAULT=f"Create {out_of_order}")

    workspace.up("dev")

    assert workspace.preview("dev") == {}
    made = inventory(account)
    assert len(made["functions"] - before["functions"]) == 1
    assert len(made["buckets"] - before["buckets"]) == 3
    workspace.pulumi("destroy", "--yes", "-s", "dev")
    assert inventory(account) == before


def test_an_update_that_failed_is_made_up_for(workspace: Workspace, account: Account) -> None:
    workspace.pulumi("stack", "init", "dev")
    workspace.up("dev")
    workspace.configure("dev", memoryMb=2048)
    with pytest.raises(CommandFailedError, match="out of order"):
        workspace.up("dev", LAMBDALENS_FAULT=f"Update {FUNCTION}")

    workspace.up("dev")

    name = workspace.resources("dev")[f"{FUNCTION} lambdalens-recogniser"]["id"]
    function = account.client("lambda").get_function_configuration(FunctionName=name)
    assert function["MemorySize"] == 2048


def test_two_stacks_side_by_side(workspace: Workspace, account: Account) -> None:
    before = inventory(account)
    workspace.copy_stack("dev", "other")
    for stack in ("dev", "other"):
        workspace.pulumi("stack", "init", stack)
        workspace.up(stack)

    workspace.pulumi("destroy", "--yes", "-s", "dev")

    workspace.pulumi("refresh", "--yes", "--expect-no-changes", "-s", "other")
    assert workspace.preview("other") == {}
    workspace.pulumi("destroy", "--yes", "-s", "other")
    assert inventory(account) == before


def test_destroying_dev_leaves_nothing_and_it_can_be_made_again(
    workspace: Workspace, account: Account
) -> None:
    before = inventory(account)
    workspace.pulumi("stack", "init", "dev")
    for _ in range(2):
        workspace.up("dev")
        s3 = account.client("s3")
        for bucket in inventory(account)["buckets"] - before["buckets"]:
            s3.upload_fileobj(io.BytesIO(b"first"), bucket, "kept")
            s3.upload_fileobj(io.BytesIO(b"second"), bucket, "kept")

        workspace.pulumi("destroy", "--yes", "-s", "dev")

        assert inventory(account) == before


def test_the_teachers_page_comes_and_goes(workspace: Workspace, account: Account) -> None:
    before = inventory(account)
    workspace.pulumi("stack", "init", "dev")
    workspace.configure("dev", requireTls=False, pageMfa=False, alarmEmail="none")
    workspace.up("dev")
    without = inventory(account)

    workspace.configure("dev", teachersPage=True)
    workspace.up("dev")
    assert workspace.preview("dev") == {}
    made = inventory(account)
    for kind in ("user pools", "HTTP APIs", "functions", "tables", "roles"):
        assert len(made[kind] - without[kind]) == 1, kind

    workspace.configure("dev", teachersPage=False)
    workspace.up("dev")
    assert inventory(account) == without
    workspace.configure("dev", teachersPage=True)
    workspace.up("dev")
    workspace.pulumi("destroy", "--yes", "-s", "dev")
    assert inventory(account) == before


def test_prod_is_destroyed_on_purpose_only(workspace: Workspace, account: Account) -> None:
    before = inventory(account)
    workspace.pulumi("stack", "init", "prod")
    workspace.up("prod")

    with pytest.raises(CommandFailedError, match=r"protected") as refused:
        workspace.pulumi("destroy", "--yes", "-s", "prod")

    assert "pulumi state unprotect" in str(refused.value)
    assert len(inventory(account)["buckets"] - before["buckets"]) == 3
    # As docs/deploying.md says it is done, which leaves the tracked file as it is.
    tracked = (workspace.folder / "stacks" / "Pulumi.prod.yaml").read_text()
    copy = workspace.folder.parent / "prod-to-destroy.yaml"
    copy.write_text(tracked)
    with_copy = ("-s", "prod", "--config-file", str(copy))
    workspace.pulumi("config", "set", "protectData", "false", *with_copy)
    workspace.pulumi("up", "--yes", "--skip-preview", *with_copy)
    workspace.pulumi("destroy", "--yes", *with_copy)
    assert inventory(account) == before
    assert (workspace.folder / "stacks" / "Pulumi.prod.yaml").read_text() == tracked


def test_no_secret_is_in_plain_text_in_the_state(dev: Workspace) -> None:
    state = dev.state("dev")

    assert "sha256:" in state
    assert "password-" not in state
    assert "ciphertext" in state


def test_the_trigger_comes_last_and_goes_first(workspace: Workspace) -> None:
    workspace.pulumi("stack", "init", "dev")
    workspace.up("dev")
    made = _order(workspace.calls(), "Create")
    workspace.pulumi("destroy", "--yes", "-s", "dev")
    deleted = _order(workspace.calls(), "Delete")

    for needed in (PERMISSION, INVOKE_CONFIG, "aws:sqs/queue:Queue"):
        assert made[needed] < made[NOTIFICATION]
        assert deleted[NOTIFICATION] < deleted[needed]


def _output(workspace: Workspace, name: str) -> str:
    return workspace.pulumi("stack", "output", name, "-s", "dev").strip()


def _order(calls: list[Call], wanted: str) -> dict[str, int]:
    """Return when each type was last made or deleted."""
    return {call.type: time for time, call in enumerate(calls) if call.call == wanted}
