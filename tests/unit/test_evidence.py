"""What the evidence tells of a video, and what it does not tell of strangers."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from enroll.enrolment import enrol
from enroll.gallery_edits import without_students
from function.evidence import Evidence, EvidenceError, Source, is_of_csv
from function.recogniser.faces.location import Box, Location
from function.recogniser.faces.quality import Quality
from function.recogniser.identity.attendance import Attendance, BestLook, Look, Span
from function.recogniser.identity.gallery import Gallery, Match
from function.recogniser.identity.near_misses import NearMiss, near_misses
from function.recogniser.identity.strangers import most_strangers, seen_faces
from function.recogniser.options import RecognitionOptions
from function.recogniser.outcome import Recognition
from function.recogniser.recognition import recognise
from function.results import csv_bytes
from function.student_list import read_students
from function.students import Student
from samples.pictures import fetch_sample_pictures
from samples.sample_class import (
    BIDEN,
    COLLINS,
    OBAMA,
    ClassVideo,
    make_class_videos,
    make_sample_class,
    person_in_class,
)
from samples.sample_video import Scene, write_video

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable
    from pathlib import Path

TOLERANCE, MARGIN = 0.59, 0.05
GOOD = Quality(height=80, score=0.92, tilt=5, sharpness=0.2, brightness=120)
POOR = replace(GOOD, height=17)
PLACE = Box(0.4, 0.2, 0.1, 0.2)
SEEN_AT = Box(0.123456, 0.2, 0.3, 0.4)

STEP = 1 / RecognitionOptions.samples_per_second
ANN = Student(student_id="7", name='Ann "Nan" Öz', major="physics", year="junior")
SOURCE = Source(video="physics/é.mp4", course="physics", recogniser="r1", step=0.5)
CSV = b"year,major\r\n"
RECOGNITION = Recognition(
    attendance=(
        Attendance(
            student_id="7",
            presence=(Span(0.0, 12.345), Span(100.0, 130.5)),
            sightings=70,
            best=BestLook(
                time=3.504, track=1, place=Box(0.123456, 0.2, 0.3, 0.4), distance=0.41239
            ),
            is_sure=True,
        ),
        Attendance(
            student_id="8",
            presence=(Span(1.0, 1.0),),
            sightings=1,
            best=BestLook(time=1.0, track=0, place=PLACE, distance=0.55),
            is_sure=False,
        ),
    ),
    please_check=(
        NearMiss(student_id="9", best=BestLook(time=2, track=0, place=PLACE, distance=0.58)),
    ),
    strangers=2,
    frames=262,
    faces=300,
    video_seconds=131.004,
    unread="read to 2:11 of 3:00",
)


def evidence(recognition: Recognition = RECOGNITION) -> Evidence:
    return Evidence.of(recognition, {"7": ANN}, SOURCE, CSV)


def test_the_evidence_says_of_each_student_when_where_and_how_surely() -> None:
    told = json.loads(evidence().as_bytes())
    assert told == {
        "version": 1,
        "video": "physics/é.mp4",
        "course": "physics",
        "recogniser": "r1",
        "step": 0.5,
        "video_etag": None,
        "gallery_etag": None,
        "csv_sha256": told["csv_sha256"],
        "video_seconds": 131.0,
        "frames": 262,
        "unread": "read to 2:11 of 3:00",
        "students": [
            {
                "student_id": "7",
                "name": 'Ann "Nan" Öz',
                "major": "physics",
                "year": "junior",
                "presence": [[0.0, 12.35], [100.0, 130.5]],
                "sightings": 70,
                "certainty": "sure",
                "best": {
                    "time": 3.5,
                    "track": 2,
                    "box": {"left": 0.1235, "top": 0.2, "width": 0.3, "height": 0.4},
                    "distance": 0.412,
                },
            },
            {
                "student_id": "8",
                "name": "",
                "major": "",
                "year": "",
                "presence": [[1.0, 1.0]],
                "sightings": 1,
                "certainty": "please check",
                "best": {
                    "time": 1.0,
                    "track": 1,
                    "box": {"left": 0.4, "top": 0.2, "width": 0.1, "height": 0.2},
                    "distance": 0.55,
                },
            },
        ],
        "please_check": [
            {
                "student_id": "9",
                "name": "",
                "major": "",
                "year": "",
                "best": {
                    "time": 2,
                    "track": 1,
                    "box": {"left": 0.4, "top": 0.2, "width": 0.1, "height": 0.2},
                    "distance": 0.58,
                },
            }
        ],
        "strangers": 2,
    }


def test_what_is_written_is_read_again() -> None:
    for recognition in (RECOGNITION, Recognition.of_nothing()):
        written = evidence(recognition)
        assert Evidence.from_bytes(written.as_bytes()) == written


def test_the_same_gives_the_same_bytes() -> None:
    assert evidence().as_bytes() == evidence().as_bytes()


def test_it_is_known_which_csv_it_belongs_to() -> None:
    assert is_of_csv(evidence(), CSV)
    assert not is_of_csv(evidence(), CSV + b"edited")


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("version", 2),
        ("version", None),
        ("video", 5),
        ("students", {}),
        ("students", [{}]),
        ("strangers", -1),
        ("strangers", True),
        ("video_seconds", "long"),
        ("video_seconds", float("nan")),
        ("please_check", None),
        ("course", []),
    ],
)
def test_what_is_no_evidence_of_this_version_is_refused(field: str, value: object) -> None:
    told = json.loads(evidence().as_bytes())
    with pytest.raises(EvidenceError):
        Evidence.from_bytes(json.dumps(told | {field: value}).encode())
    del told[field]
    with pytest.raises(EvidenceError):
        Evidence.from_bytes(json.dumps(told).encode())


@given(
    st.binary()
    | st.recursive(
        st.none() | st.booleans() | st.floats() | st.text(),
        lambda it: (
            st.lists(it)
            | st.dictionaries(st.sampled_from(["version", "video", "students", "presence"]), it)
        ),
    ).map(lambda it: json.dumps(it).encode())
)
def test_whatever_is_read_is_evidence_or_refused(content: bytes) -> None:
    with pytest.raises(EvidenceError):
        Evidence.from_bytes(content)


def test_what_a_later_version_adds_is_passed_over() -> None:
    told = json.loads(evidence().as_bytes()) | {"more": 1}
    assert Evidence.from_bytes(json.dumps(told).encode()) == evidence()


# Who was perhaps there.


def look(  # noqa: PLR0913 - what a look is made of
    student_id: str,
    distance: float,
    *times: float,
    margin: float = 0.1,
    quality: Quality = GOOD,
    face: int = 0,
    track: int = 0,
) -> Look:
    match = Match(student_id=student_id, distance=distance, margin=margin)
    return Look(
        match=match, quality=quality, place=PLACE, face=face, track=track, times=list(times)
    )


@pytest.mark.parametrize(
    ("this", "is_near"),
    [
        (look("a", TOLERANCE, 0.0), True),
        (look("a", TOLERANCE + 0.001, 0.0), False),
        (look("a", 0.5, 0.0, margin=MARGIN / 2), False),
        (look("a", TOLERANCE, 0.0, quality=POOR), True),
        (look("a", 0.3, 0.0, quality=replace(POOR, score=0.7)), False),
    ],
)
def test_who_came_near_is_to_be_checked(this: Look, *, is_near: bool) -> None:
    found = near_misses([this], (), tolerance=TOLERANCE, margin=MARGIN)
    assert [miss.student_id for miss in found] == (["a"] if is_near else [])


def test_who_is_there_need_not_be_checked_and_the_others_come_nearest_first() -> None:
    looks = [look("a", 0.3, 0.0), look("b", 0.58, 0.0), look("c", 0.55, 1.0), look("c", 0.57, 0.5)]
    found = near_misses(looks, {"a"}, tolerance=TOLERANCE, margin=MARGIN)
    assert [(miss.student_id, miss.best.time, miss.best.distance) for miss in found] == [
        ("c", 1.0, 0.55),
        ("b", 0.0, 0.58),
    ]


# Strangers.


def strangers(looks: Iterable[Look], named: Collection[str]) -> int:
    return most_strangers(seen_faces(looks, tolerance=TOLERANCE), named)


def test_strangers_are_as_many_as_were_seen_at_one_time() -> None:
    looks = [
        look("a", 0.7, 0.0, 0.5, face=1),
        look("a", 0.7, 0.5, face=2),
        look("a", 0.7, 1.0, face=3),
        look("a", 0.7, 0.5, face=4, track=1),
    ]
    assert strangers(looks, ()) == 2
    assert strangers([], ()) == 0


def test_who_is_named_once_and_who_is_only_poorly_seen_is_no_stranger() -> None:
    student = [look("a", 0.4, 0.0, face=1), look("b", 0.8, 0.5, face=1)]
    assert strangers(student, {"a"}) == 0
    assert strangers(student, ()) == 1
    assert strangers([look("b", 0.8, 0.0, quality=POOR)], ()) == 0


# Where a face is.


def test_a_box_is_told_in_shares_of_the_picture_and_none_of_it_lies_outside() -> None:
    place = Location(top=20, right=59, bottom=79, left=40)
    assert place.within(height=100, width=200, turned=0) == pytest.approx((0.2, 0.2, 0.1, 0.6))
    outside = Location(top=-5, right=204, bottom=49, left=150)
    assert outside.within(height=100, width=200, turned=0) == pytest.approx((0.75, 0, 0.25, 0.5))


@pytest.mark.parametrize("turned", [1, 2, 3])
def test_a_box_in_a_turned_picture_is_told_where_it_was_before(turned: int) -> None:
    picture = np.zeros((100, 200), bool)
    picture[20:80, 40:60] = True
    seen = np.rot90(picture, turned)
    (rows,), (columns,) = (np.nonzero(seen.any(axis=axis)) for axis in (1, 0))
    place = Location(top=rows.min(), right=columns.max(), bottom=rows.max(), left=columns.min())
    height, width = seen.shape
    assert place.within(height=height, width=width, turned=turned) == pytest.approx(
        (0.2, 0.2, 0.1, 0.6)
    )


# Of real videos.


@pytest.fixture(scope="module")
def videos(tmp_path_factory: pytest.TempPathFactory) -> dict[str, ClassVideo]:
    made = make_class_videos(tmp_path_factory.mktemp("videos"))
    return {video.key: video for video in made if video.readable}


@pytest.fixture(scope="module")
def gallery(tmp_path_factory: pytest.TempPathFactory) -> Gallery:
    sample = make_sample_class(tmp_path_factory.mktemp("class"))
    return enrol(read_students(sample.students), sample.portraits, known=Gallery.empty()).rows


# From when to when who is in which video of the sample class, in seconds.
PRESENT = {
    "three at once.mp4": {OBAMA: (0, 4), BIDEN: (0, 4), COLLINS: (0, 4)},
    "week 2/one after another.mp4": {COLLINS: (0, 2), OBAMA: (2, 4)},
    "with a stranger.mp4": {BIDEN: (0, 4)},
    "from a phone.mov": {OBAMA: (0, 4)},
    "empty room.mp4": {},
}
STRANGERS = {"with a stranger.mp4": 1}


def test_first_and_last_sightings_are_within_a_step_of_the_truth(
    videos: dict[str, ClassVideo], gallery: Gallery
) -> None:
    assert videos.keys() == PRESENT.keys()
    for key, video in videos.items():
        recognition = recognise(video.path, gallery, RecognitionOptions())
        assert {seen.student_id for seen in recognition.attendance} == PRESENT[key].keys()
        for seen in recognition.attendance:
            start, end = PRESENT[key][seen.student_id]
            assert start <= seen.first_seen <= start + STEP + 0.5
            assert end - STEP - 0.5 <= seen.last_seen <= end
            assert seen.is_sure
        assert recognition.strangers == STRANGERS.get(key, 0)
        assert recognition.please_check == ()


def test_the_same_video_and_gallery_give_the_same_bytes(
    videos: dict[str, ClassVideo], gallery: Gallery
) -> None:
    written = set()
    for _ in range(2):
        found = recognise(videos["three at once.mp4"].path, gallery, RecognitionOptions())
        csv = csv_bytes(found.attendance, {})
        written.add(Evidence.of(found, {}, SOURCE, csv).as_bytes())
    assert len(written) == 1


def test_of_strangers_there_is_a_count_and_nothing_else(
    videos: dict[str, ClassVideo], gallery: Gallery
) -> None:
    others = without_students(gallery, {OBAMA, BIDEN})
    found = recognise(videos["with a stranger.mp4"].path, others, RecognitionOptions())
    told: dict[str, Any] = json.loads(Evidence.of(found, {}, SOURCE, CSV).as_bytes())
    assert (told["students"], told["please_check"], told["strangers"]) == ([], [], 2)


def test_the_box_is_where_a_player_shows_the_face(tmp_path: Path, gallery: Gallery) -> None:
    """Also in a film that lies upside down, of which the file says nothing."""
    fetch_sample_pictures()
    boxes = {}
    for name, degrees in (("upright", 0), ("upside down", 180)):
        people = [person_in_class(it).rotate(degrees) for it in ("obama2.jpg", "biden.jpg")]
        video = write_video(tmp_path / f"{name}.mp4", [Scene(seconds=1, pictures=people)])
        found = recognise(video, gallery, RecognitionOptions())
        boxes[name] = {seen.student_id: seen.best.place for seen in found.attendance}
    for of in boxes.values():
        assert of[OBAMA].left + of[OBAMA].width < 0.5 < of[BIDEN].left
    for student in (OBAMA, BIDEN):
        # The pictures stand on the lower edge of the film: heads are high in the one, low in the
        # other.
        upright, upside_down = boxes["upright"][student], boxes["upside down"][student]
        assert upside_down.top > upright.top + upright.height / 2
