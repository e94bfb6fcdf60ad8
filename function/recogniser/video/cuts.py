"""Cuts: where a track's packets show, before any is decoded, that another scene begins.

Little of a new scene's first picture can be made from the pictures before it, so its packet is
about as large as a keyframe's, between others that are not. Encoders that put no keyframe there
are many: cameras', those of live broadcasts, and all when told to keep to a fixed interval.
"""

from __future__ import annotations

from collections import deque

# How much larger than every other packet of the last seconds the packet of a cut is, and how
# large beside the latest keyframe. Measured on 30 videos: the cuts in them have 2.5 to 17 times,
# and 0.4 to 1.5; nothing else has both.
_STANDS_OUT = 2.0
_LIKE_A_KEYFRAME = 0.25

REACH_SECONDS = 2.0
"""How far back the packets are that one is compared with.

Long enough for encoders that refresh the picture at intervals, without marking keyframes: each of
those packets is like the one before.
"""

_FEWEST, _MOST = 4, 500  # packets to stand out from; as many come in that time at 250 a second


class CutDetector:
    """Takes in the packets of one track, in the order of decoding."""

    def __init__(self) -> None:
        self._keyframe_size = 0
        # Keyframes are not among them.
        self._recent: deque[tuple[float, int]] = deque(maxlen=_MOST)  # seconds, bytes

    def is_cut(self, *, seconds: float, size: int, is_keyframe: bool) -> bool:
        """Tell whether the next packet, of a time and of so many bytes, begins another scene.

        A keyframe is taken for none: whether one does is not to be seen from outside.
        """
        if is_keyframe:
            self._keyframe_size = size
            return False
        while self._recent and self._recent[0][0] < seconds - REACH_SECONDS:
            self._recent.popleft()
        largest = max((other for _, other in self._recent), default=0)
        enough = len(self._recent) >= _FEWEST
        self._recent.append((seconds, size))
        return enough and size >= max(_STANDS_OUT * largest, _LIKE_A_KEYFRAME * self._keyframe_size)
