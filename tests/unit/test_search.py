"""Faces are found wherever they are, large and small, as the reference finds them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pytest
from PIL import Image

from function.recogniser.faces.detector import detect_faces
from function.recogniser.faces.location import Location
from function.recogniser.faces.search import FaceSearch, seen_coarsely
from samples.pictures import sample_picture

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

WIDTH, HEIGHT = 1280, 720


@dataclass
class Picture:
    """Stands in for a video's frame, from an array."""

    brightness: NDArray[np.uint8]
    time: float = 0.0

    @property
    def height(self) -> int:
        return int(self.brightness.shape[0])

    @property
    def width(self) -> int:
        return int(self.brightness.shape[1])

    def brightness_at(self, scale: float) -> NDArray[np.uint8]:
        size = (max(round(self.width * scale), 1), max(round(self.height * scale), 1))
        return np.array(Image.fromarray(self.brightness).resize(size, Image.Resampling.BILINEAR))


@pytest.fixture(scope="module")
def portrait() -> tuple[Image.Image, Location]:
    """Return a portrait around its face, and where that is."""
    with Image.open(sample_picture("obama.jpg")) as picture:
        gray = picture.convert("L")
    (face,) = detect_faces(np.asarray(gray))
    around = face.location.enlarged(0.5)
    cut = gray.crop((around.left, around.top, around.right, around.bottom))
    return cut, face.location.moved(down=-around.top, right=-around.left)


def place(
    pixels: NDArray[np.uint8],
    portrait: tuple[Image.Image, Location],
    at: tuple[int, int],
    height: int,
) -> Location:
    """Put the portrait into a picture at (top, left), the face so high; return its place."""
    picture, face = portrait
    scale = height / face.height
    small = np.asarray(
        picture.resize((round(picture.width * scale), round(picture.height * scale)))
    )
    top, left = at
    pixels[top : top + small.shape[0], left : left + small.shape[1]] = small
    return face.scaled(scale).moved(down=top, right=left)


def room() -> NDArray[np.uint8]:
    noise = np.random.default_rng(0).normal(120, 4, (HEIGHT, WIDTH))
    return noise.astype(np.uint8)


def faces(search: FaceSearch, frame: Picture, expected: Sequence[Location] = ()) -> list[Location]:
    """Return all faces that are found in the frame, in as many parts as they come."""
    search.see(frame)  # type: ignore[arg-type]
    possible = seen_coarsely(frame)  # type: ignore[arg-type]
    found = search.faces(frame, possible, expected=expected)  # type: ignore[arg-type]
    return [face for some in found for face in some]


def matches(found: list[Location], expected: list[Location]) -> bool:
    return len(found) == len(expected) and all(
        any(face.overlap(place) > 0.4 for face in found) for place in expected
    )


@pytest.mark.parametrize("height", [40, 50, 64, 80, 110, 160, 240, 340])
def test_a_face_of_any_size_is_found_at_once(
    portrait: tuple[Image.Image, Location], height: int
) -> None:
    pixels = room()
    expected = place(pixels, portrait, (10, 300), height)
    found = faces(FaceSearch(), Picture(pixels))
    assert matches(found, [expected])


def test_several_faces_are_found_each_once(portrait: tuple[Image.Image, Location]) -> None:
    pixels = room()
    places = [(20, 30), (20, 500), (300, 40), (400, 500), (250, 800)]
    expected = [
        place(pixels, portrait, at, height)
        for at, height in zip(places, (48, 64, 90, 120, 200), strict=True)
    ]
    found = faces(FaceSearch(), Picture(pixels))
    assert matches(found, expected)


def test_a_small_face_that_comes_later_is_found(portrait: tuple[Image.Image, Location]) -> None:
    search = FaceSearch()
    assert faces(search, Picture(room()), ()) == []
    pixels = room()
    expected = place(pixels, portrait, (300, 700), 50)
    found = faces(search, Picture(pixels, time=1.0), ())
    assert matches(found, [expected])


def test_a_small_face_is_followed_as_it_moves(portrait: tuple[Image.Image, Location]) -> None:
    search = FaceSearch()
    found: list[Location] = []
    for sample in range(6):
        pixels = room()
        expected = place(pixels, portrait, (300, 500 + 12 * sample), 50)
        found = faces(search, Picture(pixels, time=sample / 2), found)
        assert matches(found, [expected])


def test_a_face_that_has_gone_is_no_longer_found(portrait: tuple[Image.Image, Location]) -> None:
    search = FaceSearch()
    pixels = room()
    place(pixels, portrait, (300, 500), 60)
    found = faces(search, Picture(pixels), ())
    assert len(found) == 1
    assert faces(search, Picture(room(), time=0.5), found) == []


@pytest.mark.parametrize("size", [(1, 1), (20, 40), (64, 64)])
def test_small_pictures_of_nobody_do_no_harm(size: tuple[int, int]) -> None:
    search = FaceSearch()
    for time in (0.0, 1.0):
        picture = Picture(np.zeros(size, np.uint8), time)
        assert faces(search, picture, [Location(0, 5, 5, 0)]) == []


def tilted(portrait: tuple[Image.Image, Location]) -> tuple[Image.Image, Location]:
    picture, face = portrait
    return picture.rotate(35, Image.Resampling.BILINEAR, fillcolor=120), face


def test_a_face_turned_from_the_front_is_found_in_a_new_scene_that_seems_empty(
    portrait: tuple[Image.Image, Location],
) -> None:
    pixels = room()
    turned = place(pixels, tilted(portrait), (100, 600), 300)
    frame = Picture(pixels)
    assert not seen_coarsely(frame)  # type: ignore[arg-type]
    assert matches(faces(FaceSearch(), frame), [turned])


def test_a_face_turned_from_the_front_is_found_beside_others_as_the_scene_goes_on(
    portrait: tuple[Image.Image, Location],
) -> None:
    search, pixels = FaceSearch(), room()
    from_the_front = place(pixels, portrait, (10, 20), 120)
    turned = place(pixels, tilted(portrait), (100, 600), 300)
    found = [faces(search, Picture(pixels, time=seconds / 2)) for seconds in range(5)]
    assert matches(found[-1], [from_the_front, turned])


def test_a_face_turned_from_the_front_that_comes_later_is_found_before_long(
    portrait: tuple[Image.Image, Location],
) -> None:
    search = FaceSearch()
    assert faces(search, Picture(room())) == []
    pixels = room()
    expected = place(pixels, tilted(portrait), (100, 600), 300)
    found = [faces(search, Picture(pixels, time=seconds)) for seconds in range(1, 6)]
    assert matches(found[-1], [expected])
