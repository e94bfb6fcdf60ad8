"""The one sentence that a run comes down to, which stands on more than one section."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bench.trials import warm_ratio
from bench.ways import OURS_EVERYONE, SEED_EVERYONE

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from bench.inputs import Video
    from bench.trials import Measured

# What lasts longer is no clip.
_CLIP_SECONDS = 60.0


class Headline:
    """How many times ours the seed's way of finding everyone costs, gathered as sections run.

    As text it is a sentence, which says as much as is known; nothing if nothing is.
    """

    def __init__(self) -> None:
        self._on_minutes = ""
        self._on_videos = ""

    def take_minutes(self, results: Sequence[Mapping[str, Measured]]) -> None:
        """Take up what the ways came to on the minutes of 1080p, each by itself."""
        ratios = [warm_ratio([by_way], SEED_EVERYONE, OURS_EVERYONE) for by_way in results]
        known = [ratio for ratio in ratios if ratio is not None]
        if known:
            # As they are printed, since two ratios may differ in no digit that is.
            ends = dict.fromkeys(f"{ratio:.1f}" for ratio in (min(known), max(known)))
            self._on_minutes = f"{' to '.join(ends)} times{{ours}} on a minute of 1080p"

    def take_videos(
        self, videos: Sequence[Video], results: Sequence[Mapping[str, Measured]]
    ) -> None:
        """Take up what the ways came to on the videos, all together."""
        ratio = warm_ratio(results, SEED_EVERYONE, OURS_EVERYONE)
        if ratio is not None:
            short = all(video.seconds <= _CLIP_SECONDS for video in videos)
            kind = "short clip" if short else "video"
            which = f"one {kind}" if len(videos) == 1 else f"the {len(videos)} {kind}s"
            self._on_videos = f"{ratio:.1f} times{{ours}} on {which}"

    def __str__(self) -> str:
        first, *others = [part for part in (self._on_minutes, self._on_videos) if part] or [""]
        if not first:
            return ""
        parts = [first.format(ours=" ours"), *(part.format(ours="") for part in others)]
        return f"The seed's way costs {', and '.join(parts)}, in one warm process."
