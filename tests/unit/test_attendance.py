"""Who is counted as present, on what evidence, and in which order."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from function.recogniser.faces.location import Box
from function.recogniser.faces.quality import Quality
from function.recogniser.identity.attendance import (
    ABSENCE_SECONDS,
    CONFIDENT_DISTANCE,
    DOUBT,
    POOR_CONFIDENT_DISTANCE,
    Attendance,
    BestLook,
    Look,
    Span,
    attendance,
)
from function.recogniser.identity.gallery import Match

TOLERANCE, MARGIN = 0.59, 0.05
PLACE = Box(0.4, 0.2, 0.1, 0.2)


GOOD = Quality(height=80, score=0.92, tilt=5, sharpness=0.2, brightness=120)
POOR = {
    "small": replace(GOOD, height=17),
    "doubtful": replace(GOOD, score=0.7),
    "tilted": replace(GOOD, tilt=60),
    "blurred": replace(GOOD, sharpness=0.09),
    "dark": replace(GOOD, brightness=15),
}


def look(
    student_id: str, distance: float, *times: float, margin: float = 0.1, quality: Quality = GOOD
) -> Look:
    match = Match(student_id=student_id, distance=distance, margin=margin)
    return Look(match=match, quality=quality, place=PLACE, face=0, track=0, times=list(times))


def seen(
    student_id: str,
    *distances: float,
    start: float = 0.0,
    margin: float = 0.1,
    quality: Quality = GOOD,
) -> list[Look]:
    """Return looks at the student, two a second."""
    return [
        look(student_id, distance, start + 0.5 * index, margin=margin, quality=quality)
        for index, distance in enumerate(distances)
    ]


def present(looks: list[Look], tolerance: float = TOLERANCE) -> list[str]:
    rows = attendance(looks, tolerance=tolerance, margin=MARGIN)
    return [row.student_id for row in rows]


@pytest.mark.parametrize(
    ("distances", "enough"),
    [
        ([0.3], True),
        ([CONFIDENT_DISTANCE], True),
        ([0.53], False),
        ([0.55, 0.58], True),
        ([0.57, 0.60], True),
        ([0.58, 0.62], False),
        ([0.55, 0.57, 0.61, 0.62], True),
        ([0.57, 0.59, 0.61, 0.62, 0.64], False),
        ([0.5, 0.61, 0.62, 0.64], True),
        ([0.61, 0.62], False),
        ([0.55, 0.9], False),
    ],
)
def test_one_confident_look_or_several_that_are_near_on_average_are_enough(
    distances: list[float], *, enough: bool
) -> None:
    assert present(seen("a", *distances)) == (["a"] if enough else [])


@pytest.mark.parametrize("quality", POOR.values(), ids=POOR)
@pytest.mark.parametrize(
    ("distances", "enough"),
    [
        ([POOR_CONFIDENT_DISTANCE], True),
        ([CONFIDENT_DISTANCE], False),
        ([0.53, 0.54], True),
        ([0.54, 0.55], False),
    ],
)
def test_poor_looks_have_to_be_nearer(
    quality: Quality, distances: list[float], *, enough: bool
) -> None:
    assert present(seen("a", *distances, quality=quality)) == (["a"] if enough else [])


@pytest.mark.parametrize(
    "twice", [replace(POOR["tilted"], score=0.7), replace(GOOD, sharpness=0.05)]
)
def test_a_look_that_is_poor_in_two_ways_is_never_enough_by_itself(twice: Quality) -> None:
    assert present(seen("a", 0.3, quality=twice)) == []
    assert present(seen("a", 0.47, 0.48, quality=twice)) == ["a"]
    assert present(seen("a", 0.50, 0.51, quality=twice)) == []


def test_two_poor_looks_at_one_moment_are_one_and_a_good_one_counts_before_them() -> None:
    poor = POOR["small"]
    nearer = [look("a", 0.51, 1.0, quality=poor), look("a", 0.52, 1.0, quality=poor)]
    assert present(nearer) == []
    later = look("a", 0.58, 2.0)
    assert present([*nearer, look("a", 0.62, 1.0), later]) == []
    assert present([*nearer, look("a", 0.59, 1.0), later]) == ["a"]


def test_looks_at_the_same_moment_bear_nothing_out() -> None:
    assert present([look("a", 0.55, 1.0), look("a", 0.56, 1.2)]) == []
    assert present([look("a", 0.55, 1.0), look("a", 0.56, 1.5)]) == ["a"]


def test_of_two_faces_at_a_time_the_nearer_is_the_student() -> None:
    looks = [*seen("a", 0.56, 0.57), *seen("a", 0.64, 0.64)]
    assert present(looks) == ["a"]


@pytest.mark.parametrize("distance", [0.4, 0.57])
def test_who_could_be_either_of_two_students_is_neither(distance: float) -> None:
    assert present(seen("a", distance, distance, distance, margin=0.04)) == []
    assert present(seen("a", distance, distance, distance, margin=0.06)) == ["a"]


def test_a_stricter_tolerance_is_stricter_than_the_confident_distance() -> None:
    assert present(seen("a", 0.5), tolerance=0.4) == []


@pytest.mark.parametrize(
    ("distances", "enough"),
    [
        ([0.44], True),
        ([0.46], False),  # confident for anybody else
        ([0.44, 0.46], True),
        ([0.47, 0.47, 0.47], False),
    ],
)
def test_a_student_s_own_tolerance_is_the_limit_of_all_evidence(
    distances: list[float], *, enough: bool
) -> None:
    looks = [
        replace(look, match=replace(look.match, own_tolerance=0.45))
        for look in seen("twin", *distances)
    ]
    assert present(looks) == (["twin"] if enough else [])
    assert present(seen("other", *distances)) == ["other"]


@given(
    distances=st.lists(st.floats(0.0, 0.59), min_size=1, max_size=8),
    margins=st.lists(st.floats(0.0, 0.0499), min_size=8, max_size=8),
    own=st.sampled_from([0.3, 0.5, float("inf")]),
    quality=st.sampled_from([GOOD, *POOR.values()]),
)
def test_nothing_names_one_of_two_who_look_alike_without_the_margin(
    distances: list[float], margins: list[float], own: float, quality: Quality
) -> None:
    """So two who are let in though they look alike need no mark of it in the gallery."""
    looks = [
        replace(look, match=replace(look.match, margin=margin, own_tolerance=own))
        for look, margin in zip(seen("twin", *distances, quality=quality), margins, strict=False)
    ]
    assert present(looks) == []


def test_a_student_s_own_tolerance_cannot_be_more_than_everybody_s() -> None:
    (this,) = seen("a", 0.5)
    assert present([replace(this, match=replace(this.match, own_tolerance=0.9))], 0.4) == []


def test_sightings_beyond_a_student_s_own_tolerance_do_not_count() -> None:
    looks = [
        replace(look, match=replace(look.match, own_tolerance=0.45))
        for look in seen("twin", 0.3, 0.44, 0.47)
    ]
    (row,) = attendance(looks, tolerance=TOLERANCE, margin=MARGIN)
    assert (row.sightings, row.last_seen) == (2, 0.5)
    assert looks[0].is_clear(tolerance=TOLERANCE, margin=MARGIN)
    far = replace(looks[0], match=replace(looks[0].match, distance=0.52))
    assert far.is_clear(tolerance=TOLERANCE, margin=MARGIN)  # certainly none


def test_a_row_tells_of_all_samples_that_the_looks_stand_for() -> None:
    looks = [
        look("a", 0.62, 0.0, 0.5),
        look("a", 0.5, 1.0, 1.5, 2.0),
        look("a", 0.4, 2.0, 2.5),
        look("a", 0.63, 3.0),
    ]
    assert attendance(looks, tolerance=TOLERANCE, margin=MARGIN) == [
        Attendance(
            student_id="a",
            presence=(Span(1.0, 2.5),),
            sightings=4,
            best=BestLook(time=2.0, track=0, place=PLACE, distance=0.4),
            is_sure=True,
        )
    ]


def test_who_is_not_seen_for_long_is_away_meanwhile() -> None:
    just, more = ABSENCE_SECONDS, ABSENCE_SECONDS + 0.5
    looks = [look("a", 0.4, 1.0, 1.0 + just, 1.0 + just + more, 2.0 + just + more)]
    (row,) = attendance(looks, tolerance=TOLERANCE, margin=MARGIN)
    assert row.presence == (Span(1.0, 1.0 + just), Span(1.0 + just + more, 2.0 + just + more))
    assert (row.first_seen, row.last_seen) == (1.0, 2.0 + just + more)


def test_who_is_there_by_a_confident_look_is_sure_and_who_is_on_average_is_not() -> None:
    looks = [*seen("a", 0.5, 0.58), *seen("b", 0.53, 0.54)]
    rows = attendance(looks, tolerance=TOLERANCE, margin=MARGIN)
    assert {row.student_id: row.is_sure for row in rows} == {"a": True, "b": False}


def test_the_best_look_is_the_nearest_and_the_earliest_of_those() -> None:
    looks = [look("a", 0.5, 0.0), look("a", 0.4, 2.0, 2.5), look("a", 0.4, 1.0)]
    (row,) = attendance(looks, tolerance=TOLERANCE, margin=MARGIN)
    assert (row.best.time, row.best.distance, row.distance) == (1.0, 0.4, 0.4)


def test_students_come_in_the_order_of_their_appearance() -> None:
    looks = [
        *seen("c", 0.3, start=1),
        *seen("b", 0.3, start=5),
        *seen("a", 0.3, start=5),
        *seen("d", 0.3, start=0),
    ]
    assert present(looks) == ["d", "c", "a", "b"]


def test_nobody_seen_is_nobody_present() -> None:
    assert present([]) == []


@pytest.mark.parametrize(
    ("distance", "margin", "clear"),
    [
        (0.4, 0.1, True),
        (0.4, 0.01, False),
        (0.57, 0.1, False),
        (0.63, 0.1, False),
        (0.7, 0.0, True),
    ],
)
def test_a_look_is_clear_when_no_other_could_change_its_meaning(
    distance: float, margin: float, *, clear: bool
) -> None:
    this = look("a", distance, 0.0, margin=margin)
    assert this.is_clear(tolerance=TOLERANCE, margin=MARGIN) is clear


@given(
    st.lists(
        st.builds(
            look,
            st.sampled_from("abc"),
            st.floats(0, TOLERANCE + DOUBT),
            st.floats(0, 3600),
            margin=st.floats(0, 0.2),
        )
    ),
    st.randoms(),
)
def test_the_order_of_looks_does_not_matter(
    looks: list[Look],
    random: st.random.Random,  # type: ignore[name-defined]
) -> None:
    rows = attendance(looks, tolerance=TOLERANCE, margin=MARGIN)
    random.shuffle(looks)
    assert attendance(looks, tolerance=TOLERANCE, margin=MARGIN) == rows
    for row in rows:
        assert row.first_seen <= row.last_seen
        assert row.distance <= TOLERANCE
