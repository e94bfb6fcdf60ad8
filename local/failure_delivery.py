"""Delivers what failed for good to the on-failure destination, with the function's own role.

So does Lambda on AWS; the emulator puts failures into the queue by itself, and asks nobody.
"""

from __future__ import annotations

import logging
from concurrent.futures import Future
from typing import TYPE_CHECKING

from botocore.exceptions import BotoCoreError, ClientError

from local.execution_environment import Outcome
from local.resources.request import one_line

if TYPE_CHECKING:
    from local.account import Account

_log = logging.getLogger(__name__)


class FailureDelivery:
    """Takes the records of failures and sends each to a queue."""

    def __init__(self, account: Account, *, role_arn: str, queue_arn: str) -> None:
        self._account = account
        self._role_arn = role_arn
        self._queue_arn = queue_arn

    def submit(self, request_id: str, event: bytes) -> Future[Outcome]:  # noqa: ARG002 - a taker's
        """Send a record to the queue. One that cannot be delivered is lost, as on AWS, and told."""
        try:
            self._send(event.decode())
        except (BotoCoreError, ClientError) as error:
            _log.warning("an event that failed for good is lost: %s", one_line(error))
        outcome: Future[Outcome] = Future()
        outcome.set_result(Outcome(succeeded=True, payload=b"null"))
        return outcome

    def _send(self, message: str) -> None:
        credentials = self._account.client("sts").assume_role(
            RoleArn=self._role_arn, RoleSessionName="failures"
        )["Credentials"]
        *_, name = self._queue_arn.split(":")
        url = self._account.client("sqs").get_queue_url(QueueName=name)["QueueUrl"]
        self._account.session().client(
            "sqs",
            endpoint_url=self._account.endpoint_url,
            aws_access_key_id=credentials["AccessKeyId"],
            aws_secret_access_key=credentials["SecretAccessKey"],
            aws_session_token=credentials["SessionToken"],
        ).send_message(QueueUrl=url, MessageBody=message)
