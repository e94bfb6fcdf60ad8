"""One embedded AWS for all tests, with the sample class enrolled."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from enroll.deployed import enrol_students, load_gallery
from enroll.enrolment import enrol
from function.student_list import read_students
from local.aws import LocalAws
from samples.sample_class import make_sample_class, person_in_class
from samples.sample_video import Scene, write_video
from tests.integration.pipeline import Pipeline

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    ClassVideo = Callable[..., bytes]

SMALL = (640, 360)
"""Width and height in pixels: faces are large enough to be found, and quickly."""


@pytest.fixture(scope="session")
def aws() -> Iterator[LocalAws]:
    with LocalAws() as aws:
        yield aws


@pytest.fixture(scope="session")
def pipeline(aws: LocalAws, tmp_path_factory: pytest.TempPathFactory) -> Pipeline:
    sample = make_sample_class(tmp_path_factory.mktemp("class"))
    students = read_students(sample.students)
    known = load_gallery(aws.deployment)
    enrolment = enrol(students, sample.portraits, known=known)
    assert not enrolment.refused
    enrol_students(aws.deployment, students, enrolment.rows)
    return Pipeline(aws)


@pytest.fixture(scope="session")
def class_video(tmp_path_factory: pytest.TempPathFactory) -> ClassVideo:
    """Make a video of these people, one second of each group."""
    folder = tmp_path_factory.mktemp("videos")

    def video(*groups: tuple[str, ...], suffix: str = ".mp4") -> bytes:
        path = folder / f"video{suffix}"
        scenes = [
            Scene(seconds=1, pictures=[person_in_class(name) for name in group]) for group in groups
        ]
        return write_video(path, scenes, size=SMALL).read_bytes()

    return video


OBAMA, BIDEN, COLLINS, STRANGER = (
    "obama3.jpg",
    "biden.jpg",
    "astronaut.png",
    "grace_hopper.jpg",
)
