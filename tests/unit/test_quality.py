"""A look says what it rests on: size, light, sharpness and tilt of the face."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from PIL import Image, ImageFilter

from function.recogniser.faces.encoding import find_faces
from tests.unit.faces import picture_of

if TYPE_CHECKING:
    from function.recogniser.faces.quality import Quality


def quality(pixels: np.typing.NDArray[np.uint8]) -> Quality:
    (face,) = find_faces(pixels)
    return face.quality


@pytest.mark.parametrize("height", [24, 48, 96, 192])
def test_the_height_is_the_faces(height: int) -> None:
    assert quality(picture_of("obama.jpg", height=height)[0]).height == pytest.approx(
        height, rel=0.25
    )


def test_a_blurred_face_is_less_sharp_and_a_dark_one_as_sharp() -> None:
    pixels, _ = picture_of("obama.jpg", height=192)
    blurred = np.asarray(Image.fromarray(pixels).filter(ImageFilter.GaussianBlur(192 * 0.04)))
    sharp = quality(pixels)
    assert quality(blurred).sharpness < 0.7 * sharp.sharpness
    dark = quality((pixels * 0.4).astype(np.uint8))
    assert dark.sharpness == pytest.approx(sharp.sharpness, rel=0.2)
    assert dark.brightness == pytest.approx(0.4 * sharp.brightness, rel=0.1)


@pytest.mark.parametrize("tilt", [-90, 90, 180])
def test_the_tilt_counts_either_way(tilt: int) -> None:
    pixels, _ = picture_of("obama.jpg", height=150, tilt=tilt)
    assert quality(pixels).tilt == pytest.approx(abs(tilt), abs=15)
