"""Signing in at Cognito: the code flow with PKCE, and what its token says.

https://docs.aws.amazon.com/cognito/latest/developerguide/authorization-endpoint.html and
https://docs.aws.amazon.com/cognito/latest/developerguide/amazon-cognito-user-pools-using-tokens-verifying-a-jwt.html
"""

from __future__ import annotations

import base64
import hashlib
import json
import secrets
import urllib.error
import urllib.request
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet

from page.accounts import Account

if TYPE_CHECKING:
    from page.settings import Settings

CALLBACK = "/auth/callback"
SIGNED_OUT = "/auth/signed-out"
_SECONDS = 5
_ALGORITHM = "RS256"


class SignInError(Exception):
    """Cognito did not vouch for whoever wants to sign in; the message says why, for the log."""


@dataclass(frozen=True, kw_only=True)
class Attempt:
    """What must be the same at the end of signing in as at its beginning, and is nobody else's.

    It is in a cookie of the browser that began: who has that, has begun.
    """

    state: str
    nonce: str
    verifier: str

    @classmethod
    def random(cls) -> Attempt:
        """Begin."""
        return cls(
            state=secrets.token_urlsafe(24),
            nonce=secrets.token_urlsafe(24),
            verifier=secrets.token_urlsafe(48),
        )

    @property
    def challenge(self) -> str:
        """The verifier's hash, which is all that is shown before the end (RFC 7636)."""
        digest = hashlib.sha256(self.verifier.encode()).digest()
        return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()


@dataclass(kw_only=True)
class Cognito:
    """The user pool, as the page's client sees it."""

    settings: Settings
    _keys: KeySet | None = field(default=None, init=False)

    def sign_in_address(self, attempt: Attempt) -> str:
        """Return where to send somebody who wants to sign in."""
        return self._address(
            "/oauth2/authorize",
            response_type="code",
            redirect_uri=f"{self.settings.page_url}{CALLBACK}",
            scope="openid email",
            state=attempt.state,
            nonce=attempt.nonce,
            code_challenge=attempt.challenge,
            code_challenge_method="S256",
        )

    def sign_out_address(self) -> str:
        """Return where to send somebody whom Cognito is to forget, too."""
        return self._address("/logout", logout_uri=f"{self.settings.page_url}{SIGNED_OUT}")

    def _address(self, path: str, **query: str) -> str:
        query = {"client_id": self.settings.client_id, **query}
        return f"{self.settings.sign_in_url}{path}?{urlencode(query)}"

    def account(self, code: str, attempt: Attempt) -> Account:
        """Return who has signed in, for the code that they came back with. Raise SignInError."""
        answer = _asked(
            f"{self.settings.sign_in_url}/oauth2/token",
            grant_type="authorization_code",
            client_id=self.settings.client_id,
            redirect_uri=f"{self.settings.page_url}{CALLBACK}",
            code=code,
            code_verifier=attempt.verifier,
        )
        return self._account_of(str(answer.get("id_token")), attempt)

    def _account_of(self, token: str, attempt: Attempt) -> Account:
        registry = jwt.JWTClaimsRegistry(
            iss={"essential": True, "value": self.settings.issuer},
            aud={"essential": True, "value": self.settings.client_id},
            token_use={"essential": True, "value": "id"},
            nonce={"essential": True, "value": attempt.nonce},
            exp={"essential": True},
            sub={"essential": True},
        )
        try:
            claims = self._decoded(token).claims
            registry.validate(claims)
        except (JoseError, ValueError) as error:
            raise SignInError(f"the token is refused: {type(error).__name__}") from error
        return Account(
            id=str(claims["sub"]),
            email=str(claims.get("email", "")),
            groups=frozenset(str(group) for group in claims.get("cognito:groups", ())),
        )

    def _decoded(self, token: str) -> jwt.Token:
        """Verify a token's signature, with keys that are asked for anew if none of them fits."""
        if self._keys is not None:
            try:
                return jwt.decode(token, self._keys, algorithms=[_ALGORITHM])
            except (JoseError, ValueError):  # Cognito has other keys by now, or the token is bad
                pass
        self._keys = KeySet.import_key_set(_asked(self.settings.keys_url))  # type: ignore[arg-type]
        return jwt.decode(token, self._keys, algorithms=[_ALGORITHM])


def _asked(address: str, **form: str) -> dict[str, Any]:
    """Ask Cognito, and return the JSON of its answer."""
    data = urlencode(form).encode() if form else None
    request = urllib.request.Request(address, data=data)  # noqa: S310 - of the deployment's settings
    try:
        with urllib.request.urlopen(request, timeout=_SECONDS) as answer:  # noqa: S310 - likewise
            found: dict[str, Any] = json.loads(answer.read())
    except urllib.error.HTTPError as error:
        raise SignInError(f"Cognito answers {error.code}") from error
    except (OSError, ValueError) as error:
        raise SignInError(f"Cognito does not answer: {type(error).__name__}") from error
    return found
