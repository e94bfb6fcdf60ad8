"""The teachers' page on the embedded AWS: asked as any program can, and used in a browser."""

from __future__ import annotations

import http.client
import json
import os
import shutil
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import pytest

from page.accounts import Account
from page.signed_in import COOKIE, SignedIn

if TYPE_CHECKING:
    from pathlib import Path

    from playwright.sync_api import Page

    from local.aws import LocalAws
    from local.page_account import PageAccount

CHROMIUM = shutil.which("chromium")
_REQUIRED = "LAMBDALENS_REQUIRE_CHROMIUM" in os.environ

needs_chromium = pytest.mark.skipif(
    CHROMIUM is None and not _REQUIRED,
    reason="no chromium on the PATH: 'apt-get install chromium' for the tests of the page",
)

COURSE = "physics-10b"
HOSTILE = '=1+1<img src=x onerror="document.title=1">&amp;'
DESKTOP, PHONE = (1280, 900), (390, 844)
PATIENCE_MS = 60_000
PART = 8 * 1024 * 1024


@dataclass(frozen=True, kw_only=True)
class Asked:
    """What the page answers a program."""

    status: int
    headers: http.client.HTTPMessage
    body: str


@dataclass(frozen=True, kw_only=True)
class ThePage:
    """The deployed page, and what its function has been told."""

    aws: LocalAws
    variables: dict[str, str]

    @property
    def url(self) -> str:
        return self.aws.outputs.page_url

    def session_of(self, *groups: str) -> str:
        """Sign somebody in who has these groups, without asking Cognito."""
        signed_in = SignedIn(
            dynamodb=self.aws.client("dynamodb"), table=self.variables["SIGNED_IN_TABLE"]
        )
        account = Account(id="an-id", email="somebody@school.example", groups=frozenset(groups))
        return signed_in.begin(account)

    def ask(  # noqa: PLR0913 - all but the path have defaults
        self,
        path: str,
        *,
        method: str = "GET",
        session: str | None = None,
        body: object = None,
        form: str | None = None,
        origin: str | None = None,
        accept: str = "*/*",
    ) -> Asked:
        """Ask as any program can, under the name that browsers resolve."""
        host = urlsplit(self.url).netloc
        headers = {"Host": host, "Content-Type": "application/json", "Accept": accept}
        sent = json.dumps(body) if body is not None else None
        if form is not None:
            headers["Content-Type"] = "application/x-www-form-urlencoded"
            sent = form
        if session:
            headers["Cookie"] = f"{COOKIE}={session}"
        if method == "POST":
            headers["Origin"] = origin or self.url
        connection = http.client.HTTPConnection(
            "127.0.0.1", int(host.rpartition(":")[2]), timeout=30
        )
        connection.request(method, path, sent, headers)
        answer = connection.getresponse()
        return Asked(
            status=answer.status,
            headers=answer.headers,
            body=answer.read().decode(errors="replace"),
        )


def sign_in(page: Page, address: str, account: PageAccount) -> None:
    """Go there, by way of Cognito's page."""
    page.goto(address)
    page.get_by_label("Username").fill(account.email)
    page.get_by_label("Password").fill(account.password)
    page.get_by_role("button", name="Sign in").click()


def choose(page: Page, video: Path, day: str) -> None:
    page.get_by_label("Choose a video").set_input_files(video)
    page.get_by_label("Date").fill(day)
    page.get_by_role("button", name="Upload").click()
