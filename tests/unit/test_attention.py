"""Close looks go where a small face could have appeared, and no more often than needed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pytest
from PIL import Image

from function.recogniser.faces.attention import Attention
from function.recogniser.faces.location import Location

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

HEIGHT, WIDTH = 720, 1280


@dataclass
class Picture:
    """Stands in for a video's frame, from an array."""

    pixels: NDArray[np.uint8]
    time: float = 0.0

    def brightness_at(self, scale: float) -> NDArray[np.uint8]:
        size = [max(round(side * scale), 1) for side in self.pixels.shape[::-1]]
        return np.array(Image.fromarray(self.pixels).resize(size, Image.Resampling.BOX))


def pattern(height: int, width: int, seed: int = 0) -> NDArray[np.uint8]:
    """Return something as detailed as a face."""
    coarse = np.random.default_rng(seed).integers(60, 196, (height // 8, width // 8), np.uint8)
    return coarse.repeat(8, axis=0).repeat(8, axis=1)


def room(*things: tuple[int, int, int], seed: int = 0) -> NDArray[np.uint8]:
    """Return a plain picture with detailed squares of (top, left, size)."""
    pixels = np.full((HEIGHT, WIDTH), 120, np.uint8)
    for top, left, size in things:
        pixels[top : top + size, left : left + size] = pattern(size, size, seed)
    return pixels


def looks(
    attention: Attention,
    pixels: NDArray[np.uint8],
    time: float = 0.0,
    known: Sequence[Location] = (),
) -> list[Location]:
    attention.see(Picture(pixels, time))  # type: ignore[arg-type]
    return attention.areas(known)


def within(areas: list[Location], top: int, left: int, size: int) -> bool:
    return any(
        area.top <= top
        and area.left <= left
        and area.bottom >= top + size - 1
        and area.right >= left + size - 1
        for area in areas
    )


def pixels_in(areas: list[Location]) -> int:
    return sum(area.height * area.width for area in areas)


def test_what_has_no_detail_gets_no_look() -> None:
    assert looks(Attention(), room()) == []


@pytest.mark.parametrize("size", [40, 64, 120])
@pytest.mark.parametrize(("top", "left"), [(0, 0), (200, 640), (345, 715), (580, 1100)])
def test_a_new_scene_is_looked_at_wherever_there_is_detail(size: int, top: int, left: int) -> None:
    areas = looks(Attention(), room((top, left, size)))
    assert within(areas, top, left, size)
    assert pixels_in(areas) < HEIGHT * WIDTH / 4


def test_what_stays_the_same_gets_no_second_look() -> None:
    attention = Attention()
    pixels = pattern(HEIGHT, WIDTH)
    noise = np.random.default_rng(1).normal(0, 3, pixels.shape)
    assert pixels_in(looks(attention, pixels)) >= HEIGHT * WIDTH
    assert looks(attention, (pixels + noise).astype(np.uint8), 1.0) == []


def test_what_changes_is_looked_at_again() -> None:
    attention = Attention()
    looks(attention, room((100, 100, 64)))
    areas = looks(attention, room((100, 100, 64), (500, 900, 64)), 1.0)
    assert within(areas, 500, 900, 64)
    assert not within(areas, 100, 100, 64)


def test_what_changes_slowly_is_looked_at_again_in_the_end() -> None:
    attention = Attention()
    before, after = room((96, 96, 64)), room((96, 96, 64), seed=1)
    looks(attention, before)
    for second in range(1, 9):
        mixed = before + (after.astype(float) - before) * second / 8
        if looks(attention, mixed.astype(np.uint8), float(second)):
            return
    pytest.fail("the change went unnoticed")


def test_known_faces_and_what_moves_with_them_need_no_look() -> None:
    attention = Attention()
    face = Location(top=200, right=359, bottom=359, left=200)
    assert looks(attention, room((200, 200, 160)), known=[face]) == []
    looks(attention, room((200, 200, 160), (600, 1000, 80)), 0.5, known=[face])
    moved = face.moved(down=0, right=16)
    seen = looks(attention, room((200, 216, 160), (600, 1000, 80)), 1.0, known=[moved])
    assert not within(seen, 200, 216, 160)


def test_a_picture_that_changes_all_the_time_is_seen_piece_by_piece() -> None:
    attention = Attention()
    whole = HEIGHT * WIDTH
    dark = pattern(HEIGHT, WIDTH) // 2
    looks(attention, dark)
    seen = np.zeros((HEIGHT, WIDTH), bool)
    for sample in range(1, 21):
        # Brighter everywhere, but by too little for another scene.
        areas = looks(attention, dark + np.uint8(7 * sample), sample / 2)
        assert pixels_in(areas) < whole / 3
        for area in areas:
            seen[max(area.top, 0) : area.bottom + 1, max(area.left, 0) : area.right + 1] = True
    assert seen.mean() > 0.9


def test_a_cut_is_told_from_a_movement() -> None:
    attention = Attention()
    one, other = pattern(HEIGHT, WIDTH, 0), pattern(HEIGHT, WIDTH, 1)
    moved = one.copy()
    moved[:, : WIDTH // 3] = other[:, : WIDTH // 3]
    frames = [one, one, moved, other]
    cuts = [attention.see(Picture(pixels, time)) for time, pixels in enumerate(frames)]  # type: ignore[arg-type]
    assert cuts == [True, False, False, True]


@pytest.mark.parametrize("size", [(1, 1), (16, 16), (19, 300)])
def test_tiny_pictures_do_no_harm(size: tuple[int, int]) -> None:
    attention = Attention()
    for time in (0.0, 1.0):
        assert looks(attention, np.zeros(size, np.uint8), time) == []
