"""The failures queue: messages of events that Lambda, or the state machine, gave up.

A message that is received is hidden from everybody else for a while, and comes back by itself if
it is not deleted. So nothing is lost however a run ends, and two runs share the work.
"""

from __future__ import annotations

import json
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from function.events import UnexpectedEventError, uploads

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from types_boto3_sqs.type_defs import MessageTypeDef

    from function.events import Upload
    from stacks.outputs import Deployment

HIDDEN_SECONDS = 60 * 60
"""How long a message is hidden after it was received: the function's three tries, of a quarter of
an hour at most, are over by then, if the event has not had to wait."""

# Long polling: a short poll asks some of the queue's servers only, and may find nothing.
_LOOK_SECONDS = 2

_LONGEST_REASON = 200

# The message has come back and been received by another run, or was deleted by it.
_OTHERS_HAVE_IT = (
    "AWS.SimpleQueueService.MessageNotInflight",
    "MessageNotInflight",
    "ReceiptHandleIsInvalid",
    "InvalidParameterValue",
)


@dataclass(frozen=True, kw_only=True)
class Message:
    """A message of the queue.

    `event` is what the function was sent, and `uploads` what that tells of: nothing, if it is no
    event of S3's. `reason` is why it failed, in Lambda's words, on one line.
    """

    id: str
    receipt: str
    failed: datetime
    event: Mapping[str, object]
    uploads: Sequence[Upload]
    reason: str


@dataclass(frozen=True, kw_only=True)
class Depth:
    """How many messages the queue has, as far as SQS knows: `hidden` ones have been received."""

    waiting: int
    hidden: int


class FailuresQueue:
    """A stack's queue. What is asked of it raises a botocore exception if that is refused."""

    def __init__(self, stack: Deployment) -> None:
        self._sqs = stack.client("sqs")
        self._url = stack.outputs.failures_queue_url

    def depth(self) -> Depth:
        """Count the messages."""
        names = ("ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible")
        counts = self._sqs.get_queue_attributes(QueueUrl=self._url, AttributeNames=list(names))[
            "Attributes"
        ]
        waiting, hidden = (int(counts[name]) for name in names)
        return Depth(waiting=waiting, hidden=hidden)

    def receive(self) -> Message | None:
        """Take a message and hide it from others, or return None when there is none."""
        # One at a time: none is held that waits for its turn to be sent.
        received = self._sqs.receive_message(
            QueueUrl=self._url,
            MaxNumberOfMessages=1,
            WaitTimeSeconds=_LOOK_SECONDS,
            VisibilityTimeout=HIDDEN_SECONDS,
            MessageSystemAttributeNames=["SentTimestamp"],
        ).get("Messages", [])
        return read_message(received[0]) if received else None

    def delete(self, message: Message) -> None:
        """Delete a message for good."""
        with _unless_others_have_it():
            self._sqs.delete_message(QueueUrl=self._url, ReceiptHandle=message.receipt)

    def give_back(self, message: Message) -> None:
        """Let others see a message again."""
        with _unless_others_have_it():
            self._sqs.change_message_visibility(
                QueueUrl=self._url, ReceiptHandle=message.receipt, VisibilityTimeout=0
            )


def read_message(received: MessageTypeDef) -> Message:
    """Read a message as SQS hands it over, whatever is in it."""
    try:
        failure = json.loads(received["Body"])
    except ValueError:
        failure = None
    if not isinstance(failure, dict):
        failure = {}
    event = failure.get("requestPayload")
    if not isinstance(event, dict):
        event = {}
    return Message(
        id=received["MessageId"],
        receipt=received["ReceiptHandle"],
        failed=datetime.fromtimestamp(int(received["Attributes"]["SentTimestamp"]) / 1000, UTC),
        event=event,
        uploads=_uploads(event),
        reason=_reason(failure),
    )


def _uploads(event: Mapping[str, object]) -> Sequence[Upload]:
    try:
        return uploads(event)
    except UnexpectedEventError:
        return ()


def _reason(failure: Mapping[str, object]) -> str:
    """Say why an event was given up: Lambda's own condition, and the function's last error.

    The state machine for long videos has only the error's name for it, and the rest in JSON.
    """
    words = []
    match failure.get("requestContext"):
        case {"condition": str(condition)}:
            words.append(condition)
    match failure.get("responsePayload"):
        case {"errorType": str(kind), "errorMessage": str(message)}:
            words += [kind, message]
        case {"errorMessage": str(message)}:
            words.append(message)
        case {"errorType": str(kind), "error": {"Cause": str(cause)}}:
            words += [kind, *_message_in(cause)]
        case {"errorType": str(kind)}:
            words.append(kind)
    reason = " ".join(": ".join(words).split())
    return reason if len(reason) <= _LONGEST_REASON else f"{reason[:_LONGEST_REASON]}…"


def _message_in(cause: str) -> Sequence[str]:
    try:
        match json.loads(cause):
            case {"errorMessage": str(message)}:
                return (message,)
    except ValueError:
        pass
    return ()


@contextmanager
def _unless_others_have_it() -> Iterator[None]:
    try:
        yield
    except ClientError as error:
        if error.response["Error"]["Code"] not in _OTHERS_HAVE_IT:
            raise
