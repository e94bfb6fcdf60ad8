"""`python -m local image`: the function's container image, built with this machine's engine.

It is the image that `pulumi up` builds and pushes, from the same Dockerfile and the same files.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from local.container_engine import ContainerEngine
from stacks.configuration import REPOSITORY
from stacks.function_image import DOCKERFILE, build_arguments

if TYPE_CHECKING:
    import argparse
    from pathlib import Path

IMAGE = "lambdalens"
"""What the image is called where it was not given another name."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options of the command."""
    parser.add_argument(
        "--tag", default=IMAGE, metavar="NAME", help="what to call it (default: %(default)s)"
    )
    parser.add_argument(
        "--python-version",
        metavar="MINOR",
        help="the Python inside, such as 3.13 (default: the Dockerfile's)",
    )


def run(arguments: argparse.Namespace) -> int:
    """Build the image, say what was built, and return the exit code.

    Raises ContainerEngineError.
    """
    engine = ContainerEngine.find()
    image_id = build(engine, arguments.tag, python_version=arguments.python_version)
    print(f"{arguments.tag}: {image_id}")  # noqa: T201 - a command prints
    return 0


def build(
    engine: ContainerEngine,
    tag: str,
    *,
    python_version: str | None = None,
    repository: Path = REPOSITORY,
    fresh: bool = False,
) -> str:
    """Build the image from a clone of the repository, and return its id.

    `fresh` takes nothing from an earlier build but pip's downloads. Raises ContainerEngineError.
    """
    options = ["--file", str(repository / DOCKERFILE), "--tag", tag]
    arguments = build_arguments(repository)
    if python_version:
        arguments["PYTHON_VERSION"] = python_version
    for name, value in arguments.items():
        options += ["--build-arg", f"{name}={value}"]
    if fresh:
        options += ["--no-cache"]
    if engine.has_buildx:
        # An attestation would make an image index of the image, which Lambda refuses.
        options += ["--load", "--provenance=false", "--sbom=false"]
    # The machine's own network: what reaches the package index from here does from there, too.
    engine.do("build", "--network=host", *options, str(repository))
    return engine.ask("image", "inspect", "--format", "{{.Id}}", tag)
