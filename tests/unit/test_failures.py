"""What is told of an error names nobody, whatever the error itself says."""

from __future__ import annotations

from typing import Any

import pytest
from botocore.exceptions import ClientError

from function.failed_requests import RequestFailedError
from function.failures import UnexpectedError, nameless
from function.recogniser.identity.gallery import GalleryError
from function.results import csv_key


@pytest.mark.parametrize(
    ("response", "said"),
    [
        (
            {
                "Error": {"Code": "SlowDown", "Message": "wait, Ada", "Resource": "/Ada.mp4"},
                "ResponseMetadata": {"HTTPStatusCode": 503},
            },
            "PutObject: 503 SlowDown",
        ),
        ({"Error": {"Code": "404"}, "ResponseMetadata": {"HTTPStatusCode": 404}}, "PutObject: 404"),
        ({"Error": {"Code": "see Ada.mp4"}}, "PutObject: refused"),
        ({}, "PutObject: refused"),
    ],
)
def test_a_refusal_is_told_by_operation_status_and_code(response: Any, said: str) -> None:  # noqa: ANN401
    error = nameless(ClientError(response, "PutObject"))
    assert isinstance(error, RequestFailedError)
    assert str(error) == said


def test_what_nobody_thought_of_is_told_by_its_type_and_place() -> None:
    unencodable: Any = b"Ada.mp4"
    with pytest.raises(TypeError) as raised:
        csv_key(unencodable)
    error = nameless(raised.value)
    assert isinstance(error, UnexpectedError)
    assert str(error).startswith("TypeError at function/")
    assert "Ada" not in str(error)


def test_an_error_of_ours_stays_as_it_is() -> None:
    error = GalleryError("the encodings are float64, not float32")
    assert nameless(error) is error
