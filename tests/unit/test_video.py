"""What time it is in a video, how its frames come out, and what is said of unreadable files."""

from __future__ import annotations

import itertools
from concurrent.futures import ThreadPoolExecutor
from fractions import Fraction
from typing import TYPE_CHECKING

import av
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image

from function.recogniser.video.clock import StoredClock
from function.recogniser.video.sampling import sampled_frames
from function.recogniser.video.unreadable import UnreadableVideoError
from tests.unit.conftest import times

if TYPE_CHECKING:
    from pathlib import Path

    from av.stream import Stream

    from tests.unit.conftest import MakeVideo


@pytest.mark.parametrize(
    ("stamps", "expected"),
    [
        ([None, None, None], [0, 50, 100]),
        ([0, None, 100], [0, 50, 100]),
        ([0, 150, 50, 100], [0, 150, 50, 100]),
        ([7000, 7050, 10, 60], [0, 50, 100, 150]),
        ([0, 50, 2**60, 2**60 + 50], [0, 50, 100, 150]),
    ],
    ids=["none", "one missing", "reordered", "going back", "far ahead"],
)
def test_missing_and_broken_timestamps_are_filled_in(
    stamps: list[int | None], expected: list[int]
) -> None:
    clock = StoredClock(start=None)
    times = []
    for stamp in stamps:
        packet: av.Packet[Stream] = av.Packet(b"0")
        packet.pts = stamp
        times.append(clock.seconds(packet, unit=0.01, usual=0.5))
    assert times == pytest.approx([stamp / 100 for stamp in expected])


@pytest.mark.parametrize("width", [96, 98, 854, 1366])
def test_pixels_are_whole_rows_of_rgb_at_every_width(make_video: MakeVideo, width: int) -> None:
    (frame,) = sampled_frames(make_video(frames=1, size=(width, 64)), per_second=2)
    assert frame.pixels.shape == (64, width, 3)
    assert frame.pixels.dtype == np.uint8
    assert frame.pixels.flags.c_contiguous
    assert red_quarter(frame.pixels) == "top left"


@pytest.mark.parametrize(
    ("counterclockwise", "expected"),
    [(0, "top left"), (90, "bottom left"), (180, "bottom right"), (270, "top right")],
)
def test_frames_are_turned_as_a_player_turns_them(
    make_video: MakeVideo, counterclockwise: int, expected: str
) -> None:
    video = make_video(frames=1, rotation=counterclockwise)
    (frame,) = sampled_frames(video, per_second=2)
    assert red_quarter(frame.pixels) == expected
    assert frame.pixels.shape[:2] == ((64, 96) if counterclockwise in (0, 180) else (96, 64))
    assert frame.pixels.flags.c_contiguous


@pytest.mark.parametrize("counterclockwise", [0, 90, 180, 270])
@pytest.mark.parametrize("width", [96, 98])
def test_the_brightness_is_that_of_the_pixels(
    make_video: MakeVideo, width: int, counterclockwise: int
) -> None:
    video = make_video(frames=1, size=(width, 64), rotation=counterclockwise)
    (frame,) = sampled_frames(video, per_second=2)
    assert frame.brightness.shape == frame.pixels.shape[:2] == (frame.height, frame.width)
    assert frame.brightness.flags.c_contiguous
    assert red_quarter(frame.pixels) == red_quarter(
        np.stack([frame.brightness] * 3, axis=2) * [1, 0, 0]
    )
    smaller = frame.brightness_at(0.5)
    assert smaller.shape == (round(frame.height / 2), round(frame.width / 2))


def test_frames_of_pixels_that_are_not_square_are_stretched(make_video: MakeVideo) -> None:
    (frame,) = sampled_frames(make_video(frames=1, pixel_shape=Fraction(4, 3)), per_second=2)
    assert frame.pixels.shape == (64, 128, 3)


def test_several_threads_can_ask_for_a_frame_at_once(make_video: MakeVideo) -> None:
    (frame,) = sampled_frames(make_video(frames=1, size=(640, 480)), per_second=2)
    scales = [share / 40 for share in range(1, 41)]
    alone = [frame.brightness_at(scale) for scale in scales]
    with ThreadPoolExecutor(4) as threads:
        for _ in range(5):
            together = list(threads.map(frame.brightness_at, scales))
            assert all(map(np.array_equal, together, alone))


def test_the_shape_of_pixels_is_known_where_only_the_coding_says_it(make_video: MakeVideo) -> None:
    video = make_video(frames=1, codec="libx264", pixel_shape=Fraction(4, 3))
    video.write_bytes(video.read_bytes().replace(b"pasp", b"free"))
    (frame,) = sampled_frames(video, per_second=2)
    assert frame.pixels.shape == (64, 128, 3)


@pytest.mark.parametrize(
    ("name", "codec"),
    [
        ("v.mp4", "mpeg4"),
        ("v.m4v", "mpeg4"),
        ("v.mov", "mpeg4"),
        ("v.mkv", "mpeg4"),
        ("v.webm", "libvpx-vp9"),
        ("v.avi", "mpeg4"),
        ("v.mpg", "mpeg2video"),
        ("v.mpeg", "mpeg1video"),
        ("v.wmv", "wmv2"),
        ("v.3gp", "mpeg4"),
        ("v.ts", "mpeg2video"),
        ("v.gif", "gif"),
    ],
)
def test_every_kind_of_video_can_be_read_whatever_it_is_called(
    make_video: MakeVideo, tmp_path: Path, name: str, codec: str
) -> None:
    video = make_video(name, frames=50, rate=25, codec=codec, keyframe_every=100)
    unnamed = tmp_path / "unnamed"
    video.rename(unnamed)
    assert times(unnamed, 2) == pytest.approx([0, 0.5, 1, 1.5], abs=0.05)


def test_a_colon_in_the_name_is_no_protocol(make_video: MakeVideo) -> None:
    assert len(times(make_video("http: the talk.mp4", frames=1), 2)) == 1


def test_a_video_cut_short_gives_what_is_there(make_video: MakeVideo) -> None:
    video = make_video("cut.mkv", frames=100, rate=10)
    content = video.read_bytes()
    video.write_bytes(content[: len(content) // 2])
    assert 5 <= len(times(video, 1)) <= 6


@settings(
    max_examples=150,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(data=st.data(), container=st.sampled_from(["mp4", "mkv", "avi", "ts", "gif"]))
def test_damage_never_raises_anything_but_unreadable(
    make_video: MakeVideo, tmp_path: Path, data: st.DataObject, container: str
) -> None:
    codec = {"gif": "gif", "ts": "mpeg2video"}.get(container, "mpeg4")
    video = make_video(f"whole.{container}", frames=4, rate=25, codec=codec)
    content = bytearray(video.read_bytes())
    for place in data.draw(st.lists(st.integers(0, len(content) - 1), min_size=1, max_size=40)):
        content[place] = data.draw(st.integers(0, 255))
    damaged = tmp_path / "damaged"
    damaged.write_bytes(content)
    try:
        # Damage can make a frame out of thin air a million times: a few are enough.
        list(itertools.islice(sampled_frames(damaged, per_second=2), 10))
    except UnreadableVideoError as error:
        said = str(error)
    else:
        said = "nothing"
    assert "\n" not in said


def test_an_empty_file_is_called_empty(tmp_path: Path) -> None:
    path = tmp_path / "empty.mp4"
    path.touch()
    assert "empty" in unreadable(path).problem


def test_a_missing_file_is_called_missing(tmp_path: Path) -> None:
    assert "No such file" in unreadable(tmp_path / "absent.mp4").problem


def test_a_folder_and_what_lies_behind_a_file_cannot_be_opened(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    for path in (tmp_path, tmp_path / "file" / "a.mp4"):
        assert "directory" in unreadable(path).problem
        assert unreadable(path).remedy == "Check the path and its permissions."


@pytest.mark.parametrize("content", [b"\0", b"not a video\n" * 400, b"\x1a\x45\xdf\xa3" * 9])
def test_a_file_of_something_else_is_no_video(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "notes.mp4"
    path.write_bytes(content)
    assert "not a video" in unreadable(path).problem


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "BMP"])
def test_a_still_picture_is_no_video(tmp_path: Path, kind: str) -> None:
    path = tmp_path / "picture.mp4"
    Image.new("RGB", (64, 64)).save(path, format=kind)
    assert "not a video" in unreadable(path).problem


@pytest.mark.parametrize(
    "playlist",
    [
        "#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\n{}\n#EXT-X-ENDLIST\n",
        "ffconcat version 1.0\nfile {}\n",
    ],
    ids=["HLS", "concat"],
)
def test_a_list_of_other_files_is_not_followed(
    make_video: MakeVideo, tmp_path: Path, playlist: str
) -> None:
    make_video("other.ts", codec="mpeg2video")
    path = tmp_path / "list.mp4"
    path.write_text(playlist.format("other.ts"), encoding="utf-8")
    assert "not a video" in unreadable(path).problem


def test_sound_alone_is_no_video(tmp_path: Path) -> None:
    path = tmp_path / "sound.mp4"
    with av.open(str(path), "w") as container:
        add_sound(container)
    assert "only sound" in unreadable(path).problem


def test_the_cover_of_a_sound_recording_is_no_video(tmp_path: Path) -> None:
    cover = tmp_path / "cover.jpg"
    Image.new("RGB", (64, 64)).save(cover)
    path = tmp_path / "song.mkv"
    with av.open(str(path), "w") as container:
        container.add_attachment("cover.jpg", "image/jpeg", cover.read_bytes())
        add_sound(container)
    with av.open(str(path)) as container:
        assert container.streams.video, "FFmpeg takes the cover for a video track"
    assert "only sound" in unreadable(path).problem


def unreadable(path: Path) -> UnreadableVideoError:
    with pytest.raises(UnreadableVideoError) as raised:
        list(sampled_frames(path, per_second=2))
    assert "\n" not in str(raised.value)
    return raised.value


def red_quarter(pixels: np.ndarray) -> str:
    height, width = pixels.shape[:2]
    red = pixels[:, :, 0].astype(int) - pixels[:, :, 1]
    quarters = {
        "top left": red[: height // 2, : width // 2],
        "top right": red[: height // 2, width // 2 :],
        "bottom left": red[height // 2 :, : width // 2],
        "bottom right": red[height // 2 :, width // 2 :],
    }
    return max(quarters, key=lambda name: quarters[name].mean())


def add_sound(container: av.container.OutputContainer) -> None:
    stream = container.add_stream("aac", rate=44100)
    assert isinstance(stream, av.AudioStream)
    for start in range(0, 44100, 1024):
        frame = av.AudioFrame.from_ndarray(
            np.zeros((1, 1024), np.float32), format="fltp", layout="mono"
        )
        frame.sample_rate = 44100
        frame.pts = start
        container.mux(stream.encode(frame))
    container.mux(stream.encode(None))
