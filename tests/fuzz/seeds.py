"""What is mutated: small whole videos, one or more of each container, encoded on the spot."""

from __future__ import annotations

import io
from dataclasses import dataclass, field
from functools import cache
from typing import TYPE_CHECKING

import av
import numpy as np

from tests.fuzz import layouts

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from tests.fuzz.layouts import Layout

_SIZE = (64, 48)
_RATE = 10
_PICTURES = 20
_KEYFRAME_EVERY = 8
_SAMPLE_RATE = 44100
_SOUND_BITS = 64_000  # a second


@dataclass(frozen=True, kw_only=True, eq=False)
class Seed:
    """One whole video: its container (FFmpeg's muxer), its coding, and where its parts are.

    `sound` is the coding of a second track of silence, or empty for none.
    """

    name: str
    container: str
    codec: str
    layout: Callable[[bytes], Layout] = field(repr=False)
    container_options: Mapping[str, str] = field(default_factory=dict)
    codec_options: Mapping[str, str] = field(default_factory=dict)
    pixel_format: str = "yuv420p"
    rate: int = _RATE
    sound: str = ""


_X264 = {"preset": "ultrafast", "bf": "2", "refs": "2"}
_FRAGMENTED = {"movflags": "frag_keyframe+empty_moov+default_base_moof"}

# A new container: one line here, and its `layout` where its parts are not like another's.
SEEDS = (
    Seed(name="mp4", container="mp4", codec="libx264", codec_options=_X264, layout=layouts.iso),
    Seed(name="mp4-sound", container="mp4", codec="mpeg4", sound="aac", layout=layouts.iso),
    Seed(
        name="mp4-fragmented",
        container="mp4",
        codec="libx264",
        codec_options=_X264,
        container_options=_FRAGMENTED,
        layout=layouts.iso,
    ),
    Seed(name="mov", container="mov", codec="mjpeg", pixel_format="yuvj420p", layout=layouts.iso),
    Seed(name="3gp", container="3gp", codec="mpeg4", layout=layouts.iso),
    Seed(
        name="mkv", container="matroska", codec="libx264", codec_options=_X264, layout=layouts.ebml
    ),
    Seed(name="mkv-sound", container="matroska", codec="mpeg4", sound="mp2", layout=layouts.ebml),
    Seed(name="webm", container="webm", codec="libvpx-vp9", layout=layouts.ebml),
    Seed(name="avi", container="avi", codec="mpeg4", sound="mp2", layout=layouts.riff),
    Seed(name="ps", container="mpeg", codec="mpeg1video", rate=25, layout=layouts.start_codes),
    Seed(
        name="ps-mpeg2",
        container="vob",
        codec="mpeg2video",
        rate=25,
        sound="mp2",
        layout=layouts.start_codes,
    ),
    Seed(
        name="ts", container="mpegts", codec="libx264", codec_options=_X264, layout=layouts.mpegts
    ),
    Seed(name="ts-mpeg2", container="mpegts", codec="mpeg2video", rate=25, layout=layouts.mpegts),
    Seed(
        name="elementary",
        container="mpeg2video",
        codec="mpeg2video",
        rate=25,
        layout=layouts.start_codes,
    ),
    Seed(name="wmv", container="asf", codec="wmv2", sound="wmav2", layout=layouts.asf),
    Seed(name="gif", container="gif", codec="gif", pixel_format="rgb8", layout=layouts.gif),
    Seed(name="flv", container="flv", codec="flv", layout=layouts.flv),
    Seed(name="ogg", container="ogg", codec="libvpx", layout=layouts.ogg),
    Seed(name="mxf", container="mxf", codec="mpeg2video", rate=25, layout=layouts.mxf),
)


@cache
def content(seed: Seed) -> bytes:
    """Encode a seed's video: two seconds of a bright square that moves over changing colours."""
    file = io.BytesIO()
    options = dict(seed.container_options)
    with av.open(file, "w", format=seed.container, container_options=options) as container:
        stream = container.add_stream(seed.codec, rate=seed.rate, options=dict(seed.codec_options))
        assert isinstance(stream, av.VideoStream)
        stream.width, stream.height = _SIZE
        stream.pix_fmt = seed.pixel_format
        stream.gop_size = _KEYFRAME_EVERY
        stream.thread_count = 1
        sound = container.add_stream(seed.sound, rate=_SAMPLE_RATE) if seed.sound else None
        assert sound is None or isinstance(sound, av.AudioStream)
        if sound:
            sound.bit_rate = _SOUND_BITS
        for number in range(_PICTURES * seed.rate // _RATE):
            picture = av.VideoFrame.from_ndarray(_pixels(number), format="rgb24")
            picture.pts = number
            container.mux(stream.encode(picture))
            if sound:
                container.mux(sound.encode(_silence(sound, number, seed.rate)))
        container.mux(stream.encode(None))
        if sound:
            container.mux(sound.encode(None))
    return file.getvalue()


def _pixels(number: int) -> np.ndarray:
    width, height = _SIZE
    pixels = np.empty((height, width, 3), np.uint8)
    pixels[:] = (40 + number * 4 % 160, 90, 200 - number * 3 % 120)
    left = number * 2 % (width - 16)
    pixels[16:32, left : left + 16] = 255
    return pixels


def _silence(sound: av.AudioStream, number: int, rate: int) -> av.AudioFrame:
    samples = _SAMPLE_RATE // rate
    context = sound.codec_context
    frame = av.AudioFrame(context.format.name, context.layout.name, samples)
    for plane in frame.planes:
        plane.update(bytes(plane.buffer_size))
    frame.sample_rate, frame.pts = _SAMPLE_RATE, number * samples
    return frame
