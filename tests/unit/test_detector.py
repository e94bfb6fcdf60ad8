"""What may be a face is found, of any size and light, with landmarks that say how it lies."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import dlib
import numpy as np
import pytest
from PIL import Image

from function.recogniser.faces.detector import Detection, detect_faces
from tests.unit.faces import picture_of, sample


def hog_boxes(pixels: np.typing.NDArray[np.uint8]) -> list[dlib.rectangle]:
    boxes: list[dlib.rectangle] = list(dlib.get_frontal_face_detector()(pixels, 0))
    return boxes


@pytest.mark.parametrize("name", ["obama.jpg", "biden.jpg", "grace_hopper.jpg"])
def test_a_face_has_about_the_box_that_dlibs_detector_gives_it(name: str) -> None:
    pixels = np.asarray(sample(name))
    (expected,) = hog_boxes(pixels)
    face, *others = detect_faces(pixels)
    assert face.is_sure
    assert not any(other.is_certain for other in others)
    place = face.location
    assert place.height == pytest.approx(expected.height(), rel=0.25)
    for edge, other in (
        (place.top, expected.top()),
        (place.left, expected.left()),
        (place.right, expected.right()),
        (place.bottom, expected.bottom()),
    ):
        assert edge == pytest.approx(other, abs=0.2 * place.height)


@pytest.mark.parametrize("height", [25, 40, 80, 160, 300])
def test_faces_of_any_height_are_found(height: int) -> None:
    picture, expected = picture_of("obama.jpg", height=height)
    face = detect_faces(picture)[0]
    assert face.location.overlap(expected) > 0.5
    assert face.is_upright


@pytest.mark.parametrize("tilt", [-30, -15, 0, 15, 30])
def test_the_tilt_of_a_face_is_told(tilt: int) -> None:
    upright = sample("obama.jpg").resize((500, 700))
    straight = detect_faces(np.asarray(upright))[0].tilt
    # Pillow turns counterclockwise.
    turned = upright.rotate(-tilt, Image.Resampling.BILINEAR, fillcolor=(120, 120, 120))
    face = detect_faces(np.asarray(turned))[0]
    assert face.tilt - straight == pytest.approx(tilt, abs=15)


def test_a_dark_face_is_found() -> None:
    picture, expected = picture_of("obama.jpg", height=120)
    face = detect_faces((picture * 0.2).astype(np.uint8))[0]
    assert face.location.overlap(expected) > 0.5


def test_a_face_in_a_picture_that_is_mapped_is_where_the_map_says() -> None:
    face = Detection(
        landmarks=np.array([30 + 30j, 70 + 30j, 50 + 55j, 35 + 75j, 65 + 75j]), score=0.9
    )
    larger = face.mapped(2, 10 + 20j)
    assert larger.height == pytest.approx(2 * face.height)
    assert larger.centre == pytest.approx(2 * face.centre + 10 + 20j)
    assert face.mapped(1j).tilt - face.tilt == pytest.approx(90)
    assert larger.score == face.score


@pytest.mark.parametrize("size", [(1, 1), (20, 40), (33, 65), (64, 64)])
def test_a_picture_of_nothing_has_no_face(size: tuple[int, int]) -> None:
    assert detect_faces(np.zeros((*size, 3), np.uint8)) == []


def test_threads_may_share_the_network() -> None:
    picture, _ = picture_of("obama.jpg", height=80)
    with ThreadPoolExecutor(4) as threads:
        found = list(threads.map(detect_faces, [picture] * 8))
    scores = [[face.score for face in faces] for faces in found]
    assert scores == [scores[0]] * 8
