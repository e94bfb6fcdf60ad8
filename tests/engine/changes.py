"""What a change of each setting does to a stack that is deployed, as Pulumi's engine plans it.

`python -m tests.engine.changes` writes the table in docs/deploying.md anew; a test holds it.
"""

from __future__ import annotations

import re
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from local.emulator import start_emulator
from local.lifeline import Lifeline
from stacks.configuration import REPOSITORY
from stacks.deployer import GITHUB
from tests.engine.docker_engine import DockerEngine
from tests.engine.workspace import Workspace

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

DOCUMENT = REPOSITORY / "docs" / "deploying.md"
_BEGIN, _END = "<!-- changes: made by python -m tests.engine.changes -->\n", "<!-- /changes -->\n"

_DIGEST = f"sha256:{'a' * 64}"
CHANGED = {
    "imageDigest": _DIGEST,
    "imageUri": f"000000000000.dkr.ecr.us-east-1.amazonaws.com/elsewhere@{_DIGEST}",
    "baseDate": "2026-11-27",
    "architecture": "arm64",
    "memoryMb": 3008,
    "timeoutSeconds": 600,
    "reservedConcurrency": 5,
    "rangesAtOnce": 8,
    "rangesFromSeconds": 1800,
    "samplesPerSecond": "3",
    "tolerance": "0.55",
    "margin": "0.1",
    "videoExpiryDays": 14,
    "resultExpiryDays": 60,
    "logRetentionDays": 30,
    "protectData": True,
    "pointInTimeRecovery": True,
    "requireConsent": True,
    "requireTls": True,
    "alarmEmail": "school@example.org",
    "monthlyBudget": 50,
    "teachersPage": True,
    "pageMfa": False,
    "peoplePolicies": True,
    "permissionsBoundary": "arn:aws:iam::000000000000:policy/bounds",
    "extraTags": {"cost-centre": "schools"},
    "galleryReaders": ["arn:aws:iam::000000000000:role/registrar"],
    "kmsKeyArn": "arn:aws:kms:us-east-1:000000000000:key/1234abcd-12ab-34cd-56ef-1234567890ab",
    "githubRepository": "school/lambdalens",
    "githubOidcProvider": f"arn:aws:iam::000000000000:oidc-provider/{GITHUB}",
    "dataEvents": True,
}
"""Another value for each setting than the stack dev has, which the tests run with plain http."""

NEEDED = {"monthlyBudget": "alarmEmail"}
"""Another setting that has to be changed with it."""

_OPERATIONS = {
    "update": "updates",
    "create": "makes",
    "delete": "deletes",
    "replace": "replaces",
}
_KIND = re.compile(r"(?:aws:|(?=docker:))(?P<module>\w+)[:/][^ ]+:(?P<type>\w+) ")


def deploy(workspace: Workspace) -> None:
    """Deploy the stack dev, where it is said that nobody is told of alarms."""
    workspace.configure("dev", requireTls=False, alarmEmail="none")
    workspace.pulumi("stack", "init", "dev")
    workspace.up("dev")


def table(workspace: Workspace) -> Iterator[str]:
    """Yield the rows for a workspace in which dev is deployed, and leave its file as it was."""
    yield "| change of | what `pulumi up` does |\n"
    yield "|---|---|\n"
    for setting, value in CHANGED.items():
        before = workspace.configuration("dev")
        changed = {setting: value}
        if needed := NEEDED.get(setting):
            changed[needed] = CHANGED[needed]
        workspace.configure("dev", **changed)
        planned = workspace.preview("dev")
        workspace.restore("dev", before)
        names = " and ".join(f"`{name}`" for name in changed)
        yield f"| {names} | {_described(planned)} |\n"


def _described(planned: Mapping[str, list[str]]) -> str:
    """Return a row's words: of many resources of one type, how many."""
    parts = []
    for operation, words in _OPERATIONS.items():
        counted: dict[str, int] = {}
        for resource in planned.get(operation, []):
            if found := _KIND.match(resource):
                kind = f"{found['module']}.{found['type']}"
                counted[kind] = counted.get(kind, 0) + 1
        named = [kind if count == 1 else f"{count} {kind}" for kind, count in counted.items()]
        if named:
            parts.append(f"{words} {', '.join(sorted(named, key=_by_type))}")
    return "; ".join(parts) or "nothing"


def _by_type(named: str) -> str:
    return named.rpartition(" ")[2]


def in_document(rows: str) -> str:
    """Return the document with these rows in their place."""
    before, _, rest = DOCUMENT.read_text(encoding="utf-8").partition(_BEGIN)
    return before + _BEGIN + rows + _END + rest.partition(_END)[2]


def main() -> None:
    """Deploy dev to an embedded AWS, plan each change, and write the table."""
    with Lifeline() as lifeline, DockerEngine() as engine, tempfile.TemporaryDirectory() as folder:
        emulator = start_emulator(lifeline, port=0, retry_base_seconds=0.2)
        workspace = Workspace.make(
            Path(folder),
            endpoint_url=emulator.endpoint_url,
            access_key=emulator.deployer,
            docker_host=engine.address,
        )
        deploy(workspace)
        DOCUMENT.write_text(in_document("".join(table(workspace))), encoding="utf-8")


if __name__ == "__main__":
    main()
