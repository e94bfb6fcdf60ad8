"""Working ahead: each part of the recognition has a thread, and hands on what it has made.

No part needs what a later one finds. All spend most of their time in libraries that release
Python's lock, so on two processors two of them run at the same time. What waits between two parts
takes memory; on one processor that is all it costs.
"""

from __future__ import annotations

import threading
from contextlib import closing
from queue import Full, Queue
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Generator

T = TypeVar("T")

# Each frame that waits takes memory. Three would even out that some take longer than others: 6 %
# less time on two processors, for some 20 MB more at 1080p, and no less on Lambda's one.
_FRAMES_AHEAD = 1

# How often a thread whose items nobody takes looks whether anybody ever will.
_LOOK_SECONDS = 0.1


def worked_ahead(items: Generator[T, None, None]) -> Generator[T, None, None]:
    """Yield the items, in order, while a thread makes the next ones.

    What making them raises is raised here, after the items before it. When the caller closes this
    early, the thread ends after the item that it is making, and closes theirs.
    """
    made: Queue[T | _End] = Queue(_FRAMES_AHEAD)
    stopped = threading.Event()

    def put(item: T | _End) -> bool:
        while not stopped.is_set():
            try:
                made.put(item, timeout=_LOOK_SECONDS)
            except Full:
                continue
            return True
        return False

    def make() -> None:
        end = _End()
        try:
            with closing(items):
                for item in items:
                    if not put(item):
                        return
        except BaseException as error:  # noqa: BLE001 - raised in the thread that wants the items
            end = _End(error)
        put(end)

    thread = threading.Thread(target=make, name="ahead", daemon=True)
    thread.start()
    try:
        while not isinstance(item := made.get(), _End):
            yield item
        if item.error is not None:
            raise item.error
    finally:
        stopped.set()
        thread.join()


class _End:
    """What comes after the last item: why there is no further one, if that is an error."""

    def __init__(self, error: BaseException | None = None) -> None:
        self.error = error
