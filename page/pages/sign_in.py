"""Signing in, at Cognito, and out, there as well."""

from __future__ import annotations

import hmac
import json
import logging
from dataclasses import asdict
from http import HTTPStatus
from typing import TYPE_CHECKING

from starlette.responses import RedirectResponse

from page import texts
from page.cognito import CALLBACK, SIGNED_OUT, Attempt, SignInError
from page.guard import public
from page.rendering import message
from page.signed_in import COOKIE, SECONDS

if TYPE_CHECKING:
    from starlette.responses import Response

    from page.guard import Visit

_ATTEMPT_COOKIE = "__Host-signing-in"
_ATTEMPT_SECONDS = 15 * 60

logger = logging.getLogger(__name__)


def _begin(visit: Visit) -> Response:
    attempt = Attempt.random()
    kept = asdict(attempt) | {"then": _local(visit.request.query_params.get("then", "/"))}
    response = RedirectResponse(
        visit.services.cognito.sign_in_address(attempt), HTTPStatus.SEE_OTHER
    )
    # Not in the table: whoever asks may be anybody, as often as they like.
    _set(response, _ATTEMPT_COOKIE, json.dumps(kept).encode().hex(), _ATTEMPT_SECONDS)
    return response


def _local(path: str) -> str:
    """Return a path of our own: to whatever else an address may lead, nobody is sent."""
    is_ours = path.startswith("/courses/") and path.isprintable() and "\\" not in path
    return path if is_ours else "/"


def _end(visit: Visit) -> Response:
    query = visit.request.query_params
    try:
        attempt, then = _begun(visit)
        account = visit.services.cognito.account(query.get("code", ""), attempt)
    except SignInError as error:
        logger.warning("signing in failed: %s", error)
        response: Response = message(
            texts.NOT_SIGNED_IN,
            texts.NOT_SIGNED_IN_WHY,
            link=(texts.SIGN_IN_AGAIN, "/auth/sign-in"),
            status=HTTPStatus.BAD_REQUEST,
        )
    else:
        logger.info("signed in: %s", account.id)
        response = RedirectResponse(then, HTTPStatus.SEE_OTHER)
        _set(response, COOKIE, visit.services.signed_in.begin(account), SECONDS)
    _unset(response, _ATTEMPT_COOKIE)
    return response


def _begun(visit: Visit) -> tuple[Attempt, str]:
    """Return the attempt that this browser began, and where it was to lead. Raise SignInError."""
    try:
        kept = json.loads(bytes.fromhex(visit.request.cookies.get(_ATTEMPT_COOKIE, "")))
        then = _local(str(kept.pop("then")))
        attempt = Attempt(**{name: str(value) for name, value in kept.items()})
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise SignInError("no attempt was begun in this browser") from error
    state = visit.request.query_params.get("state", "")
    if not hmac.compare_digest(attempt.state.encode(), state.encode()):
        raise SignInError("another attempt was begun in this browser since")
    return attempt, then


def _sign_out(visit: Visit) -> Response:
    if session := visit.request.cookies.get(COOKIE):
        visit.services.signed_in.end(session)
    response = RedirectResponse(visit.services.cognito.sign_out_address(), HTTPStatus.SEE_OTHER)
    _unset(response, COOKIE)
    return response


def _signed_out(_: Visit) -> Response:
    return message(
        texts.SIGNED_OUT, texts.SIGNED_OUT_WHY, link=(texts.SIGN_IN_AGAIN, "/auth/sign-in")
    )


def _set(response: Response, name: str, value: str, seconds: int) -> None:
    # "lax": the browser comes back from Cognito by a link from another site.
    response.set_cookie(
        name, value, max_age=seconds, path="/", secure=True, httponly=True, samesite="lax"
    )


def _unset(response: Response, name: str) -> None:
    response.delete_cookie(name, path="/", secure=True, httponly=True, samesite="lax")


ROUTES = [
    public("/auth/sign-in", _begin),
    public(CALLBACK, _end),
    public("/auth/sign-out", _sign_out, method="POST"),
    public(SIGNED_OUT, _signed_out),
]
