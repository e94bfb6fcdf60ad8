"""Whether the image that a setting names is one that the function's processor can run.

Neither Pulumi nor Lambda compares them: a function with an image for the other processor is made,
and fails at each start. An image's digest does not tell. Its manifest, in the registry, names its
configuration, and that tells. An index of several images, which Lambda refuses, has none.
"""

from __future__ import annotations

import asyncio
import json
import re
import urllib.request
from typing import TYPE_CHECKING, Any

import pulumi
from botocore.exceptions import BotoCoreError, ClientError

from stacks.asking import UnansweredError, aws_client, one_line

if TYPE_CHECKING:
    from collections.abc import Callable

# Docker's names of Lambda's processors.
_PROCESSORS = {"x86_64": "amd64", "arm64": "arm64"}
_URI = re.compile(r"(?P<account>\d{12})\.dkr\.ecr\.[^/]+/(?P<repository>[^@]+)@(?P<digest>.+)")
_MANIFESTS = [
    "application/vnd.docker.distribution.manifest.v2+json",
    "application/vnd.oci.image.manifest.v1+json",
    "application/vnd.docker.distribution.manifest.list.v2+json",
    "application/vnd.oci.image.index.v1+json",
]
_ANSWER_SECONDS = 10


class ImageProcessorError(pulumi.RunError):
    """The image is not for the function's processor; the message is one line with the remedy."""


def processor_hook(name: str) -> pulumi.ResourceHook:
    """Return a hook of the function that stops a preview or an update with such an image.

    If the registry does not tell, that is said, and nothing is stopped. An image that is still to
    be built is for the right processor, and one that is not there Lambda refuses itself.
    """
    aws = pulumi.Config("aws")

    async def check(args: pulumi.ResourceHookArgs) -> None:
        inputs = args.new_inputs or {}
        uri, processors = inputs.get("imageUri"), inputs.get("architectures")
        if not isinstance(uri, str) or not isinstance(processors, list):
            return
        try:
            await asyncio.to_thread(
                lambda: check_processor(aws_client("ecr", aws), uri, str(processors[0]))
            )
        except UnansweredError as error:
            pulumi.log.warn(f"the processor of the image was not checked: {error}")

    return pulumi.ResourceHook(
        f"{name}-processor", check, pulumi.ResourceHookOptions(on_dry_run=True)
    )


def check_processor(
    client: Any,  # noqa: ANN401 - a boto3 client of ECR
    uri: str,
    processor: str,
    *,
    fetch: Callable[[str], bytes] | None = None,
) -> None:
    """Compare an image in ECR with one of Lambda's processors.

    `fetch` gets what is at a URL that ECR has signed. Raise ImageProcessorError if they differ, and
    UnansweredError if ECR does not tell.
    """
    named = _URI.fullmatch(uri)
    if named is None:
        return
    of_repository = {"registryId": named["account"], "repositoryName": named["repository"]}
    try:
        images = client.batch_get_image(
            **of_repository,
            imageIds=[{"imageDigest": named["digest"]}],
            acceptedMediaTypes=_MANIFESTS,
        )["images"]
        if not images:
            return
        manifest = json.loads(images[0]["imageManifest"])
        if "config" not in manifest:
            raise ImageProcessorError(
                f"{uri} is an index of several images, which Lambda refuses: name the one for "
                f"{processor}, whose digest 'docker buildx imagetools inspect' shows"
            )
        layer = client.get_download_url_for_layer(
            **of_repository, layerDigest=manifest["config"]["digest"]
        )
        built_for = json.loads((fetch or _fetch)(layer["downloadUrl"]))["architecture"]
    except client.exceptions.RepositoryNotFoundException:
        return
    except (BotoCoreError, ClientError, OSError, ValueError, LookupError, TypeError) as error:
        raise UnansweredError(one_line(error)) from error
    if built_for != _PROCESSORS[processor]:
        other = {docker: name for name, docker in _PROCESSORS.items()}.get(built_for, built_for)
        raise ImageProcessorError(
            f"the image {uri} is for {other}, and lambdalens:architecture is {processor}: name an "
            "image that is for it, or set the architecture to the image's"
        )


def _fetch(url: str) -> bytes:
    with urllib.request.urlopen(url, timeout=_ANSWER_SECONDS) as answer:  # noqa: S310 - of ECR's
        content: bytes = answer.read()
    return content
