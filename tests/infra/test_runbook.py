"""The runbook has an entry for each alarm, and each alarm says where it is."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from stacks.configuration import REPOSITORY

if TYPE_CHECKING:
    from tests.infra.recording import Program

RUNBOOK = "docs/runbook.md"
ENTRY = re.compile(r"^### (\S+)$\n(?P<text>.+?)(?=^##)", re.MULTILINE | re.DOTALL)


def entries() -> dict[str, str]:
    """Return the text of each entry by its name."""
    text = (REPOSITORY / RUNBOOK).read_text(encoding="utf-8")
    return {each[1]: each["text"] for each in ENTRY.finditer(text)}


def test_each_alarm_has_its_entry_and_each_entry_its_alarm(program: Program) -> None:
    alarms = {each.name.removeprefix("lambdalens-") for each in program.every(":MetricAlarm")}
    assert entries().keys() == alarms
    assert all(re.search(r"`|\]\(", text) for text in entries().values()), "no command, no link"


def test_each_alarm_says_where_its_entry_is(program: Program) -> None:
    for each in program.every(":MetricAlarm"):
        name = each.name.removeprefix("lambdalens-")
        assert each.inputs["alarmDescription"].endswith(f" {RUNBOOK}#{name}")


def test_the_outputs_it_asks_for_are_exported_and_of_a_named_stack(program: Program) -> None:
    text = (REPOSITORY / RUNBOOK).read_text(encoding="utf-8")
    asked_for = re.findall(r"pulumi stack output (\w+)(?: -s (\w+))?", text)
    assert {output for output, _ in asked_for} <= program.exports.keys()
    assert {stack for _, stack in asked_for} == {"prod"}
