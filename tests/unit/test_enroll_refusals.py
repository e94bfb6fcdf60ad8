"""Portraits that are refused, dry runs, and what is known already: the command on real faces."""

from __future__ import annotations

import hashlib
import shutil
from typing import TYPE_CHECKING

import numpy as np
import pytest
from PIL import Image, ImageFilter

from enroll.__main__ import main
from enroll.enrolment import enrol
from enroll.examination import Examination
from enroll.portraits import examine
from function.recogniser.identity.gallery import Gallery
from function.student_list import read_students
from samples.pictures import sample_picture
from samples.sample_class import BIDEN, COLLINS, OBAMA, SampleClass, make_sample_class

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture
def sample(tmp_path: Path) -> SampleClass:
    return make_sample_class(tmp_path)


def _enrol(sample: SampleClass, output: Path, *more: str) -> int:
    command = ["--students", str(sample.students), "--portraits", str(sample.portraits)]
    return main([*command, "--output", str(output), *more])


def _put(sample: SampleClass, picture: str, student_id: str, name: str) -> None:
    shutil.copy(sample_picture(picture), sample.portraits / student_id / name)


def test_a_portrait_in_the_wrong_folder_is_refused_by_name(
    sample: SampleClass, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    _put(sample, "obama2.jpg", BIDEN, "mixed up.jpg")
    _put(sample, "obama3.jpg", OBAMA, "right.jpg")
    assert _enrol(sample, tmp_path / "g.npz") == 1
    said = capsys.readouterr()
    (line,) = said.err.splitlines()
    assert f"{BIDEN}/mixed up.jpg looks like student {OBAMA} (distance 0.3" in line
    assert "Enrolled 3 students, 4 portraits" in said.out
    assert said.out.endswith("Refused, as named above: 1 portrait.\n")
    assert Gallery.load(tmp_path / "g.npz").student_ids == (OBAMA, OBAMA, BIDEN, COLLINS)


def test_a_stranger_in_a_folder_is_refused_by_name(
    sample: SampleClass, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    _put(sample, "obama3.jpg", OBAMA, "right.jpg")
    _put(sample, "grace_hopper.jpg", OBAMA, "wrong.jpg")
    assert _enrol(sample, tmp_path / "g.npz") == 1
    (line,) = capsys.readouterr().err.splitlines()
    assert "wrong.jpg looks unlike the student's others (distance 0.8" in line


def test_of_two_that_disagree_both_are_named_and_none_is_taken(
    sample: SampleClass, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    _put(sample, "grace_hopper.jpg", BIDEN, "hopper.jpg")
    assert _enrol(sample, tmp_path / "g.npz") == 1
    said = capsys.readouterr()
    one, other, student = said.err.splitlines()
    assert "hopper.jpg does not look like the same person as portrait.jpg" in one
    assert "portrait.jpg does not look like the same person as hopper.jpg" in other
    assert f"student {BIDEN} has no portrait that can be used" in student
    assert said.out.endswith("Refused, as named above: 2 portraits and 1 student.\n")
    assert Gallery.load(tmp_path / "g.npz").student_ids == (OBAMA, COLLINS)


@pytest.fixture
def siblings(sample: SampleClass) -> SampleClass:
    """Return a class in which Biden's portrait is another one of Obama."""
    shutil.copy(sample_picture("obama2.jpg"), sample.portraits / BIDEN / "portrait.jpg")
    return sample


def test_siblings_who_look_alike_are_refused_and_let_in_by_name(
    siblings: SampleClass, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert _enrol(siblings, tmp_path / "g.npz") == 1
    said = capsys.readouterr().err
    assert f"add --allow-alike {OBAMA} {BIDEN}" in said
    assert f"add --allow-alike {BIDEN} {OBAMA}" in said
    assert Gallery.load(tmp_path / "g.npz").student_ids == (COLLINS,)
    let_in = ("--allow-alike", BIDEN, OBAMA, "--allow-alike", OBAMA, COLLINS)
    assert _enrol(siblings, tmp_path / "g.npz", *let_in) == 0
    assert capsys.readouterr().err == ""
    assert Gallery.load(tmp_path / "g.npz").student_ids == (OBAMA, BIDEN, COLLINS)


@pytest.mark.parametrize(
    ("pair", "problem"),
    [
        ((OBAMA, "4711"), "student 4711 is neither listed nor enrolled here: check the id"),
        ((OBAMA, OBAMA), "one student twice: name two who look alike"),
    ],
)
def test_a_pair_that_is_none_is_refused(
    sample: SampleClass,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    pair: tuple[str, str],
    problem: str,
) -> None:
    assert _enrol(sample, tmp_path / "g.npz", "--allow-alike", *pair) == 2
    assert capsys.readouterr().err == f"enroll: --allow-alike {pair[0]} {pair[1]}: {problem}\n"
    assert not (tmp_path / "g.npz").exists()


def test_a_face_that_is_too_small_is_refused(tmp_path: Path) -> None:
    with Image.open(sample_picture("obama.jpg")) as picture:
        for height, problem in (
            (30, "shows the face too small (32 pixels high, where 40 are needed): give a larger"),
            (60, ""),
        ):
            scale = height / 250
            small = picture.resize((round(picture.width * scale), round(picture.height * scale)))
            small.save(tmp_path / "small.png")
            examined = examine(tmp_path / "small.png")
            assert examined.problem.startswith(problem)
            assert (examined.encoding is None) == bool(problem)


def test_a_face_that_is_too_blurred_is_refused(tmp_path: Path) -> None:
    with Image.open(sample_picture("obama2.jpg")) as picture:
        for share, problem in ((0.04, "shows the face too blurred (sharpness 0."), (0.005, "")):
            blurred = picture.filter(ImageFilter.GaussianBlur(share * 303))
            blurred.save(tmp_path / "blurred.png")
            examined = examine(tmp_path / "blurred.png")
            assert examined.problem.startswith(problem)
            assert (examined.encoding is None) == bool(problem)


@pytest.mark.parametrize("is_wrong", [False, True], ids=["right", "wrong"])
def test_a_dry_run_says_the_same_and_writes_nothing(
    sample: SampleClass, tmp_path: Path, capsys: pytest.CaptureFixture[str], *, is_wrong: bool
) -> None:
    if is_wrong:
        _put(sample, "obama2.jpg", BIDEN, "mixed up.jpg")
    before = sorted(tmp_path.rglob("*"))
    assert _enrol(sample, tmp_path / "g.npz", "--dry-run") == int(is_wrong)
    assert sorted(tmp_path.rglob("*")) == before
    dry = capsys.readouterr()
    assert "Would enrol 3 students, 3 portraits, in" in dry.out
    assert dry.out.endswith("Nothing was changed.\n")
    assert _enrol(sample, tmp_path / "g.npz") == int(is_wrong)
    assert capsys.readouterr().err == dry.err


def test_what_the_gallery_knows_is_not_encoded_again(sample: SampleClass) -> None:
    students = read_students(sample.students)
    picture = sample.portraits / OBAMA / "portrait.jpg"
    # An encoding that the picture does not give, so that it shows where it is from.
    known = Gallery(
        student_ids=(OBAMA,),
        encodings=np.full((1, 128), 0.05, np.float32),
        sources=(hashlib.sha256(picture.read_bytes()).hexdigest(),),
        enrolled=("2026-01-01",),
    )
    rows = enrol(students, sample.portraits, known=known).rows
    assert rows.student_ids == (OBAMA, BIDEN, COLLINS)
    assert np.array_equal(rows.encodings[0], known.encodings[0])
    assert not np.array_equal(rows.encodings[1], known.encodings[0])
    # The same picture in the name of another is looked at.
    shutil.copy(picture, sample.portraits / BIDEN / "portrait.jpg")
    rows = enrol(students, sample.portraits, known=known).rows
    assert not np.array_equal(rows.encodings[1], known.encodings[0])


def test_pictures_are_examined_in_order_and_few_ahead(sample: SampleClass) -> None:
    pictures = {}
    for number in range(12):
        path = sample.portraits / f"{number:02}.jpg"
        path.write_bytes(b"no picture" if number % 3 else _content("biden.jpg"))
        pictures[path] = str(number)
    examination = Examination(pictures, known=Gallery.empty())
    assert len(examination) == 12
    done = list(examination)
    assert [it.student_id for it in done] == [str(number) for number in range(12)]
    assert [it.encoding is not None for it in done] == [number % 3 == 0 for number in range(12)]
    some: Iterator[object] = iter(examination)
    next(some)
    del some  # stops the threads


def _content(name: str) -> bytes:
    return sample_picture(name).read_bytes()
