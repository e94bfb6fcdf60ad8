"""Makes resources by the code that `local/` makes them with."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from local.provisioning import CREATORS
from local.resources.request import Request

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from local.account import Account
    from local.function_host import FunctionHost
    from local.resources.request import Created


def made_locally(account: Account, kind: str) -> Callable[[str, Mapping[str, Any]], Created]:
    """Return what makes resources of a type, which is no function's, from name and inputs."""

    def create(name: str, inputs: Mapping[str, Any]) -> Created:
        request = Request(name, inputs, account, cast("FunctionHost", None))
        created = CREATORS[kind](request)
        request.refuse_rest()
        return created

    return create
