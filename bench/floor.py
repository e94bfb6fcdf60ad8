"""The floor: what decoding alone costs, when no more is decoded than the samples need.

No way of recognising everyone can cost less. The pictures are decoded and not looked at.
"""

from __future__ import annotations

import math
from itertools import chain, pairwise
from typing import TYPE_CHECKING

from function.recogniser.video.opening import opened_recording

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from av.packet import Packet
    from av.video.stream import VideoStream

    from function.recogniser.video.track import PictureTrack

PROBES: Mapping[str, str] = {"bench.floor:decode": "decode"}


def decode(video: Path, *, per_second: float) -> int:
    """Decode one picture for each step of 1/`per_second` seconds, and return how many it took.

    A step in which a keyframe lies takes that one. The others take their first picture, for which
    those from the keyframe on have to be decoded, but for those that no other depends on. The file
    is opened as ours is, and decoded on one thread: more make it sooner and not cheaper.
    """
    with opened_recording(video) as recording:
        track = recording.tracks()[0]
        track.skip_what_none_refers_to(when=True)
        decoded = 0
        served = -1
        for group, following in pairwise(chain(_groups(track.packets()), ((),))):
            steps = [_step(track, packet, per_second) for packet in group]
            last = max(steps)
            if following:
                last = min(last, _step(track, following[0], per_second) - 1)
            last = max(last, steps[0])
            if last <= served:
                continue
            needed = next(at for at, step in enumerate(steps) if step >= last) + 1
            decoded += sum(len(track.pictures(packet)) for packet in group[:needed])
            served = last
        return decoded + len(track.restart())


def _groups(packets: Iterator[Packet[VideoStream]]) -> Iterator[Sequence[Packet[VideoStream]]]:
    """Yield the packets from each keyframe up to the next."""
    group: list[Packet[VideoStream]] = []
    for packet in packets:
        if packet.is_keyframe and group:
            yield group
            group = []
        group.append(packet)
    if group:
        yield group


def _step(track: PictureTrack, packet: Packet[VideoStream], per_second: float) -> int:
    return math.floor(track.seconds(packet.pts or 0) * per_second)
