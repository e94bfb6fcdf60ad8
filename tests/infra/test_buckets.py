"""The buckets are private, encrypted, over TLS only, and forget what they should and no more."""

from __future__ import annotations

from typing import Any

import pytest

from tests.infra.recording import Program, Registration, run_program, statements

INPUT, OUTPUT, GALLERY = "lambdalens-input", "lambdalens-output", "lambdalens-gallery"
LOOKS = "lambdalens-looks"
every_bucket = pytest.mark.parametrize("bucket", [INPUT, OUTPUT, GALLERY, LOOKS])


def part_of(program: Program, kind: str, bucket: str) -> Registration:
    """Return the one resource of a type that is about this bucket."""
    of_bucket = program.one("s3/bucket:Bucket", bucket).id
    found = [each for each in program.every(kind) if each.inputs["bucket"] == of_bucket]
    assert len(found) == 1
    return found[0]


def rules(program: Program, bucket: str) -> dict[str, dict[str, Any]]:
    configuration = part_of(program, ":BucketLifecycleConfiguration", bucket)
    return {rule["id"]: rule for rule in configuration.inputs["rules"]}


def test_there_are_four(program: Program) -> None:
    names = {each.name for each in program.every("s3/bucket:Bucket")}
    assert names == {INPUT, OUTPUT, GALLERY, LOOKS}


def test_looks_are_there_for_as_long_as_a_failure_may_be_gone_on_from(program: Program) -> None:
    expiration = rules(program, LOOKS)["expire"]["expiration"]
    kept = program.one("sqs/queue:Queue").inputs["messageRetentionSeconds"]
    # They are older than the failure, by the hours that an execution may take.
    assert expiration["days"] * 24 * 60 * 60 >= kept + 24 * 60 * 60


def test_pulumi_names_them(program: Program) -> None:
    for bucket in program.every("s3/bucket:Bucket"):
        assert not {"bucket", "bucketPrefix"} & bucket.inputs.keys()


@every_bucket
def test_nothing_can_make_one_public(program: Program, bucket: str) -> None:
    block = part_of(program, ":BucketPublicAccessBlock", bucket).inputs
    switches = ("blockPublicAcls", "blockPublicPolicy", "ignorePublicAcls", "restrictPublicBuckets")
    assert [block[switch] for switch in switches] == [True] * 4


@every_bucket
def test_acls_are_off(program: Program, bucket: str) -> None:
    ownership = part_of(program, ":BucketOwnershipControls", bucket).inputs["rule"]
    assert ownership == {"objectOwnership": "BucketOwnerEnforced"}


@every_bucket
def test_objects_are_encrypted(program: Program, bucket: str) -> None:
    encryption = part_of(program, ":BucketServerSideEncryptionConfiguration", bucket)
    (rule,) = encryption.inputs["rules"]
    assert rule["applyServerSideEncryptionByDefault"]["sseAlgorithm"] == "AES256"


@every_bucket
@pytest.mark.parametrize("stack", ["dev", "prod"])
def test_on_aws_plain_http_is_refused(
    stack: str, bucket: str, request: pytest.FixtureRequest
) -> None:
    program: Program = request.getfixturevalue(stack)
    arn = program.one("s3/bucket:Bucket", bucket).outputs["arn"]
    (statement,) = statements(part_of(program, ":BucketPolicy", bucket).inputs["policy"])
    assert statement["Effect"] == "Deny"
    assert statement["Principal"] == "*"
    assert statement["Action"] == "s3:*"
    assert statement["Resource"] == [arn, f"{arn}/*"]
    assert statement["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}


def test_the_embedded_aws_which_speaks_http_is_let_off(local: Program) -> None:
    assert not local.has(":BucketPolicy")


def test_videos_and_results_expire_as_configured() -> None:
    program = run_program("prod", videoExpiryDays="12", resultExpiryDays="345")
    assert rules(program, INPUT)["expire"]["expiration"] == {"days": 12}
    assert rules(program, OUTPUT)["expire"]["expiration"] == {"days": 345}


def test_the_gallery_never_expires(program: Program) -> None:
    for rule in rules(program, GALLERY).values():
        assert "days" not in rule.get("expiration", {})
        assert "date" not in rule.get("expiration", {})


@every_bucket
def test_every_rule_is_enabled_and_for_every_object(program: Program, bucket: str) -> None:
    for rule in rules(program, bucket).values():
        assert rule["status"] == "Enabled"
        assert rule["filter"] == {"prefix": ""}


@every_bucket
def test_unfinished_uploads_are_aborted(program: Program, bucket: str) -> None:
    rule = rules(program, bucket)["abort-unfinished-uploads"]
    assert rule["abortIncompleteMultipartUpload"] == {"daysAfterInitiation": 1}


@pytest.mark.parametrize("bucket", [OUTPUT, GALLERY])
def test_superseded_results_and_galleries_can_be_had_back_for_a_while(
    program: Program, bucket: str
) -> None:
    versioning = part_of(program, ":BucketVersioning", bucket)
    assert versioning.inputs["versioningConfiguration"] == {"status": "Enabled"}
    rule = rules(program, bucket)["expire-superseded"]
    assert rule["noncurrentVersionExpiration"] == {"noncurrentDays": 30}
    assert rule["expiration"] == {"expiredObjectDeleteMarker": True}
    lifecycle = part_of(program, ":BucketLifecycleConfiguration", bucket)
    assert versioning.urn in lifecycle.depends_on


def test_videos_are_stored_once(program: Program) -> None:
    versioned = {each.inputs["bucket"] for each in program.every(":BucketVersioning")}
    assert program.one("s3/bucket:Bucket", INPUT).id not in versioned
