"""The documents lead somewhere, and decision records have one form."""

from __future__ import annotations

import re
import subprocess
from typing import TYPE_CHECKING

import pytest

from stacks.configuration import REPOSITORY

if TYPE_CHECKING:
    from pathlib import Path

LINK = re.compile(r"\]\((?!https?:|mailto:)(?P<path>[^)#\s]*)(?:#(?P<anchor>[^)\s]+))?\)")
RECORDS = sorted((REPOSITORY / "docs" / "decisions").glob("*.md"))


def documents() -> list[Path]:
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "*.md"],  # noqa: S607 - the one that has the clone
        cwd=REPOSITORY,
        capture_output=True,
        check=True,
        text=True,
    )
    return [REPOSITORY / name for name in listed.stdout.split()]


def anchors(document: Path) -> set[str]:
    """Return what a heading is linked by, as GitHub makes it."""
    headings = re.findall(r"^#+ (.+)$", document.read_text(encoding="utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("document", documents(), ids=lambda it: str(it.relative_to(REPOSITORY)))
def test_every_link_leads_to_a_file_and_to_a_heading_in_it(document: Path) -> None:
    text = document.read_text(encoding="utf-8")
    prose = re.sub(r"^```.*?^```", "", text, flags=re.MULTILINE | re.DOTALL)
    for link in LINK.finditer(prose):
        target = (document.parent / link["path"]).resolve() if link["path"] else document
        assert target.exists(), link[0]
        if link["anchor"] and target.suffix == ".md":
            assert link["anchor"] in anchors(target), link[0]


def test_decisions_are_numbered_and_the_design_names_each() -> None:
    design = (REPOSITORY / "docs" / "design.md").read_text(encoding="utf-8")
    for number, record in enumerate(RECORDS, start=1):
        assert record.name.startswith(f"{number:04}-")
        assert f"[Decision {number}](decisions/{record.name})" in design
    assert len(RECORDS) >= 10


@pytest.mark.parametrize("record", RECORDS, ids=lambda it: it.stem)
def test_a_decision_says_when_why_what_and_what_follows(record: Path) -> None:
    text = record.read_text(encoding="utf-8")
    assert re.match(rf"# {int(record.name[:4])}\. .+\n\nAccepted on \d{{4}}-\d\d-\d\d\.\n", text)
    assert re.findall(r"^## (.+)$", text, re.MULTILINE) == ["Context", "Decision", "Consequences"]
