"""The image, built on whatever Docker engine there is, and an embedded AWS that runs it.

Where there is no engine these tests skip and say why; where they must run (`CI` or
`LAMBDALENS_REQUIRE_DOCKER` is set), that is a failure.
"""

from __future__ import annotations

import os
import subprocess
import sys
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

import pytest

from local.aws import LocalAws
from local.container_engine import ContainerEngine, ContainerEngineError
from local.image import build
from local.sandbox import ContainerSandbox

# The same class and the same videos as in front of the local workers.
from tests.integration.conftest import class_video, pipeline  # noqa: F401 - fixtures

if TYPE_CHECKING:
    from collections.abc import Iterator

IMAGE = "lambdalens-under-test"
PYTHON_VERSION = f"{sys.version_info.major}.{sys.version_info.minor}"
"""Of the image: the stand-in for its base, where there has to be one, has this Python."""

BASE_IMAGE = f"public.ecr.aws/docker/library/python:{PYTHON_VERSION}-slim-bookworm"
STAND_IN = Path(__file__).parent / "stand_in_base.sh"

_figures = pytest.StashKey[list[str]]()


def unavailable(reason: str, untested: str = "NOTHING OF THE IMAGE IS TESTED") -> NoReturn:
    """Skip, and say what is not tested; or fail where skipping is not allowed."""
    if {"CI", "LAMBDALENS_REQUIRE_DOCKER"} & os.environ.keys():
        pytest.fail(f"the image tests must run here, and can't: {reason}")
    pytest.skip(f"{untested}: {reason}")


@pytest.fixture(scope="session")
def engine() -> ContainerEngine:
    try:
        return ContainerEngine.find()
    except ContainerEngineError as error:
        unavailable(str(error))


@pytest.fixture(scope="session")
def image(engine: ContainerEngine) -> Iterator[str]:
    _provide_base(engine)
    build(engine, IMAGE, python_version=PYTHON_VERSION)
    yield IMAGE
    engine.ask("image", "rm", "--force", IMAGE)


@pytest.fixture(scope="session")
def aws(engine: ContainerEngine, image: str) -> Iterator[LocalAws]:
    with LocalAws(workers=1, start=partial(ContainerSandbox, engine, image)) as aws:
        yield aws


@pytest.fixture(scope="session")
def figures(pytestconfig: pytest.Config) -> list[str]:
    """Lines that are printed at the end, for people to read."""
    return pytestconfig.stash.setdefault(_figures, [])


def pytest_terminal_summary(
    terminalreporter: pytest.TerminalReporter, config: pytest.Config
) -> None:
    if lines := config.stash.get(_figures, []):
        terminalreporter.section("measured")
        terminalreporter.write_line("\n".join(lines))


def _provide_base(engine: ContainerEngine) -> None:
    """Have the base image in the engine: its own, pulled, or a stand-in."""
    try:
        engine.ask("image", "inspect", BASE_IMAGE)
    except ContainerEngineError:
        try:
            engine.do("pull", BASE_IMAGE)
        except ContainerEngineError as error:
            made = subprocess.run(
                [STAND_IN, BASE_IMAGE, engine.client],
                check=False,
                env={**os.environ, "PYTHON": sys.executable},
                stderr=subprocess.PIPE,
                text=True,
            )
            if made.returncode:
                unavailable(f"{error}, and no stand-in for {BASE_IMAGE}: {made.stderr.strip()}")
