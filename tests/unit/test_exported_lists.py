"""Lists as schools export them: whatever the file's form, the same students are read from it."""

from __future__ import annotations

import io
import json
import random
import zipfile
from datetime import date, datetime
from typing import TYPE_CHECKING

import openpyxl
import pytest

from function.student_list import StudentListError, read_student_list, read_students
from function.students import Student

if TYPE_CHECKING:
    from pathlib import Path

ANN = Student(student_id="007", name="Ann Öz", major="physics", year="junior")
BEN = Student(student_id="b-2", name="Ben, jr.", major="law", year="3")

_TABLE = (
    ("student_id", "name", "major", "year"),
    ("007", "Ann Öz", "physics", "junior"),
    ("b-2", "Ben, jr.", "law", "3"),
)


def _text(separator: str = ",", end: str = "\n") -> str:
    rows = ([f'"{cell}"' if separator in cell else cell for cell in row] for row in _TABLE)
    return "".join(separator.join(row) + end for row in rows)


def _workbook(*rows: tuple[object, ...], title: str = "Class") -> bytes:
    workbook = openpyxl.Workbook()
    sheet = workbook.active
    sheet.title = title
    for row in rows:
        sheet.append(row)
    content = io.BytesIO()
    workbook.save(content)
    return content.getvalue()


_NFD_NAME = _text().replace("Ö", "O\u0308")


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(_text().encode(), id="commas, UTF-8"),
        pytest.param(_text(end="\r\n").encode("utf-8-sig"), id="commas, UTF-8 with a mark"),
        pytest.param(_text(end="\r").encode(), id="lines end as on an old Mac"),
        pytest.param(_text(";", "\r\n").encode("utf-8-sig"), id="semicolons, UTF-8 with a mark"),
        pytest.param(_text(";").encode("cp1252"), id="semicolons, Windows-1252"),
        pytest.param(_text().encode("cp1252"), id="commas, Windows-1252"),
        pytest.param(_text("\t").encode(), id="tabs, UTF-8"),
        pytest.param(_text("\t", "\r\n").encode("utf-16"), id="tabs, UTF-16: 'Unicode text'"),
        pytest.param(b"\xfe\xff" + _text("\t").encode("utf-16-be"), id="UTF-16, big-endian"),
        pytest.param(_text(";").encode("utf-16-le"), id="UTF-16 without a mark"),
        pytest.param(_text(";").encode("utf-16-be"), id="UTF-16 without a mark, big-endian"),
        pytest.param(_text().encode("utf-32"), id="UTF-32"),
        pytest.param(b"sep=;\r\n" + _text(";", "\r\n").encode(), id="Excel told the separator"),
        pytest.param(_text().replace("007", '="007"').encode(), id="ids that Excel leaves alone"),
        pytest.param(b"\n\n" + _text().encode(), id="blank lines before the header"),
        pytest.param(_NFD_NAME.encode(), id="accents as macOS types them"),
        pytest.param(
            _text().replace("student_id,", "Student ID ,").replace("year", "YEAR").encode(),
            id="Student ID",
        ),
        pytest.param(_text().replace("student_id", " Id").encode(), id="Id"),
        pytest.param(_text().replace("student_id", "STUDENT-NUMBER").encode(), id="STUDENT-NUMBER"),
        pytest.param(
            b"id,Email,First Name,Last Name,major,year,\n007,a@x.org,Ann,\xc3\x96z,physics,junior\n"
            b'b-2,,"Ben, jr.",,law,3,\n',
            id="first and last name, and other columns",
        ),
        pytest.param(_workbook(*_TABLE), id="XLSX"),
        pytest.param(_workbook((), *_TABLE, (), (None, " ")), id="XLSX with blank rows"),
        pytest.param(_workbook(*((None, *row, "note") for row in _TABLE)), id="XLSX, not at A1"),
        pytest.param(
            json.dumps([dict(zip(_TABLE[0], row, strict=True)) for row in _TABLE[1:]]).encode(),
            id="JSON",
        ),
        pytest.param(
            json.dumps(
                [dict(zip(("ID", "Full name", "Major", "Year"), row, strict=True))
                 for row in _TABLE[1:]],
                ensure_ascii=False,
            ).encode("utf-16"),
            id="JSON, UTF-16",
        ),
    ],
)  # fmt: skip
@pytest.mark.parametrize("name", ["class.csv", "class.txt"])
def test_a_list_is_read_whatever_its_form_and_its_suffix(
    tmp_path: Path, content: bytes, name: str
) -> None:
    (tmp_path / name).write_bytes(content)
    assert read_students(tmp_path / name) == [ANN, BEN]


def test_only_id_and_name_are_needed(tmp_path: Path) -> None:
    (tmp_path / "s.csv").write_text("id;name\n1;Ann\n")
    expected = Student(student_id="1", name="Ann", major="", year="")
    assert read_students(tmp_path / "s.csv") == [expected]
    assert expected.courses == ()
    assert expected.consent is expected.until is None


@pytest.mark.parametrize(
    ("consent", "until"),
    [("2026-09-01", "2027-7-31"), ("1.9.2026", "31. 7. 2027"), ("2026-09-01 00:00:00",) * 2],
)
def test_courses_and_dates_are_read(tmp_path: Path, consent: str, until: str) -> None:
    header = "ID,Name,Courses,Consent,Until\n"
    (tmp_path / "s.csv").write_text(f"{header}1,Ann,logic; A\u0308rzte;;logic,{consent},{until}\n")
    (ann,) = read_students(tmp_path / "s.csv")
    assert ann.courses == ("logic", "Ärzte")
    assert ann.consent == date(2026, 9, 1)
    assert ann.until in {date(2027, 7, 31), date(2026, 9, 1)}


def test_courses_in_json_may_be_a_list_and_numbers_are_as_they_are_written(tmp_path: Path) -> None:
    (tmp_path / "s.json").write_text(
        '[{"id": 12.0, "name": "Ann", "year": 2.5, "courses": ["a", " b "], "until": "2027-07-31"}]'
    )
    (ann,) = read_students(tmp_path / "s.json")
    assert (ann.student_id, ann.year, ann.courses) == ("12", "2.5", ("a", "b"))
    assert ann.until == date(2027, 7, 31)


def test_the_numbers_and_dates_of_a_workbook_are_read_as_they_are_shown(tmp_path: Path) -> None:
    workbook = openpyxl.Workbook()
    sheet = workbook.active
    sheet.append(("Student ID", "Name", "Year", "Consent", "Until"))
    sheet.append((12.0, "Ann", 3, datetime(2026, 9, 1), "2027-07-31"))  # noqa: DTZ001 - no zone
    sheet.append((42, "Ben", 2.5, None, None))
    sheet["A3"].number_format = "00000"
    sheet.append(("0012", "Cy", "#N/A"))
    sheet["C4"].data_type = "e"
    workbook.save(tmp_path / "s.xlsx")
    ann, ben, cy = read_students(tmp_path / "s.xlsx")
    assert (ann.student_id, ann.year) == ("12", "3")
    assert (ann.consent, ann.until) == (date(2026, 9, 1), date(2027, 7, 31))
    assert (ben.student_id, ben.year) == ("00042", "2.5")
    assert (cy.student_id, cy.year) == ("0012", "")


def test_what_is_wrong_in_a_workbook_is_said_with_its_row(tmp_path: Path) -> None:
    (tmp_path / "s.xlsx").write_bytes(_workbook(("id", "name"), (1, "Ann"), (2, None)))
    assert _refused(tmp_path / "s.xlsx") == (
        "row 3: name is missing: give every student an id and a name"
    )


def test_the_first_sheet_that_is_shown_is_read_and_the_others_are_named(tmp_path: Path) -> None:
    workbook = openpyxl.Workbook()
    workbook.active.sheet_state = "hidden"
    for title in ("7b", "7c"):
        sheet = workbook.create_sheet(title)
        sheet.append(("id", "name"))
        sheet.append((title, "Ann"))
    workbook.active = 1
    workbook.save(tmp_path / "s.xlsx")
    read = read_student_list(tmp_path / "s.xlsx")
    assert [student.student_id for student in read.students] == ["7b"]
    (note,) = read.notes
    assert "only the first sheet, '7b', was read; save '7c' as" in note


def test_a_guess_at_the_encoding_is_said_with_a_word_to_check(tmp_path: Path) -> None:
    (tmp_path / "s.csv").write_bytes(_text().encode("cp1252"))
    (note,) = read_student_list(tmp_path / "s.csv").notes
    assert "read as Windows-1252: check that 'Öz' is right, or save the list as UTF-8" in note
    (tmp_path / "s.csv").write_bytes(_text().encode())
    assert read_student_list(tmp_path / "s.csv").notes == ()


_CANVAS_USERS = """\
user_id,login_id,authentication_provider_id,password,first_name,last_name,short_name,email,status
01103,bsmith01,,,Bob,Smith,Bobby Smith,bob.smith@myschool.edu,active
13834,jdoe03,google,,John,Doe,,john.doe@myschool.edu,active
13aa3,psue01,7,,,,Peggy Sue,peggy.sue@myschool.edu,active
t9,teach,,,Terry,Teacher,,,active
13999,gone,,,Gary,Gone,,,deleted
,byhand,,,Hanna,Hand,,,active
"""
_CANVAS_ENROLMENTS = """\
course_id,user_id,role,section_id,status
E411208,01103,student,1B,active
R001104,01103,student,,active
E411208,13834,student,2A,active
R001104,13834,student,,deleted
E411208,13aa3,StudentEnrollment,2A,active
E411208,t9,teacher,2A,active
E411208,13999,student,2A,active
"""
_CANVAS = {
    "01103": ("Bob Smith", ("E411208", "R001104")),
    "13834": ("John Doe", ("E411208",)),
    "13aa3": ("Peggy Sue", ("E411208",)),
}

_ONEROSTER_USERS = """\
"sourcedId","status","dateLastModified","enabledUser","orgSourcedIds","role","username","userIds",\
"givenName","familyName","middleName","identifier","email","sms","phone","agentSourcedIds","grades"
t1,,,true,org1,teacher,jlee,,Jordan,Lee,,T100,j@x.org,,,,
s1,active,,true,org1,student,asmith,,Avery,Smith,,S2001,a@x.org,,,,07
s2,,,TRUE,org1,student,bjones,,Blake,Jones,,,,,,,07
s3,tobedeleted,,true,org1,student,cgone,,Casey,Gone,,S2003,,,,,07
s4,active,,false,org1,student,dout,,Dana,Out,,S2004,,,,,07
p1,active,,true,org1,parent,csmith,,Casey,Smith,,,,,,"s1,s2",
"""
_ONEROSTER_ENROLMENTS = """\
sourcedId,status,dateLastModified,classSourcedId,schoolSourcedId,userSourcedId,role,primary
e1,active,,math-7,org1,s1,student,
e2,,,music-7,org1,s1,student,
e3,tobedeleted,,art-7,org1,s2,student,
e4,active,,math-7,org1,t1,teacher,true
"""
_ONEROSTER = {
    "S2001": ("Avery Smith", ("math-7", "music-7")),
    "s2": ("Blake Jones", ()),
}

_ROSTERS = [
    pytest.param(_CANVAS_USERS, _CANVAS_ENROLMENTS, _CANVAS, id="Canvas"),
    pytest.param(_ONEROSTER_USERS, _ONEROSTER_ENROLMENTS, _ONEROSTER, id="OneRoster"),
]


def _by_id(path: Path) -> dict[str, tuple[str, tuple[str, ...]]]:
    return {student.student_id: (student.name, student.courses) for student in read_students(path)}


@pytest.mark.parametrize(("users", "enrolments", "expected"), _ROSTERS)
@pytest.mark.parametrize("form", ["folder", "zip", "zip of a folder"])
def test_a_roster_s_active_students_are_read_with_their_courses(
    tmp_path: Path,
    users: str,
    enrolments: str,
    expected: dict[str, tuple[str, tuple[str, ...]]],
    form: str,
) -> None:
    files = {"Users.csv": users, "enrollments.csv": enrolments, "orgs.csv": "sourcedId,name\n"}
    roster = tmp_path / "roster"
    if form == "folder":
        roster.mkdir()
        for name, text in files.items():
            (roster / name).write_text(text)
    else:
        with zipfile.ZipFile(roster, "w") as archive:
            for name, text in files.items():
                archive.writestr(f"export/{name}" if form.endswith("folder") else name, text)
    assert _by_id(roster) == expected


def test_canvas_s_users_alone_are_read_and_what_is_not_known_is_said(tmp_path: Path) -> None:
    (tmp_path / "users.csv").write_text(_CANVAS_USERS)
    read = read_student_list(tmp_path / "users.csv")
    assert [student.student_id for student in read.students] == ["01103", "13834", "13aa3", "t9"]
    (note,) = read.notes
    assert "without their enrollments" in note


def test_oneroster_1_2_has_roles_with_the_enrolments(tmp_path: Path) -> None:
    (tmp_path / "users.csv").write_text(
        "sourcedId,status,givenName,familyName\ns1,active,Avery,Smith\nt1,active,Jordan,Lee\n"
    )
    (tmp_path / "enrollments.csv").write_text(_ONEROSTER_ENROLMENTS)
    assert _by_id(tmp_path) == {"s1": ("Avery Smith", ("math-7", "music-7"))}


def test_a_status_of_the_school_s_own_leaves_nobody_out(tmp_path: Path) -> None:
    (tmp_path / "s.csv").write_text("student_id,name,status,role\n1,Ann,part-time,speaker\n")
    assert [student.name for student in read_students(tmp_path / "s.csv")] == ["Ann"]


@pytest.mark.parametrize(
    ("files", "said"),
    [
        ({"list.csv": _text()}, "there is no users.csv in it: give the list itself"),
        ({"users.csv": _text()}, "users.csv, line 1: the columns are neither those of Canvas's"),
        (
            {"users.csv": _CANVAS_USERS, "enrollments.csv": _ONEROSTER_ENROLMENTS},
            "enrollments.csv, line 1: the column courseid is missing: export users and enroll",
        ),
        (
            {"users.csv": _CANVAS_USERS + 'x,y,,,"X,,,,active\n'},
            "users.csv, line 8: unexpected end of data: close every quotation mark",
        ),
        (
            {"users.csv": _CANVAS_USERS + "=1,y,,,X,,,,active\n"},
            "users.csv, line 8: the student_id '=1' cannot be used: choose one",
        ),
        (
            {"users.csv": _CANVAS_USERS, "enrollments.csv": "course_id,user_id,role,status\n"},
            "the list has no students: export it again with them",
        ),
    ],
)
def test_what_is_wrong_in_a_roster_is_said_with_the_file(
    tmp_path: Path, files: dict[str, str], said: str
) -> None:
    for name, text in files.items():
        (tmp_path / name).write_text(text)
    assert said in _refused(tmp_path)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "line 1: the column student_id is missing"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "an Excel file of an old form or with a password"),
        (b"PK\x03\x04broken", "the archive is damaged or has a password: unpack it"),
        (_workbook(*_TABLE)[:-40], "the archive is damaged"),
        (b"id,name\n1,\x81\xff\n", "neither UTF-8, UTF-16 nor Windows-1252: save it as UTF-8"),
        (b"\xff\xfei\0d\0", "line 1: the column name is missing"),
        (b"\xff\xfei\0d\0,", "neither UTF-8, UTF-16 nor Windows-1252"),
        (bytes(range(256)) * 40, "neither UTF-8, UTF-16 nor Windows-1252"),
        (b"%PDF-1.7\n", "line 1: the column student_id is missing"),
    ],
)
def test_what_is_no_list_is_refused_with_the_remedy(
    tmp_path: Path, content: bytes, said: str
) -> None:
    (tmp_path / "s.csv").write_bytes(content)
    assert said in _refused(tmp_path / "s.csv")


def test_a_workbook_whose_parts_are_not_what_they_should_be_is_refused(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "s.xlsx", "w") as archive:
        archive.writestr("xl/workbook.xml", "<not what it should be")
    assert "cannot be read as XLSX: open it in a spreadsheet" in _refused(tmp_path / "s.xlsx")


def test_an_archive_that_would_fill_the_memory_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("function.student_list.archive.MAX_BYTES", 100)
    with zipfile.ZipFile(tmp_path / "s.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("users.csv", "0" * 101)
    assert "give the list as CSV" in _refused(tmp_path / "s.zip")


def _archive(**files: str) -> bytes:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        for name, text in files.items():
            archive.writestr(f"{name}.csv", text)
    return content.getvalue()


def test_a_damaged_list_is_read_or_refused_and_never_anything_else(tmp_path: Path) -> None:
    whole = [
        _text().encode(),
        _text(";").encode("cp1252"),
        _text("\t").encode("utf-16"),
        _workbook(*_TABLE),
        b'[{"id": 12.0, "name": "Ann", "courses": ["a"], "until": "2027-07-31"}]',
        _archive(users=_CANVAS_USERS, enrollments=_CANVAS_ENROLMENTS),
        _ONEROSTER_USERS.encode(),
    ]
    randomness = random.Random(7)  # noqa: S311 - no secret
    refusals = []
    for _ in range(700):
        content = bytearray(randomness.choice(whole))
        for _ in range(randomness.randint(1, 4)):
            start = randomness.randrange(len(content) + 1)
            end = start + randomness.randint(0, 6)
            content[start:end] = randomness.choice(
                [b"", randomness.randbytes(2), content[start:end] * 2, b'"', b";", b"\0", b"1e999"]
            )
        (tmp_path / "list").write_bytes(content)
        try:
            assert read_students(tmp_path / "list")
        except StudentListError as error:
            refusals.append(str(error))
    assert all(refusal.startswith(str(tmp_path / "list")) for refusal in refusals)
    assert not [refusal for refusal in refusals if "\n" in refusal]


def _refused(path: Path) -> str:
    with pytest.raises(StudentListError) as raised:
        read_students(path)
    message = str(raised.value)
    assert message.startswith(str(path))
    assert "\n" not in message
    return message.removeprefix(str(path)).lstrip(":, ")
