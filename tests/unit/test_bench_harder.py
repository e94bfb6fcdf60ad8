"""Harder videos and strangers: who counts as found, as missed and as false, and who is enrolled."""

from __future__ import annotations

from io import StringIO
from pathlib import Path

import numpy as np
import pytest
from rich.console import Console

from bench.__main__ import main
from bench.cases import KINDS, Case, cases_of, looks
from bench.crowd import Crowd, crowd_video
from bench.harder import compare_harder
from bench.inputs import InputError, Video, sample_gallery, strangers_gallery
from bench.report import Report
from bench.strangers import count_false_names
from bench.variants import AS_IT_IS, Variants
from enroll.gallery_edits import without_students
from function.recogniser.identity.gallery import Gallery
from samples.pictures import fetch_sample_pictures, sample_picture

SMALL = Crowd(size=(640, 360), face_heights=(120,), seconds=1)

ADA, BOB, CAT = "ada", "bob", "cat"


@pytest.fixture
def printed() -> StringIO:
    return StringIO()


@pytest.fixture
def report(printed: StringIO) -> Report:
    return Report(Console(file=printed, width=160), Console(file=StringIO()))


def gallery_of(*student_ids: str) -> Gallery:
    rows = np.arange(len(student_ids), dtype=np.float32)[:, None]
    return Gallery(student_ids=student_ids, encodings=rows.repeat(128, axis=1))


def case(name: str, *truth: str) -> Case:
    return Case(name=name, truth=frozenset(truth), files={kind: Path(name, kind) for kind in KINDS})


def test_those_missed_in_harder_videos_are_counted_and_no_failure(
    report: Report, printed: StringIO
) -> None:
    def easily(video: Path, _: Gallery) -> frozenset[str]:
        return frozenset({ADA} if video.name == AS_IT_IS else ())

    cases = [case("one", ADA, BOB), case("two", ADA)]
    compare_harder(report, cases, gallery_of(ADA), {"ours": easily, "reference": easily})
    assert not report.failures
    lines = [line.split("|")[1:-1] for line in printed.getvalue().splitlines() if "|" in line]
    rows = [[cell.strip() for cell in line] for line in lines]
    assert rows[0] == ["", "ours found", "ours false", "reference found", "reference false"]
    assert [row[0] for row in rows[2:]] == list(KINDS)
    assert rows[2][1:] == ["2/3 (67 %)", "0"] * 2
    assert rows[-1][1:] == ["0/3 (0 %)", "0"] * 2


def test_a_false_name_of_ours_in_a_harder_video_is_a_failure_and_one_of_the_reference_is_not(
    report: Report,
) -> None:
    def wrongly(video: Path, _: Gallery) -> frozenset[str]:
        return frozenset({ADA, CAT} if video.name == "dark" else {ADA})

    def worse(_video: Path, _gallery: Gallery) -> frozenset[str]:
        return frozenset({BOB, CAT})

    compare_harder(
        report, [case("one", ADA)], gallery_of(ADA), {"ours": wrongly, "reference": worse}
    )
    assert report.failures == ["one, dark: of those that ours found, 1 false"]


def test_where_ours_fails_is_a_failure_and_where_the_reference_does_is_told(
    report: Report, printed: StringIO
) -> None:
    def failing(video: Path, _: Gallery) -> frozenset[str]:
        if video.name == "blurred":
            raise RuntimeError("no picture")
        return frozenset()

    by_name = {"ours": failing, "reference": failing}
    compare_harder(report, [case("one", ADA)], gallery_of(ADA), by_name)
    assert report.failures == ["one, blurred: ours failed: RuntimeError('no picture')"]
    assert "one, blurred: reference failed" in printed.getvalue()


def test_students_in_the_video_are_out_of_the_gallery_with_all_of_their_rows() -> None:
    others = without_students(gallery_of(ADA, BOB, ADA, CAT), {ADA})
    assert others.student_ids == (BOB, CAT)
    assert others.encodings[:, 0].tolist() == [1, 3]


def test_everybody_is_enrolled_but_those_in_the_video(report: Report, printed: StringIO) -> None:
    enrolled: dict[Path, tuple[str, ...]] = {}

    def watching(video: Path, gallery: Gallery) -> frozenset[str]:
        enrolled[video] = gallery.student_ids
        return frozenset()

    known = gallery_of(ADA, BOB, ADA, CAT)
    count_false_names(report, [case("one", ADA), case("two")], known, {"ours": watching})
    assert {ids for video, ids in enrolled.items() if video.parent.name == "one"} == {(BOB, CAT)}
    assert {ids for video, ids in enrolled.items() if video.parent.name == "two"} == {
        (ADA, BOB, ADA, CAT)
    }
    assert len(enrolled) == 2 * len(KINDS)
    assert "false names in 2 videos, 2 to 3 people being enrolled" in printed.getvalue()


def test_names_given_to_strangers_are_counted_and_no_failure(
    report: Report, printed: StringIO
) -> None:
    def wrongly(video: Path, _: Gallery) -> frozenset[str]:
        return frozenset({BOB, CAT} if video.name == "22 px" else ())

    cases = [case("one", ADA), case("two", ADA)]
    count_false_names(report, cases, gallery_of(ADA, BOB, CAT), {"ours": wrongly})
    assert not report.failures
    assert "| 22 px      |    4 |" in printed.getvalue()
    assert "| dark       |    0 |" in printed.getvalue()


def test_a_video_with_everybody_in_it_has_no_strangers(report: Report, printed: StringIO) -> None:
    count_false_names(report, [case("one", ADA)], gallery_of(ADA), looks(with_reference=False))
    assert "Videos with everybody in them who is enrolled: 1, left out." in printed.getvalue()
    assert "There is no video whose people would be strangers." in printed.getvalue()


def test_the_reference_can_be_left_out() -> None:
    assert list(looks(with_reference=True)) == ["ours", "reference"]
    assert list(looks(with_reference=False)) == ["ours"]


def test_videos_that_nothing_can_be_learnt_from_are_left_out(
    report: Report, printed: StringIO, tmp_path: Path
) -> None:
    empty = crowd_video(Crowd(size=(320, 180), face_heights=(), seconds=1))
    videos = [
        Video(path=empty, name="of whom", seconds=1),
        Video(path=empty, name="empty", seconds=1, truth=frozenset()),
    ]
    assert not cases_of(report, videos, Variants(tmp_path / "harder"))
    assert "Videos of which it is not known who is in them: 1, left out." in printed.getvalue()
    assert "Videos in which face_recognition finds no face: 1, left out." in printed.getvalue()


def test_strangers_are_enrolled_one_a_picture_and_refusals_counted(tmp_path: Path) -> None:
    fetch_sample_pictures()
    (tmp_path / "below").mkdir()
    for name in ("obama.jpg", "below/biden.jpg"):
        (tmp_path / name).write_bytes(sample_picture(Path(name).name).read_bytes())
    (tmp_path / "broken.png").write_text("no picture")
    (tmp_path / "notes.txt").write_text("no picture, and not named as one")
    strangers, refused = strangers_gallery(tmp_path)
    assert len(set(strangers.student_ids)) == 2
    assert refused == 1


def test_strangers_of_whom_there_is_no_picture_are_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no picture that can be enrolled"):
        strangers_gallery(tmp_path)


def test_a_folder_of_strangers_that_is_not_there_is_refused_before_anything_is_made(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["--only=strangers", f"--strangers={tmp_path / 'none'}"]) == 2
    ended = capsys.readouterr()
    assert "is not a folder: give the one that the pictures are in" in ended.err
    assert not ended.out.strip()


def test_both_sections_run_on_the_same_harder_videos(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    made: list[Path] = []
    make = Variants._make

    def counted(self: Variants, video: Path, height: float) -> dict[str, Path]:
        made.append(video)
        return make(self, video, height)

    monkeypatch.setattr(Variants, "_make", counted)
    (tmp_path / "lesson.mp4").write_bytes(crowd_video(SMALL).read_bytes())
    (student,) = SMALL.students
    truth = tmp_path / "truth.csv"
    truth.write_text(f"path,persons\nlesson.mp4,{student}\n", encoding="utf-8")
    gallery = sample_gallery(tmp_path / "enrolled").path
    arguments = [f"--videos={tmp_path}", f"--gallery={gallery}", f"--truth={truth}"]
    assert main(["--only=harder,strangers", "--no-reference", *arguments]) == 0
    printed = capsys.readouterr().out
    assert "| as it is   | 1/1 (100 %) |          0 |" in printed
    assert "false names in 1 videos, 2 people being enrolled" in printed
    assert "reference found" not in printed
    assert made == [tmp_path / "lesson.mp4"]
