"""Who is let in, and to do what."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import parse_qs

from ministack.core.iam_evaluator import (
    CredentialResolutionError,
    is_root_access_key,
    resolve_credential,
)
from ministack.core.router import detect_service

from local.gate.signature import Signature, SignatureError

if TYPE_CHECKING:
    from local.gate.signature import Request
    from stacks.embedded_aws import AccessKey

ACCOUNT = "000000000000"
"""The emulator's account. As a key's id it is one of the account's root user."""

READY_PATH = "/_ministack/ready"

_MANAGEMENT = re.compile(r"/+(_ministack|_localstack|health)(/|$)", re.IGNORECASE)
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
    `origins` is where a page of ours in a browser would be admitted; S3's own rules for other
    origins (CORS) would then follow in the emulator.
    """

    deployer: AccessKey
    administrator: AccessKey
    host: str
    origins: frozenset[str] = frozenset()

    def check_sender(self, request: Request) -> None:
        """Refuse pages of other origins, and names that somebody has pointed to this machine.

        A browser names the origin in all requests to other origins but those that no page can read
        the answer of, and a page can choose no other host than the one that it asks.
        """
        if request.headers.get("host") != self.host:
            raise RefusedError(f"the embedded AWS is asked as {self.host}, and by no other name")
        origin = request.headers.get("origin")
        if origin is not None and origin not in self.origins:
            raise RefusedError("the embedded AWS is not there for pages in a browser")

    def is_preflight(self, request: Request) -> bool:
        """Whether an admitted page's browser asks what the page may do, which it never signs."""
        return request.method == "OPTIONS" and request.headers.get("origin") in self.origins

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
            self._service(request, path) == "lambda"
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
