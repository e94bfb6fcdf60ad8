"""Settings under Pulumi's engine: what it refuses of them, and what it does when one is changed."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from stacks.configuration import project
from tests.engine import changes
from tests.engine.workspace import CommandFailedError

if TYPE_CHECKING:
    from tests.engine.conftest import NewWorkspace
    from tests.engine.workspace import Workspace

WRONG: dict[str, list[object]] = {
    "imageDigest": ["latest"],
    "imageUri": ["lambdalens:latest"],
    "baseDate": ["Monday"],
    "architecture": ["riscv"],
    "memoryMb": ["lots", 1],
    "timeoutSeconds": ["soon", 901],
    "reservedConcurrency": ["all", 0],
    "rangesAtOnce": ["some", 41],
    "rangesFromSeconds": ["1h", 0],
    "samplesPerSecond": ["0", "often"],
    "tolerance": ["2", "some"],
    "margin": ["-1", "some"],
    "videoExpiryDays": ["never", 0],
    "resultExpiryDays": ["never", 0],
    "logRetentionDays": ["never", 2],
    "protectData": ["perhaps"],
    "pointInTimeRecovery": ["perhaps"],
    "requireConsent": ["perhaps"],
    "requireTls": ["perhaps"],
    "alarmEmail": ["me"],
    "monthlyBudget": ["lots", -1],
    "teachersPage": ["perhaps"],
    "pageMfa": ["optional"],
    "peoplePolicies": ["perhaps"],
    "permissionsBoundary": ["bounds"],
    "extraTags": ["none", {"stack": "mine"}],
    "galleryReaders": ["everybody", ["everybody"]],
    "kmsKeyArn": ["alias/school"],
    "githubRepository": ["https://github.com/school/lambdalens"],
    "githubOidcProvider": ["token.actions.githubusercontent.com"],
    "dataEvents": ["perhaps"],
}
"""Of each setting a value of another type, and one of the right type that is out of its range."""


@pytest.fixture(scope="module")
def empty(new_workspace: NewWorkspace) -> Workspace:
    """Return a workspace in which nothing is deployed."""
    workspace = new_workspace()
    workspace.pulumi("stack", "init", "dev")
    return workspace


def test_every_setting_is_tried() -> None:
    assert WRONG.keys() == changes.CHANGED.keys() == project()["config"].keys()


@pytest.mark.parametrize(
    ("setting", "value"), [(key, value) for key, values in WRONG.items() for value in values]
)
def test_a_wrong_value_is_refused_by_name(empty: Workspace, setting: str, value: object) -> None:
    before = empty.configuration("dev")
    empty.configure("dev", **{setting: value})

    with pytest.raises(CommandFailedError) as refused:
        empty.pulumi("preview", "-s", "dev")

    empty.restore("dev", before)
    said = str(refused.value).splitlines()
    assert any("error:" in line and setting in line for line in said), refused.value
    assert "Traceback" not in str(refused.value)
    assert not empty.calls()


def test_a_key_that_is_no_setting_is_refused(empty: Workspace) -> None:
    before = empty.configuration("dev")
    empty.configure("dev", memoryMB=2048)

    with pytest.raises(CommandFailedError, match="lambdalens:memoryMB is no setting"):
        empty.pulumi("preview", "-s", "dev")

    empty.restore("dev", before)


def test_prod_is_not_deployed_before_it_is_said_where_and_whom_to_tell(
    empty: Workspace,
) -> None:
    empty.pulumi("stack", "init", "prod")
    before = empty.configuration("prod")

    empty.set_region("prod", "")
    with pytest.raises(CommandFailedError, match="aws:region is not set: choose"):
        empty.pulumi("preview", "-s", "prod")
    empty.restore("prod", before)
    empty.configure("prod", alarmEmail=None)
    with pytest.raises(CommandFailedError, match="alarmEmail is '': it must be an e-mail"):
        empty.pulumi("preview", "-s", "prod")

    empty.restore("prod", before)


def test_the_table_of_changes_is_current(new_workspace: NewWorkspace) -> None:
    workspace = new_workspace()
    changes.deploy(workspace)

    rows = "".join(changes.table(workspace))

    assert changes.in_document(rows) == changes.DOCUMENT.read_text(), (
        "write it again: python -m tests.engine.changes"
    )
