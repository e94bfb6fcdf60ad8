"""What goes wrong between the workers and AWS: some of each kind, at moments that chance decides.

A fault is the matter of one request, which the SDK makes again. An outage is the matter of all
requests for some seconds, so that whole runs fail, and some for good.
"""

from __future__ import annotations

import json
import random
import threading
import time
from collections import Counter
from dataclasses import replace
from http import HTTPStatus
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from tests.integration.faulty_proxy import Proxied

OUTAGES = ("denied", "unavailable")
"""The one fails a run at its first request, the other after all that the SDK tries."""

_STALL_SECONDS = 11
"""Longer than the function waits for an answer to go on."""

_PARTS = {"s3": 0.06, "dynamodb": 0.3, "states": 0.3}
"""How much of a service's requests a fault meets: a video takes a dozen of S3's, one of DynamoDB's,
and one of Step Functions' if it is long."""


class Faults:
    """The faults of one soak, as a proxy asks for them. `seed` decides kinds and distances."""

    def __init__(self, seed: int) -> None:
        self.met: Counter[str] = Counter()
        self._numbers = random.Random(seed)  # noqa: S311 - no secret
        self._bags: dict[str, list[str]] = {service: [] for service in _PARTS}
        self._lock = threading.Lock()
        self._is_over = threading.Event()
        self._is_over.set()
        self._outage = ("", 0.0)
        self._under_way = 0

    def begin_outage(self, kind: str, seconds: float) -> None:
        """Fail every request from now on, for so many seconds."""
        self._outage = (kind, time.monotonic() + seconds)

    def begin(self) -> None:
        """Let things go wrong from now on; until then, all is well."""
        self._is_over.clear()

    def end(self) -> None:
        """Let all be well from now on."""
        self._is_over.set()

    @property
    def are_asked(self) -> bool:
        """Whether a request is on its way."""
        return self._under_way > 0

    def __call__(self, request: Proxied) -> bool:
        """Answer a request, with a fault or without."""
        with self._lock:
            self._under_way += 1
            kind = "" if self._is_over.is_set() else self._kind(request)
            if kind:
                self.met[kind] += 1
        try:
            if not kind:
                request.pass_on(request.ask())
            elif kind == "stall":
                self._is_over.wait(_STALL_SECONDS)
                request.reset()
            else:
                _FAULTS[kind](request)
        finally:
            with self._lock:
                self._under_way -= 1
        return True

    def _kind(self, request: Proxied) -> str:
        outage, until = self._outage
        if time.monotonic() < until:
            return outage
        service = _service(request)
        if self._numbers.random() >= _PARTS[service]:
            return ""
        bag = self._bags[service]
        if not bag:
            # Each kind in turn, so that a short soak has some of each.
            bag += [*_ANYWHERE, *_OF_SERVICE[service]]
            self._numbers.shuffle(bag)
        for position, kind in enumerate(bag):
            if kind != "short body" or request.command == "GET":
                return bag.pop(position)
        return ""


def _service(request: Proxied) -> str:
    """Return whose request it is. All but S3 say it in a header."""
    target = request.headers.get("X-Amz-Target", "")
    if not target:
        return "s3"
    return "states" if target.startswith("AWSStepFunctions.") else "dynamodb"


def _refuse(status: HTTPStatus, code: str) -> Callable[[Proxied], None]:
    def answer(request: Proxied) -> None:
        if _service(request) == "s3":
            request.answer_with_error(status, code, "not now")
        else:
            body = {"__type": f"com.amazonaws#{code}", "message": "not now"}
            request.answer(status, json.dumps(body).encode())

    return answer


def _reset(request: Proxied) -> None:
    request.reset()


def _lose_answer(request: Proxied) -> None:
    request.ask()
    request.reset()


def _answer_wrongly(request: Proxied) -> None:
    request.ask()
    _refuse(HTTPStatus.INTERNAL_SERVER_ERROR, "InternalError")(request)


def _break_off(request: Proxied) -> None:
    answered = request.ask()
    request.pass_on(replace(answered, content=answered.content[: len(answered.content) // 2]))
    request.close_connection = True


def _leave_unprocessed(request: Proxied) -> None:
    asked = json.loads(request.content)["RequestItems"]
    body = {"Responses": {}, "UnprocessedKeys": asked}
    request.answer(HTTPStatus.OK, json.dumps(body).encode())


_ANYWHERE = ("500", "reset", "stall", "answer lost", "done, and 500")
_FAULTS: Mapping[str, Callable[[Proxied], None]] = {
    "500": _refuse(HTTPStatus.INTERNAL_SERVER_ERROR, "InternalError"),
    "reset": _reset,
    "answer lost": _lose_answer,
    "done, and 500": _answer_wrongly,
    "503 SlowDown": _refuse(HTTPStatus.SERVICE_UNAVAILABLE, "SlowDown"),
    "short body": _break_off,
    "denied": _refuse(HTTPStatus.FORBIDDEN, "AccessDenied"),
    "unavailable": _refuse(HTTPStatus.SERVICE_UNAVAILABLE, "ServiceUnavailable"),
    "throttled": _refuse(HTTPStatus.BAD_REQUEST, "ProvisionedThroughputExceededException"),
    "unprocessed keys": _leave_unprocessed,
    "starts throttled": _refuse(HTTPStatus.BAD_REQUEST, "ThrottlingException"),
}
_OF_SERVICE = {
    "s3": ("503 SlowDown", "short body", "reset", "500"),
    "dynamodb": ("throttled", "unprocessed keys"),
    "states": ("starts throttled",),
}

KINDS = frozenset({*_ANYWHERE, *(kind for kinds in _OF_SERVICE.values() for kind in kinds)})
"""All but the outages."""
