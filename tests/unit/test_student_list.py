"""A list of students is read whole, or refused with the file, the place and what is wrong."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from function.student_list import StudentListError, read_students
from function.students import Student

if TYPE_CHECKING:
    from pathlib import Path

ANN = Student(student_id="1", name="Ann Öz", major="physics", year="junior")
BEN = Student(student_id="b-2", name="Ben, jr.", major="law", year="3")


@pytest.mark.parametrize(
    "text",
    [
        'student_id,name,major,year\n1,Ann Öz,physics,junior\nb-2,"Ben, jr.",law,3\n',
        '\ufeffyear, name ,student_id,major\r\njunior, Ann Öz ,1,physics\r\n3,"Ben, jr.",b-2,law',
        'student_id,name,major,year\n1,Ann Öz,physics,junior,, \n \nb-2,"Ben, jr.",law,3\n,,,,,',
        'Student_ID,Name,MAJOR,"Year"\n1,Ann Öz,physics,junior\nb-2,"Ben, jr.",law,3\n',
    ],
    ids=["plain", "as spreadsheets write it", "with blank cells", "in upper case"],
)
def test_a_csv_is_read_in_its_order(tmp_path: Path, text: str) -> None:
    assert read_students(written(tmp_path / "s.csv", text)) == [ANN, BEN]


@pytest.mark.parametrize("identifier", ["id", "student_id"])
def test_a_json_list_is_read_in_its_order(tmp_path: Path, identifier: str) -> None:
    entries = [
        {identifier: 1, "name": "Ann Öz", "major": "physics", "year": "junior", "room": None},
        {identifier: "b-2", "name": "Ben, jr.", "major": "law", "year": 3},
    ]
    assert read_students(written(tmp_path / "S.JSON", json.dumps(entries))) == [ANN, BEN]


def test_a_number_may_have_any_length(tmp_path: Path) -> None:
    number = "9" * 5000
    entry = f'{{"id": {number}, "name": "Ann Öz", "major": "physics", "year": "junior"}}'
    (student,) = read_students(written(tmp_path / "s.json", f"[{entry}]"))
    assert student.student_id == number


HEADER = "student_id,name,major,year\n"


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("s.csv", "student_id,year\n1,3\n", "line 1: the column name is missing: the first"),
        ("s.csv", "name,year\nAnn,3\n", "line 1: the column student_id is missing: the first"),
        ("s.csv", "", "line 1: the column student_id is missing"),
        ("s.csv", HEADER, "no students"),
        ("s.csv", HEADER + "1,Ann,law,3\n2,,law,3\n", "line 3: name is missing"),
        ("s.csv", HEADER + "\n,Ann,law,3\n", "line 3: student_id is missing: give every"),
        ("s.csv", HEADER + "1,Ann,law,3\n1,Ben,law,3\n", "line 3: the student_id '1' is already"),
        ("s.csv", HEADER + '1,"Ann,law,3\n', "line 2: unexpected end of data: close every quot"),
        ("s.csv", HEADER + ",,,,x\n", "line 2: more fields than the 4 columns: "),
        ("s.csv", HEADER + "1,Obama, Barack,law,3\n", "line 2: more fields than the 4 columns: "),
        ("s.csv", HEADER.replace(",", ";") + "1;A;law;3;x\n", "line 2: more fields than the 4"),
        ("s.csv", "Student ID,Name,student_id\n1,A,2\n", "line 1: 2 columns are called studentid"),
        (
            "s.csv",
            "student_id,name,major,year,Name\n1,A,m,3,B\n",
            "line 1: 2 columns are called name",
        ),
        ("s.json", "[\n{,}]", "line 2: no JSON"),
        ("s.json", "{}", "not a list"),
        ("s.json", '["Ann"]', "entry 1: not an object"),
        ("s.json", '[{"id": 1, "name": ""}]', "entry 1: name is missing: give every"),
        ("s.json", '[{"name": "A", "major": "m", "year": "1"}]', "entry 1: student_id is"),
        ("s.json", '[{"id": 1, "name": "\\ud800"}]', "entry 1: the name '\\ud800' has half a"),
        ("s.csv", "id,name,until\n1,A,9/30/2026\n", "line 2: until is no date: '9/30/2026': write"),
        ("s.csv", "id,name,consent\n1,A,yes\n", "line 2: consent is no date: 'yes': write it as"),
        ("s.csv", "id,name,consent\n1,A,2026-02-30\n", "line 2: consent is no date"),
        ("s.csv", "id,name\nO\u0308,A\n\u00d6,B\n", "line 3: the student_id 'Ö' is already that"),
        ("s.json", "[" * 100_000, "not a list"),
    ],
)
def test_what_is_wrong_is_said_with_its_place(
    tmp_path: Path, name: str, text: str, said: str
) -> None:
    assert said in refused(written(tmp_path / name, text))


@pytest.mark.parametrize(
    "student_id",
    [
        "=12",
        "+12",
        "-12",
        "@12",
        "../outside",
        "..",
        ".hidden",
        "_1",
        "a/b",
        "a\\b",
        "a\0b",
        "a\x1bb",
        "a\u200bb",
        "1\ufeff",
    ],
)
def test_an_id_that_is_no_folders_name_is_refused(tmp_path: Path, student_id: str) -> None:
    named = f"the student_id {student_id!r} cannot be used: choose one that begins with a letter"
    entries = [{"id": student_id, "name": "A", "major": "m", "year": 1}]
    listed = written(tmp_path / "s.json", json.dumps(entries))
    assert refused(listed).startswith(f"{listed}, entry 1: {named}")
    listed = written(tmp_path / "s.csv", f"{HEADER}{student_id},Ann,law,3\n")
    assert refused(listed).startswith(f"{listed}, line 2: {named}")


@pytest.mark.parametrize(
    "student_id", ["1", "president_obama", "b-2", "Öz.1", "学生", "a b", "a=b"]
)
def test_an_id_is_otherwise_free(tmp_path: Path, student_id: str) -> None:
    (student,) = read_students(written(tmp_path / "s.csv", f"{HEADER}{student_id},Ann,law,3\n"))
    assert student.student_id == student_id


def test_an_id_that_is_no_text_is_refused(tmp_path: Path) -> None:
    entry = '[{"id": "a\\ud800", "name": "A", "major": "m", "year": 1}]'
    assert "cannot be used" in refused(written(tmp_path / "s.json", entry))


def test_a_missing_file_is_named_with_the_remedy(tmp_path: Path) -> None:
    assert "No such file or directory: check the path" in refused(tmp_path / "absent.csv")


def written(path: Path, text: str) -> Path:
    path.write_text(text, encoding="utf-8", newline="")
    return path


def refused(path: Path) -> str:
    with pytest.raises(StudentListError) as raised:
        read_students(path)
    message = str(raised.value)
    assert message.startswith(str(path))
    assert "\n" not in message
    return message
