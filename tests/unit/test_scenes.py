"""Another scene is told from one that goes on."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from function.recogniser.video.scenes import Scenes
from tests.unit.faces import Picture, picture_of, put, room

if TYPE_CHECKING:
    from numpy.typing import NDArray


def news(*pictures: NDArray[np.uint8]) -> list[bool]:
    scenes = Scenes()
    return [scenes.is_new(Picture(pixels)) for pixels in pictures]  # type: ignore[arg-type]


def test_the_first_frame_begins_a_scene_and_the_next_goes_on_with_it() -> None:
    assert news(room(), room(), room()) == [True, False, False]


def test_somebody_who_comes_begins_none() -> None:
    somebody, _ = picture_of("obama.jpg", height=200)
    assert news(room(), somebody, room()) == [True, False, False]


def test_another_picture_begins_one() -> None:
    chance = np.random.default_rng(1)
    other = np.repeat(np.repeat(chance.integers(0, 255, (9, 16, 3), np.uint8), 80, 0), 80, 1)
    assert news(room(), other, other) == [True, True, False]


def test_a_picture_of_another_size_begins_one() -> None:
    assert news(room(), room((480, 640))) == [True, True]


def test_a_room_that_grows_darker_slowly_is_one_scene() -> None:
    pixels = room()
    put(pixels, "obama.jpg", (100, 100), height=150)
    darker = [(pixels * (1 - 0.05 * step)).astype(np.uint8) for step in range(6)]
    assert news(*darker) == [True, *[False] * 5]


@pytest.mark.parametrize("size", [(1, 1), (3, 7), (20, 40)])
def test_tiny_pictures_do_no_harm(size: tuple[int, int]) -> None:
    assert news(room(size), room(size)) == [True, False]
