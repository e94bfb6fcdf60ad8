"""The floor: what decoding alone costs, when no more is decoded than the samples need.

No way of recognising people can cost less. The pictures are decoded and not looked at.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import av

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from av.packet import Packet
    from av.video.stream import VideoStream

PROBES: Mapping[str, str] = {"bench.floor:decode": "decode"}


def decode(video: Path, *, per_second: float) -> int:
    """Decode one picture for each step of 1/`per_second` seconds, and return how many it took.

    Where a keyframe lies in the step it serves, it is all that is decoded. Otherwise the
    pictures from it to the beginning of the last step before the next keyframe are, but for
    those that no other picture depends on. On one thread: more make it sooner and not cheaper.
    """
    with av.open(f"file:{video}") as container:
        stream = container.streams.video[0]
        context = stream.codec_context
        context.thread_count = 1
        context.skip_frame = "NONREF"
        served = -1
        decoded = 0
        for group in _groups(container.demux(stream)):
            steps = [_step(packet, stream, per_second) for packet in group]
            if max(steps) == served:
                continue
            last = next(at for at, step in enumerate(steps) if step == max(steps))
            served = max(steps)
            for packet in group[: last + 1]:
                decoded += len(stream.decode(packet))
        return decoded + len(stream.decode(None))


def _groups(packets: Iterator[Packet[VideoStream]]) -> Iterator[Sequence[Packet[VideoStream]]]:
    """Yield the packets from each keyframe up to the next."""
    group: list[Packet[VideoStream]] = []
    for packet in packets:
        if not packet.size:  # PyAV's mark for the end
            break
        if packet.is_keyframe and group:
            yield group
            group = []
        group.append(packet)
    if group:
        yield group


def _step(packet: Packet[VideoStream], stream: VideoStream, per_second: float) -> int:
    time = packet.dts if packet.pts is None else packet.pts
    if time is None:
        return 0
    return math.floor((time - (stream.start_time or 0)) * float(packet.time_base) * per_second)
