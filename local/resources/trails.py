"""CloudTrail: there is none here, which is said where one is wanted."""

from __future__ import annotations

from typing import TYPE_CHECKING, NoReturn

from local.resources.request import RefusedError

if TYPE_CHECKING:
    from local.resources.request import Creator, Request


def _trail(_: Request) -> NoReturn:
    raise RefusedError("the embedded AWS keeps no trail: set dataEvents to false for it")


CREATORS: dict[str, Creator] = {"aws:cloudtrail/trail:Trail": _trail}
