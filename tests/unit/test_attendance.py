"""Who is counted as present, on what evidence, and in which order."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from function.attendance import DOUBT, Attendance, Sighting, attendance

TOLERANCE = 0.6


def seen(student_id: str, *distances: float, start: float = 0.0) -> list[Sighting]:
    """Return the student's sightings, two a second."""
    return [
        Sighting(student_id=student_id, time=start + 0.5 * index, distance=distance)
        for index, distance in enumerate(distances)
    ]


@pytest.mark.parametrize(
    ("distances", "present"),
    [
        ([0.3], True),
        ([0.54], True),
        ([0.55], False),
        ([0.58, 0.59], True),
        ([0.58, 0.61], False),
        ([0.58, 0.59, 0.61, 0.62], True),
        ([0.58, 0.59, 0.61, 0.62, 0.64], False),
        ([0.5, 0.61, 0.62, 0.64], True),
        ([0.61, 0.62, 0.64], False),
    ],
)
def test_one_confident_sighting_or_several_beyond_doubt_are_enough(
    distances: list[float], *, present: bool
) -> None:
    assert bool(attendance(seen("a", *distances), tolerance=TOLERANCE)) is present


def test_a_row_tells_of_the_sightings_within_the_tolerance() -> None:
    sightings = seen("a", 0.62, 0.5, 0.4, 0.58, 0.63)
    assert attendance(sightings, tolerance=TOLERANCE) == [
        Attendance(student_id="a", first_seen=0.5, last_seen=1.5, sightings=3, distance=0.4)
    ]


def test_a_stricter_tolerance_is_stricter_than_the_confident_distance() -> None:
    assert attendance(seen("a", 0.5), tolerance=0.4) == []


def test_students_come_in_the_order_of_their_appearance() -> None:
    sightings = [
        *seen("c", 0.3, start=1),
        *seen("b", 0.3, start=5),
        *seen("a", 0.3, start=5),
        *seen("d", 0.3, start=0),
    ]
    order = [row.student_id for row in attendance(sightings, tolerance=TOLERANCE)]
    assert order == ["d", "c", "a", "b"]


def test_nobody_seen_is_nobody_present() -> None:
    assert attendance([], tolerance=TOLERANCE) == []


@given(
    st.lists(
        st.builds(
            Sighting,
            student_id=st.sampled_from("abc"),
            time=st.floats(0, 3600),
            distance=st.floats(0, TOLERANCE + DOUBT),
        )
    ),
    st.randoms(),
)
def test_the_order_of_sightings_does_not_matter(
    sightings: list[Sighting],
    random: st.random.Random,  # type: ignore[name-defined]
) -> None:
    rows = attendance(sightings, tolerance=TOLERANCE)
    random.shuffle(sightings)
    assert attendance(sightings, tolerance=TOLERANCE) == rows
    for row in rows:
        assert row.first_seen <= row.last_seen
        assert row.distance <= TOLERANCE
