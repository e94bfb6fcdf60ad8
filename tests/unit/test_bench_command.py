"""The benchmark as a command: what it refuses, and that a wrong answer fails it."""

from __future__ import annotations

import threading
from contextlib import closing
from dataclasses import replace
from typing import TYPE_CHECKING

import av
import pytest

from bench import floor, ours
from bench.__main__ import main
from bench.crowd import Crowd, crowd_video
from bench.inputs import folder_videos, length, sample_gallery
from function.recogniser.identity.gallery import Gallery
from function.recogniser.looking import search

if TYPE_CHECKING:
    from pathlib import Path

    from tests.unit.conftest import MakeVideo

SMALL = Crowd(size=(640, 360), face_heights=(120,), seconds=1)


@pytest.fixture(scope="module")
def gallery(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return sample_gallery(tmp_path_factory.mktemp("enrolled")).path


@pytest.fixture
def videos(tmp_path: Path) -> Path:
    folder = tmp_path / "videos"
    folder.mkdir()
    (folder / "lesson.mp4").write_bytes(crowd_video(SMALL).read_bytes())
    (folder / "notes.mp4").write_text("no video")
    return folder


def compare(videos: Path, gallery: Path, *students: str, section: str = "videos") -> int:
    truth = videos / "truth.csv"
    truth.write_text(f"path,persons\nlesson.mp4,{';'.join(students)}\n", encoding="utf-8")
    return main(
        [
            *(f"--only={section}", "--repeat=1"),
            *(f"--videos={videos}", f"--gallery={gallery}", f"--truth={truth}"),
        ]
    )


def test_right_answers_are_a_success(
    videos: Path, gallery: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert compare(videos, gallery, *SMALL.students) == 0
    printed = capsys.readouterr().out
    assert "FAILURE" not in printed
    assert "1 files cannot be read as videos" in printed
    assert "$/video h arm64" in printed
    assert printed.count("| ours, everyone") == 2


def test_a_wrong_answer_is_a_failure_however_fast(
    videos: Path, gallery: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert compare(videos, gallery, *SMALL.students, "somebody else") == 1
    assert "FAILURE: lesson.mp4: ours, everyone found 1/2, by the truth" in capsys.readouterr().out


def test_several_videos_are_gone_through_in_one_process_as_well(
    videos: Path, gallery: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (videos / "again.mp4").write_bytes(crowd_video(SMALL).read_bytes())
    # Nothing is said of who is in the second video: the reference's answer counts.
    assert compare(videos, gallery, *SMALL.students, "somebody else") == 1
    printed = capsys.readouterr().out
    assert "FAILURE: in one process, ours, everyone found 2/3" in printed
    assert "in one process, ours, first match" not in printed
    *_, together = printed.partition("The 2 videos in one process")
    assert "Everyone: the seed's way costs" in together
    assert "First match: the seed's way costs" in together


def test_whom_other_samples_find_is_counted(
    videos: Path, gallery: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert compare(videos, gallery, *SMALL.students, section="samples") == 0
    printed = capsys.readouterr().out
    assert "| lesson.mp4 |        8/8 |        8/8 |        8/8 |" in printed
    assert "| 7/8        |        1/1 |        1/1 |        1/1 |" in printed


def test_whom_other_samples_miss_is_a_failure(
    videos: Path, gallery: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert compare(videos, gallery, *SMALL.students, "somebody else", section="samples") == 1
    assert "FAILURE: lesson.mp4 at 5 a second: ours found 8/16" in capsys.readouterr().out


def test_in_one_thread_is_in_one_thread(gallery: Path) -> None:
    # So long that the parts ahead cannot be done at the first finding.
    video, known = crowd_video(replace(SMALL, times=10)), Gallery.load(gallery)

    def threads_ahead() -> int:
        with closing(search(video, known, ours.OPTIONS)) as findings:
            next(findings)
            return sum(thread.name == "ahead" for thread in threading.enumerate())

    with ours.in_one_thread():
        assert threads_ahead() == 0
    assert threads_ahead() == 3


@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        (["--only=speed"], "'speed' is no section: choose from videos,"),
        (["--repeat=0"], "'0' is not a number from 1 on"),
        (["--videos=lectures"], "--videos needs to know whom to find"),
        (["--truth=truth.csv"], "add --videos"),
        (["--portraits=faces"], "--portraits and --students go together"),
    ],
)
def test_arguments_that_make_no_sense_are_refused(
    arguments: list[str], problem: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit, match="2"):
        main(arguments)
    assert problem in capsys.readouterr().err


def test_a_folder_that_is_not_there_is_refused_in_one_line(
    gallery: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["--only=videos", "--videos=/no/such", f"--gallery={gallery}"]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert line == (
        "python -m bench: /no/such is not a folder: give the one that the videos are in"
    )


def test_a_truth_without_its_columns_is_refused(
    videos: Path, gallery: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    truth = videos / "truth.csv"
    truth.write_text("video,who\n", encoding="utf-8")
    arguments = ["--only=videos", f"--videos={videos}", f"--gallery={gallery}", f"--truth={truth}"]
    assert main(arguments) == 2
    assert "the columns path and persons are needed" in capsys.readouterr().err


def test_a_video_that_the_truth_says_nothing_of_has_none(videos: Path) -> None:
    truth = videos / "truth.csv"
    truth.write_text("path,persons\nother.mp4,1001\n", encoding="utf-8")
    (video,), unreadable = folder_videos(videos, truth)
    assert video.truth is None
    assert unreadable == 1


def test_a_crowd_has_its_length_its_size_and_its_keyframes() -> None:
    crowd = Crowd(size=(320, 180), face_heights=(), seconds=1, times=3, keyframe_every=10)
    path = crowd_video(crowd)
    assert length(path) == pytest.approx(3.0, abs=0.05)
    with av.open(str(path)) as container:
        stream = container.streams.video[0]
        assert (stream.width, stream.height) == crowd.size
        keyframes = [packet.is_keyframe for packet in container.demux(stream) if packet.size]
    assert keyframes == [position % 10 == 0 for position in range(90)]


def test_the_floor_decodes_keyframes_only_where_they_are_enough() -> None:
    crowd = Crowd(size=(320, 180), face_heights=(), seconds=2, keyframe_every=15)
    assert floor.decode(crowd_video(crowd), per_second=2) == 4


def test_the_floor_decodes_up_to_the_last_sample_where_keyframes_are_rare(
    make_video: MakeVideo,
) -> None:
    # Every picture of this one depends on the one before: of ten, those up to the second step.
    video = make_video(frames=10, rate=10)
    assert floor.decode(video, per_second=2) == 6
