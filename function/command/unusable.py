"""What makes the command give up, beyond one video."""

from __future__ import annotations


class UnusableError(Exception):
    """An argument, or what it names, cannot be used: the message names it, and the remedy."""
