"""The rules of the policy pack that no resource of the program, right or wrong, could show."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from policy.encryption import holds_at_least
from policy.resource import Resource
from policy.rules import RULES

if TYPE_CHECKING:
    from collections.abc import Mapping


def problems(rule: str, kind: str, inputs: Mapping[str, object] | None = None) -> list[str]:
    (asked,) = (each for each in RULES if each.name == rule)
    urn = f"urn:pulumi:dev::lambdalens::lambdalens:buckets:Buckets${kind}::a-resource"
    return list(asked.problems(Resource(kind=kind, urn=urn, inputs=inputs or {})))


def test_a_type_that_goes_with_the_provider_s_next_version_is_named() -> None:
    kind = "aws:s3/bucketVersioningV2:BucketVersioningV2"
    assert problems("stays-in-version-8", kind) == [
        f"is of a type, {kind}, that goes with version 8 of the provider"
    ]


def test_a_type_that_nobody_has_looked_at_is_named_with_the_remedy() -> None:
    (problem,) = problems("encrypted-at-rest", "aws:efs/fileSystem:FileSystem")
    assert "aws:efs/fileSystem:FileSystem" in problem
    assert problem.endswith("policy/encryption.py does not know: add it")


@pytest.mark.parametrize(
    "statement",
    [
        '{"Effect": "Allow", "NotAction": "s3:GetObject", "Resource": ["arn:x"]}',
        '{"Effect": "Allow", "Action": "s3:GetObject", "NotResource": ["arn:x"]}',
        '{"Effect": "Allow", "Action": "s3:GetObject", "Resource": ["arn:x", "*"]}',
        '{"Effect": "Allow", "Action": ["s3:Get*"], "Resource": ["arn:x"]}',
        '{"Effect": "Allow", "Action": "s3:GetObject", "Principal": {"AWS": "*"}}',
    ],
)
def test_each_form_of_a_wildcard_is_found(statement: str) -> None:
    policy = f'{{"Version": "2012-10-17", "Statement": [{statement}]}}'
    assert len(problems("no-wildcard", "aws:iam/policy:Policy", {"policy": policy})) == 1


def test_what_is_denied_may_have_wildcards() -> None:
    policy = '{"Statement": [{"Effect": "Deny", "Action": "s3:*", "Principal": "*"}]}'
    assert not problems("no-wildcard", "aws:s3/bucketPolicy:BucketPolicy", {"policy": policy})


def test_what_aws_limits_to_no_resource_may_be_allowed_on_all() -> None:
    def found(*actions: str) -> list[str]:
        statement = {"Effect": "Allow", "Action": actions, "Resource": "*"}
        policy = json.dumps({"Statement": [statement]})
        return problems("no-wildcard", "aws:iam/policy:Policy", {"policy": policy})

    assert not found("ecr:GetAuthorizationToken")
    assert found("ecr:GetAuthorizationToken", "ecr:PutImage")


def test_a_queue_is_encrypted_with_aws_s_keys_or_one_of_the_account_s_own() -> None:
    queue = "aws:sqs/queue:Queue"
    assert not problems("encrypted-at-rest", queue, {"sqsManagedSseEnabled": True})
    assert not problems("encrypted-at-rest", queue, {"kmsMasterKeyId": "a-key"})
    assert problems("encrypted-at-rest", queue, {"kmsMasterKeyId": None})


def test_more_than_the_least_encryption_is_enough() -> None:
    least = [{"encryptionType": "AES256"}]
    assert holds_at_least([{"encryptionType": "AES256", "kmsKey": "k"}], least)
    assert not holds_at_least([{"encryptionType": "KMS"}], least)
    assert not holds_at_least(None, least)
    assert not holds_at_least("AES256", least)
