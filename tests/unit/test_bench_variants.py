"""Videos made harder: what is changed in their pictures, and what is not."""

from __future__ import annotations

from functools import partial
from itertools import islice
from typing import TYPE_CHECKING

import numpy as np
import pytest
from PIL import Image

from bench.crowd import Crowd, crowd_video
from bench.reference import first_frames
from bench.variants import AS_IT_IS, HARDER, Variants, face_height, write_changed
from function.recogniser.faces.encoding import find_faces

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from numpy.typing import NDArray

    from tests.unit.conftest import MakeVideo

ONE_FACE = Crowd(size=(640, 360), face_heights=(120,), seconds=1)

ROOM = (1920, 1080)
GREEN = (0, 255, 0)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    return dict(Variants(tmp_path_factory.mktemp("harder")).of(crowd_video(ONE_FACE)))


def pictures(video: Path) -> list[NDArray[np.uint8]]:
    return [frame.pixels for frame in first_frames(video, per_second=30)]


def middle_height(found_in: Iterable[NDArray[np.uint8]]) -> float:
    """Return the median height of the faces, in pixels of our own detector."""
    places = [face.location for pixels in found_in for face in find_faces(pixels)]
    return float(np.median([place.bottom - place.top for place in places]))


def middle_enlarged(pixels: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Return the middle of a picture of 1080p, four times as large."""
    middle = Image.fromarray(pixels).crop((860, 440, 1060, 640))
    return np.asarray(middle.resize((800, 800), Image.Resampling.BICUBIC))


def test_a_video_is_kept_as_it_is_and_made_in_every_harder_kind(made: dict[str, Path]) -> None:
    assert list(made) == [AS_IT_IS, *HARDER]
    assert made[AS_IT_IS] == crowd_video(ONE_FACE)
    assert len(set(made.values())) == len(made)


def test_a_video_is_made_harder_once(tmp_path: Path) -> None:
    variants = Variants(tmp_path)
    video = crowd_video(Crowd(size=(320, 180), face_heights=(100,), seconds=1))
    first = variants.of(video)["dark"].stat()
    again = variants.of(video)["dark"].stat()
    assert (again.st_ino, again.st_mtime_ns) == (first.st_ino, first.st_mtime_ns)


def test_a_video_without_a_face_is_not_made_harder(tmp_path: Path, make_video: MakeVideo) -> None:
    assert not Variants(tmp_path / "harder").of(make_video())


@pytest.mark.parametrize("height", [45, 28])
def test_faces_are_as_small_as_they_are_to_be(made: dict[str, Path], height: int) -> None:
    # Whatever part of a face a detector's box shows, it is the same one in both videos.
    before = middle_height(islice(pictures(made[AS_IT_IS]), 3))
    after = middle_height(map(middle_enlarged, islice(pictures(made[f"{height} px"]), 3))) / 4
    source = face_height(made[AS_IT_IS])
    assert source
    assert after / before == pytest.approx(height / source, rel=0.15)


def test_small_and_tilted_videos_are_of_1080p_and_the_others_keep_their_size(
    made: dict[str, Path],
) -> None:
    sizes = {kind: pictures(video)[0].shape[1::-1] for kind, video in made.items()}
    same = {AS_IT_IS, "dark", "blurred"}
    assert {kind for kind, size in sizes.items() if size == ONE_FACE.size} == same
    assert {kind for kind, size in sizes.items() if size == ROOM} == set(sizes) - same


def test_a_second_stays_a_second_with_fewer_pictures(made: dict[str, Path]) -> None:
    for kind in HARDER:
        times = [frame.time for frame in first_frames(made[kind], per_second=30)]
        assert times == pytest.approx([step / 6 for step in range(6)], abs=1e-3)


def test_a_pause_between_pictures_stays(tmp_path: Path, make_video: MakeVideo) -> None:
    video = make_video(pts=[0, 5, 30])  # tenths of a second
    write_changed(video, tmp_path / "dark.mp4", partial(HARDER["dark"], 50))
    times = [frame.time for frame in first_frames(tmp_path / "dark.mp4", per_second=30)]
    assert times == pytest.approx([0, 0.5, 3], abs=1e-3)


@pytest.mark.parametrize("degrees", [25, 45, 90])
def test_a_tilted_picture_keeps_all_of_its_source(degrees: int) -> None:
    source = Image.new("RGB", (400, 300), GREEN)
    assert area(HARDER[f"tilted {degrees}°"](100, source)) == pytest.approx(400 * 300, rel=0.01)


def test_a_tilted_picture_that_is_larger_than_the_room_is_made_smaller() -> None:
    tilted = HARDER["tilted 90°"](100, Image.new("RGB", ROOM, GREEN))
    assert tilted.size == ROOM
    assert area(tilted) == pytest.approx(1080 * 1080 * 9 / 16, rel=0.01)


def test_a_picture_is_tilted_clockwise() -> None:
    source = Image.new("RGB", (400, 300))
    source.paste(GREEN, (0, 0, 400, 30))  # along its upper edge
    tilted = np.asarray(HARDER["tilted 90°"](100, source))
    assert tuple(tilted[540, 960 + 140]) == GREEN
    assert tuple(tilted[540, 960 - 140]) == (0, 0, 0)


def area(picture: Image.Image) -> int:
    """Return how many pixels are green."""
    return int((np.asarray(picture) == GREEN).all(axis=2).sum())


def test_dark_is_a_fifth_of_the_light(made: dict[str, Path]) -> None:
    light, dark = (pictures(made[kind])[0].mean() for kind in (AS_IT_IS, "dark"))
    assert dark / light == pytest.approx(0.2, abs=0.02)


def test_larger_faces_are_blurred_more(made: dict[str, Path]) -> None:
    picture = Image.fromarray(pictures(made[AS_IT_IS])[0])
    detail = [
        np.abs(np.diff(np.asarray(it, dtype=float), axis=0)).mean()
        for it in (picture, HARDER["blurred"](50, picture), HARDER["blurred"](200, picture))
    ]
    assert detail[0] > detail[1] > detail[2]


@pytest.mark.parametrize("kind", ["dark", "blurred"])
def test_sides_are_even(kind: str) -> None:
    assert HARDER[kind](50, Image.new("RGB", (97, 65))).size == (96, 64)


def test_a_picture_that_is_stored_sideways_is_upright(
    tmp_path: Path, make_video: MakeVideo
) -> None:
    # Turned counterclockwise, the red quarter at the top left comes to lie at the bottom left.
    write_changed(make_video(rotation=90), tmp_path / "dark.mp4", partial(HARDER["dark"], 50))
    pixels = pictures(tmp_path / "dark.mp4")[0]
    assert pixels.shape == (96, 64, 3)
    red = pixels[..., 0] > 25
    assert [red[24, 16], red[24, 48], red[72, 16], red[72, 48]] == [False, False, True, False]


def test_a_height_is_the_whole_face_which_the_detector_shows_a_part_of(
    make_video: MakeVideo, monkeypatch: pytest.MonkeyPatch
) -> None:
    boxes = [(0, 90, 82, 8), (100, 49, 141, 8), (0, 900, 820, 80)]  # top, right, bottom, left
    monkeypatch.setattr("face_recognition.face_locations", lambda *_, **__: boxes)
    assert face_height(make_video()) == pytest.approx(100)
