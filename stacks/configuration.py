"""The configuration of a stack as Pulumi's command line hands it to the program.

The embedded AWS and the tests run the program without that command line. They must see the same
values: the project's defaults from `Pulumi.yaml`, overlaid with the stack's own file.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import yaml  # type: ignore[import-untyped]  # it ships no types; Pulumi needs it too

REPOSITORY = Path(__file__).resolve().parent.parent


class UnknownStackError(Exception):
    """There is no configuration file for the stack."""


def project() -> dict[str, Any]:
    """Return the contents of `Pulumi.yaml`."""
    contents: dict[str, Any] = yaml.safe_load((REPOSITORY / "Pulumi.yaml").read_bytes())
    return contents


def stack_configuration(stack: str) -> dict[str, str]:
    """Return every `namespace:key` of the stack and its value, encoded as Pulumi encodes them.

    Raise UnknownStackError if the stack has no file.
    """
    contents = project()
    folder = REPOSITORY / contents["stackConfigDir"]
    file = folder / f"Pulumi.{stack}.yaml"
    if not file.is_file():
        known = sorted(path.name.split(".")[1] for path in folder.glob("Pulumi.*.yaml"))
        raise UnknownStackError(f"There is no stack {stack!r}: choose from {', '.join(known)}.")
    schema = contents["config"]
    defaults = {f"{contents['name']}:{key}": field["default"] for key, field in schema.items()}
    values = defaults | yaml.safe_load(file.read_bytes())["config"]
    return {key: _encoded(value) for key, value in values.items()}


def _encoded(value: object) -> str:
    """Return text as it is and anything else as JSON, which is how programs receive it."""
    return value if isinstance(value, str) else json.dumps(value)
