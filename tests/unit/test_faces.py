"""Faces are found as face_recognition finds them, with encodings that can be compared to its."""

from __future__ import annotations

import importlib
import subprocess
import sys
import warnings
from typing import TYPE_CHECKING

import numpy as np
import pytest
from PIL import Image

from function.recogniser.faces.alignment import face_chip
from function.recogniser.faces.descriptor import describe
from function.recogniser.faces.encoding import ENCODING_LENGTH, find_faces
from function.recogniser.faces.location import Location
from samples.pictures import SAMPLE_PICTURES, sample_picture
from tests.unit.faces import picture_of

if TYPE_CHECKING:
    from types import ModuleType

    from numpy.typing import NDArray


@pytest.fixture(scope="module")
def face_recognition() -> ModuleType:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # its models' package warns of pkg_resources
        return importlib.import_module("face_recognition")


@pytest.mark.parametrize("name", SAMPLE_PICTURES)
def test_the_encoding_of_a_location_is_that_of_face_recognition(
    face_recognition: ModuleType, name: str
) -> None:
    pixels = sample(name)
    for face in face_recognition.face_locations(pixels):
        (expected,) = face_recognition.face_encodings(pixels, [face], model="small")
        (encoding,) = describe([face_chip(pixels, Location(*face))])
        assert np.linalg.norm(encoding - expected) <= 1e-5


@pytest.mark.parametrize("name", SAMPLE_PICTURES)
def test_faces_are_those_that_face_recognition_finds_and_look_much_the_same(
    face_recognition: ModuleType, name: str
) -> None:
    pixels = sample(name)
    boxes = [Location(*box) for box in face_recognition.face_locations(pixels)]
    found = find_faces(pixels)
    assert len(found) == 1  # in one of the pictures, its detector takes a helmet for a face
    (face,) = found
    assert face.encoding.shape == (ENCODING_LENGTH,)
    assert face.encoding.dtype == np.float32
    (nearest,) = sorted(boxes, key=lambda box: -box.overlap(face.location))[:1]
    assert nearest.overlap(face.location) > 0.5
    (expected,) = face_recognition.face_encodings(pixels, [nearest], model="small")
    assert np.linalg.norm(face.encoding - expected) <= 0.2


@pytest.mark.parametrize("tilt", [30, 90, 180, 225, 270])
def test_a_tilted_face_has_much_the_same_encoding(tilt: int) -> None:
    with Image.open(sample_picture("obama.jpg")) as picture:
        upright = picture.convert("RGB").resize((600, 800))
    turned = upright.rotate(-tilt, Image.Resampling.BICUBIC, expand=True)
    (expected,), (face,) = find_faces(np.asarray(upright)), find_faces(np.asarray(turned))
    assert np.linalg.norm(face.encoding - expected.encoding) <= 0.2
    assert face.quality.tilt == pytest.approx(min(tilt, 360 - tilt), abs=15)


def test_a_small_face_has_a_similar_encoding() -> None:
    large, _ = picture_of("obama.jpg", height=200)
    small, _ = picture_of("obama.jpg", height=40)
    (expected,), (face,) = find_faces(large), find_faces(small)
    assert face.quality.height == pytest.approx(40, rel=0.2)
    assert np.linalg.norm(face.encoding - expected.encoding) <= 0.4


def test_a_face_over_the_edge_is_encoded_as_well() -> None:
    pixels = sample("obama.jpg")
    (whole,) = find_faces(pixels)
    cut = np.ascontiguousarray(pixels[:, whole.location.left + 20 :])
    (face,) = find_faces(cut)
    assert np.linalg.norm(face.encoding - whole.encoding) <= 0.4


def test_a_picture_of_nobody_has_no_faces() -> None:
    assert find_faces(np.zeros((64, 64, 3), np.uint8)) == []


def test_a_process_that_finds_faces_imports_no_pkg_resources() -> None:
    program = (
        "import sys, numpy; from function.recogniser.faces.encoding import find_faces;"
        "find_faces(numpy.zeros((64, 64, 3), numpy.uint8));"
        "print([name for name in ('pkg_resources', 'face_recognition') if name in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert done.stdout == "[]\n"


def sample(name: str) -> NDArray[np.uint8]:
    with Image.open(sample_picture(name)) as picture:
        return np.asarray(picture.convert("RGB"))
