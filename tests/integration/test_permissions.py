"""What the function may do is what its role says, and missing permissions are noticed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import ClientError

from tests.integration.conftest import OBAMA
from tests.integration.function_role import role_of, without_right

if TYPE_CHECKING:
    from collections.abc import Callable

    from local.aws import LocalAws
    from tests.integration.conftest import ClassVideo
    from tests.integration.pipeline import Pipeline

    Attempt = Callable[[Callable[[str], Any], LocalAws], object]


def test_an_upload_that_lacks_a_permission_fails_loudly_and_is_kept(
    pipeline: Pipeline, class_video: ClassVideo
) -> None:
    key, video = "no look-up.mp4", class_video((OBAMA,))

    with without_right(pipeline.aws, "dynamodb:BatchGetItem"):
        pipeline.upload(key, video)
        (failure,) = pipeline.failures(wait_seconds=20)

    (record,) = failure["requestPayload"]["Records"]
    assert record["s3"]["object"]["key"] == "no+look-up.mp4"
    assert failure["requestContext"]["condition"] == "RetriesExhausted"
    assert "AccessDenied" in failure["responsePayload"]["errorMessage"]
    assert "BatchGetItem" in failure["responsePayload"]["errorMessage"]
    assert pipeline.result("no look-up.csv") is None
    assert pipeline.result("no look-up.error.json") is None

    assert pipeline.csv_of(key, video).names == {"Barack Obama"}
    assert pipeline.failures() == []


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
