"""One video and a gallery give the students seen, and nobody else."""

from __future__ import annotations

import gc
import threading
from typing import TYPE_CHECKING

import av
import numpy as np
import pytest
from PIL import Image

from function.recogniser.faces.encoding import find_faces
from function.recogniser.identity.gallery import Gallery
from function.recogniser.options import RecognitionOptions
from function.recogniser.recognition import recognise
from function.recogniser.video.sampling import sampled_frames
from function.recogniser.video.unreadable import UnreadableVideoError
from samples.pictures import sample_picture
from samples.sample_video import Scene, write_video

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from numpy.typing import NDArray

    from function.recogniser.looking import Finding

OPTIONS = RecognitionOptions()


def open_sample(name: str) -> Image.Image:
    with Image.open(sample_picture(name)) as picture:
        return picture.convert("RGB")


def encoding(name: str) -> NDArray[np.float32]:
    (face,) = find_faces(np.asarray(open_sample(name)))
    return face.encoding


@pytest.fixture(scope="module")
def gallery() -> Gallery:
    return Gallery(
        student_ids=("obama", "biden"),
        encodings=np.stack([encoding("obama.jpg"), encoding("biden.jpg")]),
    )


def test_everyone_is_found_and_when_they_were_there(tmp_path: Path, gallery: Gallery) -> None:
    obama, biden, stranger = map(open_sample, ("obama2.jpg", "biden.jpg", "grace_hopper.jpg"))
    video = write_video(
        tmp_path / "class.mp4",
        [
            Scene(seconds=1, pictures=[biden, stranger]),
            Scene(seconds=1),
            Scene(seconds=1, pictures=[obama, biden]),
        ],
    )
    recognition = recognise(video, gallery, OPTIONS)
    found = [
        (seen.student_id, round(seen.first_seen, 2), round(seen.last_seen, 2), seen.sightings)
        for seen in recognition.attendance
    ]
    assert found == [("biden", 0, 2.52, 4), ("obama", 2, 2.52, 2)]
    assert recognition.frames == 6
    assert recognition.faces == 8
    assert recognition.video_seconds == pytest.approx(3)


@pytest.mark.parametrize("turned", [0, 90, 270])
def test_small_faces_in_small_and_turned_frames_are_found(
    tmp_path: Path, gallery: Gallery, turned: int
) -> None:
    video = write_video(
        tmp_path / "small.mp4",
        [Scene(seconds=0.2, pictures=[open_sample("obama2.jpg")])],
        size=(320, 180),
        turned=turned,
    )
    recognition = recognise(video, gallery, OPTIONS)
    assert [seen.student_id for seen in recognition.attendance] == ["obama"]


def test_two_faces_of_one_student_in_a_frame_are_one_sighting(
    tmp_path: Path, gallery: Gallery
) -> None:
    obama = open_sample("obama.jpg")
    video = write_video(tmp_path / "twins.mp4", [Scene(seconds=0.2, pictures=[obama, obama])])
    recognition = recognise(video, gallery, OPTIONS)
    assert recognition.faces == 2
    assert [(seen.student_id, seen.sightings) for seen in recognition.attendance] == [("obama", 1)]


def test_with_nobody_enrolled_nobody_is_found(tmp_path: Path) -> None:
    video = write_video(
        tmp_path / "v.mp4", [Scene(seconds=0.2, pictures=[open_sample("obama.jpg")])]
    )
    recognition = recognise(video, Gallery.empty(), OPTIONS)
    assert recognition.attendance == ()
    assert recognition.faces == 1


def test_what_is_no_video_is_unreadable(tmp_path: Path, gallery: Gallery) -> None:
    path = tmp_path / "v.mp4"
    path.write_text("no video", encoding="utf-8")
    with pytest.raises(UnreadableVideoError):
        recognise(path, gallery, OPTIONS)


def test_a_watcher_that_fails_leaves_no_thread(tmp_path: Path, gallery: Gallery) -> None:
    video = write_video(tmp_path / "long.mp4", [Scene(seconds=20)])

    def fail(findings: Iterator[Finding]) -> Iterator[Finding]:
        yield next(findings)
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt) as interrupt:
        recognise(video, gallery, OPTIONS, watch=fail)
    assert all(thread.name != "ahead" for thread in threading.enumerate())
    assert interrupt.traceback


def test_frames_are_freed_as_they_are_done_with(tmp_path: Path) -> None:
    """Without waiting for Python to look for objects that hold each other."""
    video = write_video(tmp_path / "v.mp4", [Scene(seconds=5)])
    gc.collect()
    gc.disable()
    try:
        alive = [
            sum(isinstance(it, av.VideoFrame) for it in gc.get_objects())
            for _ in sampled_frames(video, per_second=10)
        ]
    finally:
        gc.enable()
    assert max(alive) < 10
