"""ECR's types. The embedded AWS keeps repositories, but takes no images."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from local.resources.request import Created
from tests.engine.made_locally import made_locally
from tests.engine.resource_type import ResourceType, if_there

if TYPE_CHECKING:
    from collections.abc import Mapping

    from local.account import Account

    Properties = Mapping[str, Any]


class RegistryTypes:
    """The types, in an account."""

    def __init__(self, account: Account) -> None:
        self._account = account
        self._ecr = account.client("ecr")

    def table(self) -> dict[str, ResourceType]:
        """Return each type under its token."""
        ecr = self._ecr
        put_policy = made_locally(self._account, "aws:ecr/repositoryPolicy:RepositoryPolicy")
        return {
            "aws:ecr/repository:Repository": ResourceType(
                create=made_locally(self._account, "aws:ecr/repository:Repository"),
                update=lambda *_: {},
                delete=lambda id_, outputs: ecr.delete_repository(
                    repositoryName=id_, force=bool(outputs.get("forceDelete"))
                ),
                read=if_there(lambda id_, _: ecr.describe_repositories(repositoryNames=[id_])),
                named="name",
                replaced_by=frozenset({"name", "encryptionConfigurations"}),
            ),
            "aws:ecr/repositoryPolicy:RepositoryPolicy": ResourceType(
                create=put_policy,
                update=lambda _, __, new: put_policy("", new).outputs,
                delete=lambda id_, _: ecr.delete_repository_policy(repositoryName=id_),
                read=if_there(lambda id_, _: ecr.get_repository_policy(repositoryName=id_)),
                replaced_by=frozenset({"repository"}),
                is_deleted_first=True,
            ),
            "aws:ecr/lifecyclePolicy:LifecyclePolicy": ResourceType(
                create=self._put_lifecycle,
                update=lambda *_: {},
                delete=lambda id_, _: ecr.delete_lifecycle_policy(repositoryName=id_),
                read=if_there(lambda id_, _: ecr.get_lifecycle_policy(repositoryName=id_)),
                # The provider has no call that changes one.
                replaced_by=frozenset({"repository", "policy"}),
                is_deleted_first=True,
            ),
        }

    def _put_lifecycle(self, _: str, inputs: Properties) -> Created:
        self._ecr.put_lifecycle_policy(
            repositoryName=inputs["repository"], lifecyclePolicyText=inputs["policy"]
        )
        return Created(id=inputs["repository"])
