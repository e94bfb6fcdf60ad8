"""One embedded AWS for the tests of the engine, and a workspace of its own for each."""

from __future__ import annotations

import os
import shutil
from typing import TYPE_CHECKING

import pytest

from local.account import Account
from local.emulator import REGION, Emulator, start_emulator
from local.lifeline import Lifeline
from tests.engine.docker_engine import DockerEngine
from tests.engine.workspace import Workspace

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    NewWorkspace = Callable[[], Workspace]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Skip what needs Pulumi where there is none, unless it is required."""
    if shutil.which("pulumi") or os.environ.get("LAMBDALENS_REQUIRE_PULUMI"):
        return
    for item in items:
        if "/engine/" in str(item.path):
            item.add_marker(
                pytest.mark.skip("no `pulumi` on PATH: install it, or see docs/testing.md")
            )


@pytest.fixture(scope="session")
def emulator() -> Iterator[Emulator]:
    with Lifeline() as lifeline:
        yield start_emulator(lifeline, port=0, retry_base_seconds=0.2)


@pytest.fixture(scope="session")
def account(emulator: Emulator) -> Account:
    return Account(emulator.endpoint_url, emulator.deployer)


@pytest.fixture(scope="session")
def docker_engine() -> Iterator[DockerEngine]:
    with DockerEngine() as engine:
        yield engine


@pytest.fixture(scope="session")
def new_workspace(
    emulator: Emulator, docker_engine: DockerEngine, tmp_path_factory: pytest.TempPathFactory
) -> NewWorkspace:
    """Make workspaces whose stacks the embedded AWS can serve, which speaks plain http."""

    def make() -> Workspace:
        workspace = Workspace.make(
            tmp_path_factory.mktemp("pulumi"),
            endpoint_url=emulator.endpoint_url,
            access_key=emulator.deployer,
            docker_host=docker_engine.address,
        )
        for stack in ("dev", "prod"):
            workspace.configure(stack, requireTls=False)
        # What prod leaves to whoever deploys it.
        workspace.configure("prod", alarmEmail="none")
        workspace.set_region("prod", REGION)
        return workspace

    return make


@pytest.fixture
def workspace(new_workspace: NewWorkspace) -> Workspace:
    return new_workspace()
