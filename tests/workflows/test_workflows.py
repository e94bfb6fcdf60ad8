"""The workflow files are as actionlint wants them, and as a team may take them over."""

from __future__ import annotations

import re
import shutil
import subprocess
from typing import TYPE_CHECKING, Any

import pytest
import yaml  # type: ignore[import-untyped]  # it ships no types

from stacks.configuration import REPOSITORY
from tests.workflows.lint import WORKFLOWS, complaints

if TYPE_CHECKING:
    from pathlib import Path

FILES = sorted(WORKFLOWS.glob("*.yml"))
needs_go = pytest.mark.skipif(shutil.which("go") is None, reason="no `go` on PATH (go.dev/dl)")


def jobs() -> list[tuple[str, dict[str, Any]]]:
    """Return every job by its name, the file's and its own."""
    return [
        (f"{file.name}: {name}", job)
        for file in FILES
        for name, job in yaml.safe_load(file.read_text())["jobs"].items()
    ]


def steps() -> list[dict[str, Any]]:
    return [step for _, job in jobs() for step in job["steps"]]


def updates(job: dict[str, Any]) -> set[str]:
    """Return the stacks that a job changes."""
    run = {step.get("run") for step in job["steps"]}
    changed = {"make deploy", "make rebuild"} & run
    return ({job["env"]["STACK"]} if changed else set()) | (
        {job["env"]["TO"]} if "make promote" in run else set()
    )


@needs_go
def test_actionlint_has_nothing_against_them() -> None:
    assert {file.stem for file in FILES} == {"check", "deploy", "preview", "scan"}
    assert complaints(FILES) == ""


@needs_go
@pytest.mark.parametrize(
    ("right", "wrong", "complaint"),
    [
        ("needs: dev", "needs: staging", 'needs job "staging" which does not exist'),
        ("needs.dev.outputs.digest", "needs.dev.outputs.digests", '"digests" is not defined'),
        ("timeout-minutes: 60", "timeout: 60", 'unexpected key "timeout"'),
        ("id-token: write", "id-token: maybe", '"maybe" is invalid as permission'),
    ],
)
def test_actionlint_finds_a_fault(tmp_path: Path, right: str, wrong: str, complaint: str) -> None:
    text = (WORKFLOWS / "deploy.yml").read_text()
    assert right in text
    (tmp_path / "deploy.yml").write_text(text.replace(right, wrong))
    assert complaint in complaints([tmp_path / "deploy.yml"])


def test_every_command_is_one_that_make_has() -> None:
    commands = {step["run"] for step in steps() if "run" in step}
    assert commands
    targets = set(
        re.findall(r"^([a-z-]+):.*## ", (REPOSITORY / "Makefile").read_text(), re.MULTILINE)
    )
    assert {re.fullmatch(r"make ([a-z-]+)", command)[1] for command in commands} <= targets  # type: ignore[index]


def test_make_knows_what_the_commands_stand_for() -> None:
    """With the variables that the jobs set, each is a plan that make can print."""
    for _, job in jobs():
        for step in job["steps"]:
            if "run" in step:
                done = subprocess.run(
                    [*step["run"].split(), "--dry-run"],
                    cwd=REPOSITORY,
                    env={"PATH": "/usr/bin:/bin", **job.get("env", {})},
                    capture_output=True,
                    check=False,
                    text=True,
                )
                assert done.returncode == 0, done.stderr


def test_what_ci_runs_here_is_run_there() -> None:
    ci = set(re.findall(r"make [a-z-]+", (REPOSITORY / ".ci" / "run").read_text()))
    checked = {
        step.get("run") for name, job in jobs() if name.startswith("check") for step in job["steps"]
    }
    assert ci <= checked


def test_every_action_is_pinned_by_its_digest() -> None:
    for file in FILES:
        for line in file.read_text().splitlines():
            if "uses:" in line:
                assert re.search(r"uses: [\w-]+/[\w-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$", line), line
    pinned = {step["uses"] for step in steps() if "uses" in step}
    assert len({action.partition("@")[0] for action in pinned}) == len(pinned)


def test_nothing_may_more_than_it_needs() -> None:
    for file in FILES:
        assert yaml.safe_load(file.read_text())["permissions"] in ({}, {"contents": "read"})
    for name, job in jobs():
        signs_in = any("configure-aws" in step.get("uses", "") for step in job["steps"])
        allowed = {"contents": "read"} | ({"id-token": "write"} if signs_in else {})
        assert job.get("permissions", {"contents": "read"}) == allowed, name
        assert 0 < job["timeout-minutes"] <= 60, name
        for step in job["steps"]:
            if step.get("uses", "").startswith("actions/checkout"):
                assert step["with"]["persist-credentials"] is False


def test_no_two_updates_of_one_stack_at_once_and_none_is_broken_off() -> None:
    updating = {name: updates(job) for name, job in jobs() if updates(job)}
    assert updating == {"deploy.yml: dev": {"dev"}, "deploy.yml: prod": {"prod"}}
    for name, job in jobs():
        for stack in updates(job):
            assert job["concurrency"] == {"group": f"stack-{stack}", "cancel-in-progress": False}
            # Where approvals are asked for, and from where AWS lets deployments in.
            assert job["environment"] == stack, name


def test_what_only_looks_has_a_role_that_only_reads() -> None:
    for name, job in jobs():
        for step in job["steps"]:
            if "configure-aws" in step.get("uses", ""):
                role = "DEPLOY_ROLE_ARN" if updates(job) else "PREVIEW_ROLE_ARN"
                assert step["with"]["role-to-assume"] == f"${{{{ vars.{role} }}}}", name


def test_a_fork_gets_neither_a_role_nor_a_secret() -> None:
    texts = {file.name: file.read_text() for file in FILES}
    assert not [name for name, text in texts.items() if "secrets." in text]
    assert not [name for name, text in texts.items() if "pull_request_target" in text]
    (preview,) = yaml.safe_load(texts["preview.yml"])["jobs"].values()
    assert preview["if"] == "github.event.pull_request.head.repo.full_name == github.repository"


def test_the_engine_is_the_one_that_was_tested_with() -> None:
    pinned = re.findall(
        r"github.com/pulumi/pulumi/sdk/v3 v(\S+)",
        (REPOSITORY / "tests" / "engine" / "cli" / "go.mod").read_text(),
    )
    asked = {
        step["with"]["pulumi-version"] for step in steps() if "pulumi/" in step.get("uses", "")
    }
    assert asked == set(pinned)
