"""A stack that is up is found, and one that is not is told apart from it in one line."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING

import pytest

from stacks import outputs
from stacks.outputs import Deployment, StackNotFoundError, StackOutputs, deployment

if TYPE_CHECKING:
    from pathlib import Path

EXPORTS: dict[str, object] = {
    "inputBucket": "videos",
    "outputBucket": "results",
    "galleryBucket": "gallery",
    "galleryKey": "gallery/encodings.npz",
    "studentsTable": "students",
    "functionName": "recogniser",
    "functionAlias": "live",
    "failuresQueueUrl": "https://queue",
    "logGroup": "logs",
    "region": "eu-west-1",
    "repositoryUrl": "repository",
}


@pytest.fixture
def stack_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Move the file that a running local stack writes, so that none is disturbed."""
    file = tmp_path / "stack.json"
    monkeypatch.setattr(outputs, "LOCAL_STACK_FILE", file)
    return file


@pytest.fixture
def pulumi_answers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Put a stand-in for the Pulumi CLI on the PATH: a script, whose answer a test writes."""
    command = tmp_path / "bin" / "pulumi"
    command.parent.mkdir()
    monkeypatch.setenv("PATH", f"{command.parent}{os.pathsep}{os.environ['PATH']}")
    return command


def write_command(command: Path, script: str) -> None:
    command.write_text(
        '#!/bin/sh\ncase "$*" in *version*) echo v3.272.0; exit;; esac\n' + script, encoding="utf-8"
    )
    command.chmod(0o755)


def test_exports_become_fields() -> None:
    read = StackOutputs.from_mapping(EXPORTS)
    assert read.input_bucket == "videos"
    assert read.failures_queue_url == "https://queue"
    assert read.gallery_key == "gallery/encodings.npz"
    assert read.live_function == "recogniser:live"


def test_consent_is_required_where_the_stack_says_so() -> None:
    assert StackOutputs.from_mapping(EXPORTS | {"requireConsent": True}).require_consent
    assert not StackOutputs.from_mapping(EXPORTS | {"requireConsent": False}).require_consent
    # A stack that was deployed before there was the setting.
    assert not StackOutputs.from_mapping(EXPORTS).require_consent


@pytest.mark.parametrize("missing", [{"region": None}, {"region": ""}])
def test_a_missing_export_is_named(missing: dict[str, object]) -> None:
    with pytest.raises(StackNotFoundError, match=r"exports no region: .*pulumi up"):
        StackOutputs.from_mapping(EXPORTS | missing)


def test_a_running_local_stack_is_found(stack_file: Path) -> None:
    endpoint = "http://127.0.0.1:4566"
    key = {"key_id": "id", "secret": "of this run"}
    stack_file.write_text(
        json.dumps({"endpoint_url": endpoint, "access_key": key, "outputs": EXPORTS})
    )
    found = deployment("local")
    assert found.outputs == StackOutputs.from_mapping(EXPORTS)
    assert found.client("s3").meta.endpoint_url == endpoint
    credentials = found.session().get_credentials()
    assert credentials is not None
    assert (credentials.access_key, credentials.secret_key) == ("id", "of this run")


@pytest.mark.usefixtures("stack_file")
def test_a_local_stack_that_is_not_running_is_told() -> None:
    with pytest.raises(StackNotFoundError, match="not running: start it with 'make up'"):
        deployment("local")


@pytest.mark.parametrize("content", ["", "[]", "{}", '{"outputs": {}, "endpoint_url": null}'])
def test_a_local_file_of_another_kind_is_refused(stack_file: Path, content: str) -> None:
    stack_file.write_text(content)
    with pytest.raises(StackNotFoundError):
        deployment("local")


def test_on_aws_clients_are_in_the_stacks_region_with_the_users_credentials(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "the user's own")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "and secret")
    found = Deployment(outputs=StackOutputs.from_mapping(EXPORTS))
    assert found.client("dynamodb").meta.region_name == "eu-west-1"
    credentials = found.session().get_credentials()
    assert credentials is not None
    assert credentials.access_key == "the user's own"


def test_a_deployed_stack_is_read_through_the_cli(pulumi_answers: Path) -> None:
    write_command(
        pulumi_answers,
        f"case \"$*\" in *'stack output'*) echo '{json.dumps(EXPORTS)}';; esac\n",
    )
    found = deployment("dev")
    assert found.outputs.input_bucket == "videos"
    assert found.endpoint_url is None


def test_reading_a_stack_leaves_the_users_selected_stack_alone(pulumi_answers: Path) -> None:
    calls = pulumi_answers.with_name("calls")
    write_command(
        pulumi_answers,
        f"echo \"$*\" >> '{calls}'\n"
        f"case \"$*\" in *'stack output'*) echo '{json.dumps(EXPORTS)}';; esac\n",
    )
    deployment("prod")
    asked = calls.read_text().splitlines()
    assert asked
    assert all("--stack prod" in call and "select" not in call for call in asked)


def test_a_stack_that_is_not_deployed_is_told(pulumi_answers: Path) -> None:
    write_command(pulumi_answers, "case \"$*\" in *'stack output'*) echo '{}';; esac\n")
    with pytest.raises(StackNotFoundError, match="no outputs: deploy it with 'pulumi up -s dev'"):
        deployment("dev")


def test_an_unknown_stack_is_told(pulumi_answers: Path) -> None:
    write_command(pulumi_answers, "echo \"error: no stack named 'qa' found\" >&2; exit 255\n")
    with pytest.raises(StackNotFoundError, match="knows no stack 'qa'") as refused:
        deployment("qa")
    assert "\n" not in str(refused.value)


def test_what_else_the_cli_complains_of_is_passed_on_in_one_line(pulumi_answers: Path) -> None:
    write_command(pulumi_answers, "echo 'error: not logged in' >&2; exit 1\n")
    with pytest.raises(StackNotFoundError, match=r"cannot read .*not logged in") as refused:
        deployment("dev")
    assert "\n" not in str(refused.value)


def test_a_missing_cli_is_told(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(StackNotFoundError, match="the Pulumi CLI, which is not on the PATH"):
        deployment("dev")
