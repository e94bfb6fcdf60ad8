"""A stack's configuration is read whole, or refused in one line that names the file."""

from __future__ import annotations

import re
import shutil
from typing import TYPE_CHECKING

import pytest

from stacks import configuration
from stacks.configuration import (
    REPOSITORY,
    StackConfigurationError,
    UnknownStackError,
    project,
    stack_configuration,
)

if TYPE_CHECKING:
    from pathlib import Path


def test_the_command_line_is_not_older_than_the_sdk() -> None:
    (sdk,) = re.findall(
        r"^pulumi==(\S+)", (REPOSITORY / "requirements.txt").read_text(), re.MULTILINE
    )
    assert project()["requiredPulumiVersion"] == f">={sdk} <4.0.0"


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Copy the files, so that a test may break them."""
    (tmp_path / "stacks").mkdir()
    for name in ("Pulumi.yaml", "stacks/Pulumi.local.yaml"):
        shutil.copy(REPOSITORY / name, tmp_path / name)
    monkeypatch.setattr(configuration, "REPOSITORY", tmp_path)
    return tmp_path


BROKEN = [
    (b"config:\n  bad: [\n", "line 3: not YAML"),
    (b"a: b: c\n", "line 1: not YAML"),
    (b"\xff\xfe\x00", "not YAML"),
    (b"config: {day: 2026-02-31}", "not YAML"),
    (b"", "not a mapping"),
    (b"plain text", "not a mapping"),
    (b"- a list", "not a mapping"),
]


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        *BROKEN,
        (b"config:", "no mapping of names to values under 'config'"),
        (b"config: [1]", "no mapping of names to values under 'config'"),
        (b"config: {1: 2}", "no mapping of names to values under 'config'"),
        (b"config: {day: 2026-02-03}", "the value of day is no text"),
    ],
)
def test_a_broken_stack_file_is_refused(repository: Path, content: bytes, problem: str) -> None:
    (repository / "stacks" / "Pulumi.local.yaml").write_bytes(content)
    with pytest.raises(StackConfigurationError) as refused:
        stack_configuration("local")
    assert str(refused.value).startswith("stacks/Pulumi.local.yaml: ")
    assert problem in str(refused.value)
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        *BROKEN,
        (b"stackConfigDir: stacks", "no text under 'name'"),
        (b"name: lambdalens", "no text under 'stackConfigDir'"),
        (b"{name: lambdalens, stackConfigDir: stacks}", "under 'config'"),
        (b"{name: n, stackConfigDir: s, config: {a: {type: string}}}", "'a' has no default"),
    ],
)
def test_a_broken_project_file_is_refused(repository: Path, content: bytes, problem: str) -> None:
    (repository / "Pulumi.yaml").write_bytes(content)
    with pytest.raises(StackConfigurationError) as refused:
        project()
    assert str(refused.value).startswith("Pulumi.yaml: ")
    assert problem in str(refused.value)
    assert "\n" not in str(refused.value)


def test_a_missing_project_file_is_named(repository: Path) -> None:
    (repository / "Pulumi.yaml").unlink()
    with pytest.raises(StackConfigurationError, match=r"Pulumi.yaml: it can't be read \(No such"):
        stack_configuration("local")


@pytest.mark.usefixtures("repository")
def test_a_missing_stack_file_is_told_with_the_stacks_there_are() -> None:
    with pytest.raises(
        UnknownStackError,
        match=r"no stack 'dev': choose from local, or add stacks/Pulumi\.dev\.yaml\.",
    ):
        stack_configuration("dev")
