"""One run of the program for each stack, shared by all tests of what it registers."""

from __future__ import annotations

from functools import cache

import pytest

from tests.infra.recording import Program, run_program


def pytest_configure(config: pytest.Config) -> None:
    # Importing the provider's package touches its deprecated resources too; none of them is ours.
    config.addinivalue_line("filterwarnings", "ignore::DeprecationWarning:pulumi_aws.*")


@cache
def _as_configured(stack: str) -> Program:
    return run_program(stack)


@pytest.fixture
def dev() -> Program:
    return _as_configured("dev")


@pytest.fixture
def prod() -> Program:
    return _as_configured("prod")


@pytest.fixture
def local() -> Program:
    return _as_configured("local")


@pytest.fixture(params=["dev", "prod", "local"])
def program(request: pytest.FixtureRequest) -> Program:
    """Each stack in turn: what is asserted of this one holds for all."""
    stack: str = request.param
    return _as_configured(stack)
