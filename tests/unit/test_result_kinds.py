"""What is taken out of a result is what it says of a student; all else stays to the byte."""

from __future__ import annotations

import csv
import io
import json
from datetime import UTC, datetime
from hashlib import sha256
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from enroll.result_kinds import (
    KINDS,
    UnknownFormError,
    in_step,
    kind_of,
    video_of,
    words_in,
)
from function.results import COLUMNS, corrections_key, csv_key, evidence_key
from register.corrections import Correction, What, corrections_bytes, read_corrections
from tests.unit.test_evidence import evidence

if TYPE_CHECKING:
    from collections.abc import Callable

CSV, JSON = KINDS[".csv"], KINDS[".json"]

HEADER = "year,major,name,student_id,first_seen\r\n"
ADA = "3,maths,Ada Lovelace,1001,0.00\r\n"
ALAN = '4,"logic, mostly","Alan\r\nTuring",1002,1.50\r\n'

fields = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=8)
encodings = st.sampled_from(["utf-8", "utf-8-sig"])
ids = st.sampled_from(["1", "2", "M\u00fcller", "x"])


def test_a_student_s_rows_go_and_the_others_stay_to_the_byte() -> None:
    content = f"\ufeff{HEADER}{ADA}{ALAN}{ADA}".encode()
    assert [entry.fields["first_seen"] for entry in CSV.entries(content, {"1001"})] == ["0.00"] * 2
    assert CSV.without(content, {"1001"}) == f"\ufeff{HEADER}{ALAN}".encode()
    assert CSV.without(content, {"1002"}) == f"\ufeff{HEADER}{ADA}{ADA}".encode()
    assert CSV.without(content, {"Ada Lovelace", "3", "logic"}) == content


@given(st.lists(st.tuples(fields, fields, fields, ids)), st.sampled_from(",;\t"), encodings)
def test_whatever_names_have_in_them_only_rows_of_the_student_go(
    rows: list[tuple[str, str, str, str]], delimiter: str, encoding: str
) -> None:
    def written(rows: list[tuple[str, str, str, str]]) -> bytes:
        text = io.StringIO(newline="")
        writer = csv.writer(text, delimiter=delimiter)
        writer.writerow(COLUMNS[:4])
        writer.writerows(rows)
        return text.getvalue().encode(encoding)

    content = written(rows)
    left = [row for row in rows if row[3] != "1"]
    assert CSV.without(content, {"1"}) == written(left)
    assert len(CSV.entries(content, {"1"})) == len(rows) - len(left)
    assert CSV.without(written(left), {"1"}) == written(left)


@pytest.mark.parametrize("in_csv", ["Mu\u0308ller", "M\u00fcller", " M\u00fcller "])
def test_an_id_is_known_in_whatever_form_an_earlier_version_wrote_it(in_csv: str) -> None:
    content = f"{HEADER},,,{in_csv},1\r\n".encode()
    assert [entry.student_id for entry in CSV.entries(content, {"M\u00fcller"})] == ["M\u00fcller"]


def test_an_id_that_begins_like_a_formula_is_known_behind_its_apostrophe() -> None:
    content = f"{HEADER},,,'-7,1\r\n,,,'7,1\r\n".encode()
    assert CSV.without(content, {"-7"}) == f"{HEADER},,,'7,1\r\n".encode()


@pytest.mark.parametrize(
    "content",
    [b"", b"name,here\r\nAda,yes\r\n", b"student_id\xff\r\n1\r\n", b'student_id\r\n"1\0"'],
)
def test_what_the_function_has_not_written_is_of_unknown_form(content: bytes) -> None:
    try:
        assert CSV.entries(content, {"7"}) == []
    except UnknownFormError:
        return
    assert b"\0" in content  # which later versions of Python read


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_an_id_is_found_among_the_words_of_what_a_person_has_made(encoding: str) -> None:
    assert "1001" in words_in('Name;ID\n"Ada"; 1001 \n'.encode(encoding))
    assert "1001" not in words_in("x1001;21001".encode(encoding))


EVIDENCE = {
    "version": 1,
    "video": "lecture.mp4",
    "frames": 1001,
    "students": [{"student_id": "1001", "best": {"time": 0.1}}, {"student_id": "1002"}],
    "please_check": [{"student_id": "1001"}],
}


def test_a_student_s_entries_go_from_every_list_of_an_evidence() -> None:
    content = json.dumps(EVIDENCE).encode()
    assert len(JSON.entries(content, {"1001"})) == 2
    left = json.loads(JSON.without(content, {"1001"}))
    assert left == {**EVIDENCE, "students": [{"student_id": "1002"}], "please_check": []}
    assert JSON.entries(JSON.without(content, {"1001"}), {"1001"}) == []


def test_what_people_have_corrected_of_others_can_be_read_as_before() -> None:
    when = datetime(2026, 11, 23, tzinfo=UTC)
    ada, alan = (
        Correction(student_id=student_id, what=What.WAS_HERE, who="teacher", when=when)
        for student_id in ("1001", "1002")
    )
    content = corrections_bytes([ada, alan, ada])
    assert len(JSON.entries(content, {"1001"})) == 2
    assert JSON.without(content, {"1001"}) == corrections_bytes([alan])
    assert read_corrections(JSON.without(content, {"1001", "1002"})) == ()


@pytest.mark.parametrize(
    "elsewhere", [{"by": "1001"}, {"corrected": {"1001": "absent"}}, {"a": [{"b": ["1001"]}]}]
)
def test_a_student_elsewhere_than_in_an_entry_is_not_passed_over(
    elsewhere: dict[str, object],
) -> None:
    with pytest.raises(UnknownFormError):
        JSON.entries(json.dumps({**EVIDENCE, **elsewhere}).encode(), {"1001"})


@pytest.mark.parametrize("content", [b"", b"[1]", b"{", b"\xff", b"[" * 100_000])
def test_what_is_no_object_is_of_unknown_form(content: bytes) -> None:
    with pytest.raises(UnknownFormError):
        JSON.entries(content, {"1"})


def test_an_evidence_is_kept_in_step_with_its_csv_and_with_no_other() -> None:
    evidence = json.dumps({"csv_sha256": sha256(b"before").hexdigest()}).encode()
    assert json.loads(in_step(evidence, b"before", b"after")) == {
        "csv_sha256": sha256(b"after").hexdigest()
    }
    assert in_step(evidence, b"edited", b"after") == evidence


def test_error_reports_and_what_is_no_result_are_passed_over() -> None:
    assert kind_of("week1/lecture.error.json") is None
    assert kind_of("notes.txt") is None


@pytest.mark.parametrize("result_key", [csv_key, evidence_key, corrections_key])
@pytest.mark.parametrize(
    "video",
    [
        *("a", "a.mp4", "a.mov", "a.mov.mp4", "a.video", "a.video.mp4", "b/c.MP4"),
        *("a.error.mp4", "a.corrections.mp4", "a.evidence.mp4", "a.json", "a.csv.mp4"),
    ],
)
def test_the_video_of_a_result_is_the_one_that_has_it(
    video: str, result_key: Callable[[str], str]
) -> None:
    assert video_of(result_key(video)) == video


def test_what_is_no_result_is_of_no_video() -> None:
    assert video_of("a.mov.video.csv") is None


def test_an_id_that_is_another_s_year_or_the_course_is_not_taken_for_somebody_else() -> None:
    content = evidence().as_bytes()
    for elsewhere in ("junior", "physics"):
        assert JSON.entries(content, {elsewhere}) == []
        assert json.loads(JSON.without(content, {elsewhere})) == json.loads(content)
    assert [entry.student_id for entry in JSON.entries(content, {"7", "junior"})] == ["7"]
