"""What a command prints, as a picture for documents: an SVG that needs no font of anybody's."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from rich.console import Console
from rich.terminal_theme import MONOKAI

if TYPE_CHECKING:
    from pathlib import Path

_WIDTH = 112
"""In characters: what can still be read in a README, whose width is a page's."""

_FONT_FROM_THE_NETWORK = re.compile(r"\s*@font-face \{.*?\}", re.DOTALL)
"""Rich has whoever looks fetch one. Each text's length is in the picture, so any other will do."""


def recording_console() -> Console:
    """Return a console that prints as into a file, and keeps what it prints for a picture."""
    return Console(
        highlight=False,
        markup=False,
        soft_wrap=True,
        record=True,
        force_terminal=False,
        width=_WIDTH,
    )


def save_picture(console: Console, file: Path, *, title: str) -> None:
    """Write what such a console has printed. Raises OSError if the file cannot be written."""
    svg = _FONT_FROM_THE_NETWORK.sub("", console.export_svg(title=title, theme=MONOKAI))
    file.write_text("\n".join(map(str.rstrip, svg.splitlines())) + "\n", encoding="utf-8")
