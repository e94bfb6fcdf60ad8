"""What the command refuses, it refuses in words for files on this machine: nothing was uploaded."""

from __future__ import annotations

import ast
import os
from pathlib import Path
from typing import TYPE_CHECKING

import av
import numpy as np
import pytest
from PIL import Image

from function.__main__ import main
from stacks.configuration import REPOSITORY
from tests.unit.conftest import small_video

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.unit.conftest import MakeVideo

CLIPS = os.environ.get("LAMBDALENS_CLIPS")

PROBLEMS = {
    "absent.mp4": "No such file",
    "coding.mp4": "not known here",
    "cut.mp4": "not finished",
    "empty.mp4": "is empty",
    "frames.mp4": "Not one frame",
    "list.mp4": "not a video",
    "notes.mp4": "not a video",
    "picture.mp4": "a still picture, not a video",
    "sound.mp4": "only sound",
}


@pytest.fixture
def bad_files(tmp_path: Path) -> Path:
    """Return a folder of files that are refused, one for each of the names."""
    folder = tmp_path / "bad"
    folder.mkdir()
    video = small_video(tmp_path).read_bytes()
    (folder / "absent.mp4").symlink_to(tmp_path / "absent.mp4")
    (folder / "coding.mp4").write_bytes(video.replace(b"mp4v", b"none").replace(b"esds", b"free"))
    (folder / "cut.mp4").write_bytes(video[: video.index(b"moov")])
    (folder / "empty.mp4").touch()
    (folder / "frames.mp4").write_bytes(without_pictures(video))
    (folder / "list.mp4").write_text("ffconcat version 1.0\nfile video.mp4\n", encoding="utf-8")
    (folder / "notes.mp4").write_text("no video", encoding="utf-8")
    Image.new("RGB", (64, 64)).save(folder / "picture.mp4", format="JPEG")
    with av.open(str(folder / "sound.mp4"), "w") as container:
        stream = container.add_stream("aac", rate=8000)
        sound = av.AudioFrame.from_ndarray(np.zeros((1, 1024), np.float32), "fltp", "mono")
        sound.sample_rate = 8000
        container.mux(stream.encode(sound))
        container.mux(stream.encode(None))
    return folder


def without_pictures(mp4: bytes) -> bytes:
    """Return an MP4 file with its table of pictures, and zeros for the pictures."""
    start = mp4.index(b"mdat") + len(b"mdat")
    end = mp4.index(b"moov") - len(b"size")
    return mp4[:start] + bytes(end - start) + mp4[end:]


def test_of_a_bad_file_nothing_is_said_of_uploading_it(
    bad_files: Path, tmp_path: Path, empty_gallery: str, capsys: pytest.CaptureFixture[str]
) -> None:
    output = str(tmp_path / "results")
    assert main([str(bad_files), "--gallery", empty_gallery, "--output", output]) == 1
    *lines, summary = capsys.readouterr().err.splitlines()
    for line, (name, problem) in zip(lines, PROBLEMS.items(), strict=True):
        assert line.startswith(f"{bad_files / name}: ")
        assert problem in line
        assert "upload" not in line.lower()
    assert summary == f"0 of {len(lines)} videos: {len(lines)} unreadable; nothing written"


@pytest.mark.skipif(CLIPS is None, reason="LAMBDALENS_CLIPS names no folder")
def test_of_real_bad_files_neither(
    tmp_path: Path, empty_gallery: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert CLIPS
    names = ("audio_only.mp4", "mp4parse_chunk_out_of_range.mp4", "zero_bytes.mp4")
    files = [str(path) for name in names for path in Path(CLIPS).rglob(name)]
    assert len(files) == len(names)
    output = str(tmp_path / "results")
    assert main([*files, "--gallery", empty_gallery, "--output", output]) == 1
    err = capsys.readouterr().err
    assert f"{len(files)} unreadable" in err
    assert "upload" not in err.lower()


def test_help_and_wrong_usage_neither(
    make_video: MakeVideo, tmp_path: Path, empty_gallery: str, capsys: pytest.CaptureFixture[str]
) -> None:
    video = str(make_video("a.mp4", frames=1))
    (tmp_path / "none").mkdir()
    (tmp_path / "results").mkdir()
    (tmp_path / "results" / "a.csv").touch()
    students = tmp_path / "s.csv"
    students.touch()
    for arguments in (
        [str(tmp_path / "none"), "--gallery", empty_gallery],
        [video, "--gallery", str(students)],
        [video, "--gallery", empty_gallery, "--students", str(students)],
        [video, "--gallery", empty_gallery, "--output", str(students)],
        [video, "--gallery", empty_gallery, "--output", str(tmp_path / "results")],
        [video, "--gallery", empty_gallery, "--margin", "-1"],
    ):
        assert main(arguments) in {2, 3}
    with pytest.raises(SystemExit):
        main(["--help"])
    out, err = capsys.readouterr()
    assert len(err.splitlines()) == 7
    assert "upload" not in (out + err).lower()


def test_no_text_in_what_the_command_stands_on_speaks_of_uploading() -> None:
    function = REPOSITORY / "function"
    modules = [
        *(function / "__main__.py", function / "results.py"),
        *(function / "command").rglob("*.py"),
        *(function / "student_list").rglob("*.py"),
        *(function / "recogniser").rglob("*.py"),
    ]
    texts = [text for module in modules for text in strings(module)]
    assert any("Check the path" in text for text in texts)
    assert not [text for text in texts if "upload" in text.lower()]


def strings(module: Path) -> Iterator[str]:
    """Yield the texts in a module that are not documentation."""
    tree = ast.parse(module.read_bytes())
    documentation = {node.value for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    for node in {*ast.walk(tree)} - documentation:
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.value
