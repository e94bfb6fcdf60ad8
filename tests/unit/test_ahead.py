"""Items that a thread makes come as they would without it, whatever ends them."""

from __future__ import annotations

import threading
from itertools import islice
from typing import TYPE_CHECKING

import pytest

from function.recogniser.ahead import worked_ahead

if TYPE_CHECKING:
    from collections.abc import Generator


def counting(to: int, *, closed: list[int] | None = None) -> Generator[int, None, None]:
    try:
        for number in range(to):
            yield number
            if number == 7:
                raise ValueError(number)
    finally:
        if closed is not None:
            closed.append(threading.get_ident())


@pytest.mark.parametrize("count", [0, 1, 7])
def test_items_come_in_their_order(count: int) -> None:
    assert list(worked_ahead(counting(count))) == list(range(count))


def test_they_are_made_in_another_thread() -> None:
    closed: list[int] = []
    assert list(worked_ahead(counting(2, closed=closed))) == [0, 1]
    assert closed != [threading.get_ident()]


def test_an_error_comes_after_the_items_before_it() -> None:
    items = worked_ahead(counting(100))
    assert list(islice(items, 8)) == list(range(8))
    with pytest.raises(ValueError, match="7"):
        next(items)


def test_who_stops_early_leaves_no_thread_and_closes_the_source() -> None:
    closed: list[int] = []
    items = worked_ahead(counting(7, closed=closed))
    assert next(items) == 0
    items.close()
    assert len(closed) == 1
    assert all(thread.name != "ahead" for thread in threading.enumerate())
