"""Whatever fails, nobody is named in the log, in the failures queue or in an error report."""

from __future__ import annotations

import io
import json
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from function.recogniser.faces.encoding import find_faces
from function.recogniser.identity.gallery import Gallery
from function.results import csv_key, error_key
from function.students import Student
from local.aws import LocalAws
from tests.integration.faulty_proxy import FaultyProxy, Proxied
from tests.integration.pipeline import Pipeline

if TYPE_CHECKING:
    from collections.abc import Iterator

    from PIL import Image

STUDENT = Student(student_id="countess", name="Ada Lovelace", major="maths", year="senior")
KEY = "Miss Hopper/Zoë's + lecture.mp4"
PERSONAL = ("Ada", "Lovelace", "countess", "Hopper", "Zo", "lecture")

FAULTS = {
    "403": "PutObject: 403 AccessDenied",
    "500": "PutObject: 500 InternalError",
    "reset": "PutObject: ProxyConnectionError",  # as urllib3 calls it where there is a proxy
    "unresolvable": "HeadObject: EndpointConnectionError",
}


@pytest.fixture
def proxy() -> Iterator[FaultyProxy]:
    proxy = FaultyProxy()
    yield proxy
    proxy.close()


@pytest.fixture
def faulty(proxy: FaultyProxy, fault: str, obama_picture: Image.Image) -> Iterator[Pipeline]:
    """Give a stack with one student, whose results cannot be written, or whose S3 is nowhere."""
    if fault == "unresolvable":
        proxy.variables = {
            "AWS_ENDPOINT_URL_S3": "http://nowhere.invalid",
            "NO_PROXY": "nowhere.invalid",
        }
    with LocalAws(workers=1, start=proxy.start) as aws:
        (face,) = find_faces(np.asarray(obama_picture))
        content = io.BytesIO()
        Gallery(student_ids=(STUDENT.student_id,), encodings=face.encoding[np.newaxis]).save(
            content
        )
        aws.client("s3").put_object(
            Bucket=aws.outputs.gallery_bucket, Key=aws.outputs.gallery_key, Body=content.getvalue()
        )
        aws.client("dynamodb").put_item(
            TableName=aws.outputs.students_table, Item=STUDENT.as_item()
        )

        def fail(request: Proxied) -> bool:
            if request.command != "PUT" or aws.outputs.output_bucket not in request.path:
                return False
            match fault:
                case "403":
                    request.answer_with_error(403, "AccessDenied", f"not {STUDENT.name}")
                case "500":
                    request.answer_with_error(500, "InternalError", f"sorry, {STUDENT.name}")
                case "reset":
                    request.reset()
            return True

        proxy.fault = fail
        yield Pipeline(aws)


@pytest.mark.parametrize("fault", FAULTS)
def test_a_failure_names_nobody(
    faulty: Pipeline, proxy: FaultyProxy, video: bytes, fault: str
) -> None:
    faulty.upload(KEY, video)
    failure = faulty_once(faulty)

    # That is what Lambda was asked for; all else is ours.
    assert "Hopper" in json.dumps(failure.pop("requestPayload"))
    said = json.dumps(failure, ensure_ascii=False)
    assert FAULTS[fault] in said
    assert "RequestFailedError" in said
    log = "\n".join(faulty.log())
    assert FAULTS[fault] in log
    assert [it for it in PERSONAL if it in said + log] == []
    if fault == "unresolvable":
        return

    proxy.fault = None
    report = faulty.error_of(KEY, b"no video").error
    assert report.pop("video") == KEY
    assert [it for it in PERSONAL if it in json.dumps(report, ensure_ascii=False)] == []
    # And the fault was all that was wrong.
    assert faulty.result(csv_key(KEY)) is None
    assert faulty.csv_of(KEY, video).names == {STUDENT.name}
    faulty.wait_until_logged("processed", beyond=0)  # the report goes after the CSV has come
    assert faulty.result(error_key(KEY)) is None
    assert [it for it in PERSONAL if it in "\n".join(faulty.log())] == []


def faulty_once(pipeline: Pipeline) -> dict[str, Any]:
    """Wait for the one event that failed for good."""
    while not (failures := pipeline.failures(wait_seconds=20)):
        pass
    (failure,) = failures
    return failure
