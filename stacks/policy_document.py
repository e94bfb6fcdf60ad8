"""The form of a policy document: statements that allow actions on resources."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pulumi

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence


def document(*statements: Mapping[str, object]) -> pulumi.Output[str]:
    """Return a policy document, in JSON."""
    return pulumi.Output.json_dumps({"Version": "2012-10-17", "Statement": list(statements)})


def allow(
    sid: str, actions: Sequence[str], resources: Sequence[pulumi.Input[str]]
) -> dict[str, object]:
    """Return a statement that allows these actions on these resources."""
    return {"Sid": sid, "Effect": "Allow", "Action": [*actions], "Resource": [*resources]}
