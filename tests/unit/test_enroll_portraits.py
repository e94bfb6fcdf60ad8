"""Which pictures are good enough to know somebody by, whatever program or phone they are from."""

from __future__ import annotations

import io
import os
import random
import struct
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from enroll.picture_file import read_picture
from enroll.portraits import PortraitRefusedError, encode_portrait
from function.recogniser.faces.encoding import find_faces
from samples.pictures import sample_picture

_CLIPS = os.environ.get("LAMBDALENS_CLIPS")
_SAME_PERSON = 0.35
"""A re-coded picture of a face stays this near to the picture it was made from."""


@pytest.fixture(scope="module")
def obama() -> Image.Image:
    """Barack Obama, upright, 400 pixels wide."""
    with Image.open(sample_picture("obama.jpg")) as picture:
        return picture.convert("RGB").resize((400, 500))


@pytest.fixture(scope="module")
def encoding(obama: Image.Image) -> np.ndarray:
    return find_faces(np.array(obama))[0].encoding


def test_a_jpeg_that_is_not_scaled_keeps_the_encoding_of_its_pixels() -> None:
    path = sample_picture("obama.jpg")
    with Image.open(path) as picture:
        pixels = np.array(picture.convert("RGB"))
    expected = find_faces(pixels)[0].encoding
    assert np.array_equal(encode_portrait(path), expected)


_STORED = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_90,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_270,
}


def _stored(picture: Image.Image, orientation: int) -> Image.Image:
    """Return the picture as a camera stores it that says this orientation."""
    return picture.transpose(_STORED[orientation]) if orientation in _STORED else picture


def _exif(orientation: int) -> Image.Exif:
    exif = Image.Exif()
    exif[0x0112] = orientation
    return exif


@pytest.mark.parametrize("orientation", range(1, 9))
def test_exif_orientation_is_applied(obama: Image.Image, tmp_path: Path, orientation: int) -> None:
    stored = _stored(obama, orientation)
    stored.save(tmp_path / "turned.png", exif=_exif(orientation))
    assert np.array_equal(read_picture(tmp_path / "turned.png"), np.array(obama))


@pytest.mark.parametrize("orientation", [3, 6, 8])
@pytest.mark.parametrize("form", ["JPEG", "WEBP", "HEIF", "AVIF"])
def test_every_format_s_orientation_is_applied(
    obama: Image.Image, tmp_path: Path, form: str, orientation: int
) -> None:
    path = tmp_path / "turned"
    exif = _exif(orientation).tobytes()
    _stored(obama, orientation).save(path, format=form, exif=exif)
    difference = read_picture(path).astype(int) - np.array(obama)
    assert np.abs(difference).mean() < 5


@pytest.mark.parametrize(
    ("name", "form"),
    [
        ("IMG_0001.HEIC", "HEIF"),
        ("portrait.avif", "AVIF"),
        ("portrait.jfif", "JPEG"),
        ("PORTRAIT.JPG", "JPEG"),
        ("portrait.jpg", "PNG"),
        ("portrait.jpg", "HEIF"),
        ("portrait.heic", "JPEG"),
        ("portrait", "WEBP"),
        ("portrait.txt", "JPEG"),
        ("portrait.gif", "GIF"),
        ("portrait.bmp", "BMP"),
    ],
)
def test_what_a_picture_is_its_content_tells_and_not_its_suffix(
    obama: Image.Image, encoding: np.ndarray, tmp_path: Path, name: str, form: str
) -> None:
    obama.save(tmp_path / name, format=form)
    assert np.linalg.norm(encode_portrait(tmp_path / name) - encoding) < _SAME_PERSON


@pytest.mark.parametrize(
    ("form", "options"),
    [
        ("PNG", {}),
        ("WEBP", {"lossless": True}),
        ("GIF", {}),
        ("AVIF", {}),
        ("HEIF", {"primary_index": 0}),
        ("MPO", {}),
    ],
    ids=["APNG", "WebP", "GIF", "AVIF", "HEIC burst", "JPEG of several"],
)
def test_of_several_pictures_in_a_file_the_first_is_taken(
    obama: Image.Image,
    encoding: np.ndarray,
    tmp_path: Path,
    form: str,
    options: dict[str, int],
) -> None:
    others = [Image.new("RGB", obama.size, color) for color in ("gray", "black")]
    obama.save(tmp_path / "several", format=form, save_all=True, append_images=others, **options)
    assert np.linalg.norm(encode_portrait(tmp_path / "several") - encoding) < _SAME_PERSON


def test_of_a_burst_it_is_the_picture_that_the_file_names(
    obama: Image.Image, encoding: np.ndarray, tmp_path: Path
) -> None:
    gray = Image.new("RGB", obama.size, "gray")
    path = tmp_path / "burst.heic"
    gray.save(path, format="HEIF", save_all=True, append_images=[obama], primary_index=1)
    assert np.linalg.norm(encode_portrait(path) - encoding) < _SAME_PERSON


@pytest.mark.parametrize("quarters", [1, 2, 3])
@pytest.mark.parametrize("name", ["obama3.jpg", "biden.jpg", "grace_hopper.jpg"])
def test_a_portrait_that_lies_on_its_side_is_turned(
    tmp_path: Path, name: str, quarters: int
) -> None:
    upright = read_picture(sample_picture(name))
    Image.fromarray(np.rot90(upright, quarters)).save(tmp_path / "lying.png")
    expected = encode_portrait(sample_picture(name))
    assert np.array_equal(encode_portrait(tmp_path / "lying.png"), expected)


def test_a_portrait_whose_exif_turns_it_wrongly_is_turned_back(
    obama: Image.Image, encoding: np.ndarray, tmp_path: Path
) -> None:
    obama.save(tmp_path / "twice.png", exif=_exif(6))
    assert np.array_equal(encode_portrait(tmp_path / "twice.png"), encoding)


def _exif_with_text_for_resolution(orientation: int) -> bytes:
    """Return an EXIF block whose horizontal resolution is a text, as some programs write it."""
    entries = struct.pack("<HHIHH", 0x0112, 3, 1, orientation, 0)
    entries += struct.pack("<HHI4s", 0x011A, 2, 4, b"72/1")
    return b"Exif\0\0II*\0" + struct.pack("<IH", 8, 2) + entries + bytes(4)


def test_only_the_orientation_is_looked_at_in_exif(obama: Image.Image, tmp_path: Path) -> None:
    path = tmp_path / "portrait.png"
    _stored(obama, 6).save(path, exif=_exif_with_text_for_resolution(6))
    assert np.array_equal(read_picture(path), np.array(obama))


@pytest.mark.parametrize(
    "exif",
    [
        b"Exif\0\0",
        b"Exif\0\0no TIFF at all",
        b"Exif\0\0II*\0\xff\xff\xff\xff",
        b"Exif\0\0II*\0\x08\0\0\0\xff\xff" + b"\x12\x01\x02\0\x01\0\0\0\x06\0\0\0" * 9,
        b"Exif\0\0MM\0*\0\0\0\x08\0\x01\x01\x12\0\x05\0\0\0\x01\0\0\0\0",
    ],
    ids=["empty", "no TIFF", "beyond the end", "cut, and a text", "a fraction outside"],
)
def test_a_damaged_exif_block_leaves_the_picture_as_it_is(
    obama: Image.Image, tmp_path: Path, exif: bytes
) -> None:
    obama.save(tmp_path / "portrait.png", exif=exif)
    assert np.array_equal(read_picture(tmp_path / "portrait.png"), np.array(obama))


def test_no_exif_block_keeps_a_picture_from_being_read(tmp_path: Path) -> None:
    randomness = random.Random(20)  # noqa: S311 - no secret
    path = tmp_path / "portrait.jpg"
    for _ in range(1000):
        entries = b"".join(
            struct.pack(
                "<HHI4s",
                randomness.choice((0x0112, 0x011A, 0x011B, 0x0128, 0x8769, 0x8825, 0xA005)),
                randomness.randrange(14),
                randomness.choice((0, 1, 2, 4, 1 << 31)),
                randomness.randbytes(4),
            )
            for _ in range(6)
        )
        exif = b"Exif\0\0II*\0" + struct.pack("<IH", 8, randomness.randrange(9)) + entries
        Image.new("RGB", (30, 20)).save(path, exif=exif)
        assert read_picture(path).shape in {(20, 30, 3), (30, 20, 3)}


@pytest.mark.parametrize("mode", ["RGB", "RGBA", "LA", "L", "P", "CMYK"])
def test_every_mode_gives_the_same_person(
    obama: Image.Image, encoding: np.ndarray, tmp_path: Path, mode: str
) -> None:
    path = tmp_path / ("portrait.jpg" if mode == "CMYK" else "portrait.png")
    obama.convert(mode).save(path)
    assert np.linalg.norm(encode_portrait(path) - encoding) < _SAME_PERSON


def test_sixteen_bit_gray_gives_the_same_person(
    obama: Image.Image, encoding: np.ndarray, tmp_path: Path
) -> None:
    levels = np.asarray(obama.convert("L")).astype(np.uint16) * 257
    Image.fromarray(levels).save(tmp_path / "portrait.png")
    assert np.linalg.norm(encode_portrait(tmp_path / "portrait.png") - encoding) < _SAME_PERSON


def test_a_huge_picture_is_scaled_down_and_gives_the_same_person(
    obama: Image.Image, encoding: np.ndarray, tmp_path: Path
) -> None:
    obama.resize((3200, 4000)).save(tmp_path / "portrait.jpg", quality=60)
    assert max(read_picture(tmp_path / "portrait.jpg").shape) == 3000
    assert np.linalg.norm(encode_portrait(tmp_path / "portrait.jpg") - encoding) < _SAME_PERSON


def test_a_small_face_is_found(obama: Image.Image, tmp_path: Path) -> None:
    obama.resize((160, 200)).save(tmp_path / "portrait.png")
    assert encode_portrait(tmp_path / "portrait.png").shape == (128,)


def test_no_face_is_refused(tmp_path: Path) -> None:
    Image.new("RGB", (300, 300), "gray").save(tmp_path / "wall.png")
    with pytest.raises(PortraitRefusedError, match="no face that can be found: take one"):
        encode_portrait(tmp_path / "wall.png")


def test_several_faces_are_refused(obama: Image.Image, tmp_path: Path) -> None:
    both = Image.new("RGB", (800, 500))
    both.paste(obama, (0, 0))
    both.paste(obama, (400, 0))
    both.save(tmp_path / "both.png")
    with pytest.raises(PortraitRefusedError, match="has 2 faces: cut out"):
        encode_portrait(tmp_path / "both.png")


@pytest.mark.parametrize("form", ["JPEG", "PNG", "WEBP", "HEIF", "AVIF", "GIF", "BMP"])
@pytest.mark.parametrize("kept", [0.1, 0.5])
def test_a_damaged_picture_is_refused(
    obama: Image.Image, tmp_path: Path, form: str, kept: float
) -> None:
    content = io.BytesIO()
    obama.save(content, format=form)
    (tmp_path / "portrait.jpg").write_bytes(content.getvalue()[: int(content.tell() * kept)])
    with pytest.raises(PortraitRefusedError, match="cannot be read"):
        encode_portrait(tmp_path / "portrait.jpg")


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"a text",
        b"%!PS-Adobe-3.0 EPSF-3.0\n",
        b"%PDF-1.7\n",
        bytes(1000),
        b"\xff\xd8\xff",
        b"\0\0\0\x18ftypheic\0\0\0\0mif1heic",
        b"\0\0\0\x1cftypavif\0\0\0\0avifmif1",
        b"\x89PNG\r\n\x1a\n",
        b"II*\0\x08\0\0\0",
    ],
)
def test_what_is_no_picture_is_refused(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "portrait.jpg").write_bytes(content)
    with pytest.raises(PortraitRefusedError, match=r"cannot be read as a JPEG, .*: save it again"):
        encode_portrait(tmp_path / "portrait.jpg")


@pytest.mark.parametrize("size", [(1, 1), (1, 4000), (4000, 1), (7, 3)])
def test_a_picture_of_no_size_worth_mentioning_has_no_face(
    tmp_path: Path, size: tuple[int, int]
) -> None:
    Image.new("RGB", size).save(tmp_path / "portrait.png")
    with pytest.raises(PortraitRefusedError, match="no face that can be found"):
        encode_portrait(tmp_path / "portrait.png")


def test_a_picture_that_cannot_be_opened_is_not_called_damaged(tmp_path: Path) -> None:
    with pytest.raises(PortraitRefusedError, match=r"cannot be opened \(No such file"):
        encode_portrait(tmp_path / "removed meanwhile.jpg")


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_picture_that_may_not_be_read_is_not_called_damaged(tmp_path: Path) -> None:
    (tmp_path / "closed.jpg").touch(mode=0)
    with pytest.raises(PortraitRefusedError, match=r"cannot be opened \(Permission denied"):
        encode_portrait(tmp_path / "closed.jpg")


def test_a_decompression_bomb_is_refused(tmp_path: Path) -> None:
    Image.new("1", (20_000, 20_000)).save(tmp_path / "portrait.png")
    with pytest.raises(PortraitRefusedError, match="too large"):
        encode_portrait(tmp_path / "portrait.png")


@pytest.mark.skipif(_CLIPS is None, reason="LAMBDALENS_CLIPS names no folder of real portraits")
@pytest.mark.parametrize(
    ("name", "refusal"),
    [
        ("no_face.jpg", "no face"),
        ("obama_and_biden_several_faces.jpg", "faces: cut out"),
        ("text.jpg", "cannot be read"),
        ("obama_partial_face.jpg", None),
        ("obama_rgba_32bit.png", None),
        ("../../reports/exif_text_in_resolution.jpg", None),
    ],
)
def test_real_edge_cases(name: str, refusal: str | None) -> None:
    path = Path(_CLIPS or "") / "portraits" / "_edge_dev" / name
    if refusal is None:
        assert encode_portrait(path).shape == (128,)
    else:
        with pytest.raises(PortraitRefusedError, match=refusal):
            encode_portrait(path)
