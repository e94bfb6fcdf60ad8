"""Keys never collide, and the CSV and the error report say what they should."""

from __future__ import annotations

import csv
import io
import json
import subprocess
import sys

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from function.media_type import VIDEO_SUFFIXES
from function.recogniser.faces.location import Box
from function.recogniser.identity.attendance import Attendance, BestLook, Span
from function.results import (
    COLUMNS,
    Provenance,
    corrections_key,
    course_of,
    csv_bytes,
    csv_key,
    csv_text,
    error_bytes,
    error_key,
    evidence_key,
    is_evidence_of,
    of_course,
)
from function.students import Student


def test_a_result_says_the_course_in_ascii_and_nothing_of_everybody() -> None:
    for course in ("physics-10b", "Gefäß / 漢字 100%"):
        said = of_course(course)
        assert said["course"].isascii()
        assert course_of(said) == course
    assert of_course("physics-10b") == {"course": "physics-10b"}
    assert of_course(None) == {}
    assert course_of({}) is None


KEYS = (csv_key, error_key, evidence_key, corrections_key)

suffixes = st.sampled_from(
    [*VIDEO_SUFFIXES, *(suffix.upper() for suffix in VIDEO_SUFFIXES), ".Mp4", ".mP4"]
)
# Stems are made so that collisions would be likely: of suffixes, dots and few letters.
stems = st.lists(
    st.one_of(
        suffixes,
        st.sampled_from(
            ["a", "A", ".", "/", ".csv", ".json", ".error.json", ".video", ".Video", "é"]
        ),
        st.sampled_from([".error", ".corrections", ".evidence", ".corrections.json", "\n", "漢"]),
    )
).map("".join) | st.text(max_size=20)
video_keys = stems | st.builds(str.__add__, stems, suffixes)


@pytest.mark.parametrize(
    ("video", "expected"),
    [
        ("lecture1.mp4", "lecture1.csv"),
        ("2026/autumn/lecture 1.mp4", "2026/autumn/lecture 1.csv"),
        ("lecture1.mov", "lecture1.mov.csv"),
        ("lecture1.MP4", "lecture1.MP4.csv"),
        ("lecture1.mov.mp4", "lecture1.mov.mp4.csv"),
        ("lecture1.v2.mp4", "lecture1.v2.csv"),
        ("Vorlesung über 漢字.mp4", "Vorlesung über 漢字.csv"),
        (".mp4", ".csv"),
        ("lecture1.Mp4", "lecture1.Mp4.csv"),
        ("CAMERA.MTS", "CAMERA.MTS.csv"),
        ("lecture1", "lecture1.video.csv"),
        ("lecture1.video", "lecture1.video.video.csv"),
        ("lecture1.video.mp4", "lecture1.video.mp4.csv"),
        ("lecture1.csv", "lecture1.csv.video.csv"),
        ("lecture1.mp4.part", "lecture1.mp4.part.video.csv"),
        ("week 1/", "week 1/.video.csv"),
        ("", ".video.csv"),
    ],
)
def test_the_csv_is_called_as_expected(video: str, expected: str) -> None:
    assert csv_key(video) == expected
    assert error_key(video) == expected.removesuffix(".csv") + ".error.json"


@given(st.lists(video_keys, unique=True, min_size=2))
def test_no_two_videos_share_a_key(videos: list[str]) -> None:
    results = [key(video) for video in videos for key in KEYS]
    assert len(set(results)) == len(results)


@given(video_keys, video_keys)
def test_keys_of_two_videos_differ(one: str, other: str) -> None:
    assume(one != other)
    assert csv_key(one) != csv_key(other)


@given(video_keys)
def test_a_result_is_no_video_and_lies_beside_it(video: str) -> None:
    for key in (of(video) for of in KEYS):
        assert not key.lower().endswith(VIDEO_SUFFIXES)
        assert key.rpartition("/")[0] == video.rpartition("/")[0]


@pytest.mark.parametrize(
    ("video", "expected"),
    [
        ("lecture1.mp4", "lecture1.json"),
        ("week 1/lecture1.mov", "week 1/lecture1.mov.json"),
        ("lecture1", "lecture1.video.json"),
        ("a.json", "a.json.video.json"),
        ("a.csv", "a.csv.video.json"),
        ("a.error.mp4", "a.error.evidence.json"),
        ("a.error.evidence.mp4", "a.error.evidence.evidence.json"),
        ("a.corrections.mp4", "a.corrections.evidence.json"),
        ("a.evidence.mp4", "a.evidence.json"),
        ("a.error.mov", "a.error.mov.json"),
        (".error.mp4", ".error.evidence.json"),
        ("error.mp4", "error.json"),
    ],
)
def test_the_evidence_is_called_as_expected(video: str, expected: str) -> None:
    assert evidence_key(video) == expected


def test_corrections_lie_beside_the_result() -> None:
    assert corrections_key("week 1/lecture1.mp4") == "week 1/lecture1.corrections.json"


@given(video_keys)
def test_a_result_key_is_at_most_eleven_bytes_longer_or_seventeen_without_a_suffix(
    video: str,
) -> None:
    longer = 11 if video.lower().endswith(VIDEO_SUFFIXES) else 17
    for key in (csv_key(video), error_key(video), evidence_key(video)):
        assert len(key) <= len(video) + longer


ANN = Student(student_id="7", name='Ann "Nan" Öz, jr.', major="physics", year="junior")
BEST = BestLook(time=1.5, track=0, place=Box(0.1, 0.2, 0.3, 0.4), distance=0.41239)
SEEN = Attendance(
    student_id="7", presence=(Span(0.0, 12.345),), sightings=3, best=BEST, is_sure=True
)


def test_the_csv_has_a_row_for_each_student_with_the_columns_in_their_order() -> None:
    content = csv_bytes([SEEN], {"7": ANN})
    assert content.startswith(b"\xef\xbb\xbfyear,major,name,student_id,first_seen,last_seen,")
    rows = list(csv.DictReader(io.StringIO(content.decode("utf-8-sig"), newline="")))
    assert rows == [
        {
            "year": "junior",
            "major": "physics",
            "name": ANN.name,
            "student_id": "7",
            "first_seen": "0.00",
            "last_seen": "12.35",
            "sightings": "3",
            "distance": "0.412",
        }
    ]


def test_a_student_without_a_record_has_empty_fields() -> None:
    assert csv_text([SEEN], {}).splitlines()[1] == ",,,7,0.00,12.35,3,0.412"


@pytest.mark.parametrize(
    "name",
    ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1+1", "\uff1d1+1", "\uff0b1", "\uff0d1", "\uff20SUM(A1)"],
)
def test_a_name_that_a_spreadsheet_would_run_is_kept_as_text(name: str) -> None:
    student = Student(student_id="7", name=name, major="law", year="3")
    assert next(csv.DictReader(csv_text([SEEN], {"7": student}).splitlines()))["name"] == f"'{name}"


def test_nobody_seen_is_a_header_alone() -> None:
    assert csv_text([], {}) == ",".join(COLUMNS) + "\r\n"


def test_the_error_report_says_what_is_wrong_and_what_to_do() -> None:
    report = error_bytes(video="é.mp4", problem="Bad.", remedy="Mend it.", recogniser="r1")
    assert json.loads(report) == {
        "video": "é.mp4",
        "error": "Bad.",
        "remedy": "Mend it.",
        "recogniser": "r1",
    }


def test_provenance_is_recognised_among_other_metadata() -> None:
    provenance = Provenance(video_etag='"v"', gallery_etag='"g"', recogniser="r1")
    metadata = provenance.as_metadata() | {"frames": "3"}
    assert provenance.is_that_of(metadata)
    assert not provenance.is_that_of(metadata | {"gallery-etag": '"other"'})
    assert not provenance.is_that_of({})


def test_an_evidence_is_of_the_csv_that_was_made_from_the_same() -> None:
    made = Provenance(video_etag='"v"', gallery_etag='"g"', recogniser="r1").as_metadata()
    assert is_evidence_of(made | {"started": "1"}, made | {"started": "2"})
    for name in made:
        assert not is_evidence_of(made | {name: "other"}, made)
    assert not is_evidence_of({}, {})


def test_the_module_loads_without_the_recognition() -> None:
    program = "import sys, function.results; print(sys.modules.keys() & {'numpy', 'dlib', 'av'})"
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert done.stdout == "set()\n"
