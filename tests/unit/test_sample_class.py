"""The sample class is what it is said to be: the right people, moving, at the right times."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np
import pytest
from PIL import Image

from enroll.enrolment import enrol
from function.recogniser.identity.gallery import Gallery
from function.recogniser.options import RecognitionOptions
from function.recogniser.recognition import recognise
from function.recogniser.video.sampling import sampled_frames
from function.recogniser.video.unreadable import UnreadableVideoError
from function.student_list import read_students
from samples.sample_class import ClassVideo, make_class_videos, make_sample_class
from samples.sample_video import FRAMES_PER_SECOND, Scene, write_video

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(scope="module")
def videos(tmp_path_factory: pytest.TempPathFactory) -> list[ClassVideo]:
    return make_class_videos(tmp_path_factory.mktemp("videos"))


@pytest.fixture(scope="module")
def gallery(tmp_path_factory: pytest.TempPathFactory) -> Gallery:
    sample = make_sample_class(tmp_path_factory.mktemp("class"))
    enrolment = enrol(read_students(sample.students), sample.portraits, known=Gallery.empty())
    assert not enrolment.refused
    assert not enrolment.doubtful
    return enrolment.rows


def test_who_is_said_to_be_in_a_video_is_found_in_it_and_nobody_else(
    videos: list[ClassVideo], gallery: Gallery
) -> None:
    for video in videos:
        if video.readable:
            found = recognise(video.path, gallery, RecognitionOptions()).attendance
            assert sorted(seen.student_id for seen in found) == sorted(video.students), video.shows


def test_what_is_said_to_be_no_video_is_none(videos: list[ClassVideo]) -> None:
    unreadable = [video for video in videos if not video.readable]
    assert len(unreadable) == 1
    with pytest.raises(UnreadableVideoError):
        next(sampled_frames(unreadable[0].path, per_second=1))


def test_every_video_lies_under_its_key(videos: list[ClassVideo]) -> None:
    for video in videos:
        assert video.path.as_posix().endswith(f"/{video.key}")


def test_scenes_follow_one_another_for_as_long_as_they_should(tmp_path: Path) -> None:
    white = Image.new("RGB", (100, 100), "white")
    scenes = [Scene(seconds=1), Scene(seconds=0.6, pictures=[white])]
    path = write_video(tmp_path / "video.mp4", scenes, size=(320, 180))
    frames = list(sampled_frames(path, per_second=FRAMES_PER_SECOND))
    assert len(frames) == 40
    has_picture = [bool((frame.pixels.min(axis=2) > 225).any()) for frame in frames]
    assert has_picture == [False] * 25 + [True] * 15


def test_no_two_frames_are_the_same(tmp_path: Path) -> None:
    picture = Image.linear_gradient("L")
    scenes = [Scene(seconds=0.4, pictures=[picture])]
    path = write_video(tmp_path / "video.mp4", scenes, size=(320, 180))
    frames = [frame.pixels for frame in sampled_frames(path, per_second=FRAMES_PER_SECOND)]
    assert not any(np.array_equal(a, b) for a, b in pairwise(frames))


@pytest.mark.parametrize("turned", [0, 90, 180, 270])
def test_a_turned_video_is_seen_upright(tmp_path: Path, turned: int) -> None:
    sky_over_grass = Image.new("RGB", (100, 200), "green")
    sky_over_grass.paste("blue", (0, 0, 100, 100))
    scenes = [Scene(seconds=0.2, pictures=[sky_over_grass])]
    path = write_video(tmp_path / "video.mov", scenes, size=(180, 320), turned=turned)
    pixels = next(sampled_frames(path, per_second=1)).pixels
    assert pixels.shape == (320, 180, 3)
    assert pixels[120, 90].argmax() == 2
    assert pixels[300, 90].argmax() == 1


def test_a_scene_of_no_length_is_refused() -> None:
    with pytest.raises(ValueError, match="not 0 s"):
        Scene(seconds=0)
