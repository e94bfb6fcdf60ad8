"""ECR: repositories, who may fetch from them, and what they forget.

The emulator keeps what is said of a repository. No image is pushed to it or run from it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from local.resources.request import Created, Request

if TYPE_CHECKING:
    from local.resources.request import Creator


def _repository(request: Request) -> Created:
    name = request.physical_name()
    scanning = request.take("imageScanningConfiguration", default={})
    encryption = request.take("encryptionConfigurations", default=[{}])[0]
    request.refuse_key(encryption.get("kmsKey"))
    request.take("forceDelete")  # destroying is not what the emulator is for
    made = request.account.client("ecr").create_repository(
        repositoryName=name,
        imageTagMutability=request.take("imageTagMutability", default="MUTABLE"),
        imageScanningConfiguration={"scanOnPush": scanning.get("scanOnPush", False)},
        encryptionConfiguration={"encryptionType": encryption.get("encryptionType", "AES256")},
    )["repository"]
    return Created(
        id=name,
        outputs={
            "name": name,
            "arn": made["repositoryArn"],
            "registryId": made["registryId"],
            "repositoryUrl": made["repositoryUri"],
        },
    )


def _repository_policy(request: Request) -> Created:
    repository = request.take("repository")
    request.account.client("ecr").set_repository_policy(
        repositoryName=repository, policyText=request.take("policy")
    )
    return Created(id=repository)


CREATORS: dict[str, Creator] = {
    "aws:ecr/repository:Repository": _repository,
    "aws:ecr/repositoryPolicy:RepositoryPolicy": _repository_policy,
}
