"""What the command for operators takes, and how it reads what Lambda and strangers have written."""

from __future__ import annotations

import json
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from itertools import count, islice
from pathlib import Path
from typing import IO

import pytest

from recover.arguments import parse
from recover.failures_queue import read_message
from recover.many_requests import answers
from recover.terminal import shown
from stacks.configuration import REPOSITORY

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


def test_a_failure_of_a_long_video_is_read_as_the_state_machine_tells_it() -> None:
    def reason(**error: str) -> str:
        told = {
            "requestContext": {"condition": "RetriesExhausted", "executionArn": "arn"},
            "requestPayload": {"Records": [RECORD]},
            "responsePayload": {"errorType": "RequestFailedError", "error": error},
        }
        return read_message(message(told)).reason  # type: ignore[arg-type]

    cause = json.dumps({"errorMessage": "PutObject: 503", "errorType": "RequestFailedError"})
    assert reason(Cause=cause) == "RetriesExhausted: RequestFailedError: PutObject: 503"
    for no_words in ("", "the run was lost", "[]", "{}"):
        assert reason(Cause=no_words) == "RetriesExhausted: RequestFailedError"
    assert reason() == "RetriesExhausted: RequestFailedError"


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
        (["missing", "--stack", "x", "--timeout", "5"], "--timeout: goes with --wait"),
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


PROGRAM = (
    "import sys; from pathlib import Path; from stacks import outputs; "
    "outputs.LOCAL_STACK_FILE = Path(sys.argv[1]); "
    "from recover.__main__ import main; sys.exit(main(sys.argv[2:]))"
)
OUTPUTS = {
    "inputBucket": "videos",
    "outputBucket": "results",
    "galleryBucket": "faces",
    "galleryKey": "gallery/encodings.npz",
    "studentsTable": "students",
    "functionName": "recogniser",
    "functionAlias": "live",
    "failuresQueueUrl": "https://sqs.eu-west-1.amazonaws.com/123456789012/failures",
    "logGroup": "recogniser",
    "region": "eu-west-1",
}


def run(*arguments: str, stack: Path, output: int | IO[str]) -> subprocess.CompletedProcess[str]:
    """Run the command with a stack that nothing answers for."""
    return subprocess.run(
        [sys.executable, "-c", PROGRAM, str(stack), *arguments, "--stack", "local"],
        check=False,
        cwd=REPOSITORY,
        stderr=subprocess.PIPE,
        stdout=output,
        text=True,
    )


@pytest.fixture
def stack(tmp_path: Path) -> Path:
    file = tmp_path / "stack.json"
    # A port that nobody listens on.
    key = {"key_id": "an id", "secret": "a secret"}
    running = {"endpoint_url": "http://127.0.0.1:1", "access_key": key, "outputs": OUTPUTS}
    file.write_text(json.dumps(running))
    return file


def test_the_policy_names_the_stacks_own_resources_and_whole_actions(stack: Path) -> None:
    ended = run("policy", stack=stack, output=subprocess.PIPE)
    assert (ended.returncode, ended.stderr) == (0, "")
    policy = json.loads(ended.stdout)
    resources = {resource for each in policy["Statement"] for resource in each["Resource"]}
    assert resources == {
        "arn:aws:s3:::videos",
        "arn:aws:s3:::videos/*",
        "arn:aws:s3:::results",
        "arn:aws:s3:::results/*",
        "arn:aws:s3:::faces",
        "arn:aws:sqs:eu-west-1:123456789012:failures",
        "arn:aws:lambda:eu-west-1:123456789012:function:recogniser:live",
    }
    assert not any("*" in action for each in policy["Statement"] for action in each["Action"])


def test_an_output_that_takes_nothing_is_said(stack: Path) -> None:
    with Path("/dev/full").open("w") as full:
        ended = run("policy", stack=stack, output=full)
    assert ended.returncode == 3
    assert ended.stderr.startswith("recover: standard output: No space left on device: check")
    assert ended.stderr.count("\n") == 1


def test_a_stack_that_is_not_there_is_said_with_the_remedy(stack: Path) -> None:
    ended = run("failed", stack=stack.parent / "none.json", output=subprocess.PIPE)
    assert ended.returncode == 3
    assert ended.stderr.startswith("recover: The local stack is not running: start it with")
    ended = run("failed", stack=stack, output=subprocess.PIPE)
    assert ended.returncode == 3
    assert "check that the stack is up" in ended.stderr
    assert ended.stderr.count("\n") == 1
