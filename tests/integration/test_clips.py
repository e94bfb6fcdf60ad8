"""The eight real clips, with the encodings that came with them, through the whole pipeline."""

from __future__ import annotations

import csv
import os
from collections import defaultdict
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from enroll.deployed import enrol_students, load_gallery
from enroll.encodings_file import read_encodings_file
from enroll.enrolment import enrol
from enroll.known_names import join_names
from function.results import csv_key
from function.student_list import read_students
from function.students import Student
from local.aws import LocalAws
from tests.integration.pipeline import Pipeline

if TYPE_CHECKING:
    from collections.abc import Iterator

FOLDER = os.environ.get("LAMBDALENS_CLIPS")

pytestmark = pytest.mark.skipif(FOLDER is None, reason="LAMBDALENS_CLIPS names no folder")


@pytest.fixture(scope="module")
def clips() -> Path:
    return Path(FOLDER or "")


@pytest.fixture(scope="module")
def pipeline_of_clips(clips: Path) -> Iterator[Pipeline]:
    """Another stack, for another class."""
    students = read_students(clips / "classroom" / "student_data.json")
    names, encodings = read_encodings_file(clips / "classroom" / "encoding")
    with LocalAws() as aws:
        enrol_students(aws.deployment, students, join_names(names, encodings, students).rows)
        yield Pipeline(aws)


def test_every_clip_yields_its_person_with_major_and_year(
    clips: Path, pipeline_of_clips: Pipeline
) -> None:
    truth = _persons(clips)
    records = {
        student.name: student
        for student in read_students(clips / "classroom" / "student_data.json")
    }
    for key in truth:
        pipeline_of_clips.upload(key, (clips / "clips" / "dev" / "base" / key).read_bytes())

    found = defaultdict(set)
    for key in truth:
        for row in pipeline_of_clips.wait_for(csv_key(key), key).rows:
            found[key].add((row["name"], row["major"], row["year"]))

    assert found == {
        key: {(name, records[name].major, records[name].year) for name in names}
        for key, names in truth.items()
    }


@pytest.mark.parametrize(
    ("key", "suffix"), [("camcorder.MTS", ".MTS.csv"), ("camcorder", ".video.csv")]
)
def test_a_camcorders_recording_is_read_under_its_own_name_and_under_none(
    clips: Path, pipeline_of_clips: Pipeline, key: str, suffix: str
) -> None:
    deployment = pipeline_of_clips.aws.deployment
    names = ("leonard", "penny", "raj", "sheldon")
    students = [Student(student_id=name, name=name, major="", year="") for name in names]
    enrolment = enrol(students, clips / "portraits", known=load_gallery(deployment))
    enrol_students(deployment, students, enrolment.rows)

    recording = (clips / "reports" / "camcorder.MTS").read_bytes()
    pipeline_of_clips.upload(key, recording)

    assert csv_key(key) == f"camcorder{suffix}"
    assert pipeline_of_clips.wait_for(csv_key(key), key).names == set(names)


def _persons(clips: Path) -> dict[str, set[str]]:
    """Return who is in each clip, by its file's name."""
    with (clips / "manifest.csv").open(encoding="utf-8", newline="") as manifest:
        return {
            Path(entry["path"]).name: set(entry["persons"].split(";"))
            for entry in csv.DictReader(manifest)
            if entry["path"].startswith("clips/dev/base/")
        }
