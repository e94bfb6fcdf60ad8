"""A video put into the input bucket becomes a CSV of who was seen in it, in the output bucket.

This is the function's handler. It decides what is a result and what is a failure: a video that
cannot be read, or is gone, gets an error report in place of the CSV, for it would fail the same
way again. So does one that takes longer than a run may, and one that comes before anybody is
enrolled: enrolling sends its event again.
Anything else that goes wrong is raised, as an error that names nobody, so that Lambda tries again
and in the end hands the event to the failures queue. What is not meant as a video at all is passed
over.
"""

from __future__ import annotations

import os
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from function.courses import course_of_video
from function.drafts import Drafts
from function.events import UnexpectedEventError, Upload, uploads
from function.execution_environment import ExecutionEnvironment, today
from function.failures import nameless
from function.log import log_result, log_upload
from function.long_videos import (
    CONCLUDED,
    LOOKED,
    Conclude,
    LookAt,
    LookAtWhole,
    PlanAnew,
    request_of,
)
from function.media_type import has_name_of_video, is_meant_as_video
from function.ranges import (
    OtherOutcomeError,
    begin_with_ranges,
    check_not_superseded,
    conclude_ranges,
    is_long,
    limits,
    look_at_range,
)
from function.recogniser.heap import give_back
from function.recogniser.outcome import Recognition
from function.recogniser.recognition import recognise
from function.recogniser.spans import IN_ONE, plan
from function.recogniser.video.unreadable import UnreadableVideoError
from function.results import NO_VIDEO, Provenance
from function.run_time import OutOfTimeError, RunTime
from function.settings import Settings
from function.settling import is_overtaken, is_settled, settle
from function.storage import head_of
from function.stored_object import StoredObject

if TYPE_CHECKING:
    from collections.abc import Sequence

    from function.long_videos import Request
    from function.recogniser.identity.gallery import Gallery
    from function.run_time import Attempt
    from function.storage import Draft, StoredVideo

# Settings are read when the function starts, so that a wrong one fails the start.
ENVIRONMENT = ExecutionEnvironment(Settings.from_environment(os.environ))


class _NobodyEnrolledError(Exception):
    """The gallery is empty, or there is none, or nobody in it is looked for any more."""


def handler(event: object, context: object) -> dict[str, str] | None:
    """Answer a notification from S3, or a request of the state machine's that conducts."""
    run = RunTime(context)
    try:
        request = request_of(event)
        if request is not None:
            return {"outcome": _outcome_of(request, run)}
    except Exception as failure:  # noqa: BLE001 - whatever it is
        raise nameless(failure) from None
    else:
        _process_all(event, run)
        return None
    finally:
        # Only now is nothing held any more of what was read of a video.
        give_back()


def _process_all(event: object, run: RunTime) -> None:
    """Process one or several uploads.

    Every upload is tried before the first failure is raised, those beside a record that is not
    from S3 too: what succeeded is skipped when Lambda tries the event again.
    """
    failures: list[Exception] = []
    try:
        told: Sequence[Upload] = uploads(event)
    except UnexpectedEventError as error:
        failures.append(nameless(error))
        told = error.uploads
    for upload in told:
        try:
            _process(upload, run)
        except Exception as failure:  # noqa: BLE001 - raised below, whatever it is
            failures.append(nameless(failure))
    if failures:
        raise failures[0] from None


def _outcome_of(request: Request, run: RunTime) -> str:
    """Do what the state machine asks for, and return what came of it."""
    try:
        match request:
            case LookAt():
                look_at_range(request, run, ENVIRONMENT)
                return LOOKED
            case Conclude(video=video):
                if _is_overtaken(video.upload, conclude_ranges(request, run, ENVIRONMENT)):
                    _process(video.upload, run)
            case LookAtWhole(video=video):
                check_not_superseded(video, ENVIRONMENT)
                _process(video.upload, run, indivisible=video.video_etag)
            case PlanAnew(video=video, execution=execution):
                _process(video.upload, run, after=execution)
    except OtherOutcomeError as it:
        return it.outcome
    return CONCLUDED


def _process(
    upload: Upload, run: RunTime, *, indivisible: str | None = None, after: str | None = None
) -> None:
    """Bring the result of one video up to date, or pass over what is none.

    If it is long, have that done by an execution of the state machine, which comes `after` another:
    but not if its ETag is the one that is known to be of an `indivisible` video.
    """
    while _is_overtaken(upload, _processed(upload, run, indivisible=indivisible, after=after)):
        pass


def _processed(
    upload: Upload, run: RunTime, *, indivisible: str | None, after: str | None
) -> Draft | None:
    """Process one video as it is now, and return the result that was written.

    None was written where a result was there already, a newer video was, no video at all, or one
    that is looked at in ranges from now on.
    """
    started = datetime.now(UTC)
    attempt = run.attempt()
    # Only here is a video called gone, so that is made sure of.
    video = ENVIRONMENT.video(upload, looks=2)
    if not _is_meant_as_video(upload, video):
        log_upload("ignored", started)
        return None
    cold = ENVIRONMENT.begins_cold()
    result = ENVIRONMENT.result(upload)
    gallery, gallery_etag = ENVIRONMENT.gallery.current()
    provenance = Provenance(
        video_etag=video.etag if video else NO_VIDEO,
        gallery_etag=gallery_etag,
        recogniser=ENVIRONMENT.settings.recogniser,
        limits=limits(run, ENVIRONMENT.settings),
    )
    if is_settled(result, provenance, lambda: ENVIRONMENT.now(upload)):
        log_upload("skipped", started)
        return None

    recognition = Recognition.of_nothing()
    course = course_of_video(upload.key, gallery.courses)
    drafts = Drafts(
        environment=ENVIRONMENT,
        upload=upload,
        provenance=provenance,
        course=course,
        started=started,
        cold=cold,
    )
    try:
        enrolled = gallery.looked_for(course=course, today=today())
        source = _source_of(video, enrolled, attempt)
        is_whole = provenance.video_etag == indivisible
        planned = IN_ONE if is_whole else plan(source, ENVIRONMENT.settings)
        if video and is_long(planned, ENVIRONMENT.settings):
            begin_with_ranges(drafts, video, enrolled, planned, after=after)
            log_upload("divided", started)
            return None
        recognition = recognise(
            source,
            enrolled,
            ENVIRONMENT.settings,
            planned=planned,
            watch=lambda findings: attempt.watch(findings, source),
        )
    except UnreadableVideoError as error:
        event, draft = "unreadable", drafts.unreadable(error)
    except _NobodyEnrolledError:
        event, draft = "unenrolled", drafts.nobody_enrolled(any_more=bool(gallery.student_ids))
    except OutOfTimeError as error:
        event, draft = "too_long", drafts.too_long(error)
    else:
        recognition, drafts = drafts.of_those_still_enrolled(recognition)
        event, draft = "processed", drafts.csv(recognition)

    if not settle(result, draft, drafts.provenance, lambda: ENVIRONMENT.now(upload)):
        if video is None and ENVIRONMENT.video(upload):
            # It is there after all, and this may be its event.
            return _processed(upload, run, indivisible=indivisible, after=after)
        # That a video takes too long is told, though an older result of it stays.
        log_upload("too_long" if event == "too_long" else "skipped", started)
        return None
    log_result(event, started, recognition)
    return draft


def _is_overtaken(upload: Upload, written: Draft | None) -> bool:
    return written is not None and is_overtaken(written, ENVIRONMENT.now(upload))


def _is_meant_as_video(upload: Upload, video: StoredVideo | None) -> bool:
    if has_name_of_video(upload.key):
        return True  # and most are: what they begin with need not be asked for
    # Of what is gone, nothing but the name is left to go by.
    return video is not None and is_meant_as_video(upload.key, head_of(ENVIRONMENT.s3, video))


def _source_of(video: StoredVideo | None, gallery: Gallery, attempt: Attempt) -> StoredObject:
    """Return what the video is read from, if there is one, and somebody to look for in it."""
    if video is None:
        raise UnreadableVideoError(
            "The video was no longer in the bucket when its turn came.", "Upload it again."
        )
    if not gallery.student_ids:
        raise _NobodyEnrolledError
    return StoredObject(ENVIRONMENT.s3, video, attempt.fetched)
