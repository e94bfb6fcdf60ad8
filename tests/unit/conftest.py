"""Small videos with known content, made on the spot."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import av
import numpy as np
import pytest
from PIL import Image, ImageFile

from function.command.checksums import FILE_NAME
from function.recogniser.faces.encoding import find_faces
from function.recogniser.identity.gallery import Gallery
from function.recogniser.video.sampling import sampled_frames
from local.emulator import Emulator, start_emulator
from local.lifeline import Lifeline
from samples.pictures import sample_picture
from samples.sample_video import Scene, write_video
from stacks import outputs
from tests.unit.stack_alone import note_of, stack_alone

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from fractions import Fraction

    from stacks.outputs import Deployment

MakeVideo = Callable[..., Path]

STUDENTS = "student_id,name,major,year\n44,Barack,law,senior\n"


@pytest.fixture(autouse=True)
def _pillow_refuses_what_is_cut_off(monkeypatch: pytest.MonkeyPatch) -> None:
    """Undo what face_recognition does to Pillow in the whole process once it is imported."""
    monkeypatch.setattr(ImageFile, "LOAD_TRUNCATED_IMAGES", False)


@pytest.fixture
def make_video(tmp_path: Path) -> MakeVideo:
    """Return `small_video` for the test's own folder."""
    return partial(small_video, tmp_path)


@pytest.fixture(scope="session")
def class_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with a gallery, a list of students, and a video of one of them."""
    folder = tmp_path_factory.mktemp("class")
    with Image.open(sample_picture("obama.jpg")) as picture:
        obama = picture.convert("RGB")
    (face,) = find_faces(np.asarray(obama))
    Gallery(student_ids=("44",), encodings=face.encoding[np.newaxis]).save(folder / "g.npz")
    (folder / "s.csv").write_text(STUDENTS, encoding="utf-8")
    write_video(folder / "seen.mp4", [Scene(seconds=1, pictures=[obama])])
    return folder


@pytest.fixture(scope="module")
def emulator() -> Iterator[Emulator]:
    with Lifeline() as lifeline:
        yield start_emulator(lifeline, port=0, retry_base_seconds=0.2)


@pytest.fixture
def stack(emulator: Emulator) -> Deployment:
    """Return a stack of its own, whose buckets keep no versions."""
    return stack_alone(emulator)


@pytest.fixture
def versioned_stack(emulator: Emulator) -> Deployment:
    """Return a stack of its own, whose buckets keep versions as deployed ones do."""
    return stack_alone(emulator, versioned=True)


@pytest.fixture
def stack_file(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Callable[[Deployment], Path]:
    """Return what makes a stack the one that is called 'local', by a file that it returns."""

    def as_local(stack: Deployment) -> Path:
        file = note_of(stack, tmp_path)
        monkeypatch.setattr(outputs, "LOCAL_STACK_FILE", file)
        return file

    return as_local


@pytest.fixture
def empty_gallery(tmp_path: Path) -> str:
    """Return the path of a gallery of nobody."""
    path = tmp_path / "nobody.npz"
    Gallery.empty().save(path)
    return str(path)


def csvs(folder: Path) -> list[str]:
    """Return what the command has put into a folder and below, but for its record of it."""
    return sorted(
        path.relative_to(folder).as_posix()
        for path in folder.rglob("*")
        if path.is_file() and path != folder / FILE_NAME
    )


def times(path: Path, per_second: float) -> list[float]:
    """Return the times of a video's samples, in seconds."""
    return [round(frame.time, 3) for frame in sampled_frames(path, per_second=per_second)]


def small_video(  # noqa: PLR0913 - a test gives the one or two that it is about
    folder: Path,
    name: str = "video.mp4",
    *,
    frames: int = 10,
    rate: int = 10,
    pts: Sequence[int] | None = None,
    codec: str = "mpeg4",
    size: tuple[int, int] = (96, 64),
    rotation: int = 0,
    pixel_shape: Fraction | None = None,
    keyframe_every: int | None = None,
) -> Path:
    """Write a video of black frames whose top left quarter is red, and return its path.

    `pts` are the frames' times, in 1/`rate` seconds, where they are not one after another.
    A keyframe comes every `keyframe_every` frames, by default as often as the codec sees fit.
    `rotation` is the angle, counterclockwise, by which a player is told to turn the frames, and
    `pixel_shape` the pixels' width divided by their height.
    """
    width, height = size
    pixels = np.zeros((height, width, 3), np.uint8)
    pixels[: height // 2, : width // 2, 0] = 255
    path = folder / name
    with av.open(f"file:{path}", "w") as container:
        stream = container.add_stream(codec, rate=rate)
        assert isinstance(stream, av.VideoStream)
        stream.width, stream.height = size
        stream.pix_fmt = "rgb8" if codec == "gif" else "yuv420p"
        if keyframe_every:
            stream.gop_size = keyframe_every
        if pixel_shape:
            stream.codec_context.sample_aspect_ratio = pixel_shape
        if rotation:
            stream.set_display_rotation(rotation)
        for time in pts or range(frames):
            frame = av.VideoFrame.from_ndarray(pixels, format="rgb24")
            frame.pts = time
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return path
