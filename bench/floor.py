"""The floor: what decoding alone costs, when no more is decoded than the samples need.

No way of recognising everyone can cost less. The pictures are decoded and not looked at.
"""

from __future__ import annotations

import math
from itertools import chain, pairwise
from typing import TYPE_CHECKING

import av

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from av.container import InputContainer
    from av.packet import Packet
    from av.video.stream import VideoStream

PROBES: Mapping[str, str] = {"bench.floor:decode": "decode"}


def decode(video: Path, *, per_second: float) -> int:
    """Decode one picture for each step of 1/`per_second` seconds, and return how many it took.

    A step in which a keyframe lies takes that one. The others take their first picture, for which
    those from the keyframe on have to be decoded, but for those that no other depends on. On one
    thread: more make it sooner and not cheaper.
    """
    with _opened(video) as container:
        stream = container.streams.video[0]
        stream.codec_context.thread_count = 1
        stream.codec_context.skip_frame = "NONREF"
        decoded = 0
        served = -1
        for group, following in pairwise(chain(_groups(container.demux(stream)), ((),))):
            steps = [_step(packet, stream, per_second) for packet in group]
            last = max(steps)
            if following:
                last = min(last, _step(following[0], stream, per_second) - 1)
            last = max(last, steps[0])
            if last <= served:
                continue
            needed = next(at for at, step in enumerate(steps) if step >= last) + 1
            decoded += sum(len(stream.decode(packet)) for packet in group[:needed])
            served = last
        return decoded + len(stream.decode(None))


def _opened(video: Path) -> InputContainer:
    """Open a video; where its container says enough, without decoding the first pictures."""
    container = av.open(f"file:{video}", options={"skip_frame": "all"})
    if container.streams.video[0].frames:
        return container
    container.close()
    return av.open(f"file:{video}")


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
