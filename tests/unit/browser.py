"""A real browser for the tests of pages.

Debian's package chromium is the browser: without it, these tests are
skipped, and CI, which installs it, sets LAMBDALENS_REQUIRE_CHROMIUM so that they cannot be.
"""

from __future__ import annotations

import os
import shutil
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import sync_playwright

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import Browser

_CHROMIUM = shutil.which("chromium")
_REQUIRED = "LAMBDALENS_REQUIRE_CHROMIUM" in os.environ

needs_chromium = pytest.mark.skipif(
    _CHROMIUM is None and not _REQUIRED,
    reason="no chromium on the PATH: 'apt-get install chromium' for the tests of the pages",
)

DESKTOP, PHONE = (1280, 900), (390, 844)

# A page that is opened alone needs none of the services that a browser calls at its start.
_ARGUMENTS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
)


@contextmanager
def launched() -> Iterator[Browser]:
    """Start the browser, and end it with the context."""
    with sync_playwright() as playwright:
        yield playwright.chromium.launch(
            executable_path=_CHROMIUM or "chromium", args=list(_ARGUMENTS)
        )
