"""Which pictures are found and which are good enough to know somebody by."""

from __future__ import annotations

import os
import unicodedata
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from enroll.portraits import PortraitRefusedError, encode_portrait, find_portraits, read_upright
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


@pytest.mark.parametrize("orientation", range(1, 9))
def test_exif_orientation_is_applied(obama: Image.Image, tmp_path: Path, orientation: int) -> None:
    undo = {
        2: Image.Transpose.FLIP_LEFT_RIGHT,
        3: Image.Transpose.ROTATE_180,
        4: Image.Transpose.FLIP_TOP_BOTTOM,
        5: Image.Transpose.TRANSPOSE,
        6: Image.Transpose.ROTATE_90,
        7: Image.Transpose.TRANSVERSE,
        8: Image.Transpose.ROTATE_270,
    }
    stored = obama.transpose(undo[orientation]) if orientation in undo else obama
    exif = Image.Exif()
    exif[0x0112] = orientation
    stored.save(tmp_path / "turned.png", exif=exif)
    assert np.array_equal(read_upright(tmp_path / "turned.png"), np.array(obama))


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


def test_a_wrong_suffix_does_not_matter(
    obama: Image.Image, encoding: np.ndarray, tmp_path: Path
) -> None:
    obama.save(tmp_path / "portrait.jpg", format="PNG")
    assert np.array_equal(encode_portrait(tmp_path / "portrait.jpg"), encoding)


def test_a_huge_picture_is_scaled_down_and_gives_the_same_person(
    obama: Image.Image, encoding: np.ndarray, tmp_path: Path
) -> None:
    obama.resize((3200, 4000)).save(tmp_path / "portrait.jpg", quality=60)
    assert max(read_upright(tmp_path / "portrait.jpg").shape) == 3000
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


@pytest.mark.parametrize("suffix", [".jpg", ".png", ".webp"])
def test_a_damaged_picture_is_refused(obama: Image.Image, tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"portrait{suffix}"
    obama.save(path)
    path.write_bytes(path.read_bytes()[:3000])
    with pytest.raises(PortraitRefusedError, match="cannot be read"):
        encode_portrait(path)


@pytest.mark.parametrize("content", [b"", b"a text", b"%!PS-Adobe-3.0 EPSF-3.0\n"])
def test_what_is_no_picture_is_refused(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "portrait.jpg").write_bytes(content)
    with pytest.raises(PortraitRefusedError, match="cannot be read"):
        encode_portrait(tmp_path / "portrait.jpg")


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


def test_another_kind_of_file_is_refused_by_its_suffix(tmp_path: Path) -> None:
    (tmp_path / "portrait.heic").write_bytes(b"")
    with pytest.raises(PortraitRefusedError, match="is not a JPEG, PNG or WebP"):
        encode_portrait(tmp_path / "portrait.heic")


def test_portraits_are_found_by_student_and_the_rest_is_told_apart(tmp_path: Path) -> None:
    for name in ("1/b.JPG", "1/a.png", "1/.DS_Store", "1/Thumbs.db", "2/c.webp", "3/d.jpg"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    (tmp_path / "4.jpg").touch()
    (tmp_path / "notes.txt").touch()
    (tmp_path / ".hidden").mkdir()
    found = find_portraits(tmp_path, ["1", "2", "5"])
    assert found.pictures == {
        "1": [tmp_path / "1/a.png", tmp_path / "1/b.JPG"],
        "2": [tmp_path / "2/c.webp"],
        "5": [],
    }
    assert found.not_listed == [tmp_path / "3"]
    assert found.misplaced == [tmp_path / "4.jpg"]


def test_a_student_id_that_is_a_path_leads_nowhere(tmp_path: Path) -> None:
    (tmp_path / "portraits").mkdir()
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere" / "a.jpg").touch()
    found = find_portraits(tmp_path / "portraits", ["../elsewhere", ".."])
    assert not any(found.pictures.values())


def test_a_decomposed_folder_name_is_the_composed_student_id(tmp_path: Path) -> None:
    folder = tmp_path / unicodedata.normalize("NFD", "müller")
    folder.mkdir()
    (folder / "a.jpg").touch()
    composed = unicodedata.normalize("NFC", "müller")
    assert find_portraits(tmp_path, [composed]).pictures == {composed: [folder / "a.jpg"]}


@pytest.mark.skipif(_CLIPS is None, reason="LAMBDALENS_CLIPS names no folder of real portraits")
@pytest.mark.parametrize(
    ("name", "refusal"),
    [
        ("no_face.jpg", "no face"),
        ("obama_and_biden_several_faces.jpg", "faces: cut out"),
        ("text.jpg", "cannot be read"),
        ("obama_partial_face.jpg", None),
        ("obama_rgba_32bit.png", None),
    ],
)
def test_real_edge_cases(name: str, refusal: str | None) -> None:
    path = Path(_CLIPS or "") / "portraits" / "_edge_dev" / name
    if refusal is None:
        assert encode_portrait(path).shape == (128,)
    else:
        with pytest.raises(PortraitRefusedError, match=refusal):
            encode_portrait(path)
