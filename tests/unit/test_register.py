"""What a register says: of whom, in which session, and what people have said of it."""

from __future__ import annotations

import csv
import io
import json
from dataclasses import replace
from datetime import UTC, date, datetime, time
from typing import TYPE_CHECKING

import openpyxl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from register.corrections import (
    Correction,
    CorrectionsError,
    What,
    corrections_bytes,
    read_corrections,
    standing,
    undone,
)
from register.moodle import ACRONYMS, all_sessions_bytes, left_out, session_bytes
from register.sessions import day_in, session_of, session_without_csv
from register.statuses import Rules, Status, status_of
from register.tables import table_bytes
from register.term import Register, register_of
from register.workbook import workbook_bytes
from tests.unit.register_samples import ALL_OF_IT, CLASS, LENGTH, csv_of, said, session

if TYPE_CHECKING:
    from collections.abc import Iterable

    from register.sessions import Session

RULES = Rules()
MINUTE = 60.0


def register(*sessions: Session, students: Iterable[str] = "12345") -> Register:
    listed = [student for student in CLASS if student.student_id in students]
    return register_of("physics", sessions, listed, RULES)


# The status of a student in a session.


@pytest.mark.parametrize(
    ("first", "last", "expected"),
    [
        (0.0, LENGTH, Status.PRESENT),
        (5 * MINUTE, LENGTH - 10 * MINUTE, Status.PRESENT),
        (5 * MINUTE + 1, LENGTH, Status.LATE),
        (0.0, LENGTH - 10 * MINUTE - 1, Status.LEFT_EARLY),
        (6 * MINUTE, 7 * MINUTE, Status.LATE),
    ],
)
def test_who_comes_late_and_who_leaves_early(first: float, last: float, expected: Status) -> None:
    assert status_of(session(presence={"1": (first, last)}), "1", RULES) is expected


def test_the_lesson_may_begin_and_end_within_the_recording() -> None:
    this = session(presence={"1": (6 * MINUTE, 30 * MINUTE)})
    assert status_of(replace(this, starts=2 * MINUTE), "1", RULES) is Status.LEFT_EARLY
    within = replace(this, starts=2 * MINUTE, ends=40 * MINUTE)
    assert status_of(within, "1", RULES) is Status.PRESENT
    assert status_of(within, "1", Rules(late_after=MINUTE)) is Status.LATE
    assert status_of(within, "1", Rules(left_early_before=9 * MINUTE)) is Status.LEFT_EARLY


def test_nobody_left_early_when_the_end_could_not_be_read() -> None:
    this = session(presence={"1": (0.0, 60.0)}, unread="read to 45:00 of 1:00:00")
    assert status_of(this, "1", RULES) is Status.PRESENT


def test_who_is_not_sure_is_to_be_checked_and_who_is_not_seen_is_not_absent() -> None:
    this = session(presence={"1": ALL_OF_IT, "2": ALL_OF_IT}, unsure="2", perhaps="3")
    found = [status_of(this, student, RULES) for student in "1234"]
    assert found == [
        Status.PRESENT,
        Status.PLEASE_CHECK,
        Status.PLEASE_CHECK,
        Status.NOT_SEEN,
    ]
    assert "absent" not in {status.value for status in Status}


@pytest.mark.parametrize(
    ("student", "what", "expected"),
    [
        ("1", What.NOT_THEM, Status.NOT_SEEN),
        ("2", What.CONFIRM, Status.LATE),
        ("2", What.WAS_HERE, Status.PRESENT),
        ("3", What.CONFIRM, Status.PRESENT),
        ("3", What.NOT_THEM, Status.NOT_SEEN),
        ("4", What.WAS_HERE, Status.PRESENT),
        ("4", What.CONFIRM, Status.PRESENT),
        ("4", What.EXCUSED, Status.EXCUSED),
        ("1", What.EXCUSED, Status.EXCUSED),
    ],
)
def test_what_a_person_says_counts_first(student: str, what: What, expected: Status) -> None:
    seen = {"1": ALL_OF_IT, "2": (10 * MINUTE, LENGTH)}
    this = session("a", seen, said(student, what), unsure="2", perhaps="3")
    assert status_of(this, student, RULES) is expected
    taken_back = session("a", seen, said(student, what, undone=True), unsure="2", perhaps="3")
    assert status_of(taken_back, student, RULES) is status_of(
        session("a", seen, unsure="2", perhaps="3"), student, RULES
    )


def test_of_a_video_that_cannot_be_read_only_what_people_say_is_known() -> None:
    report = json.dumps({"error": "The file is empty.", "remedy": "…"}).encode()
    this = session_without_csv("a", report, corrections=[said("2", What.WAS_HERE)])
    assert this.problem == "The file is empty."
    assert [status_of(this, student, RULES) for student in "12"] == [None, Status.PRESENT]
    assert session_without_csv("a", b"{}").problem == "The report cannot be read."


# Sessions out of results.


@pytest.mark.parametrize(
    ("name", "day", "at"),
    [
        ("physics/2026-11-23", date(2026, 11, 23), None),
        ("physics/20261123", date(2026, 11, 23), None),
        ("physics/2026_11_23 group b.mov", date(2026, 11, 23), None),
        ("physics/2026-11-23T0915", date(2026, 11, 23), time(9, 15)),
        ("physics/2026-11-23 09-15", date(2026, 11, 23), time(9, 15)),
        ("physics/lesson 3, 2026-11-23 9h15", date(2026, 11, 23), time(9, 15)),
        ("2026-11-23/camera 1", date(2026, 11, 23), None),
        ("2026-09-01 to 2027-01-31/2026-11-23", date(2026, 11, 23), None),
        ("physics/2026-13-45", None, None),
        ("physics/1202611234", None, None),
        ("physics/lecture 12", None, None),
    ],
)
def test_the_day_is_in_the_name(name: str, day: date | None, at: time | None) -> None:
    assert day_in(name) == (day, at)


@given(st.text())
def test_any_name_has_a_day_or_none(name: str) -> None:
    day_in(name)


def test_without_a_day_in_the_name_that_of_the_upload_counts() -> None:
    this = session_of("physics/lecture", csv_of({}), None, uploaded=date(2026, 11, 24))
    assert this.day == date(2026, 11, 24)


@pytest.mark.parametrize("separator", [",", ";", "\t"])
def test_a_csv_alone_will_do_also_as_a_spreadsheet_saves_it(separator: str) -> None:
    content = csv_of({"1": (1.5, 2.5), "5": (400.0, 500.0)})
    if separator != ",":
        rows = csv.reader(io.StringIO(content.decode("utf-8-sig")))
        text = "".join(
            separator.join(field.replace(".", ",") for field in row) + "\n" for row in rows
        )
        content = text.encode()
    this = session_of("a", content, None)
    assert this.problem == ""
    assert this.seen["1"].presence == ((1.5, 2.5),)
    assert this.seen["5"].name == "=Eve()"
    assert this.seconds is None
    assert [status_of(this, student, RULES) for student in "152"] == [
        Status.PRESENT,
        Status.LATE,
        Status.NOT_SEEN,
    ]


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"name,age\r\nAda,12\r\n",
        "Müller".encode("cp1252"),
        csv_of({"1": ALL_OF_IT}).replace(b"2.00", b"two"),
        csv_of({"1": ALL_OF_IT}).replace(b",2.00,", b",9000.00,"),
        csv_of({"1": ALL_OF_IT}).replace(b",9,0.350", b""),
        csv_of({"1": ALL_OF_IT}).replace(b"2.00", b"nan"),
    ],
)
def test_a_csv_that_makes_no_sense_says_so_and_nobody_is_not_seen(content: bytes) -> None:
    this = session_of("a", content, None)
    assert this.problem
    assert status_of(this, "1", RULES) is None


# Corrections.


def test_what_was_said_last_and_not_taken_back_stands() -> None:
    first, second, other = (
        said("1", What.NOT_THEM),
        said("1", What.WAS_HERE, day=2),
        said("2", What.EXCUSED),
    )
    assert standing([first, second, other]) == {"1": second, "2": other}
    without = undone([first, second, other], "1")
    assert standing(without) == {"1": first, "2": other}
    assert without[1] == replace(second, undone=True)
    assert standing(undone(without, "1")) == {"2": other}
    assert undone([other], "1") == (other,)


corrections = st.builds(
    Correction,
    student_id=st.text(min_size=1, max_size=30),
    what=st.sampled_from(What),
    who=st.text(min_size=1, max_size=30),
    when=st.datetimes(timezones=st.just(UTC)),
    undone=st.booleans(),
)


@given(st.lists(corrections))
def test_corrections_are_read_as_they_were_written(made: list[Correction]) -> None:
    assert read_corrections(corrections_bytes(made)) == tuple(made)


def test_corrections_have_the_form_that_is_documented() -> None:
    assert json.loads(corrections_bytes([said("1", What.WAS_HERE)])) == {
        "version": 1,
        "corrections": [
            {
                "student_id": "1",
                "what": "was here",
                "who": "teacher",
                "when": "2026-12-01T00:00:00+00:00",
                "undone": False,
            }
        ],
    }


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"[]",
        b'{"version": 2, "corrections": []}',
        b'{"version": 1, "corrections": {}}',
        b'{"version": 1, "corrections": [{}]}',
        corrections_bytes([said("1", What.CONFIRM)]).replace(b"confirm", b"absent"),
        corrections_bytes([said("1", What.CONFIRM)]).replace(b"+00:00", b""),
        corrections_bytes([said("1", What.CONFIRM)]).replace(b"false", b"0"),
    ],
)
def test_what_is_no_list_of_corrections_is_refused(content: bytes) -> None:
    with pytest.raises(CorrectionsError):
        read_corrections(content)


def test_a_correction_has_a_student_a_person_and_a_time_zone() -> None:
    for change in ({"student_id": ""}, {"who": "x" * 1001}, {"when": datetime(2026, 1, 1)}):  # noqa: DTZ001
        with pytest.raises(CorrectionsError):
            replace(said("1", What.CONFIRM), **change)


# The register.


def test_the_register_has_a_row_for_each_student_and_the_sessions_in_order() -> None:
    late = {"1": ALL_OF_IT, "2": (900.0, LENGTH)}
    made = register(
        session("physics/2026-11-30", late, said("3", What.EXCUSED)),
        session("physics/2026-11-23", {"1": ALL_OF_IT}, perhaps="2"),
        session_without_csv("physics/2026-12-07", b'{"error": "The file is empty."}'),
        students="123",
    )
    assert [each.title for each in made.sessions] == ["2026-11-23", "2026-11-30", "2026-12-07"]
    assert [(row.student.name, row.statuses) for row in made.rows] == [
        ("Ada", (Status.PRESENT, Status.PRESENT, None)),
        ("Björn", (Status.PLEASE_CHECK, Status.LATE, None)),
        ("Çiğdem", (Status.NOT_SEEN, Status.EXCUSED, None)),
    ]
    assert [(row.attended, row.possible, row.share) for row in made.rows] == [
        (2, 2, 1.0),
        (1, 2, 0.5),
        (0, 1, 0.0),
    ]


def test_of_nothing_possible_there_is_no_share() -> None:
    (row,) = register(session("a", {}, said("1", What.EXCUSED)), students="1").rows
    assert (row.possible, row.share) == (0, None)


def test_after_the_last_day_nobody_looked_for_the_student() -> None:
    ended = replace(CLASS[1], until=date(2026, 11, 23))
    sessions = [session("physics/2026-11-23", {}), session("physics/2026-11-24", {})]
    (row,) = register_of("physics", sessions, [ended], RULES).rows
    assert row.statuses == (Status.NOT_SEEN, None)


def test_without_a_class_list_it_is_of_all_who_were_ever_seen() -> None:
    sessions = [session("a", {"1": ALL_OF_IT}), session("b", {}, perhaps="2")]
    made = register_of("physics", sessions, None, RULES)
    assert not made.is_whole_class
    assert [row.student.student_id for row in made.rows] == ["1", "2"]


# Files.


def three_sessions() -> Register:
    return register(
        session("physics/2026-11-23T0915", {"1": ALL_OF_IT, "5": (900.0, LENGTH)}),
        session("physics/2026-11-30", {"1": (2.0, 60.0)}, said("2", What.EXCUSED)),
        session("physics/+revision", {"1": ALL_OF_IT}, perhaps="3"),
    )


@pytest.mark.parametrize("separator", [",", ";", "\t"])
@pytest.mark.parametrize("decimal_sign", [".", ","])
def test_the_table_is_read_again_as_it_was(separator: str, decimal_sign: str) -> None:
    content = table_bytes(three_sessions(), separator=separator, decimal_sign=decimal_sign)
    assert content.startswith(b"\xef\xbb\xbf")
    rows = list(
        csv.DictReader(io.StringIO(content.decode("utf-8-sig"), newline=""), delimiter=separator)
    )
    ada, bjorn, eve = rows[1], rows[2], rows[0]
    assert (ada["name"], ada["2026-11-23"], ada["2026-11-30"]) == ("Ada", "present", "left early")
    assert (ada["attended"], ada["possible"], ada["per cent"]) == (
        "3",
        "3",
        f"100{decimal_sign}0",
    )
    assert (bjorn["excused"], bjorn["per cent"]) == ("1", f"0{decimal_sign}0")
    assert (eve["name"], eve["per cent"]) == ("'=Eve()", f"33{decimal_sign}3")
    # A column may be called as a video is, and that may begin like a formula.
    assert "'+revision" in rows[0]


def test_the_workbook_has_signs_numbers_and_no_formula() -> None:
    book = openpyxl.load_workbook(io.BytesIO(workbook_bytes(three_sessions())))
    assert book.sheetnames == ["Register", "Sessions", "What the signs mean"]
    rows = list(book["Register"].iter_rows())
    assert [cell.value for cell in rows[0]][:7] == [
        *("id", "name", "major", "year"),
        *("2026-11-23", "2026-11-30", "+revision"),
    ]
    by_name = {row[1].value: [cell.value for cell in row] for row in rows[1:]}
    assert by_name["Ada"][4:7] == ["P", "E", "P"]
    assert by_name["Ada"][-3:] == [3, 3, 100]
    assert by_name["=Eve()"][-1] == 33.3
    for sheet in book.worksheets:
        for row in sheet.iter_rows():
            assert all(cell.data_type != "f" for cell in row)


def test_moodle_gets_what_has_an_acronym() -> None:
    made = three_sessions()
    first = made.sessions[0]
    assert session_bytes(made, first, ACRONYMS).decode() == ("idnumber,status\r\n5,L\r\n1,P\r\n")
    with_absent = {**ACRONYMS, Status.NOT_SEEN: "A"}
    assert session_bytes(made, first, with_absent).decode().count(",A\r\n") == 3
    rows = list(csv.reader(io.StringIO(all_sessions_bytes(made, ACRONYMS).decode())))
    assert rows == [
        ["sessiondate", "idnumber", "status", "remarks"],
        ["2026-11-23 09:15", "5", "L", "first seen 0:15:00"],
        ["2026-11-23 09:15", "1", "P", ""],
        ["2026-11-30", "1", "P", "last seen 0:01:00"],
        ["2026-11-30", "2", "E", ""],
    ]
    assert left_out(made, ACRONYMS) == {Status.PLEASE_CHECK: 1, Status.NOT_SEEN: 9}
    assert left_out(made, {**with_absent, Status.PLEASE_CHECK: "?"}) == {}
