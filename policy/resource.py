"""A resource as the rules see it, whether Pulumi's engine or a test asks."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

_STACK = "pulumi:pulumi:Stack"
_PROVIDER = "pulumi:providers:"


@dataclass(frozen=True, kw_only=True)
class Resource:
    """What the program asks for: `kind` is the type's token, `inputs` have the provider's names.

    `refers_to` has for each input the URNs of the resources that its value comes from, where it is
    known: Pulumi tells it only of a stack as a whole.
    """

    kind: str
    urn: str
    inputs: Mapping[str, Any]
    refers_to: Mapping[str, Sequence[str]] = field(default_factory=dict)

    @property
    def is_made(self) -> bool:
        """Whether it is something in AWS or Docker: no component, no stack, no default provider."""
        if self.kind.startswith(_PROVIDER):
            return not self.urn.rpartition("::")[2].startswith("default")
        return not self.kind.startswith("lambdalens:") and self.kind != _STACK

    @property
    def stack(self) -> str:
        """The name of its stack."""
        return self._part(0)

    @property
    def project(self) -> str:
        """The name of its project."""
        return self._part(1)

    @property
    def parents(self) -> list[str]:
        """The types of the components that it is in, the outermost first."""
        return self._part(2).split("$")[:-1]

    def statements(self) -> Iterator[dict[str, Any]]:
        """Yield the statements of the policy documents among its inputs."""
        for name in ("policy", "assumeRolePolicy", "repositoryPolicy"):
            document = self.inputs.get(name)
            if isinstance(document, str):
                yield from json.loads(document).get("Statement", ())

    def _part(self, number: int) -> str:
        return self.urn.removeprefix("urn:pulumi:").split("::")[number]
