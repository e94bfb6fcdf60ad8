"""From what the Pulumi program registers to what is there in the emulator.

A table from resource type to the function that makes one. It is a stand-in for Pulumi's engine and
its AWS provider where there is nothing to compare with: the emulator is empty at the start and
gone at the end, so there is no state, no difference and no update. What AWS would refuse and the
emulator would not is refused by the creators.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from botocore.exceptions import BotoCoreError, ClientError

from local.resources import (
    buckets,
    functions,
    monitoring,
    queues,
    roles,
    schedules,
    tables,
)
from local.resources.request import RefusedError, Request, one_line

if TYPE_CHECKING:
    from collections.abc import Mapping

    from local.account import Account
    from local.function_host import FunctionHost

_CREATORS = {
    **buckets.CREATORS,
    **functions.CREATORS,
    **monitoring.CREATORS,
    **queues.CREATORS,
    **roles.CREATORS,
    **schedules.CREATORS,
    **tables.CREATORS,
}


class ResourceError(Exception):
    """A resource could not be made; the message is one line with its type, name and the reason."""


class Provisioner:
    """Makes resources in an account, and runs its functions."""

    def __init__(self, account: Account, functions: FunctionHost) -> None:
        self._account = account
        self._functions = functions

    def create(
        self, kind: str, name: str, inputs: Mapping[str, Any]
    ) -> tuple[str, dict[str, object]]:
        """Make a resource of a Pulumi type, and return its id and its outputs.

        Raises ResourceError if the type is unknown, if AWS would refuse the resource, or with
        the emulator's own error.
        """
        creator = _CREATORS.get(kind)
        if creator is None:
            raise ResourceError(
                f"{kind} {name}: the embedded AWS does not know this type of resource: "
                "add it to local/resources"
            )
        request = Request(name, inputs, self._account, self._functions)
        try:
            created = creator(request)
            request.refuse_rest()
        except (RefusedError, ClientError, BotoCoreError) as error:
            raise ResourceError(f"{kind} {name}: {one_line(error)}") from error
        return created.id, {**inputs, **created.outputs}

    def call(self, function: str) -> dict[str, object]:
        """Answer a provider's function, such as the one that says whose account it is.

        Raises ResourceError if it is one that the program did not use so far.
        """
        if function == "aws:index/getCallerIdentity:getCallerIdentity":
            identity = self._account.client("sts").get_caller_identity()
            return {
                "accountId": identity["Account"],
                "arn": identity["Arn"],
                "userId": identity["UserId"],
                "id": identity["Account"],
            }
        raise ResourceError(
            f"{function}: the embedded AWS does not know this function: "
            "add it to local/provisioning.py"
        )
