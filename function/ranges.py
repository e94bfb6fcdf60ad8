"""The ranges of a long video: which videos have any, and the runs that the state machine starts.

A run looks at one range and keeps what it saw; the last makes the result of all. Where that cannot
be, the answer to the state machine says what it has to do instead.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from function.drafts import Drafts, Ranges
from function.events import event_time
from function.execution_environment import today
from function.log import log_result, log_upload
from function.long_videos import (
    INDIVISIBLE,
    OUTDATED,
    SUPERSEDED,
    LongVideo,
    SeenInSpan,
    looked_for,
    start_execution,
)
from function.recogniser.spans import conclude, look_at
from function.recogniser.video.plan import IndivisibleError
from function.recogniser.video.unreadable import UnreadableVideoError
from function.results import Provenance
from function.run_time import OutOfTimeError
from function.settling import is_settled, settle
from function.stored_object import StoredObject, SupersededError

if TYPE_CHECKING:
    from function.execution_environment import ExecutionEnvironment
    from function.long_videos import Conclude, LookAt
    from function.recogniser.identity.gallery import Gallery
    from function.recogniser.spans import Plan
    from function.run_time import RunTime
    from function.settings import Settings
    from function.storage import Draft, StoredVideo


class OtherOutcomeError(Exception):
    """What the state machine asks for is not to be done, which is no error of anybody's.

    `outcome` is what it is answered.
    """

    def __init__(self, outcome: str) -> None:
        super().__init__(outcome)
        self.outcome = outcome


def limits(run: RunTime, settings: Settings) -> str:
    """Return what decides whether a video that took too long may come further another time."""
    return f"{run.limits}, ranges from {settings.ranges_from_seconds:g} s"


def is_long(planned: Plan, settings: Settings) -> bool:
    """Tell whether the spans of a video are looked at by runs of their own."""
    if len(planned.spans) == 1:
        return False
    # They are equal, so the second begins with the length of each.
    seconds = planned.spans[1].start * len(planned.spans)
    return seconds >= settings.ranges_from_seconds


def begin_with_ranges(
    drafts: Drafts, video: StoredVideo, enrolled: Gallery, planned: Plan, *, after: str | None
) -> None:
    """Have the state machine conduct runs for a video, looking for who is enrolled.

    The execution comes `after` another.

    Raises:
        function.long_videos.TooManyExecutionsError: too many have ended already.

    """
    environment, provenance = drafts.environment, drafts.provenance
    long_video = LongVideo(
        # As S3 has it: events of one video that name other times are about one execution.
        upload=replace(drafts.upload, time=event_time(video.uploaded)),
        video_etag=provenance.video_etag,
        gallery_etag=provenance.gallery_etag,
        gallery_version=environment.gallery.version,
        course=drafts.course,
        looked_for=looked_for(enrolled),
        recogniser=provenance.recogniser,
    )
    start_execution(
        environment.stepfunctions,
        environment.settings.long_videos,
        long_video,
        planned.spans,
        after=after,
    )


def look_at_range(request: LookAt, run: RunTime, environment: ExecutionEnvironment) -> None:
    """Look at a range of a long video, and keep what was seen, unless that was done.

    Raises:
        OtherOutcomeError: not with this plan, or not by ranges.

    """
    started, attempt = datetime.now(UTC), run.attempt()
    video, span = request.video, request.span
    source = StoredObject(environment.s3, _as_planned(video, environment), attempt.fetched)
    if environment.looks.get(video, span):
        return
    if environment.looks.is_indivisible(video):
        raise OtherOutcomeError(INDIVISIBLE)
    gallery = _gallery_of(video, environment)
    enrolled = gallery.looked_for(course=video.course, today=today())
    if looked_for(enrolled) != video.looked_for:
        raise OtherOutcomeError(OUTDATED)
    try:
        looks = look_at(
            source,
            enrolled,
            environment.settings,
            span,
            watch=lambda findings: attempt.watch(findings, source),
        )
    except (IndivisibleError, UnreadableVideoError, OutOfTimeError):
        # One run has it right, or reports what is wrong.
        environment.looks.call_indivisible(video)
        raise OtherOutcomeError(INDIVISIBLE) from None
    except SupersededError:
        _as_planned(video, environment)
        raise
    # Somebody may have been forgotten meanwhile: of whom nothing is kept.
    _gallery_of(video, environment)
    worked = datetime.now(UTC) - started
    environment.looks.put(video, span, SeenInSpan(looks, worked.total_seconds()))
    log_upload("range", started)


def conclude_ranges(
    request: Conclude, run: RunTime, environment: ExecutionEnvironment
) -> Draft | None:
    """Make the result of a long video from what was seen in its ranges, and return it.

    None was written where a result was there already.

    Raises:
        OtherOutcomeError: not with this plan, or not by ranges.

    """
    video, upload, started = request.video, request.video.upload, request.started
    begun = datetime.now(UTC)
    _as_planned(video, environment)
    provenance = Provenance(
        video_etag=video.video_etag,
        gallery_etag=video.gallery_etag,
        recogniser=video.recogniser,
        limits=limits(run, environment.settings),
    )
    result = environment.result(upload)
    if is_settled(result, provenance, lambda: environment.now(upload)):
        log_upload("skipped", started)
        return None
    if environment.looks.is_indivisible(video):
        raise OtherOutcomeError(INDIVISIBLE)
    kept = [environment.looks.get(video, span) for span in request.spans]
    seen = [each for each in kept if each]
    if len(seen) < len(kept):
        raise OtherOutcomeError(OUTDATED)
    try:
        recognition = conclude([each.looks for each in seen], environment.settings)
    except (IndivisibleError, UnreadableVideoError):
        raise OtherOutcomeError(INDIVISIBLE) from None
    drafts = Drafts(
        environment=environment,
        upload=upload,
        provenance=provenance,
        course=video.course,
        started=started,
        cold=environment.begins_cold(),
        ranges=Ranges(
            count=len(seen), worked=sum(each.worked for each in seen), concluding_since=begun
        ),
    )
    recognition, drafts = drafts.of_those_still_enrolled(recognition)
    draft = drafts.csv(recognition)
    if not settle(result, draft, drafts.provenance, lambda: environment.now(upload)):
        log_upload("skipped", started)
        return None
    log_result("processed", started, recognition)
    return draft


def check_not_superseded(video: LongVideo, environment: ExecutionEnvironment) -> StoredVideo | None:
    """Return the video as it was planned, or None if there is none any more.

    Raises:
        OtherOutcomeError: there is another by now.

    """
    found = environment.video(video.upload, looks=2)
    if found is not None and found.etag != video.video_etag:
        raise OtherOutcomeError(SUPERSEDED)
    return found


def _gallery_of(video: LongVideo, environment: ExecutionEnvironment) -> Gallery:
    """Return the gallery that a video was planned for, as long as it is kept.

    Raises:
        OtherOutcomeError: it is not: somebody who is in it was forgotten.

    """
    gallery = environment.gallery.as_it_was(video.gallery_etag, video.gallery_version)
    if gallery is None:
        raise OtherOutcomeError(OUTDATED)
    return gallery


def _as_planned(video: LongVideo, environment: ExecutionEnvironment) -> StoredVideo:
    """Return the video, for which a run of this version was planned."""
    found = check_not_superseded(video, environment)
    if found is None or video.recogniser != environment.settings.recogniser:
        raise OtherOutcomeError(OUTDATED)
    return found
