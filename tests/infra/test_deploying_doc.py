"""What the documents say of settings, alarms and suffixes is what the program does."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

import pytest

from stacks.configuration import REPOSITORY, project

if TYPE_CHECKING:
    from tests.infra.recording import Program

DOCUMENT = (REPOSITORY / "docs" / "deploying.md").read_text(encoding="utf-8")
README = (REPOSITORY / "README.md").read_text(encoding="utf-8")


def rows(heading: str) -> list[list[str]]:
    """Return the cells of the table under a heading, without its two head lines."""
    section = DOCUMENT.partition(f"\n## {heading}\n")[2].partition("\n## ")[0]
    lines = [line for line in section.splitlines() if line.startswith("|")]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines[2:]]


def test_the_settings_are_those_of_the_schema() -> None:
    schema = project()["config"]
    shown = {"True": "true", "False": "false"}
    assert rows("Settings") == [
        [
            f"`{key}`",
            f"`{shown.get(str(setting['default']), setting['default'])}`"
            if setting["default"] not in ("", {}, [])
            else "",
            setting["description"],
        ]
        for key, setting in schema.items()
    ]


def test_the_alarms_are_those_of_the_program(program: Program) -> None:
    alarms = {each.name.removeprefix("lambdalens-") for each in program.every(":MetricAlarm")}
    assert {re.sub("`", "", row[0]) for row in rows("Watching")} == alarms


def test_the_outputs_it_asks_for_are_exported(program: Program) -> None:
    asked_for = set(re.findall(r"pulumi stack output (\w+)", DOCUMENT + README))
    assert asked_for
    assert asked_for <= program.exports.keys()


def test_they_ask_for_the_outputs_of_a_named_stack() -> None:
    # Without a name, Pulumi takes the stack that was selected last.
    assert not re.findall(r"pulumi stack output \w+(?! -s \w)\b", DOCUMENT + README)


@pytest.mark.parametrize(
    ("heading", "export"),
    [("Who enrols", "enrollerPolicy"), ("Who forgets", "forgetterPolicy")],
)
def test_the_rights_of_an_enroller_and_a_forgetter_are_those_of_their_policies(
    program: Program, heading: str, export: str
) -> None:
    policy = json.loads(program.exports[export])
    allowed = sorted(
        action
        for statement in policy["Statement"]
        for action in statement["Action"]
        for _ in statement["Resource"]
    )
    told = sorted(action for row in rows(heading) for action in re.findall(r"`(\w+:\w+)`", row[1]))
    assert told == allowed
