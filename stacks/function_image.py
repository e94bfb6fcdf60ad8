"""The function's container image: built from `function/`, kept in ECR.

Three things are decided here.

*When to build.* When the content of a file in the build context has changed, and at no other
time: the trigger is a digest over paths and contents, so that another machine, a fresh clone, a
stray `__pycache__` or an editor's file gives the same value. The revision that the image is
labelled with is that of its build. A preview builds nothing and needs no Docker.

*How an image is named.* A push is tagged with its time and the digest of its content, and tags are
immutable. The time is there because the same content is pushed again after a change is reverted,
and a rebuilt image is never the same to the byte, which an immutable tag would refuse. Lambda is
given the digest that the registry answers with, never the tag.

*What is forgotten.* Old images are kept for a while, to go back to. The image in use is selected
by its own tag in a rule of the first priority, which never expires anything, since a tag is on
one image only; and ECR expires no image that a rule of higher priority has selected.
"""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pulumi
import pulumi_docker as docker
from pulumi_aws import ecr

from stacks.component import Component
from stacks.configuration import REPOSITORY
from stacks.source import revision, source

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from stacks.settings import StackSettings

DOCKERFILE = "function/Dockerfile"
# The files that the image is made of, which are those that .dockerignore lets through. Of the
# modules, all but the command line's and those that read lists of students.
CONTEXT = (
    DOCKERFILE,
    "function/LICENSE.yunet",
    "function/*.lock",
    "function/__init__.py",
    "function/[a-z]*.py",
    "function/recogniser/*.py",
    "function/recogniser/faces/*.py",
    "function/recogniser/identity/*.py",
    "function/recogniser/video/*.py",
)
IMAGES_KEPT = 10
DAYS_TO_KEEP_UNTAGGED = 1
# Docker and Lambda name processors differently.
_PLATFORMS = {"x86_64": "linux/amd64", "arm64": "linux/arm64"}


class FunctionImage(Component):
    """The repository, and the image in it that the function runs: `uri`, by digest."""

    def __init__(self, name: str, settings: StackSettings) -> None:
        super().__init__(name)
        self.repository = ecr.Repository(
            name,
            image_tag_mutability="IMMUTABLE",
            image_scanning_configuration={"scan_on_push": True},
            encryption_configurations=[{"encryption_type": "AES256"}],
            force_delete=not settings.protect_data,
            opts=pulumi.ResourceOptions(parent=self, protect=settings.protect_data),
        )
        image = self._pushed_image(name, _PLATFORMS[settings.architecture])
        ecr.LifecyclePolicy(
            name,
            repository=self.repository.name,
            policy=pulumi.Output.json_dumps({"rules": image.name.apply(_lifecycle_rules)}),
            opts=pulumi.ResourceOptions(parent=self),
        )
        self.uri = pulumi.Output.concat(self.repository.repository_url, "@", image.sha256_digest)
        self.register_outputs({"uri": self.uri})

    def _pushed_image(self, name: str, platform: str) -> docker.RegistryImage:
        content = content_digest(REPOSITORY)
        time = datetime.now(UTC).strftime("%Y%m%d-%H%M%S")
        login = ecr.get_authorization_token_output(registry_id=self.repository.registry_id)
        # Left to itself, the provider would look for a Docker daemon at every preview.
        provider = docker.Provider(
            name,
            disable_docker_daemon_check=True,
            opts=pulumi.ResourceOptions(parent=self),
        )
        return docker.RegistryImage(
            name,
            name=pulumi.Output.concat(self.repository.repository_url, ":", time, "-", content[:12]),
            build={
                "context": ".",
                "dockerfile": DOCKERFILE,
                "platform": platform,
                "build_args": build_arguments(REPOSITORY),
                # An attestation would make an image index of the image, which Lambda refuses.
                "provenance": "false",
                "sbom": "false",
            },
            triggers={
                "content": content,
                "platform": platform,
                "repository": self.repository.repository_url,
            },
            keep_remotely=True,
            auth_config={
                "address": login.proxy_endpoint,
                "username": login.user_name,
                "password": pulumi.Output.secret(login.password),
            },
            # The tag's time and the registry's password are new at every run, and the revision at
            # every commit. Alone they change nothing; when a trigger replaces the image, Pulumi
            # does take the new ones.
            opts=pulumi.ResourceOptions(
                parent=self,
                provider=provider,
                ignore_changes=["name", "auth_config", "build.buildArgs"],
            ),
        )


def build_arguments(repository: Path) -> dict[str, str]:
    """Return the build arguments that label the image with where its code comes from."""
    return {"REVISION": revision(repository), "SOURCE": source(repository)}


def content_digest(repository: Path) -> str:
    """Return the SHA-256, in hexadecimal, of the paths and contents in the build context."""
    digest = hashlib.sha256()
    for file in sorted(_build_context(repository)):
        path = file.relative_to(repository).as_posix()
        content = hashlib.sha256(file.read_bytes()).hexdigest()
        digest.update(f"{path}\0{content}\n".encode())
    return digest.hexdigest()


def _build_context(repository: Path) -> Iterator[Path]:
    """Yield the files that `.dockerignore` lets through."""
    for pattern in CONTEXT:
        for file in repository.glob(pattern):
            hidden = any(part.startswith(".") for part in file.relative_to(repository).parts)
            if file.is_file() and not hidden:
                yield file


def _lifecycle_rules(image_in_use: str) -> list[dict[str, object]]:
    tag_in_use = image_in_use.rpartition(":")[2]
    expire = {"type": "expire"}
    return [
        {
            "rulePriority": 1,
            "description": "The image in use: one image bears this tag, so none is too many.",
            "selection": {
                "tagStatus": "tagged",
                "tagPatternList": [tag_in_use],
                "countType": "imageCountMoreThan",
                "countNumber": 1,
            },
            "action": expire,
        },
        {
            "rulePriority": 2,
            "description": "The newest ones, to go back to.",
            "selection": {
                "tagStatus": "tagged",
                "tagPatternList": ["*"],
                "countType": "imageCountMoreThan",
                "countNumber": IMAGES_KEPT,
            },
            "action": expire,
        },
        {
            "rulePriority": 3,
            "description": "What a push that broke off has left.",
            "selection": {
                "tagStatus": "untagged",
                "countType": "sinceImagePushed",
                "countUnit": "days",
                "countNumber": DAYS_TO_KEEP_UNTAGGED,
            },
            "action": expire,
        },
    ]
