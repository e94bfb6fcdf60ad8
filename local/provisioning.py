"""From what the Pulumi program registers to what is there in the emulator.

A table from resource type to the function that makes one, and another, of few types, to the
function that changes one. It is a stand-in for Pulumi's engine and its AWS provider where there is
little to compare with: the emulator is empty at the start and gone at the end. What AWS would
refuse and the emulator would not is refused by the creators.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from botocore.exceptions import BotoCoreError, ClientError

from local.resources import (
    accounts,
    buckets,
    budgets,
    functions,
    http_apis,
    monitoring,
    queues,
    repositories,
    roles,
    schedules,
    state_machines,
    tables,
    trails,
)
from local.resources.request import RefusedError, Request, one_line

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from local.account import Account
    from local.function_host import FunctionHost
    from local.resources.request import Created

CREATORS = {
    **accounts.CREATORS,
    **buckets.CREATORS,
    **budgets.CREATORS,
    **functions.CREATORS,
    **http_apis.CREATORS,
    **monitoring.CREATORS,
    **queues.CREATORS,
    **repositories.CREATORS,
    **roles.CREATORS,
    **schedules.CREATORS,
    **state_machines.CREATORS,
    **tables.CREATORS,
    **trails.CREATORS,
}
_UPDATERS = {**functions.UPDATERS, **state_machines.UPDATERS}


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
        creator = CREATORS.get(kind)
        if creator is None:
            raise ResourceError(
                f"{kind} {name}: the embedded AWS does not know this type of resource: "
                "add it to local/resources"
            )
        return self._carry_out(creator, kind, name, inputs)

    def update(
        self, kind: str, name: str, identity: str, inputs: Mapping[str, Any]
    ) -> tuple[str, dict[str, object]]:
        """Change the resource that has this id, and return its id and its outputs.

        Raises ResourceError if it is of a type that can't be changed, or as `create` does.
        """
        updater = _UPDATERS.get(kind)
        if updater is None:
            raise ResourceError(
                f"{kind} {name}: the embedded AWS can't change a resource of this type: start it "
                "again"
            )
        return self._carry_out(lambda request: updater(request, identity), kind, name, inputs)

    def _carry_out(
        self,
        operation: Callable[[Request], Created],
        kind: str,
        name: str,
        inputs: Mapping[str, Any],
    ) -> tuple[str, dict[str, object]]:
        request = Request(name, inputs, self._account, self._functions)
        try:
            done = operation(request)
            request.refuse_rest()
        except (RefusedError, ClientError, BotoCoreError) as error:
            raise ResourceError(f"{kind} {name}: {one_line(error)}") from error
        return done.id, {**inputs, **done.outputs}

    def call(self, function: str) -> dict[str, object]:
        """Answer a provider's function, such as the one that says whose account it is.

        Raises ResourceError if it is one that the program did not use so far.
        """
        if function == "aws:index/getCallerIdentity:getCallerIdentity":
            return caller_identity(self._account)
        raise ResourceError(
            f"{function}: the embedded AWS does not know this function: "
            "add it to local/provisioning.py"
        )


def caller_identity(account: Account) -> dict[str, object]:
    """Return what the provider answers when it is asked whose account this is."""
    identity = account.client("sts").get_caller_identity()
    return {
        "accountId": identity["Account"],
        "arn": identity["Arn"],
        "userId": identity["UserId"],
        "id": identity["Account"],
    }


@dataclass(frozen=True, kw_only=True)
class _Made:
    identity: str
    inputs: Mapping[str, Any]
    outputs: dict[str, object]


class StackProvisioner(Provisioner):
    """Makes the resources of one stack, and changes them when its program is run again.

    What was made and is registered no more is left as it is.
    """

    def __init__(self, account: Account, functions: FunctionHost) -> None:
        super().__init__(account, functions)
        self._made: dict[tuple[str, str], _Made] = {}

    def create(
        self, kind: str, name: str, inputs: Mapping[str, Any]
    ) -> tuple[str, dict[str, object]]:
        """Make a resource, or change the one there is of this type and name, where they differ."""
        made = self._made.get((kind, name))
        if made is None:
            identity, outputs = super().create(kind, name, inputs)
        elif made.inputs == inputs:
            identity, outputs = made.identity, made.outputs
        else:
            identity, outputs = self.update(kind, name, made.identity, inputs)
            outputs = {**made.outputs, **outputs}
        self._made[kind, name] = _Made(identity=identity, inputs=inputs, outputs=outputs)
        return identity, outputs
