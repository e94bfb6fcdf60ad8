"""A video file: its picture track, as packets with a time each, and as the pictures in them.

What counts as a video: a file with a picture track, in one of the containers that
:data:`function.results.VIDEO_SUFFIXES` stand for, whatever its name says. A recording without
picture, its cover art, and a still picture do not. A damaged file counts as far as it can be taken
apart.
"""

from __future__ import annotations

import math
import os
from contextlib import contextmanager, suppress
from fractions import Fraction
from typing import TYPE_CHECKING, cast

import av
import numpy as np
from av.stream import Disposition

from function.recogniser.video.frame import Frame

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from av.container import InputContainer
    from av.packet import Packet
    from av.sidedata.sidedata import SideData
    from av.video.frame import VideoFrame
    from av.video.stream import VideoStream

# FFmpeg's names of the containers read here. A list, because FFmpeg also takes still pictures
# for videos, and playlists, which make it open whatever file they name.
_CONTAINERS = "mov,matroska,avi,mpeg,mpegts,mpegvideo,asf,gif"

# The one of them, that of MP4, whose table of all pictures tells how long a decoder has to wait
# for those that are shown earlier.
_WITH_TABLE = "mov"

# The rate to assume between frames that carry neither a time nor a rate.
_USUAL_FRAME_RATE = 25.0

# Pixels of recordings from tape and disc are up to half as wide again as high. A ratio beyond
# these is a damaged header's.
_NARROWEST_PIXEL = 0.5
_WIDEST_PIXEL = 2.0

# Timestamps of decoding that go back, or on by more than this many seconds, begin another recording
# joined to the one before, or are damaged.
_LONGEST_PAUSE = 24 * 60 * 60.0

# Where packets say only when they are shown, they may go back by this much and be in order: that
# of decoding, in which a picture may come before one that is shown earlier.
_REORDERING = 2.0

# Decoders that go on skipping what they were once told to skip.
_NEVER_SKIP_LESS = {"libdav1d"}

_CONVERT = "Convert it to an MP4 file with H.264 video and upload it again."


class UnreadableVideoError(Exception):
    """The file gives no frame, and would not on another try.

    `problem` and `remedy` are one sentence each, for the person who uploaded the file.
    """

    def __init__(self, problem: str, remedy: str = _CONVERT) -> None:
        super().__init__(f"{problem} {remedy}")
        self.problem = problem
        self.remedy = remedy


@contextmanager
def opened_track(path: Path) -> Iterator[PictureTrack]:
    """Open a file until the end of the block, and return its picture track.

    Raises:
        UnreadableVideoError: the file is no video.

    """
    try:
        with path.open("rb") as file:
            size = os.fstat(file.fileno()).st_size
    except OSError as error:
        raise UnreadableVideoError(
            f"The file cannot be opened: {error.strerror}.", "Check the path and its permissions."
        ) from error
    if size == 0:
        raise UnreadableVideoError(
            "The file is empty.", "Check that the recording was saved, and upload it again."
        )
    try:
        container = _opened(path)
    except _DamageError as error:
        raise UnreadableVideoError("The file is not a video that can be read.") from error
    with container:
        yield PictureTrack(container, _picture_stream(container))


def _opened(path: Path) -> InputContainer:
    """Open a file, without decoding pictures where that is possible.

    FFmpeg decodes the first pictures when it opens a file, which costs as much as a sample. That is
    needed only to learn what the container does not say: with no table of pictures, as in Matroska
    and fragmented MP4, some would get wrong times, or lost.
    """
    with suppress(_DamageError):
        container = _opened_as(_WITH_TABLE, path, options={"skip_frame": "all"})
        if all(stream.frames for stream in container.streams.video):
            return container
        container.close()
    return _opened_as(_CONTAINERS, path, options={})


def _opened_as(containers: str, path: Path, *, options: dict[str, str]) -> InputContainer:
    with _guarded():
        # The explicit protocol keeps a colon in a file name from being taken for one.
        return av.open(
            f"file:{path}",
            container_options={"format_whitelist": containers, "protocol_whitelist": "file"},
            options=options,
            metadata_errors="replace",
        )


class PictureTrack:
    """The picture track of an open file, and the decoder of it.

    `rate` is the number of pictures a second, on average.
    """

    def __init__(self, container: InputContainer, stream: VideoStream) -> None:
        self._container = container
        self._stream = stream
        self._time_base = stream.time_base or Fraction(1, 1000)
        self.rate = float(stream.average_rate or stream.guessed_rate or _USUAL_FRAME_RATE)
        stream.codec_context.thread_count = 1
        self._rotation: int | None = None  # degrees
        self._shown_as = (False, 0)

    @property
    def has_b_frames(self) -> bool:
        """Whether pictures may be decoded in another order than they are shown in."""
        return self._stream.codec_context.has_b_frames

    def seconds(self, timestamp: int) -> float:
        """Return the time of a packet or a picture, from the start of the video."""
        return float(timestamp * self._time_base)

    def packets(self) -> Iterator[Packet[VideoStream]]:
        """Yield the packets, each with a time, to the end or to where the file makes no sense."""
        return _retimed(
            _demuxed(self._container, self._stream), time_base=self._time_base, rate=self.rate
        )

    def skip_what_none_refers_to(self, *, when: bool) -> None:
        """Leave pictures that no other refers to out of what is decoded from now on, or not."""
        decoder = self._stream.codec_context
        if decoder.codec.name not in _NEVER_SKIP_LESS:
            decoder.skip_frame = "NONREF" if when else "DEFAULT"

    def pictures(self, packet: Packet[VideoStream]) -> list[VideoFrame]:
        """Decode a packet, and return the pictures that are complete with it.

        A damaged packet gives nothing; the decoder finds its way again at a later one.
        """
        return self._decoded(packet)

    def restart(self) -> list[VideoFrame]:
        """Return what pictures the decoder still holds, and let it begin anew, with a keyframe.

        Packets cannot just be left out before a keyframe: the decoder would go on waiting for
        pictures to show in between, or forget some.
        """
        pictures = self._decoded(None)
        with suppress(_DamageError), _guarded():
            self._stream.codec_context.flush_buffers()
        return pictures

    def _decoded(self, packet: Packet[VideoStream] | None) -> list[VideoFrame]:
        pictures: list[VideoFrame] = []
        with suppress(_DamageError), _guarded():
            pictures = self._stream.decode(packet)
        return [it for it in pictures if it.pts is not None and not it.is_corrupt]

    def _orientation(self, picture: VideoFrame) -> tuple[bool, int]:
        """Return what `_displayed` does, which reads it from the first picture that has it so.

        PyAV's picture and its side data hold each other once that is looked at, and would stay in
        memory until Python looks for such circles. A picture's rotation can be had without.
        """
        if self._rotation != picture.rotation:
            self._rotation, self._shown_as = picture.rotation, _displayed(picture)
        return self._shown_as

    def shown(self, picture: VideoFrame, *, video_seconds: float) -> Frame | None:
        """Return a picture as a player shows it, or None if it is in a form that can't be read."""
        decoder = self._stream.codec_context  # which knows it where the container does not say
        pixel_width = float(self._stream.sample_aspect_ratio or decoder.sample_aspect_ratio or 1)
        if not _NARROWEST_PIXEL <= pixel_width <= _WIDEST_PIXEL:
            pixel_width = 1
        height, width = picture.height, round(picture.width * pixel_width)
        mirrored, quarter_turns = self._orientation(picture)
        if quarter_turns % 2:
            height, width = width, height
        frame = Frame(
            time=self.seconds(picture.pts or 0),
            video_seconds=video_seconds,
            height=height,
            width=width,
            decoded=picture,
            mirrored=mirrored,
            quarter_turns=quarter_turns,
        )
        with suppress(_DamageError), _guarded():
            frame.brightness  # noqa: B018 - made now, to know whether it can be
            return frame
        return None


def _displayed(picture: VideoFrame) -> tuple[bool, int]:
    """Return whether a player mirrors a picture, and how far it then turns it, in quarters.

    The display matrix takes a point (x, y) to (ax + cy, bx + dy), with y downwards; it begins with
    a, b, and a value of another use (ISO/IEC 14496-12, "Track header box").
    """
    matrix = picture.side_data.get("DISPLAYMATRIX")
    if matrix is None:
        return False, 0
    a, b, _, c, d = np.frombuffer(memoryview(cast("SideData", matrix)), np.int32)[:5].tolist()
    mirrored = a * d - b * c < 0
    if mirrored:
        a, b = -a, -b
    return mirrored, round(math.atan2(-b, a) / (math.pi / 2)) % 4


def _picture_stream(container: InputContainer) -> VideoStream:
    for stream in container.streams.video:
        if stream.disposition & Disposition.attached_pic:
            continue
        if not stream.codec_context:  # type: ignore[truthy-bool] # None where FFmpeg has no decoder
            raise UnreadableVideoError("The video's pictures are coded in a way not known here.")
        return stream
    raise UnreadableVideoError(
        "The file has no picture, only sound.", "Upload a recording made with the camera on."
    )


def _demuxed(container: InputContainer, stream: VideoStream) -> Iterator[Packet[VideoStream]]:
    """Yield the packets of a track, to the end or to where the file cannot be taken apart."""
    packets = container.demux(stream)
    with suppress(_DamageError):
        while True:
            with _guarded():
                packet = next(packets, None)
            if packet is None or not packet.size:  # PyAV's mark for the end
                break
            yield packet


def _retimed(
    packets: Iterable[Packet[VideoStream]], *, time_base: Fraction, rate: float
) -> Iterator[Packet[VideoStream]]:
    """Give every packet a time, which its picture takes over, from 0 on and never going back.

    A packet without a timestamp, or with one that cannot be right after its predecessor's, is
    taken to follow it at the usual `rate`.
    """
    usual = max(round(1 / (rate * float(time_base))), 1)
    shift: int | None = None
    latest = -usual
    decoded_before: int | None = None
    for packet in packets:
        if packet.is_discard:
            # Cut off by an edit list: the times count from there on, and its pictures don't show.
            shift = shift or 0
            decoded_before = packet.dts
            yield packet
            continue
        shown = packet.dts if packet.pts is None else packet.pts
        if packet.dts is not None and decoded_before is not None:
            pause = (packet.dts - decoded_before) * time_base
            follows = 0 <= pause <= _LONGEST_PAUSE
        elif packet.dts is not None and shift is not None:
            follows = True  # as far as can be told: Matroska's first packets may have none
        elif shown is not None and shift is not None:
            follows = -_REORDERING <= (shown + shift - latest) * time_base <= _LONGEST_PAUSE
        else:
            follows = False
        if shown is None:
            time = latest + usual
        else:
            if shift is None or not follows:
                shift = latest + usual - shown
            time = shown + shift
        decoded_before = packet.dts
        packet.pts, packet.dts = time, None
        latest = max(latest, time)
        yield packet


class _DamageError(Exception):
    """PyAV could not do what it was asked with this file."""


@contextmanager
def _guarded() -> Iterator[None]:
    """Turn what PyAV raises into _DamageError: on damaged files that is not only FFmpegError."""
    try:
        yield
    except MemoryError:
        raise  # no fault of the file
    except Exception as error:
        raise _DamageError(str(error)) from error
