"""The configuration of a stack as Pulumi's command line hands it to the program.

The embedded AWS and the tests run the program without that command line. They must see the same
values: the project's defaults from `Pulumi.yaml`, overlaid with the stack's own file. A file that
the command line would refuse is refused here too.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import yaml  # type: ignore[import-untyped]  # it ships no types; Pulumi needs it too

REPOSITORY = Path(__file__).resolve().parent.parent


class StackConfigurationError(Exception):
    """`Pulumi.yaml` or a stack's file can't be used; the message is one line that names it."""


class UnknownStackError(StackConfigurationError):
    """There is no configuration file for the stack."""


def project() -> dict[str, Any]:
    """Return the contents of `Pulumi.yaml`. Raise StackConfigurationError if it can't be used."""
    file = REPOSITORY / "Pulumi.yaml"
    contents = _contents(file)
    for key in ("name", "stackConfigDir"):
        if not isinstance(contents.get(key), str):
            raise _wrong(file, f"there is no text under '{key}'")
    for key, setting in _mapping(file, contents, "config").items():
        if not isinstance(setting, dict) or "default" not in setting:
            raise _wrong(file, f"the setting '{key}' has no default")
    return contents


def stack_configuration(stack: str) -> dict[str, str]:
    """Return every `namespace:key` of the stack and its value, encoded as Pulumi encodes them.

    Raise UnknownStackError if the stack has no file, and StackConfigurationError if that or
    `Pulumi.yaml` can't be used.
    """
    contents = project()
    file = stack_file(stack)
    schema = contents["config"]
    defaults = {f"{contents['name']}:{key}": field["default"] for key, field in schema.items()}
    own = _mapping(file, _contents(file), "config")
    return {key: _encoded(file, key, value) for key, value in (defaults | own).items()}


def stack_file(stack: str) -> Path:
    """Return the stack's file. Raise UnknownStackError if there is none."""
    folder = REPOSITORY / str(project()["stackConfigDir"])
    file = folder / f"Pulumi.{stack}.yaml"
    if not file.is_file():
        known = sorted(path.name.split(".")[1] for path in folder.glob("Pulumi.*.yaml"))
        raise UnknownStackError(
            f"There is no stack {stack!r}: choose from {', '.join(known)}, or add "
            f"{file.relative_to(REPOSITORY)}."
        )
    return file


def _contents(file: Path) -> dict[str, Any]:
    try:
        contents = yaml.safe_load(file.read_bytes())
    except OSError as error:
        raise _wrong(file, f"it can't be read ({error.strerror})") from error
    except yaml.MarkedYAMLError as error:
        line = f"line {error.problem_mark.line + 1}: " if error.problem_mark else ""
        raise _wrong(file, f"{line}not YAML ({error.problem})") from error
    except yaml.YAMLError as error:
        raise _wrong(file, "not YAML: it has characters that no text has") from error
    except ValueError as error:
        raise _wrong(file, f"not YAML ({error})") from error
    if not isinstance(contents, dict):
        raise _wrong(file, "not a mapping of keys to values")
    return contents


def _mapping(file: Path, contents: dict[str, Any], key: str) -> dict[str, Any]:
    value = contents.get(key)
    if not isinstance(value, dict) or not all(isinstance(name, str) for name in value):
        raise _wrong(file, f"there is no mapping of names to values under '{key}'")
    return value


def _encoded(file: Path, key: str, value: object) -> str:
    """Return text as it is and anything else as JSON, which is how programs receive it."""
    try:
        return value if isinstance(value, str) else json.dumps(value)
    except TypeError as error:  # YAML knows dates, too
        raise _wrong(file, f"the value of {key} is no text, number or truth: quote it") from error


def _wrong(file: Path, problem: str) -> StackConfigurationError:
    return StackConfigurationError(f"{file.relative_to(REPOSITORY)}: {problem}: correct it")
