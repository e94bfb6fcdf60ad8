"""What the function may do is what its role says, and it needs all of it.

With the whole policy nothing is denied; without any one action on any one resource something fails
that says what it lacks, and nothing is lost by it.
"""

from __future__ import annotations

import json
import re
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote_plus

import pytest
from botocore.exceptions import ClientError

from function.events import Upload, notification
from function.results import csv_key, error_key
from local.aws import LocalAws
from tests.integration.conftest import BIDEN, OBAMA
from tests.integration.function_role import role_of
from tests.integration.pipeline import Pipeline
from tests.integration.test_endings import wait_until

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.integration.conftest import ClassVideo

    Attempt = Callable[[Callable[[str], Any], LocalAws], object]


# A bare 403 stands in request ids and durations as well: only after a request's name a refusal.
_DENIED = re.compile(r"AccessDenied|Forbidden|(?:Object|Item): 403|not authorized")

# What the failure says without an action on a resource. Each action of the program's own policy is
# in this table or in the two below, or the first test fails.
SAID = {
    ("s3:GetObject", "videos"): "HeadObject: 403",
    ("s3:GetObject", "the gallery"): "GetObject",
    ("s3:GetObject", "results"): "HeadObject: 403",
    ("s3:PutObject", "results"): "PutObject",
    ("s3:DeleteObject", "results"): "DeleteObject",
    ("dynamodb:BatchGetItem", "the table"): "BatchGetItem",
}
NOT_IN_A_RESULT = {
    ("logs:CreateLogStream", "the log"),
    ("logs:PutLogEvents", "the log"),
    ("sqs:SendMessage", "the failures"),
}
# Of long videos: test_long_videos.py has what fails without it. A version of the gallery is asked
# for only where the one in use is another than that of the plan, or was not read yet.
OF_LONG_VIDEOS = {
    ("s3:GetObjectVersion", "the gallery"),
    ("s3:GetObject", "looks"),
    ("s3:PutObject", "looks"),
    ("states:StartExecution", "the state machine"),
}
NOT_ENFORCED = {
    ("s3:ListBucket", "the looks bucket"),
    ("s3:ListBucket", "the input bucket"),
    ("s3:ListBucket", "the output bucket"),
    ("s3:ListBucket", "the gallery bucket"),
}


@pytest.fixture(scope="module")
def permissions(aws: LocalAws) -> Permissions:
    return Permissions(aws)


def test_each_action_of_the_policy_has_a_test_of_what_fails_without_it(
    permissions: Permissions,
) -> None:
    assert set(permissions.allowed()) == {
        *SAID,
        *NOT_IN_A_RESULT,
        *OF_LONG_VIDEOS,
        *NOT_ENFORCED,
    }


def test_with_all_of_them_nothing_is_denied(
    pipeline: Pipeline, class_video: ClassVideo, caplog: pytest.LogCaptureFixture
) -> None:
    aws, s3 = pipeline.aws, pipeline.aws.client("s3")
    ignored, skipped = pipeline.logged("ignored"), pipeline.logged("skipped")
    pipeline.failures()

    pipeline.error_of("all.mp4", b"no video")
    video = class_video((OBAMA,))
    assert pipeline.csv_of("all.mp4", video).names == {"Barack Obama"}
    wait_until(lambda: pipeline.result("all.error.json") is None)  # it goes after the CSV has come
    assert pipeline.csv_of("all.mp4", class_video((BIDEN,))).names == {"Joe Biden"}
    pipeline.run(_event(aws, "all.mp4"))
    pipeline.wait_until_logged("skipped", beyond=skipped)
    pipeline.upload("all.txt", b"She was here.")
    pipeline.wait_until_logged("ignored", beyond=ignored)
    pipeline.run(_event(aws, "gone.mp4"))
    gone = pipeline.result("gone.error.json")
    assert gone is not None
    assert "no longer in the bucket" in gone.error["error"]
    with _nobody_enrolled(pipeline):
        report = pipeline.error_of("early.mp4", video)
        assert "Nobody is enrolled" in report.error["error"]
    _send(aws, {"not": "from S3"})
    (failure,) = pipeline.failures(wait_seconds=20)

    assert "UnexpectedEventError" in json.dumps(failure["responsePayload"])
    said = "\n".join(pipeline.log())
    assert "upload processed" in said
    assert not _DENIED.search(said), said
    assert "lacks" not in caplog.text
    s3.delete_object(Bucket=aws.outputs.input_bucket, Key="all.mp4")


@pytest.mark.parametrize(("action", "resource"), SAID)
def test_without_it_the_event_is_kept_and_the_video_and_the_earlier_result_stay(
    pipeline: Pipeline,
    permissions: Permissions,
    class_video: ClassVideo,
    action: str,
    resource: str,
) -> None:
    aws, s3 = pipeline.aws, pipeline.aws.client("s3")
    key = f"{action} {resource}.mp4"
    video = class_video((OBAMA,))
    # What deletes is what replaces an error report by a CSV.
    event = "unreadable" if action == "s3:DeleteObject" else "processed"
    logged = pipeline.logged(event)
    if event == "unreadable":
        earlier, earlier_key = pipeline.error_of(key, b"no video"), error_key(key)
    else:
        earlier, earlier_key = pipeline.csv_of(key, class_video((BIDEN,))), csv_key(key)
    pipeline.wait_until_logged(event, beyond=logged)  # it has rights until it has ended

    with permissions.without(action, resource):
        pipeline.upload(key, video)
        (failure,) = pipeline.failures(wait_seconds=30)

    assert failure["requestContext"]["condition"] == "RetriesExhausted"
    (record,) = failure["requestPayload"]["Records"]
    assert unquote_plus(record["s3"]["object"]["key"]) == key
    error = failure["responsePayload"]["errorMessage"]
    assert SAID[action, resource] in error
    assert "AccessDenied" in error or "403" in error
    assert pipeline.result(earlier_key) == earlier
    stored = s3.get_object(Bucket=aws.outputs.input_bucket, Key=key)
    assert stored["Body"].read() == video

    # Put back, as docs/deploying.md says, it brings the result.
    _send(aws, failure["requestPayload"])
    assert pipeline.wait_for(csv_key(key), key).names == {"Barack Obama"}
    assert pipeline.failures() == []


@pytest.mark.parametrize("action", ["logs:CreateLogStream", "logs:PutLogEvents"])
def test_without_it_the_log_is_lost_and_the_results_come(
    class_video: ClassVideo, caplog: pytest.LogCaptureFixture, action: str
) -> None:
    with LocalAws(workers=1) as aws, Permissions(aws).without(action, "the log"):
        fresh = Pipeline(aws)  # whose worker has no log stream yet
        fresh.error_of("unlogged.mp4", class_video((OBAMA,)))
        wait_until(lambda: f"lacks {action} on the log group" in caplog.text)
        # The emulator's own lines of the start and the end of a run come all the same.
        assert fresh.logged("unenrolled") == 0


def test_without_it_failures_are_lost_and_told_and_the_video_stays(
    pipeline: Pipeline,
    permissions: Permissions,
    class_video: ClassVideo,
    caplog: pytest.LogCaptureFixture,
) -> None:
    key, video = "nowhere.mp4", class_video((OBAMA,))
    with (
        permissions.without("sqs:SendMessage", "the failures"),
        permissions.without("dynamodb:BatchGetItem", "the table"),
    ):
        pipeline.upload(key, video)
        wait_until(lambda: "an event that failed for good is lost" in caplog.text)

    assert "AccessDenied" in caplog.text
    assert "SendMessage" in caplog.text
    assert pipeline.failures() == []
    assert pipeline.csv_of(key, video).names == {"Barack Obama"}


@pytest.mark.parametrize(("action", "resource"), sorted(NOT_ENFORCED))
def test_the_embedded_aws_does_not_ask_for_it(
    pipeline: Pipeline,
    permissions: Permissions,
    class_video: ClassVideo,
    action: str,
    resource: str,
) -> None:
    # When it does, its place is in the table above. What S3 does is in test_handler.py.
    with permissions.without(action, resource):
        assert pipeline.csv_of(f"{resource}.mp4", class_video((OBAMA,))).names == {"Barack Obama"}


@pytest.mark.parametrize(
    "attempt",
    [
        pytest.param(
            lambda client, aws: client("dynamodb").scan(TableName=aws.outputs.students_table),
            id="scan the table",
        ),
        pytest.param(
            lambda client, aws: client("dynamodb").delete_item(
                TableName=aws.outputs.students_table, Key={"student_id": {"S": "1001"}}
            ),
            id="delete a student",
        ),
        pytest.param(
            lambda client, aws: client("s3").put_object(
                Bucket=aws.outputs.gallery_bucket, Key=aws.outputs.gallery_key, Body=b""
            ),
            id="replace the gallery",
        ),
        pytest.param(
            lambda client, aws: client("s3").delete_object(
                Bucket=aws.outputs.input_bucket, Key="obama.mp4"
            ),
            id="delete a video",
        ),
        pytest.param(
            lambda client, aws: client("s3").get_object(Bucket=_foreign_bucket(aws), Key="secret"),
            id="read another bucket",
        ),
        pytest.param(
            lambda client, _: client("iam").list_roles(),
            id="look around",
        ),
    ],
)
def test_the_role_may_not(pipeline: Pipeline, attempt: Attempt) -> None:
    with pytest.raises(ClientError, match="AccessDenied"):
        attempt(_as_the_function(pipeline.aws), pipeline.aws)


def _as_the_function(aws: LocalAws) -> Callable[[str], Any]:
    """Return a maker of clients with the credentials of the execution role."""
    credentials = aws.client("sts").assume_role(RoleArn=role_of(aws), RoleSessionName="test")[
        "Credentials"
    ]
    return lambda service: aws.session().client(
        service,  # type: ignore[call-overload]
        endpoint_url=aws.endpoint_url,
        aws_access_key_id=credentials["AccessKeyId"],
        aws_secret_access_key=credentials["SecretAccessKey"],
        aws_session_token=credentials["SessionToken"],
    )


def _foreign_bucket(aws: LocalAws) -> str:
    s3 = aws.client("s3")
    s3.create_bucket(Bucket="somebody-elses")
    s3.put_object(Bucket="somebody-elses", Key="secret", Body=b"secret")
    return "somebody-elses"


@contextmanager
def _nobody_enrolled(pipeline: Pipeline) -> Iterator[None]:
    """Take the gallery away, for a while."""
    s3, outputs = pipeline.aws.client("s3"), pipeline.aws.outputs
    place = {"Bucket": outputs.gallery_bucket, "Key": outputs.gallery_key}
    gallery = s3.get_object(**place)["Body"].read()
    s3.delete_object(**place)
    try:
        yield
    finally:
        s3.put_object(**place, Body=gallery)


def _event(aws: LocalAws, key: str) -> dict[str, object]:
    return notification(
        Upload(bucket=aws.outputs.input_bucket, key=key, time="2026-11-23T18:00:00.000Z")
    )


def _send(aws: LocalAws, event: object) -> None:
    """Invoke the function as S3 does, without waiting."""
    aws.client("lambda").invoke(
        FunctionName=aws.outputs.live_function, InvocationType="Event", Payload=json.dumps(event)
    )


class Permissions:
    """The policy of the function's role, as it was deployed."""

    def __init__(self, aws: LocalAws) -> None:
        self._iam = aws.client("iam")
        self._role = role_of(aws).rpartition("/")[2]
        (self._name,) = self._iam.list_role_policies(RoleName=self._role)["PolicyNames"]
        outputs = aws.outputs
        queue = aws.client("sqs").get_queue_attributes(
            QueueUrl=outputs.failures_queue_url, AttributeNames=["QueueArn"]
        )["Attributes"]["QueueArn"]
        self._resources = {
            f"arn:aws:s3:::{outputs.input_bucket}": "the input bucket",
            f"arn:aws:s3:::{outputs.output_bucket}": "the output bucket",
            f"arn:aws:s3:::{outputs.gallery_bucket}": "the gallery bucket",
            f"arn:aws:s3:::{outputs.input_bucket}/*": "videos",
            f"arn:aws:s3:::{outputs.output_bucket}/*": "results",
            f"arn:aws:s3:::{outputs.gallery_bucket}/{outputs.gallery_key}": "the gallery",
            f"arn:aws:s3:::{outputs.looks_bucket}": "the looks bucket",
            f"arn:aws:s3:::{outputs.looks_bucket}/*": "looks",
            outputs.long_videos_arn: "the state machine",
            _table_arn(aws): "the table",
            _log_arn(aws): "the log",
            queue: "the failures",
        }

    def allowed(self) -> list[tuple[str, str]]:
        """Return each action with what it is allowed on."""
        return [self._named(statement) for statement in self._single_statements()]

    @contextmanager
    def without(self, action: str, resource: str) -> Iterator[None]:
        """Take one action on one resource away, for a while."""
        deployed, whole = self._document(), self._single_statements()
        part = [each for each in whole if self._named(each) != (action, resource)]
        assert len(part) == len(whole) - 1
        self._put({**deployed, "Statement": part})
        try:
            yield
        finally:
            self._put(deployed)

    def _named(self, statement: dict[str, str]) -> tuple[str, str]:
        return statement["Action"], self._resources[statement["Resource"]]

    def _document(self) -> dict[str, Any]:
        policy = self._iam.get_role_policy(RoleName=self._role, PolicyName=self._name)
        document: dict[str, Any] = policy["PolicyDocument"]
        return document

    def _single_statements(self) -> list[dict[str, str]]:
        return [
            {"Effect": statement["Effect"], "Action": action, "Resource": resource}
            for statement in self._document()["Statement"]
            for action in _listed(statement["Action"])
            for resource in _listed(statement["Resource"])
        ]

    def _put(self, document: dict[str, Any]) -> None:
        self._iam.put_role_policy(
            RoleName=self._role, PolicyName=self._name, PolicyDocument=json.dumps(document)
        )


def _listed(value: str | list[str]) -> list[str]:
    return [value] if isinstance(value, str) else value


def _table_arn(aws: LocalAws) -> str:
    table = aws.client("dynamodb").describe_table(TableName=aws.outputs.students_table)["Table"]
    arn: str = table["TableArn"]
    return arn


def _log_arn(aws: LocalAws) -> str:
    (group,) = aws.client("logs").describe_log_groups(logGroupNamePrefix=aws.outputs.log_group)[
        "logGroups"
    ]
    return f"{group['arn'].removesuffix(':*')}:*"
