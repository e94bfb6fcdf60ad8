"""A picture track of a recording, as packets with a time each, and as the pictures in them."""

from __future__ import annotations

import math
from bisect import insort
from contextlib import suppress
from typing import TYPE_CHECKING, Any, NamedTuple, cast

import numpy as np

from function.recogniser.video.damage import DamageError, guarded
from function.recogniser.video.frame import Frame

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from av.packet import Packet
    from av.sidedata.sidedata import SideData
    from av.stream import Stream
    from av.video.frame import VideoFrame
    from av.video.stream import VideoStream

# The rate to assume between frames that carry neither a time nor a rate, and the highest that is
# believed: beyond it, a damaged header's.
_USUAL_FRAME_RATE = 25.0
_HIGHEST_FRAME_RATE = 1000.0

# What times count in where a file does not say, in seconds.
_USUAL_UNIT = 0.001

# Pixels of recordings from tape and disc are up to half as wide again as high. A ratio beyond
# these is a damaged header's.
_NARROWEST_PIXEL = 0.5
_WIDEST_PIXEL = 2.0

# Pictures of more pixels than this are not decoded: 8K has 33 million.
MOST_PIXELS = 40_000_000

# Decoders that go on skipping what they were once told to skip.
_NEVER_SKIP_LESS = {"libdav1d"}

# Of pictures whose packets say only when they are decoded, so many more than a decoder holds back
# wait for their turn: then one was lost.
_MOST_WAITING = 20


class Timed(NamedTuple):
    """A packet of any track, and when it is shown, in seconds from the start; None if it is not.

    `after_damage` is whether what came before it in the file, or a part of it, is lost.
    """

    packet: Packet[Stream]
    seconds: float | None
    after_damage: bool = False


class PictureTrack:
    """A picture track of an open file, and the decoder of it.

    `rate` is the number of pictures a second, on average; `damaged` when what could not be decoded
    should have been shown, in seconds, and `is_encrypted` whether any of it is encrypted, so far.
    """

    def __init__(
        self,
        number: int,
        stream: VideoStream,
        timed: Iterator[Timed],
        *,
        is_timed_by_decoding: bool,
    ) -> None:
        self._number = number
        self._stream = stream
        self._timed = timed
        self._unit = unit_of(stream)
        self.rate = rate_of(stream)
        self.damaged: list[float] = []
        self.is_encrypted = False
        stream.codec_context.thread_count = 1
        stream.codec_context.options = {"max_pixels": str(MOST_PIXELS)}
        self._rotation: int | None = None  # degrees
        self._shown_as = (False, 0)
        self._is_timed_by_decoding = is_timed_by_decoding
        # Where it is, the times of packets whose pictures have not come yet.
        self._waiting: list[int] = []

    @property
    def has_b_frames(self) -> bool:
        """Whether pictures may be decoded in another order than they are shown in."""
        return self._stream.codec_context.has_b_frames

    @property
    def is_timed_by_decoding(self) -> bool:
        """Whether only decoding all of it tells when its pictures are shown."""
        return self._is_timed_by_decoding and self.has_b_frames

    def seconds(self, timestamp: int) -> float:
        """Return the time of a packet or a picture, from the start of the recording."""
        return timestamp * self._unit

    def lasts(self, packet: Packet[Any]) -> float:
        """Return how long a packet's picture is shown at least, in seconds."""
        return lasts(packet, unit=self._unit, usual=1 / self.rate)

    def packets(self) -> Iterator[Packet[VideoStream]]:
        """Yield the packets, each with a time, to the end of what can be taken apart."""
        end = 0.0
        for packet, seconds, after_damage in self._timed:
            if packet.stream_index != self._stream.index:
                continue
            if packet.has_sidedata("encryption_info"):
                # Its headers are in the clear: noise would be decoded.
                self.is_encrypted = True
                continue
            if seconds is not None:
                if after_damage:
                    self.damaged.append(min(end, seconds))
                end = max(end, seconds + self.lasts(packet))
                packet.pts, packet.dts = round(seconds / self._unit), None
            yield cast("Packet[VideoStream]", packet)

    def skip_what_none_refers_to(self, *, when: bool) -> None:
        """Leave pictures that no other refers to out of what is decoded from now on, or not."""
        decoder = self._stream.codec_context
        if decoder.codec.name not in _NEVER_SKIP_LESS:
            decoder.skip_frame = "NONREF" if when else "DEFAULT"

    def pictures(self, packet: Packet[VideoStream]) -> list[VideoFrame]:
        """Decode a packet, and return the pictures that are complete with it.

        A damaged packet gives nothing; the decoder finds its way again at a later one.
        """
        if self.is_timed_by_decoding and packet.pts is not None:
            insort(self._waiting, packet.pts)
        return self._decoded(packet)

    def restart(self) -> list[VideoFrame]:
        """Return what pictures the decoder still holds, and let it begin anew, with a keyframe.

        Packets cannot just be left out before a keyframe: the decoder would go on waiting for
        pictures to show in between, or forget some.
        """
        pictures = self._decoded(None)
        self._waiting.clear()
        with suppress(DamageError), guarded():
            self._stream.codec_context.flush_buffers()
        return pictures

    def _decoded(self, packet: Packet[VideoStream] | None) -> list[VideoFrame]:
        pictures: list[VideoFrame] = []
        try:
            with guarded():
                pictures = self._stream.decode(packet)
        except DamageError:
            if packet is not None and packet.pts is not None:
                self.damaged.append(self.seconds(packet.pts))
        if self.is_timed_by_decoding:
            self._time_in_order(pictures)
        whole = [it for it in pictures if it.pts is not None and not it.is_corrupt]
        if len(whole) < len(pictures):
            self.damaged += [self.seconds(it.pts) for it in pictures if it.is_corrupt and it.pts]
        return whole

    def _time_in_order(self, pictures: Iterable[VideoFrame]) -> None:
        """Give the pictures, which come in the order they are shown in, the times that are left."""
        del self._waiting[: max(len(self._waiting) - _MOST_WAITING, 0)]
        for picture in pictures:
            picture.pts = self._waiting.pop(0) if self._waiting else None

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
            track=self._number,
            height=height,
            width=width,
            decoded=picture,
            mirrored=mirrored,
            quarter_turns=quarter_turns,
        )
        with suppress(DamageError), guarded():
            frame.brightness  # noqa: B018 - made now, to know whether it can be
            return frame
        return None


def unit_of(stream: Stream) -> float:
    """Return what the timestamps of a track count in, in seconds."""
    return float(stream.time_base or 0) or _USUAL_UNIT


def rate_of(stream: VideoStream) -> float:
    """Return the number of pictures a second, on average, as far as a file can be believed."""
    rate = float(stream.average_rate or stream.guessed_rate or _USUAL_FRAME_RATE)
    return rate if 0 < rate <= _HIGHEST_FRAME_RATE else _USUAL_FRAME_RATE


def lasts(packet: Packet[Any], *, unit: float, usual: float) -> float:
    """Return how long what is in a packet goes on at least, in seconds.

    The usual time where pictures come unevenly may be long, as may that of one before a pause.
    """
    told = (packet.duration or 0) * unit
    return min(told, usual) if told > 0 else usual


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
