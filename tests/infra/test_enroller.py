"""What an enroller may do is said without wildcards, on this stack's own resources."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from stacks.buckets import GALLERY_KEY
from tests.infra.recording import run_program, statements

if TYPE_CHECKING:
    from tests.infra.recording import Program


def test_only_these_actions_are_allowed_on_these_resources(program: Program) -> None:
    def arn(kind: str, name: str | None = None) -> str:
        return str(program.one(kind, name).outputs["arn"])

    gallery = arn("s3/bucket:Bucket", "lambdalens-gallery")
    results = arn("s3/bucket:Bucket", "lambdalens-output")
    students = arn("dynamodb/table:Table", "lambdalens-students")
    allowed = {
        (action, resource)
        for statement in statements(program.exports["enrollerPolicy"])
        for action in statement["Action"]
        for resource in statement["Resource"]
    }
    assert allowed == {
        ("s3:GetObject", f"{gallery}/{GALLERY_KEY}"),
        ("s3:PutObject", f"{gallery}/{GALLERY_KEY}"),
        ("s3:ListBucket", gallery),
        ("s3:GetObject", f"{results}/*"),
        ("s3:ListBucket", results),
        ("dynamodb:BatchWriteItem", students),
        ("dynamodb:DeleteItem", students),
        ("dynamodb:Scan", students),
        ("lambda:InvokeFunction", arn("lambda/alias:Alias")),
    }
    document = json.loads(program.exports["enrollerPolicy"])
    assert document["Version"] == "2012-10-17"
    assert {statement["Effect"] for statement in document["Statement"]} == {"Allow"}


def test_a_forgetter_may_erase_and_nothing_else(program: Program) -> None:
    gallery = str(program.one("s3/bucket:Bucket", "lambdalens-gallery").outputs["arn"])
    results = str(program.one("s3/bucket:Bucket", "lambdalens-output").outputs["arn"])
    looks = str(program.one("s3/bucket:Bucket", "lambdalens-looks").outputs["arn"])
    students = str(program.one("dynamodb/table:Table", "lambdalens-students").outputs["arn"])
    allowed = {
        (action, resource)
        for statement in statements(program.exports["forgetterPolicy"])
        for action in statement["Action"]
        for resource in statement["Resource"]
    }
    of_objects = ("GetObject", "PutObject", "GetObjectVersion", "DeleteObjectVersion")
    of_buckets = ("ListBucket", "ListBucketVersions")
    assert allowed == {
        *((f"s3:{each}", f"{gallery}/{GALLERY_KEY}") for each in of_objects),
        *((f"s3:{each}", f"{results}/*") for each in of_objects),
        *((f"s3:{each}", bucket) for each in of_buckets for bucket in (gallery, results)),
        ("s3:ListBucket", looks),
        ("s3:GetObject", f"{looks}/*"),
        ("s3:DeleteObject", f"{looks}/*"),
        ("dynamodb:GetItem", students),
        ("dynamodb:DeleteItem", students),
    }


def test_only_a_forgetter_may_change_results_or_delete_versions(program: Program) -> None:
    actions = {
        action
        for statement in statements(program.exports["enrollerPolicy"])
        for action in statement["Action"]
    }
    assert not {action for action in actions if "Version" in action or action == "s3:DeleteObject"}


def test_consent_is_required_in_prod_and_where_it_is_set(
    dev: Program, prod: Program, local: Program
) -> None:
    assert prod.exports["requireConsent"] is True
    assert dev.exports["requireConsent"] is False
    assert local.exports["requireConsent"] is False
    assert run_program("dev", requireConsent="true").exports["requireConsent"] is True
