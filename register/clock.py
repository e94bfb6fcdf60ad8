"""A moment of a recording as people write it."""

from __future__ import annotations


def clock(seconds: float) -> str:
    """Return h:mm:ss."""
    minutes, second = divmod(int(seconds), 60)
    hours, minute = divmod(minutes, 60)
    return f"{hours}:{minute:02}:{second:02}"
