"""`python -m local up --container`: containers that come and go with the command."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from local.sandbox import CONTAINER_LABEL
from tests.integration.test_endings import Up, wait_until

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from local.container_engine import ContainerEngine


@pytest.fixture
def up(tmp_path: Path) -> Iterator[Up]:
    up = Up(tmp_path)
    yield up
    up.end()


@pytest.mark.parametrize("ending", [signal.SIGINT, signal.SIGKILL], ids=["Ctrl-C", "SIGKILL"])
def test_no_container_is_left_however_it_ends(
    up: Up, engine: ContainerEngine, image: str, ending: signal.Signals
) -> None:
    process = up.start("--port", "0", "--workers", "2", "--container", image)
    # Two of each function: the recogniser and the teachers' page.
    wait_until(lambda: len(_containers(engine, up)) == 4 or process.poll() is not None)
    assert process.poll() is None, process.communicate()

    process.send_signal(ending)
    process.communicate(timeout=60)

    wait_until(lambda: not list(up.temporary.iterdir()))
    assert _containers(engine, up) == []


@pytest.mark.usefixtures("engine")
def test_an_image_that_is_not_there_is_named_with_the_remedy(up: Up) -> None:
    process = up.start("--port", "0", "--container", "nowhere:1")
    _, errors = process.communicate(timeout=60)

    assert process.returncode == 1
    assert errors == (
        "error: there is no image nowhere:1: build it with `make image`, or name another\n"
    )


def test_no_engine_is_one_line_with_the_remedy(up: Up) -> None:
    process = subprocess.run(
        [sys.executable, "-m", "local", "up", "--port", "0", "--container"],
        cwd=up.clone,
        env={**os.environ, "DOCKER_HOST": f"unix://{up.temporary}/nothing"},
        capture_output=True,
        check=False,
        text=True,
    )

    assert process.returncode == 1
    assert process.stderr.startswith("error: ")
    assert process.stderr.count("\n") == 1
    assert "Docker" in process.stderr


def _containers(engine: ContainerEngine, up: Up) -> list[str]:
    """Return the containers of the command that was started here, living and dead."""
    mine = [folder.name for folder in up.temporary.iterdir()] or ["none"]
    (label,) = mine
    return engine.ask(
        *("ps", "--all", "--quiet", "--filter", f"label={CONTAINER_LABEL}={label}")
    ).split()
