"""Portraits are added to those that are known, listed, and taken out one by one."""

from __future__ import annotations

import csv
import io
import shutil
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import date
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from enroll import examination
from enroll.__main__ import main
from enroll.deployed import enrol_students, gallery_etag, load_gallery
from enroll.gallery_edits import with_portraits
from enroll.portraits import Examined, examine, sha256_of
from function.recogniser.identity.enrolled import Enrolled
from function.recogniser.identity.gallery import Gallery
from function.students import Student, look_up
from samples.pictures import sample_picture
from samples.sample_class import BIDEN, COLLINS, OBAMA, make_sample_class

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from samples.sample_class import SampleClass
    from stacks.outputs import Deployment


@pytest.fixture
def local(stack: Deployment, stack_file: Callable[[Deployment], Path]) -> Deployment:
    stack_file(stack)
    return stack


@pytest.fixture
def sample(tmp_path: Path) -> SampleClass:
    return make_sample_class(tmp_path)


@pytest.fixture
def looked_at(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Return the names of the pictures that are encoded, as they are."""
    names: list[str] = []

    def look(path: Path, *, with_crop: bool) -> Examined:
        names.append(path.name)
        return examine(path, with_crop=with_crop)

    monkeypatch.setattr(examination, "examine", look)
    return names


def student(student_id: str) -> Student:
    return Student(student_id=student_id, name=f"N{student_id}", major="maths", year="senior")


def gallery(*portraits: tuple[str, str], day: str = "2026-09-01") -> Gallery:
    """Return a row for each student and portrait, whose encoding and source are the portrait's."""
    return Gallery(
        student_ids=tuple(student_id for student_id, _ in portraits),
        encodings=np.array(
            [np.full(128, sum(map(ord, name)) / 1000) for _, name in portraits], np.float32
        ).reshape(-1, 128),
        sources=tuple(name.encode().hex().ljust(64, "0") for _, name in portraits),
        enrolled=(day,) * len(portraits),
    )


def in_list(sample: SampleClass, *options: str) -> list[str]:
    return ["--students", str(sample.students), "--portraits", str(sample.portraits), *options]


def test_what_is_known_is_not_encoded_again_and_what_is_new_comes_beside_it(
    local: Deployment,
    sample: SampleClass,
    looked_at: list[str],
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert main(["add", *in_list(sample, "--stack", "local")]) == 0
    before = load_gallery(local)
    # Under another name, but for the new one.
    known = sample.portraits / OBAMA / "portrait.jpg"
    known.rename(known.with_name("renamed.jpg"))
    shutil.copy(sample_picture("obama3.jpg"), sample.portraits / OBAMA / "new.jpg")
    looked_at.clear()
    capsys.readouterr()
    assert main(["add", *in_list(sample, "--stack", "local")]) == 0
    assert looked_at == ["new.jpg"]
    said = capsys.readouterr().out
    assert said.startswith(
        "Known already, and not encoded again: 3 portraits.\n"
        "Enrolled 1 student, 1 portrait, in the stack local, which now knows 3 students.\n"
        "Without new portraits, and known as before: 2 students.\n"
    )
    after = load_gallery(local)
    assert after.student_ids == (OBAMA, OBAMA, BIDEN, COLLINS)
    assert set(before.sources) < set(after.sources)


def test_without_anything_new_the_gallery_stays_the_same_and_records_are_kept_up(
    local: Deployment, sample: SampleClass
) -> None:
    assert main(["add", *in_list(sample, "--stack", "local")]) == 0
    before = gallery_etag(local)
    text = sample.students.read_text().replace("Joe Biden", "Joseph Biden")
    sample.students.write_text(text)
    assert main(["add", *in_list(sample, "--stack", "local")]) == 0
    assert gallery_etag(local) == before
    records = look_up(local.client("dynamodb"), local.outputs.students_table, [BIDEN])
    assert records[BIDEN].name == "Joseph Biden"


def test_a_new_portrait_of_somebody_else_is_refused(
    local: Deployment, sample: SampleClass, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["add", *in_list(sample, "--stack", "local")]) == 0
    shutil.copy(sample_picture("obama3.jpg"), sample.portraits / BIDEN / "new.jpg")
    assert main(["add", *in_list(sample, "--stack", "local")]) == 1
    assert f"new.jpg looks like student {OBAMA}" in capsys.readouterr().err
    assert len(load_gallery(local).student_ids) == 3


def test_a_dry_run_changes_nothing(
    local: Deployment, sample: SampleClass, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["add", *in_list(sample, "--stack", "local", "--dry-run")]) == 0
    assert "Would enrol 3 students, 3 portraits, in the stack local" in capsys.readouterr().out
    assert load_gallery(local).student_ids == ()


def test_portraits_are_added_to_a_file(sample: SampleClass, tmp_path: Path) -> None:
    file = tmp_path / "gallery.npz"
    assert main(in_list(sample, "--output", str(file))) == 0
    before = Gallery.load(file)
    shutil.copy(sample_picture("obama3.jpg"), sample.portraits / OBAMA / "new.jpg")
    assert main(["add", *in_list(sample, "--gallery", str(file))]) == 0
    after = Gallery.load(file)
    assert len(after.student_ids) == len(before.student_ids) + 1
    assert main(["add", *in_list(sample, "--gallery", str(tmp_path / "absent.npz"))]) == 2


def test_those_who_add_at_the_same_time_lose_nothing(stack: Deployment) -> None:
    names = ["a", "b", "c", "d", "e"]
    with ThreadPoolExecutor(len(names)) as threads:
        list(
            threads.map(
                lambda name: enrol_students(
                    stack, [student("1")], gallery(("1", name)), joined=with_portraits
                ),
                names,
            )
        )
    assert sorted(load_gallery(stack).sources) == sorted(
        gallery(*(("1", name) for name in names)).sources
    )


def test_a_picture_makes_one_row_of_a_student_whoever_adds_it() -> None:
    known = gallery(("1", "a"), ("2", "a"))
    added = gallery(("1", "a"), ("1", "b"), ("1", "b"), ("3", "a"), day="2026-11-23")
    both = with_portraits(known, added)
    assert both.student_ids == ("1", "1", "2", "3")
    assert both.enrolled == ("2026-09-01", "2026-11-23", "2026-09-01", "2026-11-23")


def test_a_row_whose_picture_is_not_known_gets_it_when_the_picture_comes() -> None:
    imported = replace(gallery(("1", "a")), sources=("",))
    assert with_portraits(imported, gallery(("1", "a"))).sources == gallery(("1", "a")).sources


def test_what_is_known_of_a_student_stays() -> None:
    known = replace(gallery(("1", "a")), students={"1": Enrolled(tolerance=0.4)})
    assert with_portraits(known, gallery(("1", "b"))).students == known.students


@pytest.fixture
def three(local: Deployment) -> Deployment:
    """Return a stack in which a student has three portraits, and another has one."""
    rows = gallery(("1", "a"), ("1", "b"), ("1", "c"), ("2", "d"))
    enrol_students(local, [student("1"), student("2")], rows)
    return local


def test_a_portrait_is_removed_by_its_number_and_what_remains_is_said(
    three: Deployment, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["remove", "1", "2", "--stack", "local"]) == 0
    assert capsys.readouterr().out == "Removed 1 portrait of student 1, who has 2 left.\n"
    left = gallery(("1", "a"), ("1", "c"), ("2", "d"))
    assert load_gallery(three).sources == left.sources


def test_a_portrait_is_removed_by_its_content(
    local: Deployment, sample: SampleClass, tmp_path: Path
) -> None:
    assert main(in_list(sample, "--stack", "local")) == 0
    same = tmp_path / "2"
    shutil.copy(sample.portraits / BIDEN / "portrait.jpg", same)
    assert main(["remove", BIDEN, str(same), "--stack", "local"]) == 0
    assert BIDEN not in load_gallery(local).student_ids


def test_without_a_portrait_the_student_stays_with_the_record(
    three: Deployment, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["remove", "1", "--all-portraits", "--stack", "local"]) == 0
    assert capsys.readouterr().out == (
        "Removed 3 portraits of student 1, who has none left and is not recognised until one is "
        "added; the record stays.\n"
    )
    assert load_gallery(three).student_ids == ("2",)
    assert look_up(three.client("dynamodb"), three.outputs.students_table, ["1"])


def test_what_is_not_there_is_named_and_the_rest_is_removed(
    three: Deployment, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "other.jpg").write_bytes(b"another")
    other = str(tmp_path / "other.jpg")
    assert main(["remove", "1", "1", "7", other, "absent.jpg", "--stack", "local"]) == 1
    said = capsys.readouterr()
    assert "7 is no portrait of student 1 here: see 'python -m enroll list 1'" in said.err
    assert f"{other} is no portrait of student 1 here" in said.err
    assert "absent.jpg cannot be opened (No such file or directory)" in said.err
    assert len(load_gallery(three).student_ids) == 3
    assert main(["remove", "4711", "1", "--stack", "local"]) == 1
    assert "student 4711 has no portrait here" in capsys.readouterr().err


def test_removing_says_how_videos_are_looked_at_again(
    three: Deployment, capsys: pytest.CaptureFixture[str]
) -> None:
    three.client("s3").put_object(
        Bucket=three.outputs.output_bucket, Key="v.csv", Metadata={"gallery-etag": "before"}
    )
    assert main(["remove", "1", "1", "--stack", "local"]) == 0
    assert "looked at again with 'python -m recover outdated --stack local'" in (
        capsys.readouterr().out
    )


def test_portraits_are_removed_from_a_file(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "gallery.npz"
    gallery(("1", "a"), ("2", "b")).save(file)
    assert main(["remove", "1", "1", "--gallery", str(file)]) == 0
    assert "the file knows nothing of them any more" in capsys.readouterr().out
    assert Gallery.load(file).student_ids == ("2",)


@pytest.mark.parametrize("arguments", [["1"], ["1", "1", "--all-portraits"]])
def test_what_to_remove_is_to_be_said_in_one_way(arguments: list[str]) -> None:
    with pytest.raises(SystemExit, match="2"):
        main(["remove", *arguments, "--stack", "local"])


@pytest.fixture
def enrolled(local: Deployment) -> Deployment:
    """Return a stack with all there is to list."""
    ada = Student(
        student_id="1001",
        name="Ada Augusta King, Countess of Lovelace",
        major="maths",
        year="3",
        courses=("physics-10b", "Ethik und F\u00fchrung"),
        consent=date(2026, 9, 1),
        until=date(2027, 7, 31),
    )
    injected = replace(student("1002"), name="=cmd|' /C calc'!A0")
    rows = gallery(("1001", "a"), ("1001", "b"), ("1002", "c"))
    rows = replace(rows, students={"1002": Enrolled(tolerance=0.45)})
    enrol_students(local, [ada, injected], rows)
    table: dict[str, Any] = {"TableName": local.outputs.students_table}
    dynamodb = local.client("dynamodb")
    dynamodb.put_item(**table, Item=student("faceless").as_item())
    enrol_students(local, [student("unrecorded")], gallery(("unrecorded", "d")))
    dynamodb.delete_item(**table, Key={"student_id": {"S": "unrecorded"}})
    return local


@pytest.mark.usefixtures("enrolled")
def test_everybody_is_listed_within_80_columns(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    assert main(["list", "--stack", "local"]) == 0
    said = capsys.readouterr()
    assert max(map(len, said.out.splitlines())) <= 80
    assert {"id", "name", "courses", "faces", "since", "consent", "until", "within"} == set(
        said.out.splitlines()[0].split()
    )
    for part in ("1001", "2026-09-01", "2027-07-31", "0.45", "faceless", "unrecorded"):
        assert part in said.out
    assert said.out.endswith("4 students, 4 portraits.\n")
    assert "a record and no face, so not recognised: faceless; add portraits" in said.err
    assert "a face and no record, so without a name in results: unrecorded; enrol" in said.err


@pytest.mark.usefixtures("enrolled")
def test_programs_get_all_columns_and_no_formula(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["list", "--stack", "local", "--csv"]) == 0
    rows = {row["student_id"]: row for row in csv.DictReader(io.StringIO(capsys.readouterr().out))}
    assert rows["1001"] == {
        "student_id": "1001",
        "name": "Ada Augusta King, Countess of Lovelace",
        "courses": "Ethik und F\u00fchrung;physics-10b",
        "portraits": "2",
        "since": "2026-09-01",
        "consent": "2026-09-01",
        "until": "2027-07-31",
        "tolerance": "",
    }
    assert rows["1002"]["name"].startswith("'=cmd")
    assert rows["1002"]["tolerance"] == "0.45"
    assert (rows["faceless"]["portraits"], rows["unrecorded"]["name"]) == ("0", "")


@pytest.mark.usefixtures("enrolled")
def test_only_a_course_s_students_are_listed(capsys: pytest.CaptureFixture[str]) -> None:
    course = ["--course", "Ethik und Fu\u0308hrung"]
    assert main(["list", "--stack", "local", *course]) == 0
    assert capsys.readouterr().out.endswith("1 student, 2 portraits.\n")
    assert main(["list", "--stack", "local", "--course", "chess"]) == 1
    assert capsys.readouterr().err == (
        "nobody has the course 'chess': the courses are Ethik und F\u00fchrung, physics-10b\n"
    )


@pytest.mark.usefixtures("enrolled")
def test_a_student_s_portraits_are_listed_by_number(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["list", "1001", "--stack", "local"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].split() == ["id", "number", "since", "sha256"]
    assert [line.split() for line in lines[2:]] == [
        ["1001", "1", "2026-09-01", "6100000000000000"],
        ["1001", "2", "2026-09-01", "6200000000000000"],
    ]
    assert main(["list", "4711", "1002", "--stack", "local", "--csv"]) == 1
    said = capsys.readouterr()
    assert said.out.splitlines() == [
        "student_id,number,since,sha256",
        f"1002,1,2026-09-01,63{'0' * 62}",
    ]
    assert said.err == "student 4711 has no portrait here: check the id\n"


def test_the_list_shows_what_sha256sum_prints(
    sample: SampleClass, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "gallery.npz"
    assert main(in_list(sample, "--output", str(file))) == 0
    capsys.readouterr()
    assert main(["list", OBAMA, "--gallery", str(file), "--csv"]) == 0
    source = sha256_of(sample.portraits / OBAMA / "portrait.jpg")
    assert capsys.readouterr().out.endswith(f",{source}\n")


@pytest.mark.usefixtures("local")
def test_a_file_and_a_stack_of_nobody_are_listed(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    Gallery.empty().save(tmp_path / "gallery.npz")
    assert main(["list", "--gallery", str(tmp_path / "gallery.npz")]) == 0
    assert main(["list", "--stack", "local"]) == 0
    assert capsys.readouterr().out == "Nobody is enrolled.\n" * 2


def test_names_cannot_steer_the_terminal(
    local: Deployment, capsys: pytest.CaptureFixture[str]
) -> None:
    rows = gallery(("1", "a"))
    enrol_students(local, [replace(student("1"), name="A\x1b[2Jda [red]x[/red]")], rows)
    assert main(["list", "--stack", "local"]) == 0
    said = capsys.readouterr().out
    assert "\x1b" not in said
    assert "[red]x" in said
