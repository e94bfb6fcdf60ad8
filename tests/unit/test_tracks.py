"""A face is followed as long as it is surely the same one, and encoded no more than needed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pytest

from function.recogniser.faces.detector import Detection
from function.recogniser.faces.location import Box, Location
from function.recogniser.faces.quality import Quality
from function.recogniser.identity.attendance import Look
from function.recogniser.identity.gallery import Match
from function.recogniser.identity.tracks import Track, Tracker

if TYPE_CHECKING:
    from numpy.typing import NDArray

LOOK = Look(
    match=Match(student_id="a", distance=0.4, margin=0.2),
    quality=Quality(height=100, score=0.9, tilt=0, sharpness=0.2, brightness=120),
    place=Box(0.1, 0.1, 0.2, 0.2),
    face=0,
    track=0,
)
PLACE = Location(top=100, right=199, bottom=199, left=100)


@dataclass
class Picture:
    """Stands in for a video's frame, from an array."""

    brightness: NDArray[np.uint8]


def face_at(place: Location) -> Detection:
    """Return a face that has this box."""
    chip = np.array([46.7 + 46.9j, 103.2 + 46.4j, 75.0 + 78.3j, 50.5 + 102.3j, 100.2 + 102.3j])
    unit = Detection(landmarks=chip, score=0.9)
    turn = (place.height - 1) / unit.height
    middle = complex(place.left + place.right, place.top + place.bottom) / 2
    face = unit.mapped(turn, middle - turn * unit.centre)
    assert face.location == place
    return face


def picture(*people: tuple[Location, int]) -> Picture:
    """Return a picture with a face of its own for each person's number."""
    pixels = np.full((480, 640), 90, np.uint8)
    for place, person in people:
        face = np.random.default_rng(person).integers(0, 256, (10, 10), np.uint8)
        pixels[place.top : place.bottom + 1, place.left : place.right + 1] = face.repeat(
            10, axis=0
        ).repeat(10, axis=1)
    return Picture(pixels)


def follow(
    tracker: Tracker, *people: tuple[Location, int], new_scene: bool = False, clear: bool = True
) -> list[tuple[Track, bool]]:
    """Return each face's track and whether it was due, and look at those that were."""
    frame = picture(*people)
    faces = [face_at(place) for place, _ in people]
    followed = []
    tracker.next_sample(new_scene=new_scene)
    for seen in tracker.follow(faces):
        seen.track.take_in(frame, seen.place)  # type: ignore[arg-type]
        due = seen.track.is_due
        if due:
            seen.track.look(frame, seen.place, LOOK, clear=clear)  # type: ignore[arg-type]
        followed.append((seen.track, due))
    return followed


def test_a_new_face_is_due_and_not_again_while_it_stays() -> None:
    tracker = Tracker()
    ((track, due),) = follow(tracker, (PLACE, 1))
    assert due
    for _ in range(7):
        ((same, due),) = follow(tracker, (PLACE, 1))
        assert same is track
        assert not due


@pytest.mark.parametrize(
    ("clear", "expected"), [(True, [0, 8, 24, 48]), (False, [0, 1, 3, 6, 10, 15, 21, 28, 36, 45])]
)
def test_looks_grow_rarer_the_rarest_when_clear(*, clear: bool, expected: list[int]) -> None:
    tracker = Tracker()
    due = [follow(tracker, (PLACE, 1), clear=clear)[0][1] for _ in range(50)]
    assert np.flatnonzero(due).tolist() == expected


def test_a_face_that_moves_a_little_is_followed() -> None:
    tracker = Tracker()
    ((track, _),) = follow(tracker, (PLACE, 1))
    for step in range(1, 5):
        place = PLACE.moved(down=0, right=20 * step)
        ((same, due),) = follow(tracker, (place, 1))
        assert same is track
        assert not due


def test_another_face_in_the_same_place_is_due() -> None:
    tracker = Tracker()
    follow(tracker, (PLACE, 1))
    ((_, due),) = follow(tracker, (PLACE, 2))
    assert due


def test_a_face_elsewhere_is_another_track() -> None:
    tracker = Tracker()
    ((track, _),) = follow(tracker, (PLACE, 1))
    ((other, due),) = follow(tracker, (PLACE.moved(down=200, right=300), 1))
    assert other is not track
    assert due


def test_in_a_new_scene_every_face_is_new() -> None:
    tracker = Tracker()
    ((track, _),) = follow(tracker, (PLACE, 1))
    ((other, due),) = follow(tracker, (PLACE, 1), new_scene=True)
    assert other is not track
    assert due


def test_what_was_handed_on_does_not_change_with_the_next_sample() -> None:
    # Another thread works on it meanwhile.
    tracker = Tracker()
    handed_on = tracker.follow([face_at(PLACE)])
    before = list(handed_on)
    tracker.next_sample(new_scene=False)
    tracker.follow([face_at(PLACE)])
    assert handed_on == before


def test_faces_found_one_after_another_are_followed_as_well() -> None:
    tracker = Tracker()
    beside = PLACE.moved(down=0, right=200)
    before = [track for track, _ in follow(tracker, (PLACE, 1), (beside, 2))]
    tracker.next_sample(new_scene=False)
    for place, track in zip((PLACE, beside), before, strict=True):
        (seen,) = tracker.follow([face_at(place)])
        assert seen.track is track


def test_two_faces_do_not_share_a_track() -> None:
    tracker = Tracker()
    beside = PLACE.moved(down=0, right=40)
    ((track, _),) = follow(tracker, (PLACE, 1))
    (first, _), (second, due) = follow(tracker, (PLACE, 1), (beside, 2))
    assert first is track
    assert second is not track
    assert due


def test_a_face_at_the_edge_does_no_harm() -> None:
    tracker = Tracker()
    outside = Location(top=-30, right=40, bottom=40, left=-30)
    beyond = Location(top=479, right=710, bottom=550, left=639)
    frame = picture()
    for _ in range(2):
        tracker.next_sample(new_scene=False)
        for seen in tracker.follow([face_at(outside), face_at(beyond)]):
            seen.track.take_in(frame, seen.place)  # type: ignore[arg-type]
            assert seen.track.is_due
            seen.track.look(frame, seen.place, LOOK, clear=True)  # type: ignore[arg-type]
