"""The image's way to Lambda: built as the program says, pushed, pulled by its digest, and run.

The registry is Debian's docker-registry on loopback, in place of ECR; the engine that pulls is
another one, whose store is empty, in place of Lambda. In place of Pulumi's provider, which makes
the image from the component's inputs, the Docker client is given the same inputs here.
"""

from __future__ import annotations

import json
import shutil
import socket
import time
import urllib.error
import urllib.request
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest

from function.results import csv_key
from local.container_engine import ContainerEngine, ContainerEngineError
from local.lifeline import Lifeline
from stacks.configuration import REPOSITORY
from tests.image.conftest import PYTHON_VERSION, unavailable
from tests.image.container import Container
from tests.image.private_engine import PrivateEngine, PrivateEngineError
from tests.image.test_contents import layers
from tests.infra.recording import run_program
from tests.integration.conftest import OBAMA
from tests.integration.pipeline import unnoticed

if TYPE_CHECKING:
    from collections.abc import Iterator

    from local.aws import LocalAws
    from tests.infra.recording import Program
    from tests.integration.conftest import ClassVideo
    from tests.integration.pipeline import Pipeline

MEGABYTE = 1_000_000
LARGEST = 172 * MEGABYTE

# https://docs.aws.amazon.com/lambda/latest/dg/images-create.html: one image, of either kind.
IMAGE_MANIFESTS = {
    "application/vnd.docker.distribution.manifest.v2+json",
    "application/vnd.oci.image.manifest.v1+json",
}
INDEXES = {
    "application/vnd.docker.distribution.manifest.list.v2+json",
    "application/vnd.oci.image.index.v1+json",
}
_START_SECONDS = 30


@dataclass(frozen=True, kw_only=True)
class Pushed:
    """An image in the registry."""

    repository: str
    digest: str
    manifest: dict[str, Any]


@pytest.fixture(scope="module")
def registry(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Return the address of an empty registry."""
    program = shutil.which("docker-registry")
    if program is None:
        unavailable("there is no docker-registry: apt-get install docker-registry")
    folder = tmp_path_factory.mktemp("registry")
    with socket.create_server(("127.0.0.1", 0)) as probe:
        address = f"127.0.0.1:{probe.getsockname()[1]}"
    configuration = {
        "version": 0.1,
        "log": {"level": "error"},
        "storage": {"filesystem": {"rootdirectory": str(folder / "store")}},
        "http": {"addr": address},
    }
    (folder / "config.json").write_text(json.dumps(configuration))  # JSON is YAML
    with Lifeline() as lifeline, (folder / "log").open("wb") as log:
        lifeline.start(
            [program, "serve", str(folder / "config.json")],
            environment={},
            folder=folder,
            output=log,
        )
        deadline = time.monotonic() + _START_SECONDS
        while not _answers(address):
            assert time.monotonic() < deadline, (folder / "log").read_text()
            time.sleep(0.05)
        yield address


@pytest.fixture(scope="module")
def program() -> Program:
    return run_program("dev")


@pytest.fixture(scope="module")
def pushed(engine: ContainerEngine, image: str, registry: str, program: Program) -> Pushed:
    """Do what Pulumi's provider does with the inputs of the component's image."""
    inputs = program.one("docker:index/registryImage:RegistryImage").inputs
    tag = str(inputs["name"]).rpartition(":")[2]
    repository = f"{registry}/lambdalens"
    build = inputs["build"]
    options = ["--platform", build["platform"]]
    for name, value in {**build["buildArgs"], "PYTHON_VERSION": PYTHON_VERSION}.items():
        options += ["--build-arg", f"{name}={value}"]
    if engine.has_buildx:
        options += [f"--provenance={build['provenance']}", f"--sbom={build['sbom']}"]
    engine.do(
        *("build", "--network=host", "--file", str(REPOSITORY / build["dockerfile"])),
        *("--tag", f"{repository}:{tag}", *options, str(REPOSITORY / build["context"])),
    )
    try:
        engine.do("push", f"{repository}:{tag}")
        # The image that `make image` builds, from the same layers; of the layer that hides files
        # of the base, the engine may have several.
        assert layers(engine, f"{repository}:{tag}")[-5:] == layers(engine, image)[-5:]
    finally:
        engine.ask("image", "rm", f"{repository}:{tag}")
    digest, manifest = _manifest(registry, tag)
    return Pushed(repository=repository, digest=digest, manifest=manifest)


@pytest.fixture
def empty_engine(
    engine: ContainerEngine, monkeypatch: pytest.MonkeyPatch
) -> Iterator[ContainerEngine]:
    """Give an engine that has no image."""
    try:
        with PrivateEngine() as other:
            monkeypatch.setenv("DOCKER_HOST", other.host)
            assert engine.ask("images", "--all", "--quiet") == ""
            yield engine
    except PrivateEngineError as error:
        unavailable(f"no second engine: {error}")
    assert not other.folder.exists()


def test_what_lands_is_one_image_and_no_index(pushed: Pushed) -> None:
    assert pushed.manifest["mediaType"] in IMAGE_MANIFESTS
    assert "manifests" not in pushed.manifest
    assert pushed.manifest["config"]["digest"].startswith("sha256:")


def test_it_is_at_most_172_megabytes_to_pull(pushed: Pushed, figures: list[str]) -> None:
    layers = [layer["size"] for layer in pushed.manifest["layers"]]
    figures.append(
        f"image in the registry: {sum(layers) / MEGABYTE:.1f} MB compressed, in layers of "
        + ", ".join(f"{size / MEGABYTE:.1f}" for size in layers)
    )

    assert sum(layers) <= LARGEST


def test_the_same_tree_is_not_built_again(program: Program) -> None:
    again = run_program("dev").one("docker:index/registryImage:RegistryImage")
    before = program.one("docker:index/registryImage:RegistryImage")

    assert again.inputs["triggers"] == before.inputs["triggers"]
    changed = {key for key in again.inputs if again.inputs[key] != before.inputs[key]}
    assert changed <= {"name", "authConfig"} & again.ignore_changes


def test_pulled_by_digest_into_an_empty_store_it_runs(
    pushed: Pushed,
    empty_engine: ContainerEngine,
    aws: LocalAws,
    pipeline: Pipeline,
    class_video: ClassVideo,
) -> None:
    uri = f"{pushed.repository}@{pushed.digest}"
    key = "pulled.mp4"
    with unnoticed(pipeline.aws):
        pipeline.upload(key, class_video((OBAMA,)))

    empty_engine.do("pull", uri)
    with Container(empty_engine, uri, aws) as container:
        container.wait_until_ready()
        container.run(key)

    result = pipeline.result(csv_key(key))
    assert result is not None
    assert result.names == {"Barack Obama"}


def test_a_tag_of_another_digest_is_not_what_is_pulled(
    pushed: Pushed, empty_engine: ContainerEngine
) -> None:
    with pytest.raises(ContainerEngineError):
        empty_engine.do("pull", f"{pushed.repository}@sha256:{'0' * 64}")


def _answers(address: str) -> bool:
    try:
        urllib.request.urlopen(f"http://{address}/v2/", timeout=5).close()
    except (urllib.error.URLError, OSError):
        return False
    return True


def _manifest(registry: str, tag: str) -> tuple[str, dict[str, Any]]:
    """Return what a tag is in the registry, which is asked for indexes as well."""
    request = urllib.request.Request(
        f"http://{registry}/v2/lambdalens/manifests/{tag}",
        headers={"Accept": ", ".join(sorted(IMAGE_MANIFESTS | INDEXES))},
    )
    with urllib.request.urlopen(request, timeout=5) as answer:  # noqa: S310 - ours
        return answer.headers["Docker-Content-Digest"], json.load(answer)
