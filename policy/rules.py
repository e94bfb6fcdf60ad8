"""The rules: each says of a resource, or of all of a stack, what is wrong with it.

Those of one resource are asked before it is made; those of a stack when all is known. In a preview
some values are not known yet: what depends on them is asked in the update.
"""

from __future__ import annotations

import importlib
import inspect
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

from policy.encryption import ENCRYPTION, holds_at_least

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from policy.resource import Resource

BUCKET = "aws:s3/bucket:Bucket"
BUCKET_ENCRYPTION = (
    "aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration"
)
BUCKET_POLICY = "aws:s3/bucketPolicy:BucketPolicy"
LIFECYCLE_POLICY = "aws:ecr/lifecyclePolicy:LifecyclePolicy"
PUBLIC_ACCESS_BLOCK = "aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock"
QUEUE = "aws:sqs/queue:Queue"
QUEUE_POLICY = "aws:sqs/queuePolicy:QueuePolicy"

# Actions that AWS lets nobody limit to a resource (Service Authorization Reference).
OF_NO_RESOURCE = {
    "cloudtrail:DescribeTrails",
    "cognito-idp:CreateUserPool",
    "cognito-idp:DescribeUserPoolDomain",
    "ecr:GetAuthorizationToken",
    "lambda:GetAccountSettings",
    "logs:CreateLogDelivery",
    "logs:DeleteLogDelivery",
    "logs:DescribeResourcePolicies",
    "logs:GetLogDelivery",
    "logs:ListLogDeliveries",
    "logs:PutResourcePolicy",
    "logs:UpdateLogDelivery",
    "states:ValidateStateMachineDefinition",
}

# Modules of the provider's package whose names Python has taken.
_RENAMED = {"lambda": "lambda_"}


@dataclass(frozen=True, kw_only=True)
class Rule:
    """What holds for each resource by itself; `problems` yields what is wrong with one."""

    name: str
    description: str
    problems: Callable[[Resource], Iterator[str]]


@dataclass(frozen=True, kw_only=True)
class StackRule:
    """What holds for a stack; `problems` yields the resources that it does not hold for."""

    name: str
    description: str
    problems: Callable[[Sequence[Resource]], Iterator[tuple[Resource, str]]]


def _untagged(resource: Resource) -> Iterator[str]:
    if takes_tags(resource.kind):
        tags = resource.inputs.get("tags") or {}
        for name, value in (("project", resource.project), ("stack", resource.stack)):
            if tags.get(name) != value:
                yield f"has no tag {name}={value}: make it in a component, which sets it"


def _unencrypted(resource: Resource) -> Iterator[str]:
    if resource.kind not in ENCRYPTION:
        yield f"is of a type, {resource.kind}, that policy/encryption.py does not know: add it"
        return
    ways = ENCRYPTION[resource.kind]
    if ways and not any(holds_at_least(resource.inputs, least) for least in ways):
        said = " or ".join(map(str, ways))
        yield f"is not encrypted at rest: its inputs must hold {said}"


def _allowed_by_wildcard(resource: Resource) -> Iterator[str]:
    if resource.kind == LIFECYCLE_POLICY:
        return  # it says which images go, and allows nothing
    for statement in resource.statements():
        if statement["Effect"] == "Deny":
            continue
        named = statement.get("Sid", "a statement")
        if {"NotAction", "NotResource", "NotPrincipal"} & statement.keys():
            yield f"{named}: it says what is not allowed, and allows all else"
        if "*" in str(statement.get("Action", "")):
            yield f"{named}: the actions {statement['Action']} have a wildcard"
        if "*" in str(statement.get("Principal", "")):
            yield f"{named}: the principal {statement['Principal']} has a wildcard"
        actions = set(_listed(statement.get("Action", [])))
        if "*" in _listed(statement.get("Resource", [])) and not actions <= OF_NO_RESOURCE:
            yield f"{named}: the resource is a wildcard"


def _alone(resource: Resource) -> Iterator[str]:
    if not any(parent.startswith("lambdalens:") for parent in resource.parents):
        yield "belongs to no component: make it in one, with `parent=self`"


def _dropped(resource: Resource) -> Iterator[str]:
    if resource.kind.endswith("V2"):
        yield f"is of a type, {resource.kind}, that goes with version 8 of the provider"


def _open(resource: Resource) -> Iterator[str]:
    if resource.kind == PUBLIC_ACCESS_BLOCK:
        for name in (
            *("blockPublicAcls", "blockPublicPolicy"),
            *("ignorePublicAcls", "restrictPublicBuckets"),
        ):
            if resource.inputs.get(name) is not True:
                yield f"does not block public access: {name} must be true"


def _plain_http(resource: Resource) -> Iterator[str]:
    if resource.kind in {BUCKET_POLICY, QUEUE_POLICY} and not any(
        statement["Effect"] == "Deny"
        and statement.get("Condition") == {"Bool": {"aws:SecureTransport": "false"}}
        for statement in resource.statements()
    ):
        yield "does not deny requests whose aws:SecureTransport is false"


def _not_blocked(resources: Sequence[Resource]) -> Iterator[tuple[Resource, str]]:
    blocked = _referred_to(resources, PUBLIC_ACCESS_BLOCK, "bucket")
    for bucket in _every(resources, BUCKET):
        if bucket.urn not in blocked:
            yield bucket, "is a bucket without a BucketPublicAccessBlock"


def _not_encrypted(resources: Sequence[Resource]) -> Iterator[tuple[Resource, str]]:
    encrypted = _referred_to(resources, BUCKET_ENCRYPTION, "bucket")
    for bucket in _every(resources, BUCKET):
        if bucket.urn not in encrypted:
            yield bucket, "is a bucket without a BucketServerSideEncryptionConfiguration"


def _in_plain_text(resources: Sequence[Resource]) -> Iterator[tuple[Resource, str]]:
    only_tls = _referred_to(resources, BUCKET_POLICY, "bucket")
    only_tls |= _referred_to(resources, QUEUE_POLICY, "queueUrl")
    for resource in (*_every(resources, BUCKET), *_every(resources, QUEUE)):
        if resource.urn not in only_tls:
            yield resource, "has no policy that denies plain http: requireTls must be true"


RULES = (
    Rule(
        name="tagged",
        description="Whatever takes tags says whose it is: of which project and stack.",
        problems=_untagged,
    ),
    Rule(
        name="encrypted-at-rest",
        description="What is stored is encrypted.",
        problems=_unencrypted,
    ),
    Rule(
        name="no-wildcard",
        description="No policy allows an action, a resource or somebody by a wildcard.",
        problems=_allowed_by_wildcard,
    ),
    Rule(
        name="in-a-component",
        description="Every resource belongs to a component.",
        problems=_alone,
    ),
    Rule(
        name="stays-in-version-8",
        description="Nothing is used that version 8 of the AWS provider drops.",
        problems=_dropped,
    ),
    Rule(
        name="no-public-access",
        description="What blocks public access blocks all of it.",
        problems=_open,
    ),
    Rule(
        name="no-plain-http",
        description="The policies of buckets and queues deny requests that are not encrypted.",
        problems=_plain_http,
    ),
)
STACK_RULES = (
    StackRule(
        name="public-access-blocked",
        description="Public access to every bucket is blocked.",
        problems=_not_blocked,
    ),
    StackRule(
        name="buckets-encrypted",
        description="Every bucket says how its objects are encrypted.",
        problems=_not_encrypted,
    ),
    StackRule(
        name="encrypted-in-transit",
        description="Buckets and queues have a policy that denies plain http.",
        problems=_in_plain_text,
    ),
)


@cache
def takes_tags(kind: str) -> bool:
    """Look a type up in the provider's package, rather than believe the program."""
    if not kind.startswith("aws:"):
        return False
    _, module, name = kind.split(":")
    module = module.partition("/")[0]
    found = importlib.import_module(f"pulumi_aws.{_RENAMED.get(module, module)}")
    resource_class = getattr(found, name)
    arguments = inspect.signature(resource_class._internal_init).parameters  # noqa: SLF001 - the one place that lists them
    return "tags" in arguments


def _every(resources: Sequence[Resource], kind: str) -> list[Resource]:
    return [each for each in resources if each.kind == kind]


def _referred_to(resources: Sequence[Resource], kind: str, name: str) -> set[str]:
    """Return the URNs of what the resources of a kind refer to in an input."""
    return {urn for each in _every(resources, kind) for urn in each.refers_to.get(name, ())}


def _listed(value: object) -> list[object]:
    return value if isinstance(value, list) else [value]
