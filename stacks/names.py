"""The two forms of a name: Python's own, and the camelCase of settings and exports in Pulumi."""

from __future__ import annotations


def camel_case(name: str) -> str:
    """Return a `snake_case` name in `camelCase`."""
    first, *others = name.split("_")
    return first + "".join(word.capitalize() for word in others)
