"""The detector is dlib's, kept in a file because dlib is slow to build it."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import dlib
import numpy as np
import pytest
from PIL import Image

from function.recogniser.faces import detector
from function.recogniser.faces.detector import detect_faces, possible_faces
from function.recogniser.faces.dlib_file import ModelFileError, first_filter
from samples.pictures import sample_picture

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return an empty cache folder that is used in this test."""
    monkeypatch.setenv("LAMBDALENS_CACHE", str(tmp_path))
    detector._detectors_of_thread.cache_clear()
    return tmp_path


@pytest.fixture(autouse=True)
def _forget_the_cache() -> object:
    yield
    detector._detectors_of_thread.cache_clear()


def sample(name: str, *, height: int | None = None, mode: str = "RGB") -> NDArray[np.uint8]:
    with Image.open(sample_picture(name)) as picture:
        size = (round(picture.width * height / picture.height), height) if height else picture.size
        return np.array(picture.resize(size).convert(mode))


def test_the_faces_are_dlibs(request: pytest.FixtureRequest) -> None:
    pixels = sample("obama.jpg")
    request.getfixturevalue("cache")
    boxes, scores, _ = dlib.get_frontal_face_detector().run(pixels, 0, 0.0)
    for _ in range(2):  # from dlib, and from the file
        faces = detect_faces(pixels)
        assert [face.score for face in faces] == list(scores)
        assert [face.location for face in faces] == [
            (box.top(), box.right(), box.bottom(), box.left()) for box in boxes
        ]
        detector._detectors_of_thread.cache_clear()


def test_the_detector_is_kept_and_read_back(cache: Path) -> None:
    detect_faces(np.zeros((80, 80), np.uint8))
    kept = {path: path.stat().st_mtime_ns for path in cache.iterdir()}
    assert len(kept) == 2
    detector._detectors_of_thread.cache_clear()
    detect_faces(np.zeros((80, 80), np.uint8))
    assert {path: path.stat().st_mtime_ns for path in cache.iterdir()} == kept


def test_where_nothing_can_be_kept_faces_are_found_all_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pixels = sample("obama.jpg")
    file = tmp_path / "file"
    file.touch()
    monkeypatch.setenv("LAMBDALENS_CACHE", str(file / "cannot be a folder"))
    detector._detectors_of_thread.cache_clear()
    assert len(detect_faces(pixels)) == 1


def test_the_first_filter_finds_every_frontal_face_and_smaller_ones() -> None:
    for height, name in ((400, "obama.jpg"), (250, "obama.jpg"), (400, "biden.jpg")):
        picture = sample(name, height=height, mode="L")
        possible = possible_faces(picture)
        for face in detect_faces(picture):
            assert any(face.location.overlap(other.location) > 0.5 for other in possible)
    small = sample("obama.jpg", height=215, mode="L")
    assert not detect_faces(small)
    assert possible_faces(small)


def test_threads_do_not_share_a_detector() -> None:
    # It works in memory of its own: two threads in one end in a crash.
    with ThreadPoolExecutor(1) as other:
        theirs = other.submit(detector._detectors).result()
    assert not {id(one) for one in theirs} & {id(one) for one in detector._detectors()}


def test_what_is_no_detector_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "detector.svm"
    dlib.get_frontal_face_detector().save(str(path))
    for content in (path.read_bytes()[:-1], path.read_bytes() + b"\1\1", b"text", b""):
        path.write_bytes(content)
        with pytest.raises(ModelFileError, match=r"detector\.svm"):
            first_filter(path)
