"""A video in S3 is read where it is: as the same file is, whatever goes wrong on the way."""

from __future__ import annotations

import gc
import struct
import weakref
from typing import TYPE_CHECKING, Any

import av
import numpy as np
import pytest

from function.clients import s3_client
from function.failed_requests import RequestFailedError
from function.failures import nameless
from function.recogniser.video.reading import Reading
from function.recogniser.video.sampling import sampled_frames
from function.recogniser.video.unreadable import UnreadableVideoError
from function.storage import find_video
from function.stored_object import StoredObject, SupersededError
from tests.integration.handler_alone import VIDEOS
from tests.integration.interrupted import answered, at, break_off

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from botocore.awsrequest import AWSPreparedRequest, AWSResponse
    from types_boto3_s3 import S3Client

    from function.recogniser.video.source import Source

MB = 1 << 20

CONTAINERS = {
    "mp4": ("mp4", "mjpeg", {}),
    "mp4 with its index first": ("mp4", "mjpeg", {"movflags": "faststart"}),
    "mp4 in fragments": ("mp4", "mjpeg", {"movflags": "frag_keyframe"}),
    "mkv": ("matroska", "mjpeg", {}),
    "avi": ("avi", "mjpeg", {}),
    "ts": ("mpegts", "mpeg2video", {}),
}


@pytest.fixture(scope="module")
def large(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Path]:
    """Return what makes a video of several megabytes, of which little can be left out."""
    folder = tmp_path_factory.mktemp("large")
    noise = np.random.default_rng(7).integers(0, 256, (4, 360, 640, 3), np.uint8)

    def video(name: str = "mp4", frames: int = 48) -> Path:
        container_format, codec, options = CONTAINERS[name]
        path = folder / f"{name} {frames}"
        if path.exists():
            return path
        with av.open(str(path), "w", container_format, options=options) as container:
            stream: Any = container.add_stream(codec, rate=25, options={"qscale": "2"})
            stream.width, stream.height = 640, 360
            stream.pix_fmt = "yuvj420p" if codec == "mjpeg" else "yuv420p"
            stream.bit_rate = 30_000_000
            for number in range(frames):
                picture = av.VideoFrame.from_ndarray(noise[number % len(noise)])
                container.mux(stream.encode(picture))
            container.mux(stream.encode(None))
        return path

    return video


@pytest.fixture
def client(s3: S3Client) -> S3Client:  # noqa: ARG001 - makes the buckets
    """Return the function's own client, which hooks of one test are of."""
    return s3_client()


def stored(client: S3Client, content: bytes, **fetched: Any) -> StoredObject:  # noqa: ANN401
    client.put_object(Bucket=VIDEOS, Key="large", Body=content)
    video = find_video(client, VIDEOS, "large")
    assert video is not None
    return StoredObject(client, video, **fetched)


def samples(source: Source) -> tuple[list[tuple[float, int]], Reading]:
    reading = Reading()
    frames = sampled_frames(source, per_second=5, reading=reading)
    return [(frame.time, int(frame.brightness.sum())) for frame in frames], reading


@pytest.mark.parametrize("name", CONTAINERS)
def test_it_is_read_as_the_same_file_is(
    client: S3Client, large: Callable[..., Path], name: str
) -> None:
    path = large(name)
    came: list[int] = []
    source = stored(client, path.read_bytes(), fetched=lambda done, _size: came.append(done))
    ours, reading = samples(source)
    theirs, of_the_file = samples(path)
    assert ours == theirs
    assert len(ours) > 8
    assert vars(reading) == vars(of_the_file)
    assert len(came) > 2
    assert came[-1] <= source.size + 4 * MB  # its index, and what is between, at most twice


def test_of_a_large_one_only_a_part_is_kept_in_memory(
    client: S3Client, large: Callable[..., Path]
) -> None:
    content = large(frames=130).read_bytes()
    assert len(content) > 18 * MB
    source = stored(client, content)
    with source.open("rb") as reader:
        assert reader.read() == content
        reader.seek(-5, 2)
        assert reader.read(9) == content[-5:]
        reader.seek(3)
        assert reader.read(MB) == content[3 : MB + 3]
        with pytest.raises(ValueError, match="-1"):
            reader.seek(-1)
    assert sum(map(len, source._blocks.values())) <= 16 * MB


def test_what_was_kept_goes_when_it_has_been_looked_at(
    client: S3Client, large: Callable[..., Path]
) -> None:
    source = stored(client, large().read_bytes())
    gc.collect()
    gc.disable()  # which comes when it will, while the next video is read
    try:
        samples(source)
        gone = weakref.ref(source)
        del source
        assert gone() is None
    finally:
        gc.enable()


@pytest.mark.parametrize("after", [0, 1, 2], ids=["at once", "after the opening", "later"])
@pytest.mark.parametrize(("status", "code"), [(503, "SlowDown"), (403, "AccessDenied")])
@pytest.mark.parametrize("name", ["mp4", "ts"])
def test_what_goes_wrong_while_it_is_read_is_raised_and_is_no_damage(  # noqa: PLR0913, PLR0917
    client: S3Client,
    large: Callable[..., Path],
    monkeypatch: pytest.MonkeyPatch,
    name: str,
    after: int,
    status: int,
    code: str,
) -> None:
    monkeypatch.setattr("time.sleep", lambda _: None)  # botocore's between two attempts
    source = stored(client, large(name).read_bytes())
    asked: list[str] = []

    def refuse(request: AWSPreparedRequest, **_: object) -> AWSResponse | None:
        asked.append(request.url)
        body = f"<Error><Code>{code}</Code><Message>no</Message></Error>".encode()
        return answered(request, status, body) if len(asked) > after else None

    hook: Any = refuse
    client.meta.events.register("before-send.s3.GetObject", hook)
    with pytest.raises(Exception, match=code) as raised:
        samples(source)
    assert str(nameless(raised.value)) == f"GetObject: {status} {code}"


def test_what_breaks_off_in_its_midst_is_gone_on_with(
    client: S3Client, large: Callable[..., Path]
) -> None:
    path = large("ts")
    source = stored(client, path.read_bytes())
    break_off(client, "large", times=3)
    assert samples(source)[0] == samples(path)[0]


def test_what_breaks_off_again_and_again_is_a_failure(
    client: S3Client, large: Callable[..., Path]
) -> None:
    source = stored(client, large("ts").read_bytes())
    break_off(client, "large", times=99)
    with pytest.raises(RequestFailedError, match=r"GetObject: \d+ of 1048576 bytes came"):
        samples(source)


@pytest.mark.parametrize("is_deleted", [False, True], ids=["replaced", "deleted"])
def test_a_video_that_is_replaced_while_it_is_read_is_left_to_another_try(
    client: S3Client, large: Callable[..., Path], *, is_deleted: bool
) -> None:
    source = stored(client, large("ts").read_bytes())

    def replace() -> None:
        if is_deleted:
            client.delete_object(Bucket=VIDEOS, Key="large")
        else:
            client.put_object(Bucket=VIDEOS, Key="large", Body=b"another")

    at(client, "after-call.s3.GetObject", replace, number=1)
    said = "404 NoSuchKey" if is_deleted else "412 PreconditionFailed"
    with pytest.raises(SupersededError, match=f"GetObject: {said}"):
        samples(source)


def test_what_reading_is_told_of_progress_may_end_it(
    client: S3Client, large: Callable[..., Path]
) -> None:
    def stop(done: int, _: int) -> None:
        if done > 2 * MB:
            raise TimeoutError

    with pytest.raises(TimeoutError):
        samples(stored(client, large("mkv").read_bytes(), fetched=stop))


def box(kind: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content) + 8) + kind + content


def alias(file: Path) -> bytes:
    """Return the kind of reference to another file that FFmpeg knows: a Macintosh's alias.

    Its lengths are those that FFmpeg reads it by (libavformat/mov.c, mov_read_dref).
    """
    path = str(file).encode()
    path += b"\0" * (len(path) % 2)
    by_name = bytes(10) + bytes(28) + bytes(12) + bytes(64) + bytes(16)
    whole_path = struct.pack(">HH", 2, len(path)) + path + struct.pack(">HH", 0xFFFF, 0)
    return box(b"alis", bytes(4) + by_name + struct.pack(">HH", 0, 0) + bytes(16) + whole_path)


def naming(file: Path, content: bytes) -> bytes:
    """Return a QuickTime file whose samples are, by what it says, in another file."""
    own, other = box(b"url ", b"\0\0\0\1"), alias(file)
    assert content.count(own) == 1
    grown = bytearray(content.replace(own, other))
    for kind in (b"moov", b"trak", b"mdia", b"minf", b"dinf", b"dref"):
        at = grown.index(kind) - 4
        size = struct.unpack_from(">I", grown, at)[0] + len(other) - len(own)
        struct.pack_into(">I", grown, at, size)
    return bytes(grown)


@pytest.fixture
def misleading(large: Callable[..., Path], tmp_path: Path) -> dict[str, bytes]:
    """Return files without a picture of their own, which name another that has some."""
    other = tmp_path / "other.mp4"
    whole = large().read_bytes()
    other.write_bytes(whole)
    begins, ends = whole.index(b"mdat") + 4, whole.index(b"moov") - 4
    empty = whole[:begins] + bytes(ends - begins) + whole[ends:]
    return {
        "reference": naming(other, empty),
        "playlist": f"#EXTM3U\n#EXT-X-TARGETDURATION:2\n#EXTINF:2,\nfile:{other}\n".encode(),
        "list": f"ffconcat version 1.0\nfile 'file:{other}'\n".encode(),
    }


@pytest.mark.parametrize("kind", ["reference", "playlist", "list"])
def test_no_other_file_is_opened_whatever_it_says(
    client: S3Client, misleading: dict[str, bytes], kind: str
) -> None:
    with pytest.raises(UnreadableVideoError):
        samples(stored(client, misleading[kind]))


def test_such_a_file_would_be_followed_by_who_does_not_take_care(
    misleading: dict[str, bytes], tmp_path: Path
) -> None:
    careless = {"enable_drefs": "1", "use_absolute_path": "1"}
    path = tmp_path / "misleading.mp4"
    path.write_bytes(misleading["reference"])
    with av.open(str(path), container_options=careless) as container:
        assert next(container.decode(video=0)).width == 640
