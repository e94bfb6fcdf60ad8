"""A function as it is deployed: what its workers need to know of it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True, kw_only=True)
class FunctionConfiguration:
    """What of a function's configuration its execution depends on; times in seconds.

    `version` is the number of a published version, or `$LATEST`.
    """

    name: str
    arn: str
    version: str
    role_arn: str
    handler: str
    timeout: int
    memory_mb: int
    ephemeral_storage_mb: int
    log_group: str
    log_format: str
    log_level: str | None
    variables: Mapping[str, str] = field(repr=False)
