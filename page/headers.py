"""What every answer says to browsers: what its page may load, and that nobody keeps a copy.

A page may load from itself, and from the bucket by addresses that are signed; scripts and styles
are files, and none is in the HTML. So a text that got into a page as HTML could still do nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from starlette.datastructures import MutableHeaders

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

    from page.services import Services

_YEAR = 365 * 24 * 60 * 60


class SecurityHeaders:
    """An ASGI application that adds the headers to the answers of another."""

    def __init__(self, app: ASGIApp, services: Services) -> None:
        self._app = app
        self._headers = _headers(services)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer, as ASGI has it."""

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in self._headers.items():
                    headers.setdefault(name, value)
            await send(message)

        await self._app(scope, receive, send_with_headers)


def _headers(services: Services) -> dict[str, str]:
    settings = services.settings
    bucket = _bucket_origin(services)
    # A form's answer may lead to Cognito: Chromium asks this of where it leads, too.
    policy = {
        "default-src": "'none'",
        "script-src": "'self'",
        "style-src": "'self'",
        "img-src": "'self'",
        "connect-src": f"'self' {bucket}",
        "media-src": bucket,
        "form-action": f"'self' {_origin(settings.sign_in_url)}",
        "base-uri": "'none'",
        "frame-ancestors": "'none'",
    }
    headers = {
        "Content-Security-Policy": "; ".join(f"{name} {value}" for name, value in policy.items()),
        "Cross-Origin-Opener-Policy": "same-origin",
        "Cross-Origin-Resource-Policy": "same-origin",
        "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
        # With "no-referrer", browsers would not name the origin of a form, either.
        "Referrer-Policy": "same-origin",
        "X-Content-Type-Options": "nosniff",
        "Cache-Control": "no-store",
    }
    if settings.page_url.startswith("https:"):
        headers["Strict-Transport-Security"] = f"max-age={_YEAR}"
    return headers


def _bucket_origin(services: Services) -> str:
    """Return the origin of signed addresses; nothing is asked for it."""
    where = {"Bucket": services.settings.input_bucket, "Key": "x"}
    return _origin(services.s3.generate_presigned_url("get_object", Params=where))


def _origin(address: str) -> str:
    parts = urlsplit(address)
    return f"{parts.scheme}://{parts.netloc}"
