"""One long video, looked at in one run or range by range, in a process of its own.

`python -m bench.divided one-run|ranges GALLERY VIDEO` prints what was concluded, as JSON.
"""

from __future__ import annotations

import json
import random
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bench.ours import OPTIONS
from function.recogniser.identity.gallery import Gallery
from function.recogniser.looks import Looks
from function.recogniser.spans import conclude, look_at, plan
from function.recogniser.video.plan import WHOLE

if TYPE_CHECKING:
    from collections.abc import Sequence

    from function.recogniser.video.plan import Span

ONE_RUN, RANGES = "one-run", "ranges"


def look_in_spans(video: Path, known: Gallery, spans: Sequence[Span]) -> dict[str, Any]:
    """Look at each span, and return what follows from all, as JSON has it.

    What is seen in each is put into the form in which it is stored. They come in any order, as they
    do where several are looked at at once.
    """
    in_any_order = random.Random(1).sample(spans, len(spans))  # noqa: S311 - it keeps no secret
    stored = [look_at(video, known, OPTIONS, span).as_bytes() for span in in_any_order]
    concluded = conclude([Looks.from_bytes(content) for content in stored], OPTIONS)
    return {
        "spans": len(spans),
        "most_bytes": max(map(len, stored)),
        "seen": [
            [it.student_id, it.first_seen, it.last_seen, it.sightings]
            for it in concluded.attendance
        ],
        "distances": [it.distance for it in concluded.attendance],
        "strangers": concluded.strangers,
        "frames": concluded.frames,
        "faces": concluded.faces,
        "seconds": concluded.video_seconds,
        "unread": concluded.unread,
    }


def main() -> None:
    """Print what was concluded."""
    form, gallery, video = sys.argv[1:]
    path = Path(video)
    if form not in {ONE_RUN, RANGES}:
        sys.exit(f"{form!r} is not a form of this")
    spans = plan(path, OPTIONS).spans if form == RANGES else (WHOLE,)
    json.dump(look_in_spans(path, Gallery.load(Path(gallery)), spans), sys.stdout)


if __name__ == "__main__":
    main()
