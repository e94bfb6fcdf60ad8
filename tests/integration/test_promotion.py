"""An image goes from one stack's repository to another's, between two of the embedded AWS.

Docker's client is a stand-in, which takes the image over as `imagetools create` is documented to:
the embedded AWS has no registry that the real one could speak to.
"""

from __future__ import annotations

import json
import os
import sys
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from stacks import outputs
from stacks.__main__ import main
from stacks.promotion import PromotionError, promote

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from local.aws import LocalAws
    from stacks.outputs import Deployment
    from tests.integration.pipeline import Pipeline

MANIFEST = json.dumps({"schemaVersion": 2, "layers": []})
REGISTRY = "000000000000.dkr.ecr.us-east-1.amazonaws.com"

DOCKER = f"""#!{sys.executable}
import json, os, sys
import boto3

arguments = sys.argv[1:]
with open(os.environ["DOCKER_ASKED"], "a") as asked:
    asked.write(json.dumps([*arguments, sys.stdin.read()]) + "\\n")
if arguments[0] == "buildx" and "DOCKER_FAILS" in os.environ:
    sys.exit("denied: your authorization token has expired")
if arguments[0] == "buildx":
    *_, target, image = arguments
    repository, _, tag = target.partition("/")[2].partition(":")
    ecr = boto3.client("ecr")
    name, _, digest = image.partition("/")[2].partition("@")
    found = ecr.batch_get_image(repositoryName=name, imageIds=[{{"imageDigest": digest}}])
    ecr.put_image(
        repositoryName=repository, imageTag=tag, imageManifest=found["images"][0]["imageManifest"]
    )
"""


@pytest.fixture
def stacks(
    aws: LocalAws, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[tuple[Deployment, Deployment]]:
    """Two stacks with a repository each; the first runs an image that is in its own."""
    docker = tmp_path / "docker"
    docker.write_text(DOCKER)
    docker.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    monkeypatch.setenv("DOCKER_ASKED", str(tmp_path / "asked"))
    deployment = aws.deployment
    assert deployment.endpoint_url
    assert deployment.access_key
    monkeypatch.setenv("AWS_ENDPOINT_URL", deployment.endpoint_url)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", deployment.access_key.key_id)
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", deployment.access_key.secret)
    monkeypatch.setenv("AWS_DEFAULT_REGION", deployment.outputs.region)
    ecr = aws.client("ecr")
    for name in ("of-dev", "of-prod"):
        ecr.create_repository(repositoryName=name, imageTagMutability="IMMUTABLE")
    pushed = ecr.put_image(repositoryName="of-dev", imageTag="1", imageManifest=MANIFEST)
    digest = pushed["image"]["imageId"]["imageDigest"]
    yield (
        replace(
            deployment,
            outputs=replace(
                deployment.outputs,
                repository_url=f"{REGISTRY}/of-dev",
                image_uri=f"{REGISTRY}/of-dev@{digest}",
            ),
        ),
        replace(
            deployment,
            outputs=replace(deployment.outputs, repository_url=f"{REGISTRY}/of-prod"),
        ),
    )
    for name in ("of-dev", "of-prod"):
        ecr.delete_repository(repositoryName=name, force=True)


def asked(tmp_path: Path) -> list[list[str]]:
    file = tmp_path / "asked"
    return [json.loads(line) for line in file.read_text().splitlines()] if file.exists() else []


def test_an_image_is_copied_once_and_keeps_its_digest(
    aws: LocalAws, stacks: tuple[Deployment, Deployment], tmp_path: Path
) -> None:
    source, target = stacks

    digest = promote(source, target, None)

    assert source.outputs.image_uri.endswith(f"@{digest}")
    (there,) = aws.client("ecr").describe_images(repositoryName="of-prod")["imageDetails"]
    assert there["imageDigest"] == digest
    login, _, copy = asked(tmp_path)
    # The password is not among the arguments, where every process of the machine could read it.
    assert login[:-1] == ["login", "--username", "AWS", "--password-stdin", REGISTRY]
    assert login[-1]
    assert copy[:-1] == [
        *("buildx", "imagetools", "create", "--prefer-index=false"),
        *("--tag", f"{REGISTRY}/of-prod:promoted-{digest[7:19]}", source.outputs.image_uri),
    ]

    assert promote(source, target, digest) == digest
    assert len(asked(tmp_path)) == 3


def test_what_docker_refuses_is_told(
    stacks: tuple[Deployment, Deployment], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DOCKER_FAILS", "1")
    with pytest.raises(PromotionError, match=r"docker buildx ended with 1: denied"):
        promote(*stacks, None)


def test_without_docker_it_is_told_what_to_install(
    stacks: tuple[Deployment, Deployment], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    with pytest.raises(PromotionError, match="no `docker` on PATH"):
        promote(*stacks, None)


def test_a_stack_that_is_not_deployed_yet_is_told(
    stacks: tuple[Deployment, Deployment],
) -> None:
    source, target = stacks
    new = replace(target, outputs=replace(target.outputs, repository_url=""))
    with pytest.raises(PromotionError, match="deploy both"):
        promote(source, new, None)


def test_the_commands_on_the_local_stack(
    pipeline: Pipeline,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """It says which image it would run; the embedded AWS has none, so nothing is known of it."""
    monkeypatch.setattr(outputs, "LOCAL_STACK_FILE", pipeline.stack_file(tmp_path))
    monkeypatch.setenv("GITHUB_OUTPUT", str(tmp_path / "output"))
    digest = f"sha256:{'0' * 64}"

    assert main(["digest", "--stack", "local"]) == 0
    assert capsys.readouterr().out == f"{digest}\n"
    assert (tmp_path / "output").read_text() == f"digest={digest}\n"
    assert main(["scan", "--stack", "local", "--wait", "0"]) == 2
    assert capsys.readouterr().err.startswith("error: ")
    assert main(["promote", "--from", "local", "--to", "prod"]) == 2
    assert "name two others" in capsys.readouterr().err
