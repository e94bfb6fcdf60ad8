"""Asking S3 for many things at once: each request is mostly waiting."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from itertools import islice
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    Asked = TypeVar("Asked")
    Answer = TypeVar("Answer")

# As many as a client keeps connections.
_AT_ONCE = 10

# So many are asked for ahead of what is taken, and waited for at an interruption.
_AHEAD = 200


def answers(ask: Callable[[Asked], Answer], about: Iterable[Asked]) -> Iterator[Answer]:
    """Yield what is answered about each, in their order, while several are asked about at once."""
    threads = ThreadPoolExecutor(_AT_ONCE)
    try:
        each = iter(about)
        while some := list(islice(each, _AHEAD)):
            yield from threads.map(ask, some)
    finally:
        threads.shutdown(cancel_futures=True)
