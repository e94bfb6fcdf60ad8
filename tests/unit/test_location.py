"""Boxes are moved and compared as they lie in the picture."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from function.recogniser.faces.location import Location

locations = st.builds(
    lambda top, left, height, width: Location(top, left + width - 1, top + height - 1, left),
    *(st.integers(-100, 2000),) * 2,
    *(st.integers(1, 500),) * 2,
)


def test_a_box_has_both_its_edges() -> None:
    box = Location(top=10, right=19, bottom=14, left=10)
    assert (box.height, box.width) == (5, 10)


@pytest.mark.parametrize(
    ("other", "overlap"),
    [
        (Location(0, 9, 9, 0), 1),
        (Location(0, 19, 9, 10), 0),
        (Location(0, 14, 9, 5), 1 / 3),
        (Location(0, 4, 4, 0), 1 / 4),
        (Location(50, 59, 59, 50), 0),
    ],
)
def test_overlap_is_the_share_of_both_that_is_in_both(other: Location, overlap: float) -> None:
    assert Location(0, 9, 9, 0).overlap(other) == pytest.approx(overlap)
    assert other.overlap(Location(0, 9, 9, 0)) == pytest.approx(overlap)


@given(locations, locations)
def test_centring_keeps_the_size(box: Location, other: Location) -> None:
    centred = box.centred_on(other)
    assert (centred.height, centred.width) == (box.height, box.width)
    assert abs((centred.top + centred.bottom) - (other.top + other.bottom)) <= 1
    assert abs((centred.left + centred.right) - (other.left + other.right)) <= 1
