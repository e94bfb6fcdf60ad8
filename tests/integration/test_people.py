"""Each person works with the managed policy that the stack makes for them, and needs all of it.

Enrolling and forgetting are in test_enroller_rights.py, the commands of an operator in
test_recover.py: here, that the policies which they are tried with are those that are made.
"""

from __future__ import annotations

import io
import json
from typing import TYPE_CHECKING, Any

import boto3
import pytest
from boto3.s3.transfer import TransferConfig
from botocore.exceptions import ClientError

from recover.policy import operator_policy
from register.__main__ import main as register
from stacks import outputs
from stacks.outputs import Deployment
from tests.integration.conftest import OBAMA

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from tests.integration.conftest import ClassVideo
    from tests.integration.pipeline import Pipeline

    Rights = dict[tuple[str, str], dict[str, Any]]
    Become = Callable[[str, tuple[str, str] | None], boto3.Session]

PEOPLE = ("uploader", "reader", "enroller", "forgetter", "operator")
KEY = "people/lecture.mp4"
LESSON = "people/2026-11-23.mp4"
PARTS = TransferConfig(multipart_threshold=5 * 2**20, multipart_chunksize=5 * 2**20)

# What fails without an action on a resource, and says so.
NEEDED = {
    ("uploader", "s3:PutObject", "the input bucket"): "put",
    ("uploader", "s3:AbortMultipartUpload", "the input bucket"): "give up",
    ("reader", "s3:GetObject", "the output bucket"): "register",
    ("reader", "s3:ListBucket", "the output bucket"): "register",
    ("reader", "dynamodb:Scan", "the table"): "register",
    ("operator", "logs:FilterLogEvents", "the log"): "read logs",
    ("operator", "logs:FilterLogEvents", "the page's log"): "read the page's logs",
}


@pytest.fixture(scope="module")
def user(pipeline: Pipeline) -> Iterator[tuple[str, boto3.Session]]:
    iam, name = pipeline.aws.client("iam"), "somebody"
    iam.create_user(UserName=name)
    key = iam.create_access_key(UserName=name)["AccessKey"]
    yield (
        name,
        boto3.Session(
            aws_access_key_id=key["AccessKeyId"],
            aws_secret_access_key=key["SecretAccessKey"],
            region_name=pipeline.aws.outputs.region,
        ),
    )
    iam.delete_access_key(UserName=name, AccessKeyId=key["AccessKeyId"])
    iam.delete_user(UserName=name)


@pytest.fixture
def become(
    pipeline: Pipeline, user: tuple[str, boto3.Session], monkeypatch: pytest.MonkeyPatch
) -> Iterator[Become]:
    """Return what makes the user somebody: with the policy attached, or with one right less."""
    iam, (name, session) = pipeline.aws.client("iam"), user
    arns: dict[str, str] = policies(pipeline)

    def be(person: str, lacking: tuple[str, str] | None) -> boto3.Session:
        if lacking is None:
            iam.attach_user_policy(UserName=name, PolicyArn=arns[person])
        else:
            kept = [each for key, each in rights(pipeline, person).items() if key != lacking]
            document = json.dumps({"Version": "2012-10-17", "Statement": kept})
            iam.put_user_policy(UserName=name, PolicyName="part", PolicyDocument=document)
        monkeypatch.setattr(Deployment, "session", lambda _: session)
        return session

    yield be
    for attached in iam.list_attached_user_policies(UserName=name)["AttachedPolicies"]:
        iam.detach_user_policy(UserName=name, PolicyArn=attached["PolicyArn"])
    for inline in iam.list_user_policies(UserName=name)["PolicyNames"]:
        iam.delete_user_policy(UserName=name, PolicyName=inline)


def policies(pipeline: Pipeline) -> dict[str, str]:
    exported = pipeline.aws.exports["peoplePolicies"]
    assert isinstance(exported, dict)
    return exported


def rights(pipeline: Pipeline, person: str) -> Rights:
    """Return a statement for each action on each resource, by their names."""
    names = pipeline.aws.outputs
    (page,) = (
        each["logGroupName"]
        for each in pipeline.aws.client("logs").describe_log_groups(
            logGroupNamePrefix="lambdalens-page-"
        )["logGroups"]
        if "requests" not in each["logGroupName"]
    )
    places = {
        names.input_bucket: "the input bucket",
        names.output_bucket: "the output bucket",
        names.gallery_bucket: "the gallery bucket",
        names.students_table: "the table",
        names.log_group: "the log",
        page: "the page's log",
    }
    policy = json.loads(str(pipeline.aws.exports[f"{person}Policy"]))
    found: Rights = {}
    for statement in policy["Statement"]:
        for action in statement["Action"]:
            for resource in statement["Resource"]:
                place = next((places[name] for name in places if name in resource), resource)
                right = found.setdefault(
                    (action, place), {"Effect": "Allow", "Action": action, "Resource": []}
                )
                right["Resource"].append(resource)
    return found


@pytest.fixture
def attempts(
    pipeline: Pipeline, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> dict[str, Callable[[boto3.Session], None]]:
    """Return what people do, as functions that raise, or that fail the test, if they may not."""
    names, address = pipeline.aws.outputs, pipeline.aws.endpoint_url
    monkeypatch.setattr(outputs, "LOCAL_STACK_FILE", pipeline.stack_file(tmp_path))

    def put(session: boto3.Session) -> None:
        s3 = session.client("s3", endpoint_url=address)
        s3.put_object(Bucket=names.input_bucket, Key="people/small.txt", Body=b"no video")
        # By parts, as `aws s3 cp` sends what is large.
        large = io.BytesIO(b"not a video either" * 2**19)
        s3.upload_fileobj(large, names.input_bucket, "people/large.txt", Config=PARTS)

    def give_up(session: boto3.Session) -> None:
        s3 = session.client("s3", endpoint_url=address)
        bucket = names.input_bucket
        upload = s3.create_multipart_upload(Bucket=bucket, Key=KEY)["UploadId"]
        s3.upload_part(Bucket=bucket, Key=KEY, UploadId=upload, PartNumber=1, Body=b"first part")
        try:
            s3.abort_multipart_upload(Bucket=bucket, Key=KEY, UploadId=upload)
        except ClientError:
            pipeline.aws.client("s3").abort_multipart_upload(
                Bucket=bucket, Key=KEY, UploadId=upload
            )
            raise

    def make_register(_: boto3.Session) -> None:
        arguments = [
            *("people", "--stack", "local", "--output", str(tmp_path / "register")),
        ]
        if register(arguments):
            raise PermissionError

    def read_logs(session: boto3.Session, group: str) -> None:
        session.client("logs", endpoint_url=address).filter_log_events(logGroupName=group)

    def of_page(session: boto3.Session) -> None:
        statement = rights(pipeline, "operator")["logs:FilterLogEvents", "the page's log"]
        read_logs(session, statement["Resource"][0].split(":")[6])

    return {
        "put": put,
        "give up": give_up,
        "register": make_register,
        "read logs": lambda session: read_logs(session, names.log_group),
        "read the page's logs": of_page,
    }


@pytest.fixture(scope="module")
def lesson(pipeline: Pipeline, class_video: ClassVideo) -> Iterator[None]:
    """See to it that there is a result of a course, with its evidence."""
    table = {"TableName": pipeline.aws.outputs.students_table}
    dynamodb = pipeline.aws.client("dynamodb")
    dynamodb.update_item(
        **table,
        Key={"student_id": {"S": "1001"}},
        UpdateExpression="SET courses = :courses",
        ExpressionAttributeValues={":courses": {"SS": ["people"]}},
    )
    pipeline.csv_of(LESSON, class_video((OBAMA,)))
    yield
    dynamodb.update_item(
        **table, Key={"student_id": {"S": "1001"}}, UpdateExpression="REMOVE courses"
    )
    pipeline.aws.client("s3").delete_object(Bucket=pipeline.aws.outputs.input_bucket, Key=LESSON)


@pytest.mark.parametrize("person", PEOPLE)
def test_the_policy_that_is_made_is_the_document_that_is_exported(
    pipeline: Pipeline, person: str
) -> None:
    iam, arn = pipeline.aws.client("iam"), policies(pipeline)[person]
    version = iam.get_policy(PolicyArn=arn)["Policy"]["DefaultVersionId"]
    made = iam.get_policy_version(PolicyArn=arn, VersionId=version)["PolicyVersion"]["Document"]
    assert made == json.loads(str(pipeline.aws.exports[f"{person}Policy"]))


def test_an_operator_has_the_rights_that_recover_prints_and_reads_logs(pipeline: Pipeline) -> None:
    def pairs(policy: dict[str, Any]) -> set[tuple[str, str]]:
        return {
            (action, resource)
            for statement in policy["Statement"]
            for action in statement["Action"]
            for resource in statement["Resource"]
        }

    exported = json.loads(str(pipeline.aws.exports["operatorPolicy"]))
    more = pairs(exported) - pairs(operator_policy(pipeline.aws.deployment))
    assert pairs(operator_policy(pipeline.aws.deployment)) < pairs(exported)
    assert {action for action, _ in more} == {"logs:FilterLogEvents"}


@pytest.mark.parametrize("person", ["uploader", "reader"])
def test_each_right_has_a_test_of_what_fails_without_it(pipeline: Pipeline, person: str) -> None:
    tried = {(action, place) for each, action, place in NEEDED if each == person}
    assert set(rights(pipeline, person)) == tried


@pytest.mark.usefixtures("lesson")
@pytest.mark.parametrize("person", ["uploader", "reader", "operator"])
def test_with_the_policy_attached_everything_works(
    attempts: dict[str, Callable[[boto3.Session], None]], become: Become, person: str
) -> None:
    session = become(person, None)
    for attempt in {what for (each, *_), what in NEEDED.items() if each == person}:
        attempts[attempt](session)


@pytest.mark.usefixtures("lesson")
@pytest.mark.parametrize("right", NEEDED, ids=" ".join)
def test_without_any_right_something_fails_that_names_it(
    attempts: dict[str, Callable[[boto3.Session], None]],
    become: Become,
    capsys: pytest.CaptureFixture[str],
    right: tuple[str, str, str],
) -> None:
    person, action, place = right
    session = become(person, (action, place))
    with pytest.raises((ClientError, PermissionError)) as refused:
        attempts[NEEDED[right]](session)
    assert action in f"{refused.value}{capsys.readouterr().err}"


def test_an_uploader_reads_nothing_and_a_reader_changes_nothing(
    pipeline: Pipeline, become: Become
) -> None:
    names, address = pipeline.aws.outputs, pipeline.aws.endpoint_url
    s3 = become("uploader", None).client("s3", endpoint_url=address)
    s3.put_object(Bucket=names.input_bucket, Key="people/own.txt", Body=b"")
    with pytest.raises(ClientError, match=r"403|AccessDenied"):
        s3.get_object(Bucket=names.input_bucket, Key="people/own.txt")
    s3 = become("reader", None).client("s3", endpoint_url=address)
    for place in ((names.output_bucket, "people/own.csv"), (names.gallery_bucket, "own")):
        with pytest.raises(ClientError, match=r"403|AccessDenied"):
            s3.put_object(Bucket=place[0], Key=place[1], Body=b"")
