"""All that is held of a student comes out in one file, for its owner alone to read."""

from __future__ import annotations

import json
import math
import stat
from datetime import date
from typing import TYPE_CHECKING

import numpy as np
import pytest

from enroll.__main__ import main
from enroll.deployed import enrol_students, gallery_etag
from function.long_videos import looks_prefix
from function.recogniser.faces.location import Box
from function.recogniser.faces.quality import Quality
from function.recogniser.identity.attendance import Look
from function.recogniser.identity.gallery import Gallery, Match
from function.recogniser.looking import Finding
from function.recogniser.looks import Looks
from function.recogniser.video.plan import Span
from function.recogniser.video.reading import Reading
from function.students import Student

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from stacks.outputs import Deployment

ADA = Student(
    student_id="1001",
    name="Ada",
    major="maths",
    year="3",
    courses=("physics-10b",),
    consent=date(2026, 9, 1),
    until=date(2099, 7, 31),
)
ALAN = Student(student_id="1002", name="Alan", major="logic", year="4")
HEADER = "year,major,name,student_id,first_seen,last_seen,sightings,distance\r\n"
ROW = "3,maths,Ada,1001,0.00,1.50,4,0.312\r\n"


def rows(value: float) -> Gallery:
    return Gallery(
        student_ids=("1001", "1002"),
        encodings=np.full((2, 128), value, np.float32),
        sources=("a" * 64, "b" * 64),
        enrolled=("2026-09-02",) * 2,
    )


@pytest.fixture
def held(versioned_stack: Deployment, stack_file: Callable[[Deployment], Path]) -> Deployment:
    stack_file(versioned_stack)
    for value in (0.25, 0.5):
        enrol_students(versioned_stack, [ADA, ALAN], rows(value))
    s3, bucket = versioned_stack.client("s3"), versioned_stack.outputs.output_bucket
    for body in (HEADER + ROW, HEADER + ROW + ROW.replace("1001", "1002")):
        s3.put_object(Bucket=bucket, Key="week1/lecture.csv", Body=body.encode())
    s3.put_object(Bucket=bucket, Key="week1/empty.csv", Body=HEADER.encode())
    return versioned_stack


@pytest.mark.usefixtures("held")
def test_all_that_is_held_is_written_and_nothing_of_anybody_else(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "1001.json"
    assert main(["export", "1001", "--stack", "local", "--output", str(file)]) == 0
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert capsys.readouterr().out == (
        f"Wrote what is held of student 1001 to {file}: 1 portrait, 2 versions of results.\n"
    )
    told = json.loads(file.read_text(encoding="utf-8"))
    assert told["records"] == [
        {
            "student_id": "1001",
            "name": "Ada",
            "major": "maths",
            "year": "3",
            "courses": ["physics-10b"],
            "consent": "2026-09-01",
            "until": "2099-07-31",
        }
    ]
    gallery = told["gallery"]
    assert (gallery["courses"], gallery["consent"]) == (["physics-10b"], "2026-09-01")
    assert gallery["portraits"] == [
        {"enrolled": "2026-09-02", "sha256": "a" * 64, "encoding": [0.5] * 128}
    ]
    (earlier,) = told["earlier_galleries"]
    assert earlier["portraits"][0]["encoding"] == [0.25] * 128
    assert [(each["key"], each["video"], each["is_latest"]) for each in told["results"]] == [
        ("week1/lecture.csv", "week1/lecture.mp4", True),
        ("week1/lecture.csv", "week1/lecture.mp4", False),
    ]
    (entry,) = told["results"][0]["entries"]
    assert (entry["name"], entry["last_seen"], entry["distance"]) == ("Ada", "1.50", "0.312")
    assert "1002" not in file.read_text(encoding="utf-8")


def look(student_id: str, *, face: int) -> Look:
    return Look(
        match=Match(student_id=student_id, distance=0.4, margin=math.inf),
        quality=Quality(height=80, score=0.9, tilt=5, sharpness=0.2, brightness=120),
        place=Box(0.125, 0.25, 0.1, 0.2),
        face=face,
        track=0,
        times=[61.0],
    )


def test_what_was_seen_in_a_range_of_a_long_video_is_told_of_the_student_alone(
    held: Deployment, tmp_path: Path
) -> None:
    s3, bucket = held.client("s3"), held.outputs.looks_bucket
    prefix = looks_prefix(str(gallery_etag(held)))
    for name, students in {"both": ["1001", "1002"], "other": ["1002"]}.items():
        looks = [look(student_id, face=face) for face, student_id in enumerate(students)]
        finding = Finding(track=0, time=61.0, faces=len(looks), looks=looks)
        seen = Looks.of(Span(start=60, end=120), [finding], Reading(), tolerance=0.6)
        s3.put_object(Bucket=bucket, Key=f"{prefix}{name}", Body=seen.as_bytes())
    s3.put_object(Bucket=bucket, Key="earlier/looks", Body=b"of another version")

    file = tmp_path / "1001.json"
    assert main(["export", "1001", "--stack", "local", "--output", str(file)]) == 0

    told = {each["key"]: each for each in json.loads(file.read_text())["ranges_of_long_videos"]}
    assert told.keys() == {f"{prefix}both", "earlier/looks"}
    assert not told["earlier/looks"]["readable"]
    seen_of_ada = told[f"{prefix}both"]
    assert seen_of_ada["span"] == {"start": 60, "end": 120}
    (only,) = seen_of_ada["looks"]
    assert (only["distance"], only["margin"], only["times"]) == (0.4, None, [61.0])
    assert only["place"] == dict(zip(Box._fields, (0.125, 0.25, 0.1, 0.2), strict=True))
    assert seen_of_ada["faces"] == [{"is_clear": True, "moments": [[0, 61.0]]}]
    assert "1002" not in file.read_text()


@pytest.mark.usefixtures("held")
def test_a_file_that_is_there_is_replaced_only_where_that_is_asked_for(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "1001.json"
    file.write_text("mine")
    file.chmod(0o644)
    command = ["export", "1001", "--stack", "local", "--output", str(file)]
    with pytest.raises(SystemExit, match="2"):
        main(command)
    assert "is there already: name another file, or replace it with --force" in (
        " ".join(capsys.readouterr().err.split())
    )
    assert file.read_text() == "mine"
    assert main([*command, "--force"]) == 0
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert json.loads(file.read_text(encoding="utf-8"))["student_id"] == "1001"
    assert list(tmp_path.glob(".1001*")) == []


@pytest.mark.usefixtures("held")
def test_of_whom_nothing_is_held_nothing_is_written(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "4711.json"
    assert main(["export", "4711", "--stack", "local", "--output", str(file)]) == 1
    assert capsys.readouterr().err == "nothing is held of student 4711: check the id\n"
    assert not file.exists()


@pytest.mark.usefixtures("held")
def test_after_forgetting_there_is_nothing_to_export(tmp_path: Path) -> None:
    assert main(["forget", "1001", "--stack", "local"]) == 0
    output = ["--output", str(tmp_path / "1001.json")]
    assert main(["export", "1001", "--stack", "local", *output]) == 1
