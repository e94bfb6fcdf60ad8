"""A recording: a video file that is open, the packets of all its tracks, and which show pictures.

What counts as a video: a file with a picture track, in one of the containers listed here, whatever
its name says. A recording without picture, its cover art, and a still picture do not. A damaged
file counts as far as it can be taken apart.
"""

from __future__ import annotations

from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

import av
from av.stream import Disposition
from av.video.stream import VideoStream

from function.recogniser.video.clock import SentClock, StoredClock
from function.recogniser.video.damage import DamageError, guarded
from function.recogniser.video.track import (
    MOST_PIXELS,
    PictureTrack,
    Timed,
    lasts,
    rate_of,
    unit_of,
)
from function.recogniser.video.unreadable import (
    ENCRYPTED,
    NO_CAMERA,
    NO_FRAME,
    TOO_LARGE,
    UNKNOWN_CODING,
    UnreadableVideoError,
    is_scrambled,
    why_not_opened,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from av.container import InputContainer
    from av.packet import Packet
    from av.stream import Stream

    from function.recogniser.video.clock import Clock

# FFmpeg's names of the containers read here. A list, because FFmpeg also takes still pictures
# for videos, and playlists, which make it open whatever file they name.
_CONTAINERS = "mov,matroska,avi,mpeg,mpegts,mpegvideo,asf,gif,flv,ogg,mxf,dv"

# The one of them, that of MP4, whose table of all pictures tells how long a decoder has to wait
# for those that are shown earlier.
_WITH_TABLE = "mov"

# Those that carry their sender's clock, and the others whose length in their header is a guess, or
# none at all.
_TRANSPORT_STREAM = "mpegts"
_SENT = {"mpeg", _TRANSPORT_STREAM}
_LENGTH_IS_A_GUESS = {*_SENT, "mpegvideo", "gif", "ogg"}

# Those whose length counts from time zero, wherever the first packet is.
_LENGTH_FROM_ZERO = {"matroska,webm", "flv"}

# Those that have their packets in a row. Where so many bytes of the file are in no packet, of any
# track, they could not be taken apart: what stands between packets is far less.
_IN_A_ROW = {"matroska,webm", "flv", "asf", "ogg", "mxf", "mpeg", "mpegts", "mpegvideo", "gif"}
_LEAST_SKIPPED = 1000

# AVI says how many pictures there are and at which rate, and not when each is shown.
_WITHOUT_TIMES = "avi"

# Matroska does not say when packets are decoded.
_MATROSKA = "matroska,webm"

# A stream's tracks may begin anywhere in it: so much of it is searched for its first.
_SEARCH = {"scan_all_pmts": "1", "correct_ts_overflow": "0"}
_WHOLE = {"probesize": str(1 << 62), "analyzeduration": str(1 << 62)}

# Covers and thumbnails, which show no recording.
_NO_RECORDING = Disposition.attached_pic | Disposition.timed_thumbnails

# Whoever sends sends all the time: where a stream has nothing for so long, in seconds, it is lost.
_LONGEST_GAP = 1.0

# Picture tracks that are looked at: slides, a camera or two.
_MOST_TRACKS = 4

# How long a packet of sound or of a text lasts at most, where its file does not say, in seconds.
_USUAL_SOUND = 0.1

# How often in a row the file may fail to give another packet.
_MOST_FAILURES = 100


@contextmanager
def opened_recording(path: Path) -> Iterator[Recording]:
    """Open a file until the end of the block.

    Raises:
        UnreadableVideoError: the file is no video.

    """
    try:
        path.open("rb").close()
    except OSError as error:
        raise UnreadableVideoError(
            f"The file cannot be opened: {error.strerror}.", "Check the path and its permissions."
        ) from error
    try:
        container = _opened(path)
        if not container.streams.video and container.format.name in _SENT:
            container.close()
            container = _opened_as(_CONTAINERS, path, search=_SEARCH | _WHOLE)
    except DamageError as error:
        raise UnreadableVideoError(*why_not_opened(path)) from error
    with container:
        yield Recording(container)


def why_no_frame(path: Path) -> tuple[str, str]:
    """Return what is wrong with a file of which no picture could be decoded, and the remedy."""
    with (
        suppress(DamageError),
        guarded(),
        _opened_as(_CONTAINERS, path, skip=True, limit=False) as it,
    ):
        if any(stream.width * stream.height > MOST_PIXELS for stream in it.streams.video):
            return TOO_LARGE
        if it.format.name == _TRANSPORT_STREAM and is_scrambled(path):
            return ENCRYPTED
    return NO_FRAME


class Recording:
    """An open file: its picture tracks, and how long it is."""

    def __init__(self, container: InputContainer) -> None:
        self._container = container
        start: int | None = container.start_time  # type: ignore[redundant-expr,unused-ignore]
        self._start = None if start is None else start / av.time_base
        self._clocks = self._clock_of_each_track()
        self.end = 0.0
        """When the latest packet of all tracks so far ends, in seconds from the start."""

    @property
    def length_told(self) -> float | None:
        """How long the recording is by what the file says, in seconds, if that is no guess."""
        told = self._container.duration
        if told is None or self._container.format.name in _LENGTH_IS_A_GUESS:
            return None
        seconds = told / av.time_base
        if self._container.format.name in _LENGTH_FROM_ZERO:
            seconds -= max(self._start or 0.0, 0.0)
        if self._container.format.name == _WITHOUT_TIMES:
            # FFmpeg tells the length of what is there.
            streams = self._container.streams.video
            seconds = max([seconds, *(it.frames / rate_of(it) for it in streams)])
        return seconds

    def tracks(self) -> list[PictureTrack]:
        """Return the tracks that show pictures and can be decoded, at least one.

        One of them can be read, and once.

        Raises:
            UnreadableVideoError: there is none.

        """
        streams = [
            stream
            for stream in self._container.streams.video
            if not stream.disposition & _NO_RECORDING
        ]
        if not streams:
            raise UnreadableVideoError(*NO_CAMERA)
        # It is None where FFmpeg has no decoder.
        known = [it for it in streams if it.codec_context]  # type: ignore[truthy-bool]
        if not known:
            raise UnreadableVideoError(*UNKNOWN_CODING)
        return [
            PictureTrack(
                number,
                stream,
                self._timed(),
                is_timed_by_decoding=self._container.format.name == _WITHOUT_TIMES,
            )
            for number, stream in enumerate(known[:_MOST_TRACKS])
        ]

    def _clock_of_each_track(self) -> list[tuple[Clock, float, float]]:
        """Return each track's clock, the unit of its timestamps, and how long a packet lasts."""
        name = self._container.format.name
        sent = SentClock(start=self._start) if name in _SENT else None
        return [
            (
                sent
                or StoredClock(
                    start=self._start,
                    shown_is_stored=name != _WITHOUT_TIMES,
                    decoding_is_stored=name != _MATROSKA,
                ),
                unit_of(stream),
                1 / rate_of(stream) if isinstance(stream, VideoStream) else _USUAL_SOUND,
            )
            for stream in self._container.streams
        ]

    def _timed(self) -> Iterator[Timed]:
        """Yield the packets of all tracks, each with its time."""
        read_to = 0  # bytes
        is_sent = self._container.format.name in _SENT
        is_in_a_row = self._container.format.name in _IN_A_ROW
        after_damage = [False] * len(self._clocks)
        for packet in self._packets():
            track = packet.stream_index
            if is_in_a_row and packet.pos is not None:
                if read_to and packet.pos - read_to >= _LEAST_SKIPPED:
                    after_damage = [True] * len(after_damage)
                read_to = max(read_to, packet.pos + packet.size)
            if packet.is_discard:
                # Cut off by an edit list.
                yield Timed(packet, None)
                continue
            clock, unit, usual = self._clocks[track]
            length = lasts(packet, unit=unit, usual=usual)
            seconds = clock.seconds(packet, unit=unit, usual=length)
            if is_sent and seconds - self.end >= _LONGEST_GAP:
                after_damage = [True] * len(after_damage)
            self.end = max(self.end, seconds + length)
            yield Timed(packet, seconds, after_damage=after_damage[track] or packet.is_corrupt)
            after_damage[track] = False

    def _packets(self) -> Iterator[Packet[Stream]]:
        """Yield the packets of all tracks, to the end of what can be taken apart.

        What cannot is passed over, as are packets of nothing.
        """
        failures = 0
        packets = self._container.demux()
        while failures < _MOST_FAILURES:
            try:
                with guarded():
                    packet = next(packets, None)
            except DamageError:
                failures += 1
                packets = self._container.demux()
                continue
            if packet is None:
                return
            failures = 0
            # One of a track that nothing announced has no clock.
            if packet.size and packet.stream_index < len(self._clocks):
                yield packet


def _opened(path: Path) -> InputContainer:
    """Open a file, without decoding pictures where that is possible.

    FFmpeg decodes the first pictures when it opens a file, which costs as much as a sample. That is
    needed only to learn what the container does not say: with no table of pictures, as in Matroska
    and fragmented MP4, some would get wrong times, or lost.
    """
    with suppress(DamageError):
        container = _opened_as(_WITH_TABLE, path, skip=True)
        if all(stream.frames for stream in container.streams.video):
            return container
        container.close()
    return _opened_as(_CONTAINERS, path)


def _opened_as(
    containers: str,
    path: Path,
    *,
    skip: bool = False,
    limit: bool = True,
    search: Mapping[str, str] = _SEARCH,
) -> InputContainer:
    options = {"skip_frame": "all"} if skip else {}
    if limit:
        options["max_pixels"] = str(MOST_PIXELS)
    with guarded():
        # The explicit protocol keeps a colon in a file name from being taken for one.
        return av.open(
            f"file:{path}",
            container_options={
                "format_whitelist": containers,
                "protocol_whitelist": "file",
                **search,
            },
            options=options,
            metadata_errors="replace",
        )
