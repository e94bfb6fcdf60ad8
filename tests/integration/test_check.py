"""`python -m stacks check` on the embedded AWS, which has room for what the local stack asks."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stacks import outputs
from stacks.__main__ import main

if TYPE_CHECKING:
    from pathlib import Path

    import pytest

    from tests.integration.pipeline import Pipeline


def test_the_embedded_aws_passes(
    pipeline: Pipeline,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr(outputs, "LOCAL_STACK_FILE", pipeline.stack_file(tmp_path))
    assert main(["check", "--stack", "local"]) == 0
    assert capsys.readouterr().out.startswith("The account allows what the stack local asks for: ")
