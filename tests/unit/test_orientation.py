"""A film that lies on its side, or is mirrored, is turned: as the file says, or the faces in it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import av
import numpy as np
import pytest

from function.recogniser.faces.orientation import Orientation
from function.recogniser.faces.search import seen_small
from function.recogniser.video.sampling import sampled_frames
from tests.unit.faces import picture_of, room

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from numpy.typing import NDArray


def film(
    path: Path, pictures: Sequence[NDArray[np.uint8]], matrix: list[int] | None = None
) -> Path:
    """Write a film of a picture a second, with a display matrix if there is one."""
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=1)
        stream.height, stream.width = pictures[0].shape[:2]
        stream.pix_fmt = "yuv420p"
        if matrix:
            stream.set_display_matrix(matrix)
        for pixels in pictures:
            frame = av.VideoFrame.from_ndarray(np.ascontiguousarray(pixels), format="rgb24")
            container.mux(stream.encode(frame))
        container.mux(stream.encode())
    return path


def turns(path: Path) -> list[int]:
    """Return by how many quarters counterclockwise each sample is turned."""
    orientation = Orientation()
    return [
        orientation.upright(frame, new_scene=number == 0)[0].quarter_turns
        for number, frame in enumerate(sampled_frames(path, per_second=1))
    ]


@pytest.mark.parametrize("quarters", [0, 1, 2, 3])
def test_a_film_is_turned_as_the_faces_in_it_lie(tmp_path: Path, quarters: int) -> None:
    pixels, place = picture_of("obama.jpg", height=180)
    path = film(tmp_path / "film.mp4", [np.rot90(pixels, -quarters)])
    (frame,) = sampled_frames(path, per_second=1)
    upright, possible, turned = Orientation().upright(frame, new_scene=True)
    assert turned == bool(quarters)
    assert (upright.height, upright.width) == pixels.shape[:2]
    assert possible[0].is_sure
    assert possible[0].location.overlap(place) > 0.6
    shown = upright.pixels.astype(int)
    assert np.abs(shown - pixels).mean() < 8
    assert np.abs(upright.brightness.astype(int) - pixels.mean(axis=2)).mean() < 25


def test_a_film_stays_turned_until_somebody_is_upright_another_way(tmp_path: Path) -> None:
    upright, _ = picture_of("obama.jpg", height=180)
    lying = np.ascontiguousarray(np.rot90(upright, -1)[:720, :720])
    upright, empty = upright[:720, :720], room((720, 720))
    assert turns(film(tmp_path / "first.mp4", [upright, lying, empty, lying])) == [0, 0, 0, 0]
    # Looked at again when nobody has been upright for five seconds.
    scenes = [lying, empty, empty, *[upright] * 6]
    assert turns(film(tmp_path / "second.mp4", scenes)) == [*[1] * 5, *[0] * 4]


def test_an_empty_room_is_not_turned(tmp_path: Path) -> None:
    assert turns(film(tmp_path / "film.mp4", [room()] * 3)) == [0, 0, 0]


@pytest.mark.parametrize(
    ("matrix", "undo"),
    [
        ([1, 0, 0, 1], lambda shown: shown),
        ([-1, 0, 0, 1], np.fliplr),
        ([1, 0, 0, -1], np.flipud),
        ([-1, 0, 0, -1], lambda shown: np.rot90(shown, 2)),
        ([0, 1, -1, 0], lambda shown: np.rot90(shown, 1)),
        ([0, -1, 1, 0], lambda shown: np.rot90(shown, -1)),
        ([0, 1, 1, 0], lambda shown: shown.transpose(1, 0, 2)),
        ([0, -1, -1, 0], lambda shown: np.rot90(shown, 2).transpose(1, 0, 2)),
    ],
    ids=["none", "mirrored", "flipped", "half", "right", "left", "diagonal", "other diagonal"],
)
def test_a_frame_is_shown_as_its_display_matrix_says(
    tmp_path: Path, matrix: list[int], undo: object
) -> None:
    expected, _ = picture_of("obama.jpg", height=180)
    a, b, c, d = (65536 * value for value in matrix)
    stored = undo(expected)  # type: ignore[operator]
    path = film(tmp_path / "film.mp4", [stored], [a, b, 0, c, d, 0, 0, 0, 1 << 30])
    (frame,) = sampled_frames(path, per_second=1)
    assert (frame.height, frame.width) == expected.shape[:2]
    assert np.abs(frame.pixels.astype(int) - expected).mean() < 8
    assert np.abs(frame.brightness.astype(int) - expected.mean(axis=2)).mean() < 25
    assert seen_small(frame)[0].is_sure
