"""One video and the gallery, into who was seen in it: the whole recognition, without AWS.

The handler and the command line both go through :func:`recognise`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from function.recogniser.spans import conclude, look_at, plan
from function.recogniser.video.plan import WHOLE, IndivisibleError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from function.recogniser.identity.gallery import Gallery
    from function.recogniser.looking import Finding
    from function.recogniser.options import RecognitionOptions
    from function.recogniser.outcome import Recognition
    from function.recogniser.spans import Plan
    from function.recogniser.video.source import Source


def recognise(
    video: Source,
    gallery: Gallery,
    options: RecognitionOptions,
    *,
    planned: Plan | None = None,
    watch: Callable[[Iterator[Finding]], Iterable[Finding]] = iter,
) -> Recognition:
    """Find the gallery's students in a video, which is a file or read like one.

    A long one is looked at span by span, as it would be by many runs, and to the same end. Its plan
    is `planned`, if there is one already. The findings of each span are taken through `watch` as
    they come, which may show the progress.

    Raises:
        function.recogniser.video.unreadable.UnreadableVideoError: the file is no video that can be
            read.

    """
    try:
        spans = (planned or plan(video, options)).spans
        looks = [look_at(video, gallery, options, span, watch=watch) for span in spans]
        return conclude(looks, options)
    except IndivisibleError:
        return conclude([look_at(video, gallery, options, WHOLE, watch=watch)], options)
