"""What the command for operators takes, and how it reads what Lambda and strangers have written."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from itertools import count, islice

import pytest

from recover.arguments import parse
from recover.failures_queue import read_message
from recover.many_requests import answers
from recover.terminal import shown

RECORD = {
    "eventSource": "aws:s3",
    "eventTime": "2026-09-01T08:00:00.000Z",
    "s3": {"bucket": {"name": "videos"}, "object": {"key": "week+1/a%2Bb.mp4"}},
}


def message(body: object) -> dict[str, object]:
    """Return a message as SQS hands it over."""
    return {
        "MessageId": "1-2-3",
        "ReceiptHandle": "x",
        "Body": body if isinstance(body, str) else json.dumps(body),
        "Attributes": {"SentTimestamp": "1788249600500"},
    }


def test_a_failure_is_read_as_lambda_documents_it() -> None:
    event = {"Records": [RECORD]}
    read = read_message(
        message(
            {
                "version": "1.0",
                "timestamp": "2026-09-01T08:00:00.000Z",
                "requestContext": {
                    "requestId": "e4b46cbf-b738-xmpl-8880-a18cdf61200e",
                    "functionArn": "arn:aws:lambda:eu-west-1:123456789012:function:f:$LATEST",
                    "condition": "RetriesExhausted",
                    "approximateInvokeCount": 3,
                },
                "requestPayload": event,
                "responseContext": {
                    "statusCode": 200,
                    "executedVersion": "$LATEST",
                    "functionError": "Unhandled",
                },
                "responsePayload": {"errorType": "ClientError", "errorMessage": "Slow\ndown"},
            }
        )  # type: ignore[arg-type]
    )
    assert read.event == event
    assert [upload.key for upload in read.uploads] == ["week 1/a+b.mp4"]
    assert read.reason == "RetriesExhausted: ClientError: Slow down"
    assert read.failed == datetime(2026, 9, 1, 8, 0, 0, 500000, tzinfo=UTC)


def test_an_event_that_waited_too_long_has_no_answer() -> None:
    read = read_message(
        message(
            {
                "requestContext": {"condition": "EventAgeExceeded"},
                "requestPayload": {"Records": [RECORD]},
            }
        )  # type: ignore[arg-type]
    )
    assert (len(read.uploads), read.reason) == (1, "EventAgeExceeded")


@pytest.mark.parametrize(
    "body",
    [
        "hello",
        "[]",
        "{}",
        {"requestPayload": "x"},
        {"requestPayload": {"Records": [{}]}, "requestContext": 1, "responsePayload": []},
    ],
)
def test_what_is_no_failed_upload_is_about_none(body: object) -> None:
    assert not read_message(message(body)).uploads  # type: ignore[arg-type]


def test_a_long_reason_is_cut() -> None:
    body = {"responsePayload": {"errorMessage": "x" * 10_000}}
    assert len(read_message(message(body)).reason) < 300  # type: ignore[arg-type]


def test_a_terminal_obeys_no_key() -> None:
    assert shown("week 1/Übung.mp4") == "week 1/Übung.mp4"
    assert shown("a\x1b[31m\n\u202eb") == "a\\x1b[31m\\n\\u202eb"


def test_times_are_dates_or_how_long_ago() -> None:
    options = parse(["missing", "--stack", "x", "--since", "2026-09-01T08:00Z", "--until", "2h"])
    assert options.choice.since == datetime(2026, 9, 1, 8, tzinfo=UTC)
    assert options.choice.until is not None
    assert not options.choice.includes(datetime.now(UTC) - timedelta(hours=1))
    assert options.choice.includes(datetime.now(UTC) - timedelta(hours=3))
    assert options.choice.includes(datetime(2026, 9, 1, 8, tzinfo=UTC))
    assert not options.choice.includes(datetime(2026, 9, 1, 7, 59, tzinfo=UTC))


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ([], "COMMAND"),
        (["failures"], "--stack"),
        (["missing", "--stack", "x", "--since", "yesterday"], "'yesterday' is no time: give a"),
        (["missing", "--stack", "x", "--since", "999999d"], "'999999d' is no time: give a"),
        (["missing", "--stack", "x", "--rate", "0"], "0 is not above 0"),
        (["missing", "--stack", "x", "--rate", "nan"], "nan is not above 0"),
        (["missing", "--stack", "x", "--rate", "many"], "'many' is no number"),
        (["missing", "--stack", "x", "--wait", "--dry-run"], "not allowed with"),
    ],
)
def test_wrong_usage_is_named(
    arguments: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        parse(arguments)
    assert ended.value.code == 2
    assert said in capsys.readouterr().err


def test_not_everything_is_asked_before_the_first_answer_is_taken() -> None:
    asked: list[int] = []

    def asked_of(number: int) -> int:
        asked.append(number)
        return number

    first = [*islice(answers(asked_of, count()), 3)]
    assert first == [0, 1, 2]
    assert len(asked) < 1000
