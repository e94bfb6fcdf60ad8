"""A class that is long enough to be divided, and costs little to make and to look at."""

from __future__ import annotations

from typing import TYPE_CHECKING

import av
import numpy as np
from PIL import Image

from samples.sample_class import person_in_class

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from av.video.stream import VideoStream

SIZE = (1920, 1080)
"""Width and height in pixels: of such pictures, two minutes are a range."""

RANGE_SECONDS = 120
_CLIP_SECONDS = 4
_PICTURES_PER_SECOND = 2


def write_long_class(path: Path, groups: Sequence[tuple[str, ...]]) -> bytes:
    """Write a video in which each group of people sits still for the length of a range.

    A clip of each is encoded, and comes as often as it takes.
    """
    clips = [
        _write_clip(path.with_name(f"{path.stem}-{number}{path.suffix}"), group)
        for number, group in enumerate(groups)
    ]
    with av.open(str(path), "w") as joined, av.open(str(clips[0])) as first:
        stream = joined.add_stream_from_template(first.streams.video[0])
        for number, packet in enumerate(_repeated(clips, RANGE_SECONDS // _CLIP_SECONDS)):
            assert packet.time_base is not None
            packet.pts = packet.dts = round(number / _PICTURES_PER_SECOND / packet.time_base)
            packet.stream = stream
            joined.mux(packet)
    return path.read_bytes()


def _write_clip(path: Path, group: tuple[str, ...]) -> Path:
    picture = Image.new("RGB", SIZE, (150, 160, 165))
    width = SIZE[0] // max(1, len(group))
    for place, name in enumerate(group):
        person = person_in_class(name).convert("RGB")
        person.thumbnail((width, SIZE[1] // 2))
        picture.paste(person, (place * width, SIZE[1] // 3))
    with av.open(str(path), "w") as clip:
        stream = clip.add_stream("libx264", rate=_PICTURES_PER_SECOND)
        stream.width, stream.height = SIZE
        stream.pix_fmt = "yuv420p"
        stream.options = {"preset": "ultrafast", "bf": "0"}
        for _ in range(_CLIP_SECONDS * _PICTURES_PER_SECOND):
            pixels = av.VideoFrame.from_ndarray(np.asarray(picture), format="rgb24")
            clip.mux(stream.encode(pixels))
        clip.mux(stream.encode())
    return path


def _repeated(clips: Sequence[Path], times: int) -> Iterator[av.Packet[VideoStream]]:
    """Yield all packets of each clip so many times."""
    for clip in clips:
        for _ in range(times):
            with av.open(str(clip)) as container:
                yield from (it for it in container.demux(video=0) if it.size)
