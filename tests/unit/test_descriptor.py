"""The network's weights are read with checks, and its descriptors are dlib's own."""

from __future__ import annotations

from typing import TYPE_CHECKING

import dlib
import numpy as np
import pytest
from PIL import Image

from function.recogniser.faces.alignment import face_chip
from function.recogniser.faces.conversion import descriptor_model
from function.recogniser.faces.descriptor import CHIP_SIZE, ENCODING_LENGTH, describe
from function.recogniser.faces.dlib_file import ModelFileError, read_network
from function.recogniser.faces.location import Location
from function.recogniser.faces.models import model_file
from samples.pictures import SAMPLE_PICTURES, sample_picture

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

MODEL = "dlib_face_recognition_resnet_model_v1.dat"


@pytest.fixture(scope="module")
def chips() -> list[NDArray[np.uint8]]:
    """Return the chips of the sample faces, and one of noise."""
    noise = np.random.default_rng(0).integers(0, 256, (CHIP_SIZE, CHIP_SIZE, 3), np.uint8)
    found = [noise]
    detect = dlib.get_frontal_face_detector()
    for name in SAMPLE_PICTURES:
        with Image.open(sample_picture(name)) as picture:
            pixels = np.asarray(picture.convert("RGB"))
        found += [
            face_chip(pixels, Location(box.top(), box.right(), box.bottom(), box.left()))
            for box in detect(pixels, 0)
        ]
    return found


def test_descriptors_are_those_of_dlib(chips: list[NDArray[np.uint8]]) -> None:
    original = dlib.face_recognition_model_v1(str(model_file(MODEL)))
    expected = np.array([original.compute_face_descriptor(chip) for chip in chips])
    descriptors = describe(chips)
    assert descriptors.shape == (len(chips), ENCODING_LENGTH)
    assert descriptors.dtype == np.float32
    assert np.linalg.norm(descriptors - expected, axis=1).max() <= 1e-5


def test_a_descriptor_does_not_depend_on_the_faces_described_with_it(
    chips: list[NDArray[np.uint8]],
) -> None:
    together = describe(chips)
    alone = np.concatenate([describe([chip]) for chip in chips])
    assert np.allclose(together, alone, atol=1e-6)


def test_no_faces_have_no_descriptors() -> None:
    assert describe([]).shape == (0, ENCODING_LENGTH)


@pytest.mark.parametrize(
    ("damage", "said"),
    [
        (lambda content: content[:-1], "more bytes"),
        (lambda content: content[:1000], "more bytes"),
        (lambda content: content + b"\0", "integer"),
        (lambda content: content.replace(b"affine_", b"another", 1), "another"),
        (
            lambda content: content.replace(b"input_rgb_image_sized", b"input_something_else_"),
            "input",
        ),
        (lambda _: b"no network", "integer"),
        (lambda _: b"", "more bytes"),
    ],
    ids=["cut", "cut short", "longer", "another layer", "another input", "text", "empty"],
)
def test_a_file_that_is_not_the_network_is_refused(
    tmp_path: Path, damage: object, said: str
) -> None:
    path = tmp_path / "model.dat"
    path.write_bytes(damage(model_file(MODEL).read_bytes()))  # type: ignore[operator]
    with pytest.raises(ModelFileError, match=said) as raised:
        read_network(path, input_name="input_rgb_image_sized")
    assert "model.dat" in str(raised.value)
    assert "\n" not in str(raised.value)


def test_a_network_of_another_form_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "model.dat"
    content = model_file(MODEL).read_bytes()
    # The first convolution's stride: 2 by 2 becomes 1 by 1.
    settings = bytes([1, 32, 1, 7, 1, 7, 1, 2, 1, 2])
    path.write_bytes(content.replace(settings, settings[:-4] + bytes([1, 1, 1, 1]), 1))
    with pytest.raises(ModelFileError, match="convolution"):
        descriptor_model(path)
