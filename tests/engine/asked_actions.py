"""What the stand-in of the AWS provider asks of AWS, in the words of IAM."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlsplit

from ministack.core.iam_actions import extract_iam_action, extract_resource_arn
from ministack.core.router import detect_service

from local.account import Account
from local.emulator import REGION
from local.gate.admission import ACCOUNT

if TYPE_CHECKING:
    from botocore.awsrequest import AWSPreparedRequest

JOURNAL = "LAMBDALENS_ASKED"


class NotingAccount(Account):
    """An account whose clients note each request's action in the file that JOURNAL names, if any.

    The action is the one that the embedded AWS looks up in the policies of whoever asks.
    """

    def client(self, service: str) -> Any:  # noqa: ANN401 - as inherited
        is_new = service not in self._clients
        client = super().client(service)
        if is_new and JOURNAL in os.environ:
            client.meta.events.register("before-send", _note)
        return client


def _note(request: AWSPreparedRequest, **_: object) -> None:
    parts = urlsplit(request.url)
    query = parse_qs(parts.query, keep_blank_values=True)
    headers = {key.lower(): _text(value) for key, value in request.headers.items()}
    body = request.body or b""
    content = body if isinstance(body, bytes) else _text(body).encode()
    service = str(detect_service(request.method, parts.path, headers, query))
    action = extract_iam_action(service, request.method, parts.path, headers, content, query)
    resource = extract_resource_arn(
        service, request.method, parts.path, headers, content, query, REGION, ACCOUNT
    )
    with Path(os.environ[JOURNAL]).open("a") as journal:
        journal.write(json.dumps([action, resource]) + "\n")


def _text(value: object) -> str:
    return value.decode() if isinstance(value, bytes | bytearray) else str(value)
