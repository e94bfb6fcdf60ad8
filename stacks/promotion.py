"""`python -m stacks promote`: a stack is to run the image that another one runs, without a build.

The image is copied from repository to repository by Docker's own client, which needs no engine for
it, and keeps its digest. `python -m stacks digest` says which image a stack runs.
"""

from __future__ import annotations

import argparse
import base64
import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from botocore.exceptions import BotoCoreError, ClientError
from pulumi import automation

from stacks.configuration import REPOSITORY, StackConfigurationError, project
from stacks.outputs import LOCAL_STACK, StackNotFoundError, deployment

if TYPE_CHECKING:
    from types_boto3_ecr import ECRClient

    from stacks.outputs import Deployment

_DONE, _NOT_DONE = 0, 2

_PROMOTE = """\
Copy the image that one stack runs into the repository of another one, and set
imageDigest in that stack's file, so that its next update runs it. Both must be
deployed. Nothing is built; an image that is there already is not copied again.

    python -m stacks promote --from dev --to prod
    make promote FROM=dev TO=prod             the same, and the update

It needs Docker's client with buildx, and no engine; and the rights to read one
repository and to push to the other.
"""

_DIGEST = """\
Print the digest of the image that a stack runs. In a job of a workflow, which
names a file in GITHUB_OUTPUT, it is the step's output 'digest' too.
"""

_EXIT_STATUS = """\
exit status:
  0  done
  2  not done: wrong usage, a stack that is not there, or a Docker, a Pulumi or
     an AWS that refuses
"""


class PromotionError(Exception):
    """The image could not be brought to the other stack; the message is one line."""


def promote(source: Deployment, target: Deployment, digest: str | None) -> str:
    """Have an image in the target's repository, and return its digest.

    It is the one with this digest in the source's repository, or else the one that the source runs.
    Raises PromotionError, or a botocore exception.
    """
    image = f"{source.outputs.repository_url}@{digest}" if digest else source.outputs.image_uri
    digest = image.rpartition("@")[2]
    registry, _, repository = target.outputs.repository_url.partition("/")
    if not digest.startswith("sha256:") or not repository:
        raise PromotionError(
            "the stacks export no image by its digest, or no repository: deploy both with "
            "'pulumi up'"
        )
    ecr = target.client("ecr")
    if not _has(ecr, repository, digest):
        _log_in(source.client("ecr"), image.partition("/")[0])
        _log_in(ecr, registry)
        tag = f"promoted-{digest.partition(':')[2][:12]}"
        # With an index around it, it would be another digest, which Lambda refuses.
        copy = ["buildx", "imagetools", "create", "--prefer-index=false"]
        _docker(*copy, "--tag", f"{target.outputs.repository_url}:{tag}", image)
        if not _has(ecr, repository, digest):
            raise PromotionError(
                f"after the copy there is no {digest} in {repository}: is it an index of several "
                "images? Lambda takes one image alone"
            )
    return digest


def set_image_digest(stack: str, digest: str) -> None:
    """Write the setting into the stack's file, as `pulumi config set` does.

    Raises automation.CommandError if Pulumi refuses.
    """
    workspace = automation.LocalWorkspace(work_dir=str(REPOSITORY))
    key = f"{project()['name']}:imageDigest"
    workspace.set_config(stack, key, automation.ConfigValue(value=digest))


def add_to(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the commands to those of `python -m stacks`."""
    raw = argparse.RawDescriptionHelpFormatter
    promotion = commands.add_parser(
        "promote",
        help="let a stack run the image that another one runs",
        description=_PROMOTE,
        epilog=_EXIT_STATUS,
        formatter_class=raw,
    )
    promotion.add_argument(
        "--from", dest="source", required=True, metavar="NAME", help="the stack that runs it"
    )
    promotion.add_argument(
        "--to", dest="target", required=True, metavar="NAME", help="the stack that is to run it"
    )
    promotion.add_argument(
        "--digest",
        metavar="sha256:DIGEST",
        help="another image of the first stack's repository, as to go back",
    )
    promotion.set_defaults(run=_run_promote)
    digest = commands.add_parser(
        "digest",
        help="which image a stack runs",
        description=_DIGEST,
        epilog=_EXIT_STATUS,
        formatter_class=raw,
    )
    digest.add_argument("--stack", required=True, metavar="NAME", help="the stack")
    digest.set_defaults(run=_run_digest)


def _run_promote(options: argparse.Namespace) -> int:
    try:
        for stack in (options.source, options.target):
            if stack == LOCAL_STACK:
                raise PromotionError("the stack 'local' runs no image: name two others")
        digest = promote(deployment(options.source), deployment(options.target), options.digest)
        set_image_digest(options.target, digest)
    except (
        *(PromotionError, StackConfigurationError, StackNotFoundError),
        *(BotoCoreError, ClientError, automation.CommandError),
    ) as error:
        sys.stderr.write(f"error: {' '.join(str(error).split())}\n")
        return _NOT_DONE
    sys.stdout.write(f"stacks/Pulumi.{options.target}.yaml: imageDigest is {digest}\n")
    return _DONE


def _run_digest(options: argparse.Namespace) -> int:
    try:
        image = deployment(options.stack).outputs.image_uri
    except StackNotFoundError as error:
        sys.stderr.write(f"error: {error}\n")
        return _NOT_DONE
    digest = image.rpartition("@")[2]
    sys.stdout.write(f"{digest}\n")
    if output := os.environ.get("GITHUB_OUTPUT"):
        with Path(output).open("a", encoding="utf-8") as file:
            file.write(f"digest={digest}\n")
    return _DONE


def _has(ecr: ECRClient, repository: str, digest: str) -> bool:
    try:
        found = ecr.describe_images(repositoryName=repository, imageIds=[{"imageDigest": digest}])
    except ecr.exceptions.ImageNotFoundException:
        return False
    return bool(found["imageDetails"])


def _log_in(ecr: ECRClient, registry: str) -> None:
    """Have Docker's client know the registry's password, which is good for twelve hours."""
    (login,) = ecr.get_authorization_token()["authorizationData"]
    user, _, password = base64.b64decode(login["authorizationToken"]).decode().partition(":")
    _docker("login", "--username", user, "--password-stdin", registry, said=password)


def _docker(*arguments: str, said: str = "") -> None:
    try:
        subprocess.run(
            ["docker", *arguments],  # noqa: S607 - the one on PATH is meant
            input=said.encode(),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            check=True,
        )
    except FileNotFoundError:
        raise PromotionError(
            "there is no `docker` on PATH: install Docker's client with buildx; it needs no engine"
        ) from None
    except subprocess.CalledProcessError as error:
        why = error.stderr.decode(errors="replace")
        raise PromotionError(
            f"docker {arguments[0]} ended with {error.returncode}: {why}"
        ) from None
