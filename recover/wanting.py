"""Which videos want looking at: those without a result, and those whose result is out of date."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from recover.many_requests import answers
from recover.results import of_video, results_of
from recover.videos import videos

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from recover.results import Making, Result
    from recover.videos import Choice, UploadedVideo
    from stacks.outputs import Deployment


@dataclass(frozen=True, kw_only=True)
class Wanting:
    """A video that wants looking at, with the results that it has, and why, in a few words."""

    video: UploadedVideo
    results: Sequence[Result]
    why: str


def missing(stack: Deployment, choice: Choice) -> Iterator[Wanting]:
    """Find the videos that have no result of what is in the bucket now.

    Raises a botocore exception.
    """
    for video, results in _with_results(stack, choice):
        if not of_video(results, video.stored.etag):
            why = "its result is of an earlier video" if results else "it has no result"
            yield Wanting(video=video, results=results, why=why)


def outdated(stack: Deployment, choice: Choice, making: Making) -> Iterator[Wanting]:
    """Find the videos that have a result which would be made from something else now.

    Raises a botocore exception.
    """
    for video, results in _with_results(stack, choice):
        made = of_video(results, video.stored.etag)
        if made and not making.would_give(results, video.stored.etag):
            yield Wanting(video=video, results=results, why=_difference(made, making))


def _with_results(
    stack: Deployment, choice: Choice
) -> Iterator[tuple[UploadedVideo, Sequence[Result]]]:
    s3, bucket = stack.client("s3"), stack.outputs.output_bucket

    def asked(video: UploadedVideo) -> tuple[UploadedVideo, Sequence[Result]]:
        return video, results_of(s3, bucket, video.key)

    yield from answers(asked, videos(stack, choice))


def _difference(results: Sequence[Result], making: Making) -> str:
    # Whichever of two is newer, the function makes one of them.
    metadata = results[0].metadata
    differences = [
        word
        for word, was, now in (
            ("gallery", metadata.get("gallery-etag"), making.gallery_etag),
            ("recogniser", metadata.get("recogniser"), making.recogniser),
        )
        if was != now
    ]
    if not differences and len(results) > 1:
        return "it has both a CSV and an error report"
    if not differences:
        return "the evidence beside its CSV is missing, or was made from something else"
    return f"made with another {' and another '.join(differences)}"
