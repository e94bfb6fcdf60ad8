"""What a creator is given and what it gives back."""

from __future__ import annotations

import re
import secrets
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from local.account import Account
    from local.function_host import FunctionHost


class RefusedError(Exception):
    """The resource is one that AWS would refuse, or that only AWS has; the message says why."""


@dataclass(frozen=True, kw_only=True)
class Created:
    """A resource as it was made. Its outputs are its inputs overlaid with these."""

    id: str
    outputs: Mapping[str, object] = field(default_factory=dict)


class Request:
    """A resource that the program registers, and where to make it.

    Inputs are read with `take`, by their names in Pulumi's schema. One that nobody took is one
    that would silently be lost.
    """

    def __init__(
        self, name: str, inputs: Mapping[str, Any], account: Account, functions: FunctionHost
    ) -> None:
        self.name = name
        self.account = account
        self.functions = functions
        self._inputs = inputs
        # Tags mean nothing to the emulator's work; destroying is not what it is for.
        self._taken = {"tags", "tagsAll", "forceDestroy", "region"}

    def take(self, name: str, default: Any = None) -> Any:  # noqa: ANN401 - any JSON value
        """Return an input, or the default if the program did not set it."""
        self._taken.add(name)
        return self._inputs.get(name, default)

    def physical_name(self) -> str:
        """Return the name the program chose, or make one up as Pulumi does."""
        chosen: str | None = self.take("name")
        return chosen or f"{self.name}-{secrets.token_hex(4)[:7]}"

    def refuse_key(self, arn: str | None) -> None:
        """Raise RefusedError if something is to have a KMS key: there are none here."""
        if arn:
            raise RefusedError(
                f"the embedded AWS has no KMS, and so no {arn}: leave kmsKeyArn empty for it"
            )

    def refuse_rest(self) -> None:
        """Raise RefusedError if an input was not taken."""
        if rest := sorted(self._inputs.keys() - self._taken):
            raise RefusedError(
                f"the embedded AWS does nothing with {', '.join(rest)}: add it to local/resources"
            )


if TYPE_CHECKING:
    Creator = Callable[[Request], Created]
    Updater = Callable[[Request, str], Created]
    """Changes the resource that has this id into what is requested."""


def aws_spelling(value: Any, **exceptions: str) -> Any:  # noqa: ANN401 - any JSON value
    """Respell a nested input as AWS does: camelCase keys in PascalCase, but for the exceptions."""
    if isinstance(value, dict):
        return {
            exceptions.get(key, key[:1].upper() + key[1:]): aws_spelling(item, **exceptions)
            for key, item in value.items()
        }
    if isinstance(value, list):
        return [aws_spelling(item, **exceptions) for item in value]
    return value


def one_line(text: object) -> str:
    """Join the lines of a message."""
    return re.sub(r"\s+", " ", str(text)).strip()
