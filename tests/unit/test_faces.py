"""Faces are where face_recognition finds them, with the encodings it gives."""

from __future__ import annotations

import importlib
import subprocess
import sys
import warnings
from typing import TYPE_CHECKING

import numpy as np
import pytest
from PIL import Image

from function.recogniser.faces.encoding import ENCODING_LENGTH, find_faces
from samples.pictures import SAMPLE_PICTURES, sample_picture

if TYPE_CHECKING:
    from types import ModuleType

    from numpy.typing import NDArray


@pytest.fixture(scope="module")
def face_recognition() -> ModuleType:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # its models' package warns of pkg_resources
        return importlib.import_module("face_recognition")


@pytest.mark.parametrize("upsample", [0, 1])
@pytest.mark.parametrize("name", SAMPLE_PICTURES)
def test_faces_equal_those_of_face_recognition(
    face_recognition: ModuleType, name: str, upsample: int
) -> None:
    pixels = sample(name)
    expected_locations = face_recognition.face_locations(pixels, upsample)
    expected = face_recognition.face_encodings(pixels, expected_locations, model="small")
    faces = find_faces(pixels, upsample=upsample)
    assert len(faces) >= 1
    assert [face.location for face in faces] == expected_locations
    for face, encoding in zip(faces, expected, strict=True):
        assert face.score > 0
        assert face.encoding.shape == (ENCODING_LENGTH,)
        assert face.encoding.dtype == np.float32
        assert np.linalg.norm(face.encoding - encoding) <= 1e-5


def test_a_face_over_the_edge_has_a_box_inside_the_picture(face_recognition: ModuleType) -> None:
    pixels = sample("obama.jpg")
    (whole,) = find_faces(pixels, upsample=0)
    cut = np.ascontiguousarray(pixels[:, whole.location.left + 10 :])
    (face,) = find_faces(cut, upsample=0)
    (expected,) = face_recognition.face_encodings(
        cut, face_recognition.face_locations(cut, 0), model="small"
    )
    assert face.location.left == 0
    assert np.linalg.norm(face.encoding - expected) <= 1e-5


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
