"""What an account may ask of the stack: a boundary, tags, a key, readers, a trail."""

from __future__ import annotations

import json
from functools import cache
from typing import TYPE_CHECKING

import pytest

from stacks.buckets import GALLERY_KEY
from tests.infra.recording import ACCOUNT, run_program, statements

if TYPE_CHECKING:
    from tests.infra.recording import Program

BOUNDARY = f"arn:aws:iam::{ACCOUNT}:policy/bounds"
REGISTRAR = f"arn:aws:iam::{ACCOUNT}:role/registrar"
KEY = f"arn:aws:kms:us-east-1:{ACCOUNT}:key/1234abcd-12ab-34cd-56ef-1234567890ab"
REPOSITORY = "aws:ecr/repository:Repository"


@cache
def ruled() -> Program:
    """Run the program with all of an account's rules, and all parts of the stack."""
    return run_program(
        "prod",
        teachersPage="true",
        peoplePolicies="true",
        permissionsBoundary=BOUNDARY,
        extraTags=json.dumps({"cost-centre": "schools"}),
        galleryReaders=json.dumps([REGISTRAR]),
        kmsKeyArn=KEY,
        dataEvents="true",
    )


def test_every_role_has_the_boundary(prod: Program) -> None:
    roles = ruled().every("iam/role:Role")
    assert len(roles) >= 3
    assert {each.inputs["permissionsBoundary"] for each in roles} == {BOUNDARY}
    assert not [
        each for each in prod.every("iam/role:Role") if "permissionsBoundary" in each.inputs
    ]


def test_more_tags_are_on_all_that_has_tags() -> None:
    tagged = [each for each in ruled().registrations if "tags" in each.inputs]
    assert len(tagged) > 15
    for each in tagged:
        assert each.inputs["tags"] == {
            "cost-centre": "schools",
            "project": "lambdalens",
            "stack": "prod",
        }, each.urn


def test_only_the_named_roles_and_the_function_s_read_the_gallery(prod: Program) -> None:
    (policy,) = (
        each.inputs["policy"]
        for each in ruled().every(":BucketPolicy")
        if each.name == "lambdalens-gallery"
    )
    tls, readers = statements(policy)
    assert tls["Sid"] == "OnlyOverTls"
    role = ruled().one("iam/role:Role", "lambdalens-recogniser").outputs["arn"]
    gallery = ruled().one("s3/bucket:Bucket", "lambdalens-gallery").outputs["arn"]
    assert readers == {
        "Sid": "OnlyReadersReadTheGallery",
        "Effect": "Deny",
        "Principal": "*",
        "Action": ["s3:GetObject", "s3:GetObjectVersion"],
        "Resource": [f"{gallery}/{GALLERY_KEY}"],
        "Condition": {"ArnNotEquals": {"aws:PrincipalArn": [REGISTRAR, role]}},
    }
    assert all(len(statements(each.inputs["policy"])) == 1 for each in prod.every(":BucketPolicy"))
    # The same resource with more in it, so that setting it never leaves the bucket without one.
    assert {each.urn for each in prod.every(":BucketPolicy")} < {
        each.urn for each in ruled().every(":BucketPolicy")
    }


def test_the_key_is_named_to_each_service_that_stores() -> None:
    program = ruled()
    for each in program.every(":BucketServerSideEncryptionConfiguration"):
        (rule,) = each.inputs["rules"]
        assert rule["bucketKeyEnabled"] is True
        assert rule["applyServerSideEncryptionByDefault"] == {
            "sseAlgorithm": "aws:kms",
            "kmsMasterKeyId": KEY,
        }
    for each in program.every("dynamodb/table:Table"):
        assert each.inputs["serverSideEncryption"] == {"enabled": True, "kmsKeyArn": KEY}
    queue = program.one("sqs/queue:Queue").inputs
    assert queue["kmsMasterKeyId"] == KEY
    assert "sqsManagedSseEnabled" not in queue
    assert {each.inputs["kmsKeyId"] for each in program.every("cloudwatch/logGroup:LogGroup")} == {
        KEY
    }
    (encryption,) = program.one(REPOSITORY).inputs["encryptionConfigurations"]
    assert encryption == {"encryptionType": "KMS", "kmsKey": KEY}
    assert program.one("cloudtrail/trail:Trail").inputs["kmsKeyId"] == KEY


@pytest.mark.parametrize(
    ("name", "actions"),
    [
        ("uploader", {"kms:GenerateDataKey", "kms:Decrypt"}),
        ("reader", {"kms:Decrypt"}),
        ("enroller", {"kms:GenerateDataKey", "kms:Decrypt"}),
        ("forgetter", {"kms:GenerateDataKey", "kms:Decrypt"}),
        ("operator", {"kms:Decrypt"}),
    ],
)
def test_people_have_rights_to_the_key_where_there_is_one(
    prod: Program, name: str, actions: set[str]
) -> None:
    (of_key,) = (
        each for each in statements(ruled().exports[f"{name}Policy"]) if each["Resource"] == [KEY]
    )
    assert set(of_key["Action"]) == actions
    assert "kms:" not in prod.exports[f"{name}Policy"]


def test_of_the_roles_only_those_who_read_or_write_have_rights_to_the_key(prod: Program) -> None:
    using = {
        each.name
        for each in ruled().every("iam/rolePolicy:RolePolicy")
        if KEY in each.inputs["policy"]
    }
    # The state machine sends to the failures queue.
    assert using == {"lambdalens-recogniser", "lambdalens-page", "lambdalens-long-videos"}
    assert not [each for each in prod.every(":RolePolicy") if "kms:" in each.inputs["policy"]]


def test_reads_of_the_gallery_and_of_results_leave_a_trail(prod: Program) -> None:
    program = ruled()
    trail = program.one("cloudtrail/trail:Trail")
    bucket = program.one("s3/bucket:Bucket", "lambdalens-trail")
    assert trail.inputs["s3BucketName"] == bucket.id
    (selector,) = trail.inputs["advancedEventSelectors"]
    fields = {each["field"]: each for each in selector["fieldSelectors"]}
    read = {
        f"{program.one('s3/bucket:Bucket', name).outputs['arn']}/"
        for name in ("lambdalens-gallery", "lambdalens-output")
    }
    assert set(fields["resources.ARN"]["startsWiths"]) == read
    assert fields["readOnly"]["equals"] == ["true"]
    (policy,) = (
        each for each in program.every(":BucketPolicy") if each.inputs["bucket"] == bucket.id
    )
    assert policy.urn in trail.depends_on
    arn = f"arn:aws:cloudtrail:us-east-1:{ACCOUNT}:trail/{trail.inputs['name']}"
    _, *written = statements(policy.inputs["policy"])
    for statement in written:
        assert statement["Principal"] == {"Service": "cloudtrail.amazonaws.com"}
        assert statement["Condition"]["StringEquals"]["aws:SourceArn"] == arn
    assert not prod.has("cloudtrail/trail:Trail")
