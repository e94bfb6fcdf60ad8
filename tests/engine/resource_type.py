"""What a stand-in provider knows of a type of resource: how to make, change, find, delete one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from botocore.exceptions import ClientError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from local.resources.request import Created

    Properties = Mapping[str, Any]


class Create(Protocol):
    """Makes a resource from its inputs, and returns its id and the outputs that are not inputs."""

    def __call__(self, name: str, inputs: Properties, /) -> Created:
        """Make it."""


class Update(Protocol):
    """Changes what is there to new inputs, and returns the outputs that are new by it."""

    def __call__(self, resource_id: str, old: Properties, new: Properties, /) -> Properties:
        """Change it, given its outputs as they were and its inputs as they are to be."""


class Delete(Protocol):
    """Deletes a resource."""

    def __call__(self, resource_id: str, outputs: Properties, /) -> object:
        """Delete it."""


class Read(Protocol):
    """Says what a resource is now."""

    def __call__(self, resource_id: str, outputs: Properties, /) -> Properties | None:
        """Return the properties that are looked up, or None if there is no such resource."""


@dataclass(frozen=True, kw_only=True)
class ResourceType:
    """A type's four calls, and what the provider's own documentation says of its properties.

    `named` is the property that gets a name from the provider if the program gives none;
    `replaced_by` are the inputs of which each change makes a new resource, and with
    `is_deleted_first` there is a place for one only; `renewed` are the outputs that are new after
    any update.
    """

    create: Create
    update: Update
    delete: Delete
    read: Read
    named: str | None = None
    replaced_by: frozenset[str] = frozenset()
    is_deleted_first: bool = False
    renewed: frozenset[str] = frozenset()


def if_there(read: Callable[[str, Properties], Any]) -> Read:
    """Return what looks a resource up by such a call, which fails where there is none."""

    def look_up(resource_id: str, outputs: Properties, /) -> Properties | None:
        try:
            answer = read(resource_id, outputs)
        except ClientError as error:
            if is_missing(error):
                return None
            raise
        # An answer of AWS's own says that the resource is there; of a property it says nothing.
        found: Properties | None = answer
        return {} if found is not None and "ResponseMetadata" in found else found

    return look_up


def is_missing(error: ClientError) -> bool:
    """Whether AWS said that there is no such thing, in one of its many ways of saying so."""
    code = error.response["Error"]["Code"]
    says_so = ("NotFound", "NonExistent", "DoesNotExist", "NoSuch")
    return code == "404" or any(part in code for part in says_so)


def one_of(found: Iterable[Properties], **wanted: str) -> Properties | None:
    """Return, of things whose names begin alike, that there is one of this name; None if not."""
    return next(({} for each in found if wanted.items() <= each.items()), None)
