"""What the benchmark runs on: videos, who is known, and who is in which."""

from __future__ import annotations

import csv
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

import av
import numpy as np

from bench.crowd import Crowd, crowd_video
from enroll.enrolment import PortraitsUnreadableError, enrol
from enroll.portraits import PortraitRefusedError, encode_portrait
from function.media_type import VIDEO_SUFFIXES, has_video_suffix
from function.recogniser.identity.gallery import Gallery, GalleryError
from function.recogniser.video.sampling import sampled_frames
from function.recogniser.video.unreadable import UnreadableVideoError
from function.student_list import StudentListError, read_students
from samples.sample_class import make_class_videos, make_sample_class

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from av.container import InputContainer
    from av.video.stream import VideoStream

# A minute of a lesson: nine people at most distances at which they are recognised, and a keyframe
# as seldom as encoders set one by themselves, or every second as cameras and streams do.
_PICTURES = (".jpg", ".jpeg", ".png", ".webp")

_NINE_FACES = (60, 70, 80, 90, 100, 110, 120, 135, 150)
_MINUTE = tuple(
    Crowd(size=(1920, 1080), face_heights=_NINE_FACES, seconds=60, keyframe_every=every)
    for every in (250, 30)
)


class InputError(Exception):
    """An argument, or the file it names, cannot be used; the message says which and why."""


@dataclass(frozen=True, kw_only=True)
class Video:
    """A video file, its length in seconds, and the students in it where they are known."""

    path: Path
    name: str
    seconds: float
    truth: frozenset[str] | None = None


@dataclass(frozen=True, kw_only=True)
class Known:
    """Who is known: the gallery, and the file that it is in."""

    gallery: Gallery
    path: Path


def sample_gallery(folder: Path) -> Known:
    """Enrol the sample class, into the folder."""
    sample_class = make_sample_class(folder)
    return portraits_gallery(sample_class.portraits, sample_class.students, folder)


def portraits_gallery(portraits: Path, students: Path, folder: Path) -> Known:
    """Enrol the listed students' portraits, into the folder."""
    try:
        listed = read_students(students)
        enrolment = enrol(listed, portraits, known=Gallery.empty())
    except (StudentListError, PortraitsUnreadableError) as error:
        raise InputError(str(error)) from error
    if not enrolment.rows.student_ids:
        raise InputError(f"{portraits} has no portrait that can be used: {enrolment.refused[0]}")
    path = folder / "gallery.npz"
    enrolment.rows.save(path)
    return Known(gallery=enrolment.rows, path=path)


def gallery_file(path: Path) -> Known:
    """Read a gallery."""
    try:
        gallery = Gallery.load(path)
    except (GalleryError, OSError) as error:
        raise InputError(f"{path}: {error}") from error
    if not gallery.student_ids:
        raise InputError(f"{path} is the gallery of nobody: enrol somebody first")
    return Known(gallery=gallery, path=path.absolute())


def strangers_gallery(folder: Path) -> tuple[Gallery, int]:
    """Enrol further people, one a picture, and count the pictures that cannot be enrolled.

    The pictures are those in a folder and in those below.
    """
    if not folder.is_dir():
        raise InputError(f"{folder} is not a folder: give the one that the pictures are in")
    pictures = [path for path in sorted(folder.rglob("*")) if path.suffix.lower() in _PICTURES]
    encodings = []
    for picture in pictures:
        with suppress(PortraitRefusedError):
            encodings.append(encode_portrait(picture))
    if not encodings:
        raise InputError(f"{folder} has no picture that can be enrolled: {' '.join(_PICTURES)}")
    # A slash is in no student's id, so that a stranger is never taken for a student.
    ids = tuple(f"stranger/{number}" for number in range(len(encodings)))
    strangers = Gallery(student_ids=ids, encodings=np.stack(encodings))
    return strangers, len(pictures) - len(encodings)


def sample_videos(folder: Path) -> list[Video]:
    """Make the videos of the sample class, into the folder."""
    return [
        Video(
            path=lesson.path,
            name=lesson.key,
            seconds=length(lesson.path),
            truth=frozenset(lesson.students),
        )
        for lesson in make_class_videos(folder)
        if lesson.readable
    ]


def minute_videos() -> list[Video]:
    """Make the two minutes of 1080p with nine faces, if they are not in the cache."""
    return [
        crowd_as_video(crowd, f"a minute of 1080p, keyframe every {crowd.keyframe_every}")
        for crowd in _MINUTE
    ]


def crowd_as_video(crowd: Crowd, name: str) -> Video:
    """Make the video of a crowd, if it is not in the cache."""
    return Video(
        path=crowd_video(crowd),
        name=name,
        seconds=float(crowd.seconds * crowd.times),
        truth=crowd.students,
    )


def folder_videos(folder: Path, truth: Path | None) -> tuple[list[Video], int]:
    """Find the videos in a folder and those below, and count the files that are none.

    `truth` is a CSV with the columns path, relative to the CSV's own folder, and persons, ids
    with `;` between them.
    """
    if not folder.is_dir():
        raise InputError(f"{folder} is not a folder: give the one that the videos are in")
    persons = _truth(truth) if truth else {}
    videos, unreadable = [], 0
    for path in sorted(folder.absolute().rglob("*")):
        if not has_video_suffix(path.name) or not path.is_file():
            continue
        if not _is_readable(path):
            unreadable += 1
            continue
        videos.append(
            Video(
                path=path,
                name=str(path.relative_to(folder.absolute())),
                seconds=length(path),
                truth=persons.get(path.resolve()),
            )
        )
    if not videos:
        raise InputError(f"{folder} has no video that can be read: {' '.join(VIDEO_SUFFIXES)}")
    return videos, unreadable


def length(path: Path) -> float:
    """Return a video's length in seconds: its packets' times, where it does not say."""
    with av.open(f"file:{path}") as container:
        stream = container.streams.video[0]
        if stream.duration and stream.time_base:
            return float(stream.duration * stream.time_base)
        return max(_packet_ends(container, stream), default=0.0)


def _packet_ends(container: InputContainer, stream: VideoStream) -> Iterator[float]:
    with suppress(av.FFmpegError):  # the rest of the file is damaged
        for packet in container.demux(stream):
            if packet.pts is not None and packet.time_base is not None:
                yield float((packet.pts + (packet.duration or 0)) * packet.time_base)


def _is_readable(path: Path) -> bool:
    try:
        next(sampled_frames(path, per_second=1))
    except UnreadableVideoError:
        return False
    return True


def _truth(path: Path) -> dict[Path, frozenset[str]]:
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            rows = csv.DictReader(file)
            if not {"path", "persons"} <= set(rows.fieldnames or ()):
                raise InputError(f"{path}: the columns path and persons are needed")
            return {
                (path.parent / row["path"]).resolve(): frozenset(
                    person.strip() for person in row["persons"].split(";") if person.strip()
                )
                for row in rows
            }
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"{path}: {error}") from error
