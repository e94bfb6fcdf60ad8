"""Who is let in, and to do what."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import parse_qs, unquote

from ministack.core.iam_evaluator import (
    CredentialResolutionError,
    is_root_access_key,
    resolve_credential,
)
from ministack.core.router import detect_service

from local.gate.signature import Signature, SignatureError

if TYPE_CHECKING:
    from collections.abc import Callable

    from local.gate.signature import Request
    from stacks.embedded_aws import AccessKey

ACCOUNT = "000000000000"
"""The emulator's account. As a key's id it is one of the account's root user."""

READY_PATH = "/_ministack/ready"

_MANAGEMENT = re.compile(r"/+(_ministack|_localstack|health)(/|$)", re.IGNORECASE)
# Cognito's pages, and what it tells of a pool. They are open to the world on AWS, too.
_SIGNING_IN = re.compile(r"GET /(oauth2/authorize|logout)|POST /(login|oauth2/token)")
_KEYS = re.compile(r"GET /[a-z0-9-]+_[A-Za-z0-9]+/\.well-known/jwks\.json")
_API_ID = re.compile(r"[a-f0-9]{8}")
_INVOCATION = re.compile(
    r"/(2015-03-31/functions/[^/]+/invocations|2014-11-13/functions/[^/]+/invoke-async/?)"
)


class RefusedError(Exception):
    """Whoever asks is not let in, or not to do this; the message says why."""


@dataclass(frozen=True, kw_only=True)
class Admission:
    """Who is let in, and to do what.

    `deployer` is the key of the process that deploys the stack, `administrator` the one that its
    user's other processes find. Roles and users have the keys that the emulator has given them.
    `has_api` tells whether there is an HTTP API of an id: what its function answers is a page of
    ours. It may ask for itself, and with presigned addresses for what is in S3, whose own rules for
    other origins (CORS) follow in the emulator. Where no function can run (`runs_functions`), they
    may be made by whoever has the right to.
    """

    deployer: AccessKey
    administrator: AccessKey
    host: str
    has_api: Callable[[str], bool] = lambda _: False
    runs_functions: bool = True

    def api_of(self, host: str | None) -> str | None:
        """Return the id of the HTTP API that answers under the name of this host, if one does."""
        port = self.host.rpartition(":")[2]
        api = (host or "").removesuffix(f".execute-api.localhost:{port}")
        return api if api != host and _API_ID.fullmatch(api) and self.has_api(api) else None

    def check_sender(self, request: Request) -> None:
        """Refuse pages of other origins, and names that somebody has pointed to this machine.

        A browser names the origin in all requests to other origins but those that no page can read
        the answer of, and a page can choose no other host than the one that it asks.
        """
        host, origin = request.headers.get("host"), request.headers.get("origin")
        if host != self.host and self.api_of(host) is None:
            raise RefusedError(f"the embedded AWS is asked as {self.host}, and by no other name")
        if origin is None or origin == f"http://{host}":
            if origin is None or host != self.host or self.is_signing_in(request):
                return
        elif host == self.host and self._is_page(origin) and not self.is_signing_in(request):
            return
        raise RefusedError("the embedded AWS is not there for pages in a browser")

    def _is_page(self, origin: str) -> bool:
        scheme, _, host = origin.partition("://")
        return scheme == "http" and self.api_of(host) is not None

    def is_signing_in(self, request: Request) -> bool:
        """Whether this is for Cognito's pages, which whoever signs in has no key for yet."""
        asked = f"{request.method} {request.path}"
        return request.headers.get("host") == self.host and bool(
            _SIGNING_IN.fullmatch(asked) or _KEYS.fullmatch(asked)
        )

    def is_preflight(self, request: Request) -> bool:
        """Whether an admitted page's browser asks what the page may do, which it never signs."""
        return (
            request.method == "OPTIONS"
            and self._is_page(request.headers.get("origin", ""))
            and not _MANAGEMENT.match(unquote(request.path))
        )

    def secret_of(self, signature: Signature) -> str:
        """Return the secret that a request must be signed with. Raises SignatureError for none."""
        for known in (self.deployer, self.administrator):
            if signature.key_id == known.key_id and signature.token is None:
                return known.secret
        # For the emulator they all mean its administrator, whose secret is not asked for.
        if is_root_access_key(signature.key_id):
            raise SignatureError("InvalidClientTokenId", "the access key is not one of this run")
        found = resolve_credential(signature.key_id, ACCOUNT, signature.token or "")
        if isinstance(found, CredentialResolutionError):
            raise SignatureError(found.code, found.message)
        return str(found.secret_access_key)

    def check_operation(self, request: Request, path: str, signature: Signature) -> None:
        """Refuse what only the process that deploys the stack may do. `path` is the decoded one.

        A function is a program that runs with the user's rights on this machine.
        """
        if signature.key_id == self.deployer.key_id:
            if _MANAGEMENT.match(path) and (request.method, path) != ("GET", READY_PATH):
                raise RefusedError("the emulator's management is closed")
            return
        if _MANAGEMENT.match(path):
            raise RefusedError("the emulator's management is closed")
        if (
            self.runs_functions
            and self._service(request, path) == "lambda"
            and request.method not in ("GET", "HEAD")
            and not (request.method == "POST" and _INVOCATION.fullmatch(path))
        ):
            raise RefusedError(
                "functions of the embedded AWS are made and changed by the program that deploys "
                "the stack only: change that, and start it again"
            )

    def _service(self, request: Request, path: str) -> str:
        query = parse_qs(request.query, keep_blank_values=True)
        return str(detect_service(request.method, path, dict(request.headers), query))
