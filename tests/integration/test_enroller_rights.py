"""Each enroll command works with the rights that the stack says it needs, and no more."""

from __future__ import annotations

import json
import pickle
from datetime import date
from typing import TYPE_CHECKING, Any

import boto3
import numpy as np
import pytest

from enroll.__main__ import main
from enroll.deployed import enrol_students, load_gallery
from function.recogniser.identity.gallery import Gallery
from function.student_list import read_students
from function.students import Student
from local.aws import LocalAws
from samples.sample_class import BIDEN, OBAMA, make_sample_class
from stacks import outputs
from stacks.outputs import Deployment
from tests.integration.conftest import OBAMA as OBAMA_PICTURE
from tests.integration.pipeline import Pipeline

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from samples.sample_class import SampleClass
    from tests.integration.conftest import ClassVideo

USER = "registrar"

# Which command says that it may not, or what fails, without an action on a resource. The embedded
# AWS does not ask for s3:ListBucket before it says that the gallery is missing.
NEEDED = {
    ("s3:GetObject", "the gallery"): "enrol",
    ("s3:GetObject", "results"): "enrol",
    ("s3:PutObject", "the gallery"): "enrol",
    ("s3:ListBucket", "the output bucket"): "enrol",
    ("dynamodb:BatchWriteItem", "the table"): "enrol",
    ("dynamodb:DeleteItem", "the table"): "prune",
    ("dynamodb:Scan", "the table"): "prune",
    ("lambda:InvokeFunction", "the alias"): "enrol",
}
NOT_ASKED_FOR = {("s3:ListBucket", "the gallery bucket")}

# Of the policy for those who forget.
FORGETTER_NEEDED = {
    ("s3:GetObject", "the gallery"): "forget",
    ("s3:PutObject", "the gallery"): "forget",
    ("s3:GetObjectVersion", "the gallery"): "forget",
    ("s3:DeleteObjectVersion", "the gallery"): "forget",
    ("s3:ListBucketVersions", "the gallery bucket"): "forget",
    ("s3:GetObject", "results"): "forget",
    ("s3:PutObject", "results"): "forget",
    ("s3:GetObjectVersion", "results"): "forget",
    ("s3:DeleteObjectVersion", "results"): "forget",
    ("s3:ListBucketVersions", "the output bucket"): "forget",
    ("dynamodb:DeleteItem", "the table"): "forget",
    ("dynamodb:GetItem", "the table"): "verify",
}
NOT_ASKED_FORGETTER_FOR = {
    ("s3:ListBucket", "the gallery bucket"),
    ("s3:ListBucket", "the output bucket"),
}

OVER = Student(
    student_id=OBAMA, name="Barack Obama", major="law", year="senior", until=date(2026, 1, 1)
)
"""Somebody whose last day has passed."""


@pytest.fixture(scope="module")
def stack() -> Iterator[Pipeline]:
    with LocalAws(workers=1) as aws:
        yield Pipeline(aws)


@pytest.fixture
def sample(stack: Pipeline, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> SampleClass:
    """Return a class to enrol in the stack, of which nobody is enrolled yet."""
    monkeypatch.setattr(outputs, "LOCAL_STACK_FILE", stack.stack_file(tmp_path))
    place = stack.aws.outputs
    stack.aws.client("s3").delete_object(Bucket=place.gallery_bucket, Key=place.gallery_key)
    return make_sample_class(tmp_path / "class")


@pytest.fixture
def as_enroller(
    stack: Pipeline, sample: SampleClass, monkeypatch: pytest.MonkeyPatch
) -> Callable[[list[dict[str, Any]]], None]:
    """Return what makes the commands run as somebody with these rights."""
    del sample  # which is found first, with the administrator's key
    iam = stack.aws.client("iam")
    if not [user for user in iam.list_users()["Users"] if user["UserName"] == USER]:
        iam.create_user(UserName=USER)
    key = iam.create_access_key(UserName=USER)["AccessKey"]
    session = boto3.Session(
        aws_access_key_id=key["AccessKeyId"],
        aws_secret_access_key=key["SecretAccessKey"],
        region_name=stack.aws.outputs.region,
    )

    def allow(statements: list[dict[str, Any]]) -> None:
        policy = json.dumps({"Version": "2012-10-17", "Statement": statements})
        iam.put_user_policy(UserName=USER, PolicyName="enrol", PolicyDocument=policy)
        monkeypatch.setattr(Deployment, "session", lambda _: session)

    return allow


def rights(
    stack: Pipeline, policy_name: str = "enrollerPolicy"
) -> dict[tuple[str, str], dict[str, Any]]:
    """Return an exported policy, a statement for each action on each resource, by their names."""
    names = stack.aws.outputs
    resources = {
        f"arn:aws:s3:::{names.gallery_bucket}": "the gallery bucket",
        f"arn:aws:s3:::{names.gallery_bucket}/{names.gallery_key}": "the gallery",
        f"arn:aws:s3:::{names.output_bucket}": "the output bucket",
        f"arn:aws:s3:::{names.output_bucket}/*": "results",
    }
    policy = json.loads(str(stack.aws.exports[policy_name]))
    return {
        (action, resources.get(resource) or _kind(resource)): {
            "Effect": "Allow",
            "Action": action,
            "Resource": resource,
        }
        for statement in policy["Statement"]
        for action in statement["Action"]
        for resource in statement["Resource"]
    }


def _enrol_over(stack: Pipeline) -> None:
    rows = Gallery(student_ids=(OBAMA,), encodings=np.full((1, 128), 0.1, np.float32))
    enrol_students(stack.aws.deployment, [OVER], rows)


def _kind(arn: str) -> str:
    if ":table/" in arn:
        return "the table"
    return "the alias" if arn.endswith(":live") else arn


@pytest.fixture
def commands(sample: SampleClass, tmp_path: Path) -> dict[str, list[str]]:
    """Return each command on the local stack, in an order in which they find something to do."""
    encodings = {"name": ["Joe Biden"], "encoding": [[0.1] * 128]}
    (tmp_path / "encoding").write_bytes(pickle.dumps(encodings))
    students = ("--students", str(sample.students), "--stack", "local")
    return {
        "look": [*students, "--portraits", str(sample.portraits), "--dry-run"],
        "enrol": [*students, "--portraits", str(sample.portraits)],
        "add": ["add", *students, "--portraits", str(sample.portraits)],
        "audit": ["audit", "--stack", "local"],
        "bring up to date": [*students],
        "set tolerances": ["audit", "--stack", "local", "--apply"],
        "list": ["list", "--stack", "local"],
        "list one": ["list", BIDEN, "--stack", "local"],
        "remove": ["remove", BIDEN, "--all-portraits", "--stack", "local"],
        "import": ["import-encodings", str(tmp_path / "encoding"), *students],
        "prune": ["prune", "--stack", "local"],
        "enrol anew": [*students, "--portraits", str(sample.portraits), "--new-gallery"],
    }


@pytest.fixture
def forgetting(stack: Pipeline, sample: SampleClass, tmp_path: Path) -> dict[str, list[str]]:
    """Return each command about somebody who is held everywhere, and in earlier versions."""
    students = read_students(sample.students)
    for value in (0.1, 0.2):
        rows = Gallery(student_ids=(BIDEN,), encodings=np.full((1, 128), value, np.float32))
        enrol_students(stack.aws.deployment, students, rows)
        stack.aws.client("s3").put_object(
            Bucket=stack.aws.outputs.output_bucket,
            Key="week1/held.csv",
            Body=f"name,student_id,first_seen\r\nJoe Biden,{BIDEN},{value}\r\n".encode(),
        )
    place = stack.aws.outputs
    now = stack.aws.client("s3").head_object(Bucket=place.gallery_bucket, Key=place.gallery_key)
    return {
        "versions": ["restore", "--stack", "local"],
        "restore": ["restore", now["VersionId"], "--stack", "local"],
        "export": ["export", BIDEN, "--stack", "local", "--output", str(tmp_path / "held.json")],
        "forget": ["forget", BIDEN, "--stack", "local"],
        "verify": ["forget", "--verify", BIDEN, "--stack", "local"],
    }


def test_with_the_forgetter_s_rights_everything_is_exported_and_erased(
    stack: Pipeline,
    forgetting: dict[str, list[str]],
    as_enroller: Callable[[list[dict[str, Any]]], None],
    capsys: pytest.CaptureFixture[str],
) -> None:
    as_enroller(list(rights(stack, "forgetterPolicy").values()))
    for name, command in forgetting.items():
        assert main(command) == 0, name
        assert capsys.readouterr().err == "", name


def test_each_right_of_the_forgetter_has_a_test_of_what_fails_without_it(stack: Pipeline) -> None:
    assert set(rights(stack, "forgetterPolicy")) == {*FORGETTER_NEEDED, *NOT_ASKED_FORGETTER_FOR}


@pytest.mark.parametrize("right", FORGETTER_NEEDED, ids=" on ".join)
def test_without_any_of_them_forgetting_says_what_it_may_not_and_is_not_done(
    stack: Pipeline,
    forgetting: dict[str, list[str]],
    as_enroller: Callable[[list[dict[str, Any]]], None],
    capsys: pytest.CaptureFixture[str],
    right: tuple[str, str],
) -> None:
    all_rights = rights(stack, "forgetterPolicy")
    as_enroller([each for each_right, each in all_rights.items() if each_right != right])
    assert main(forgetting[FORGETTER_NEEDED[right]]) == 2
    said = capsys.readouterr()
    assert right[0] in said.err, said.err
    assert "Forgot" not in said.out
    as_enroller(list(all_rights.values()))
    assert main(forgetting["forget"]) in {0, 1}  # 1 where all was done but what was merely read
    assert main(forgetting["verify"]) == 0


def test_whoever_only_enrols_cannot_change_a_result(
    stack: Pipeline,
    forgetting: dict[str, list[str]],
    as_enroller: Callable[[list[dict[str, Any]]], None],
    capsys: pytest.CaptureFixture[str],
) -> None:
    before = stack.result("week1/held.csv")
    as_enroller(list(rights(stack).values()))
    assert main(forgetting["forget"]) == 2
    assert "s3:ListBucketVersions" in capsys.readouterr().err
    assert stack.result("week1/held.csv") == before


def test_each_right_of_the_policy_has_a_test_of_what_fails_without_it(stack: Pipeline) -> None:
    assert set(rights(stack)) == {*NEEDED, *NOT_ASKED_FOR}


def test_with_these_rights_every_command_works(
    stack: Pipeline,
    commands: dict[str, list[str]],
    as_enroller: Callable[[list[dict[str, Any]]], None],
    class_video: ClassVideo,
    capsys: pytest.CaptureFixture[str],
) -> None:
    stack.error_of("early.mp4", class_video((OBAMA_PICTURE,)))
    as_enroller(list(rights(stack).values()))
    for name, command in commands.items():
        if name == "prune":
            enrol_students(stack.aws.deployment, [OVER], Gallery.empty())
        assert main(command) == 0, name
        assert capsys.readouterr().err == "", name
        if name == "enrol":
            assert stack.wait_for("early.csv", "early.mp4").names == {"Barack Obama"}
        if name == "prune":
            assert OBAMA not in load_gallery(stack.aws.deployment).student_ids


@pytest.mark.parametrize("right", NEEDED, ids=" on ".join)
def test_without_any_of_them_a_command_says_what_it_may_not(
    stack: Pipeline,
    commands: dict[str, list[str]],
    as_enroller: Callable[[list[dict[str, Any]]], None],
    capsys: pytest.CaptureFixture[str],
    right: tuple[str, str],
) -> None:
    # Nobody is enrolled, so it waits whatever it is.
    stack.error_of(f"{list(NEEDED).index(right)}.mp4", b"a video that came first")
    if NEEDED[right] == "prune":
        _enrol_over(stack)
    as_enroller([each for each_right, each in rights(stack).items() if each_right != right])
    assert main(commands[NEEDED[right]]) in {1, 2}
    said = capsys.readouterr().err
    action, _ = right
    assert action in said or "Forbidden" in said, said
