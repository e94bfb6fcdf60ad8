"""The function's container image, and the repository in ECR where the stack's own images are kept.

The image is built from `function/` and pushed, unless a setting names it: `imageDigest` one that
is in the repository already, `imageUri` one of another repository. The repository is there in any
case, so that changing the setting never loses an image.

Five things are decided here.

*When to build.* When the content of a file in the build context has changed, and at no other
time: the trigger is a digest over paths and contents, so that another machine, a fresh clone, a
stray `__pycache__` or an editor's file gives the same value. The revision that the image is
labelled with is that of its build. `baseDate` is the one other trigger: a new day builds the image
anew, with what the base has got since; where it is empty, the day of the last build stays what it
was, so that nobody has to keep it in a file. A preview builds nothing and needs no Docker; neither
does an update that has nothing to build.

*How an image is named.* A push is tagged with its time and the digest of its content, and tags are
immutable. The time is there because the same content is pushed again after a change is reverted,
and a rebuilt image is never the same to the byte, which an immutable tag would refuse. Lambda is
given the digest that the registry answers with, never the tag.

*What is forgotten.* Old images are kept for a while, to go back to. The image in use is selected
by its own tag in a rule of the first priority, which never expires anything, since a tag is on
one image only; and ECR expires no image that a rule of higher priority has selected. The rules
change after the function has moved to the new image, and not with the push: until then they keep
the one before, and the new one is among the newest. Rules can name tags, numbers and ages, and no
digest. So where a setting names the image, there are none, and nothing is forgotten: nothing is
pushed then, either.

*What is in it.* The recogniser and the teachers' page, which are two functions with two commands.
The page's own packages are 22 MB of files; a second image would be a second build, a second
repository and a second thing to go back to, and the page must understand what the recogniser of the
same day writes. Lambda fetches of an image what a function reads, so that the page starts none the
slower for the networks beside it.

*Who may fetch an image.* Lambda, for this project's functions of this account. Without a policy
that lets it, Lambda would add one of its own to the repository, for all functions.
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
from stacks.image_build import LOG_FILE, build_hooks
from stacks.key_of_own import repository_encryption
from stacks.source import revision, source

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from stacks.settings import StackSettings

DOCKERFILE = "function/Dockerfile"
# The files that the image is made of, which are those that .dockerignore lets through. Of the
# modules, all but the command line's and those that read lists of students; of the
# register, what the page imports.
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
    "page/*.py",
    "page/pages/*.py",
    "page/static/*",
    "page/templates/*.html",
    "register/__init__.py",
    "register/clock.py",
    "register/corrections.py",
    "register/moodle.py",
    "register/results_bucket.py",
    "register/sessions.py",
    "register/statuses.py",
    "register/stored_corrections.py",
    "register/tables.py",
    "register/term.py",
    "register/texts.py",
    "register/workbook.py",
)
IMAGES_KEPT = 10
DAYS_TO_KEEP_UNTAGGED = 1
# Docker and Lambda name processors differently.
_PLATFORMS = {"x86_64": "linux/amd64", "arm64": "linux/arm64"}


class FunctionImage(Component):
    """The `repository`, and the image that the function runs: `uri`, by `digest`."""

    def __init__(self, name: str, settings: StackSettings, *, functions: Sequence[str]) -> None:
        """Let Lambda fetch the image for the functions that Pulumi makes by these names."""
        super().__init__(name)
        self._name = name
        self._pushed: docker.RegistryImage | None = None
        self.repository = ecr.Repository(
            name,
            image_tag_mutability="IMMUTABLE",
            image_scanning_configuration={"scan_on_push": True},
            encryption_configurations=[repository_encryption(settings)],
            force_delete=not settings.protect_data,
            opts=pulumi.ResourceOptions(parent=self, protect=settings.protect_data),
        )
        policy = ecr.RepositoryPolicy(
            name,
            repository=self.repository.name,
            policy=pulumi.Output.json_dumps(_fetched_by_lambda(self.repository.arn, functions)),
            opts=pulumi.ResourceOptions(parent=self),
        )
        self.uri: pulumi.Output[str]
        if settings.image_uri is not None:
            self.uri = pulumi.Output.from_input(settings.image_uri)
        else:
            digest: pulumi.Input[str]
            if settings.image_digest is not None:
                digest = settings.image_digest
            else:
                self._pushed = self._pushed_image(name, settings)
                digest = self._pushed.sha256_digest
            # Whoever is told the image may count on Lambda's being let at it.
            self.uri = pulumi.Output.all(
                pulumi.Output.concat(self.repository.repository_url, "@", digest), policy.id
            ).apply(lambda known: str(known[0]))
        self.digest = self.uri.apply(lambda uri: uri.rpartition("@")[2])
        self.register_outputs({"uri": self.uri})

    def forget_old_ones(self, *, once: Sequence[pulumi.Resource]) -> None:
        """Let old images expire, by rules that keep the one which all these have moved to."""
        if self._pushed is None:
            return
        ecr.LifecyclePolicy(
            self._name,
            repository=self.repository.name,
            policy=pulumi.Output.json_dumps({"rules": self._pushed.name.apply(_lifecycle_rules)}),
            opts=pulumi.ResourceOptions(parent=self, depends_on=once),
        )

    def _pushed_image(self, name: str, settings: StackSettings) -> docker.RegistryImage:
        platform = _PLATFORMS[settings.architecture]
        base = {"base": settings.base_date} if settings.base_date else {}
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
                "build_log_file": LOG_FILE,
                # An attestation would make an image index of the image, which Lambda refuses.
                "provenance": "false",
                "sbom": "false",
            },
            triggers={
                "content": content,
                "platform": platform,
                "repository": self.repository.repository_url,
                **base,
            },
            keep_remotely=True,
            auth_config={
                "address": login.proxy_endpoint,
                "username": login.user_name,
                "password": pulumi.Output.secret(login.password),
            },
            # The tag's time and the registry's password are new at every run, the revision at every
            # commit, and an image of before there was a log file has none. Alone they change
            # nothing; when a trigger replaces the image, Pulumi does take the new ones.
            opts=pulumi.ResourceOptions(
                parent=self,
                provider=provider,
                ignore_changes=[
                    *("name", "auth_config", "build.buildArgs", "build.buildLogFile"),
                    *(() if base else ("triggers.base",)),
                ],
                hooks=build_hooks(name),
            ),
        )


def build_arguments(repository: Path) -> dict[str, str]:
    """Return the build arguments that label the image with where its code comes from."""
    return {"REVISION": revision(repository), "SOURCE": source(repository)}


def content_digest(repository: Path) -> str:
    """Return the SHA-256, in hexadecimal, of the paths and contents in the build context."""
    digest = hashlib.sha256()
    files = {file.relative_to(repository).parts: file for file in _build_context(repository)}
    # Not in the order of the paths themselves, in which Windows takes capitals for small letters.
    for parts in sorted(files):
        content = hashlib.sha256(files[parts].read_bytes()).hexdigest()
        digest.update(f"{'/'.join(parts)}\0{content}\n".encode())
    return digest.hexdigest()


def _build_context(repository: Path) -> Iterator[Path]:
    """Yield the files that `.dockerignore` lets through."""
    for pattern in CONTEXT:
        for file in repository.glob(pattern):
            hidden = any(part.startswith(".") for part in file.relative_to(repository).parts)
            if file.is_file() and not hidden:
                yield file


def _fetched_by_lambda(
    repository_arn: pulumi.Output[str], functions: Sequence[str]
) -> dict[str, object]:
    """Return the policy that lets Lambda fetch images for this project's functions alone.

    The ARN names the account, too, which keeps others from having Lambda fetch our image.
    """
    account = repository_arn.apply(
        lambda arn: arn.rpartition(":")[0].replace(":ecr:", ":lambda:") + ":function:"
    )
    return {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Sid": "FetchedByLambda",
                "Effect": "Allow",
                "Principal": {"Service": "lambda.amazonaws.com"},
                "Action": ["ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"],
                "Condition": {
                    "StringLike": {
                        "aws:SourceArn": [
                            pulumi.Output.concat(account, function, "*") for function in functions
                        ]
                    }
                },
            }
        ],
    }


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
