"""Faces are found wherever they are: small and large, tilted, lying, dark, and for how long."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from function.recogniser.faces.search import FaceSearch, faces_in_still, seen_small
from tests.unit.faces import Picture, picture_of, put, room

if TYPE_CHECKING:
    from function.recogniser.faces.detector import Detection
    from function.recogniser.faces.location import Location


def faces(search: FaceSearch, frame: Picture, *, new_scene: bool = False) -> list[Detection]:
    """Return all faces that are found in the frame, in as many parts as they come."""
    found = search.faces(frame, seen_small(frame), new_scene=new_scene)  # type: ignore[arg-type]
    return [face for some in found for face in some]


def matches(found: list[Detection], expected: list[Location]) -> bool:
    return len(found) == len(expected) and all(
        any(face.location.overlap(place) > 0.4 for face in found) for place in expected
    )


@pytest.mark.parametrize("height", [24, 32, 40, 64, 110, 240, 340])
def test_a_face_of_any_size_is_found_in_a_new_scene(height: int) -> None:
    pixels, expected = picture_of("obama.jpg", height=height)
    assert matches(faces(FaceSearch(), Picture(pixels), new_scene=True), [expected])


@pytest.mark.parametrize("tilt", [-60, -45, -20, 20, 45, 60])
def test_a_tilted_face_is_found(tilt: int) -> None:
    pixels, expected = picture_of("obama.jpg", height=130, tilt=tilt)
    assert matches(faces(FaceSearch(), Picture(pixels), new_scene=True), [expected])


@pytest.mark.parametrize("tilt", [-135, -90, 90, 135, 180])
def test_a_face_that_lies_is_found_and_which_way(tilt: int) -> None:
    pixels, expected = picture_of("obama.jpg", height=130, tilt=tilt)
    found = faces(FaceSearch(), Picture(pixels), new_scene=True)
    assert matches(found, [expected])
    assert (found[0].tilt - tilt + 180) % 360 - 180 == pytest.approx(0, abs=40)


def test_several_faces_are_found_each_once() -> None:
    pixels = room()
    places = [(20, 30), (20, 500), (300, 40), (400, 500), (250, 800)]
    expected = [
        put(pixels, "obama.jpg", at, height=height)
        for at, height in zip(places, (30, 64, 90, 120, 200), strict=True)
    ]
    assert matches(faces(FaceSearch(), Picture(pixels), new_scene=True), expected)


@pytest.mark.parametrize("tall", [False, True])
@pytest.mark.parametrize("at", [40, 900, 940, 980, 1800])
def test_in_a_large_picture_a_small_face_is_found_once_also_at_its_middle(
    at: int, *, tall: bool
) -> None:
    pixels = room((1920, 1080) if tall else (1080, 1920))
    expected = put(pixels, "obama.jpg", (at, 300) if tall else (300, at), height=30)
    assert matches(faces(FaceSearch(), Picture(pixels), new_scene=True), [expected])


def test_a_dark_face_is_found() -> None:
    pixels, expected = picture_of("obama.jpg", height=90)
    dark = (pixels * 0.2).astype(np.uint8)
    assert matches(faces(FaceSearch(), Picture(dark), new_scene=True), [expected])


def test_a_small_face_that_comes_later_is_found_within_five_seconds() -> None:
    search = FaceSearch()
    assert faces(search, Picture(room()), new_scene=True) == []
    pixels, expected = picture_of("obama.jpg", height=30)
    found = [faces(search, Picture(pixels, time=0.5 * sample)) for sample in range(1, 11)]
    assert matches(found[-1], [expected])


def test_a_small_face_is_followed_as_it_moves() -> None:
    search = FaceSearch()
    for sample in range(6):
        pixels = room()
        expected = put(pixels, "obama.jpg", (300, 500 + 6 * sample), height=28)
        found = faces(search, Picture(pixels, time=sample / 2), new_scene=sample == 0)
        assert matches(found, [expected])


def test_a_face_that_has_gone_is_no_longer_found() -> None:
    search = FaceSearch()
    pixels, expected = picture_of("obama.jpg", height=60)
    assert matches(faces(search, Picture(pixels), new_scene=True), [expected])
    assert faces(search, Picture(room(), time=0.5)) == []


def test_a_new_scene_expects_nobody_where_somebody_was() -> None:
    search = FaceSearch()
    pixels, _ = picture_of("obama.jpg", height=60)
    faces(search, Picture(pixels), new_scene=True)
    assert faces(search, Picture(room(), time=0.5), new_scene=True) == []


def test_a_place_without_a_face_is_looked_at_again_later() -> None:
    # Half of a face may be one, and is none in a close look; then the other half comes to light.
    pixels, expected = picture_of("obama.jpg", height=90)
    hidden = pixels.copy()
    hidden[expected.top + expected.height // 2 :] = 120
    search = FaceSearch()
    faces(search, Picture(hidden), new_scene=True)
    assert matches(faces(search, Picture(pixels, time=5.0)), [expected])


@pytest.mark.parametrize("size", [(1, 1), (20, 40), (64, 64)])
def test_small_pictures_of_nobody_do_no_harm(size: tuple[int, int]) -> None:
    search = FaceSearch()
    for time in (0.0, 1.0):
        frame = Picture(np.zeros((*size, 3), np.uint8), time)
        assert faces(search, frame, new_scene=time == 0) == []


def test_in_a_still_picture_small_faces_count_where_there_is_no_other() -> None:
    pixels = room((1080, 1920))
    small = put(pixels, "obama.jpg", (300, 400), height=24)
    assert matches(faces_in_still(Picture(pixels)), [small])
    large = put(pixels, "biden.jpg", (300, 900), height=150)
    assert matches(faces_in_still(Picture(pixels)), [large])


def test_a_small_face_that_joins_a_long_scene_is_found_within_twenty_seconds() -> None:
    search = FaceSearch()
    for second in range(41):
        assert faces(search, Picture(room(), time=float(second)), new_scene=second == 0) == []
    pixels, expected = picture_of("obama.jpg", height=30)
    found = [faces(search, Picture(pixels, time=float(second))) for second in range(41, 61)]
    assert matches(found[-1], [expected])
