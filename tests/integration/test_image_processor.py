"""An image that is named must be for the function's processor: ECR is asked before Lambda is."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from stacks.asking import UnansweredError
from stacks.image_processor import ImageProcessorError, check_processor

if TYPE_CHECKING:
    from collections.abc import Iterator

    from local.aws import LocalAws

CONFIGURATION = f"sha256:{'c' * 64}"
MANIFEST = {
    "schemaVersion": 2,
    "mediaType": "application/vnd.oci.image.manifest.v1+json",
    "config": {"digest": CONFIGURATION},
    "layers": [],
}
INDEX = {
    "schemaVersion": 2,
    "mediaType": "application/vnd.oci.image.index.v1+json",
    "manifests": [],
}


@pytest.fixture(scope="module")
def ecr(aws: LocalAws) -> Iterator[Any]:
    client = aws.client("ecr")
    client.create_repository(repositoryName="elsewhere")
    yield client
    client.delete_repository(repositoryName="elsewhere", force=True)


def push(ecr: Any, manifest: dict[str, Any]) -> str:  # noqa: ANN401 - a boto3 client
    """Put a manifest into the repository, and return the image's URI."""
    image = ecr.put_image(repositoryName="elsewhere", imageManifest=json.dumps(manifest))["image"]
    digest = image["imageId"]["imageDigest"]
    return f"{image['registryId']}.dkr.ecr.us-east-1.amazonaws.com/elsewhere@{digest}"


def of(processor: str) -> Any:  # noqa: ANN401 - what stands for the blobs, which the emulator lacks
    def fetch(url: str) -> bytes:
        assert CONFIGURATION in url
        return json.dumps({"architecture": processor, "os": "linux"}).encode()

    return fetch


@pytest.mark.parametrize(("built_for", "processor"), [("amd64", "x86_64"), ("arm64", "arm64")])
def test_an_image_for_the_processor_is_let_through(
    ecr: Any,  # noqa: ANN401
    built_for: str,
    processor: str,
) -> None:
    check_processor(ecr, push(ecr, MANIFEST), processor, fetch=of(built_for))


@pytest.mark.parametrize(
    ("built_for", "processor", "named"),
    [("amd64", "arm64", "x86_64"), ("arm64", "x86_64", "arm64"), ("riscv64", "arm64", "riscv64")],
)
def test_one_for_another_is_refused(
    ecr: Any,  # noqa: ANN401
    built_for: str,
    processor: str,
    named: str,
) -> None:
    message = f"is for {named}, and lambdalens:architecture is {processor}: name an image"
    with pytest.raises(ImageProcessorError, match=message):
        check_processor(ecr, push(ecr, MANIFEST), processor, fetch=of(built_for))


def test_an_index_of_images_is_refused(ecr: Any) -> None:  # noqa: ANN401
    with pytest.raises(ImageProcessorError, match="is an index of several images, which Lambda"):
        check_processor(ecr, push(ecr, INDEX), "x86_64")


@pytest.mark.parametrize("image", ["elsewhere", "nowhere"])
def test_an_image_that_is_not_there_is_for_lambda_to_refuse(ecr: Any, image: str) -> None:  # noqa: ANN401
    check_processor(ecr, f"{'0' * 12}.dkr.ecr.us-east-1.amazonaws.com/{image}@{CONFIGURATION}", "x")


@pytest.mark.parametrize("answer", [b"", b"[]", b"{}"])
def test_a_registry_that_does_not_tell_stops_nothing(ecr: Any, answer: bytes) -> None:  # noqa: ANN401
    with pytest.raises(UnansweredError):
        check_processor(ecr, push(ecr, MANIFEST), "x86_64", fetch=lambda _: answer)
