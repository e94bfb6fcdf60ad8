"""A small class to try everything with: its students, their portraits, and videos of its lessons.

The videos are made here, so who is in them is known. The portrait of Barack Obama is another
picture than those in the videos; of the others there is one picture, which the videos show
mirrored, cropped and moving.
"""

from __future__ import annotations

import csv
from dataclasses import dataclass
from typing import TYPE_CHECKING

from PIL import Image, ImageOps

from samples.pictures import fetch_sample_pictures, sample_picture
from samples.sample_video import Scene, write_video

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

_Box = tuple[int, int, int, int]
"""Left, top, right, bottom, in pixels: the part of a picture that is used."""

OBAMA = "1001"
BIDEN = "1002"
COLLINS = "1003"

_STUDENTS = (
    {"student_id": OBAMA, "name": "Barack Obama", "major": "law", "year": "senior"},
    {"student_id": BIDEN, "name": "Joe Biden", "major": "history", "year": "junior"},
    {"student_id": COLLINS, "name": "Eileen Collins", "major": "physics", "year": "sophomore"},
)

_PORTRAITS: Mapping[str, tuple[str, _Box | None]] = {
    OBAMA: ("obama.jpg", None),
    BIDEN: ("biden.jpg", None),
    # The lower half has a helmet in which the detector sees a second face.
    COLLINS: ("astronaut.png", (0, 0, 512, 256)),
}

# Head and shoulders, so that people are about equally large when they sit side by side.
_IN_CLASS: Mapping[str, _Box | None] = {
    "obama2.jpg": None,
    "obama3.jpg": (300, 0, 1300, 1300),
    "biden.jpg": (0, 0, 970, 1200),
    "astronaut.png": (60, 0, 360, 256),
    "grace_hopper.jpg": None,
}


@dataclass(frozen=True, kw_only=True)
class ClassVideo:
    """A video and the truth about it.

    `key` is where it goes in the input bucket. `students` are the ids of the enrolled students in
    it, in order of appearance. A video that is not `readable` is to end as an error JSON.
    """

    path: Path
    key: str
    shows: str
    students: tuple[str, ...] = ()
    readable: bool = True


@dataclass(frozen=True, kw_only=True)
class SampleClass:
    """What an enrolment asks for."""

    students: Path
    portraits: Path


def make_sample_class(folder: Path) -> SampleClass:
    """Write the student list and the portraits into the folder, as `python -m enroll` wants them.

    Raises `SamplesUnavailableError` when a picture can't be fetched.
    """
    fetch_sample_pictures()
    students = folder / "students.csv"
    students.parent.mkdir(parents=True, exist_ok=True)
    with students.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, fieldnames=list(_STUDENTS[0]))
        writer.writeheader()
        writer.writerows(_STUDENTS)
    portraits = folder / "portraits"
    for student_id, (name, box) in _PORTRAITS.items():
        (portraits / student_id).mkdir(parents=True, exist_ok=True)
        _cropped(name, box).save(portraits / student_id / "portrait.jpg", quality=95)
    return SampleClass(students=students, portraits=portraits)


def make_class_videos(folder: Path) -> list[ClassVideo]:
    """Write the videos of the class into the folder, under their keys.

    Raises `SamplesUnavailableError` when a picture can't be fetched.
    """
    fetch_sample_pictures()
    return [*(_record(lesson, folder) for lesson in _lessons()), _no_video(folder)]


def person_in_class(name: str) -> Image.Image:
    """Return somebody as the class videos show them: head and shoulders, mirrored."""
    return ImageOps.mirror(_cropped(name, _IN_CLASS[name]))


@dataclass(frozen=True, kw_only=True)
class _Lesson:
    key: str
    shows: str
    students: tuple[str, ...]
    scenes: tuple[Scene, ...]
    phone: bool = False


def _lessons() -> list[_Lesson]:
    obama, obama_again, biden, collins, stranger = map(person_in_class, _IN_CLASS)
    return [
        _Lesson(
            key="three at once.mp4",
            shows="three students side by side",
            students=(OBAMA, BIDEN, COLLINS),
            scenes=(Scene(seconds=4, pictures=(obama, biden, collins)),),
        ),
        _Lesson(
            key="week 2/one after another.mp4",
            shows="two students in turn, then an empty room",
            students=(COLLINS, OBAMA),
            scenes=(
                Scene(seconds=2, pictures=(collins,)),
                Scene(seconds=2, pictures=(obama_again,)),
                Scene(seconds=1),
            ),
        ),
        _Lesson(
            key="with a stranger.mp4",
            shows="a student, and somebody who is not enrolled",
            students=(BIDEN,),
            scenes=(Scene(seconds=4, pictures=(stranger, biden)),),
        ),
        _Lesson(
            key="from a phone.mov",
            shows="a student, stored sideways",
            students=(OBAMA,),
            scenes=(Scene(seconds=4, pictures=(obama_again,)),),
            phone=True,
        ),
        _Lesson(key="empty room.mp4", shows="nobody", students=(), scenes=(Scene(seconds=4),)),
    ]


def _record(lesson: _Lesson, folder: Path) -> ClassVideo:
    # A phone that is held upright stores its frames sideways.
    size, turned = ((720, 1280), 90) if lesson.phone else ((1280, 720), 0)
    path = write_video(folder / lesson.key, lesson.scenes, size=size, turned=turned)
    return ClassVideo(path=path, key=lesson.key, shows=lesson.shows, students=lesson.students)


def _no_video(folder: Path) -> ClassVideo:
    key = "not a video.mp4"
    path = folder / key
    path.write_text("Minutes of the lesson: nobody took a video.\n", encoding="utf-8")
    return ClassVideo(path=path, key=key, shows="a text with a video's name", readable=False)


def _cropped(name: str, box: _Box | None) -> Image.Image:
    with Image.open(sample_picture(name)) as picture:
        return picture.convert("RGB").crop(box or (0, 0, *picture.size))
