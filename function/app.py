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

import logging
import os
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import cache
from itertools import count
from typing import TYPE_CHECKING

from function.clients import dynamodb_client, s3_client
from function.composed_text import composed
from function.courses import course_of_video
from function.events import UnexpectedEventError, Upload, uploads
from function.evidence import Evidence, Source
from function.failures import nameless
from function.media_type import has_name_of_video, is_meant_as_video
from function.recogniser.outcome import Recognition
from function.recogniser.recognition import recognise
from function.recogniser.video.unreadable import UnreadableVideoError
from function.results import (
    FOR_WANT_OF_ENROLMENT,
    NO_VIDEO,
    Provenance,
    csv_bytes,
    error_bytes,
    for_want_of_time,
    is_for_want_of_enrolment,
    of_course,
)
from function.run_time import OutOfTimeError, RunTime
from function.settings import Settings
from function.settling import Now, is_settled, settle
from function.storage import (
    Draft,
    ResultKind,
    StoredGallery,
    StoredResult,
    find_video,
    head_of,
)
from function.stored_object import StoredObject
from function.students import look_up

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date

    from types_boto3_dynamodb import DynamoDBClient
    from types_boto3_s3 import S3Client

    from function.recogniser.identity.gallery import Gallery
    from function.run_time import Attempt
    from function.storage import StoredVideo
    from function.students import Student

# Read when the function starts, so that a wrong setting fails the start.
SETTINGS = Settings.from_environment(os.environ)

# What a report says, and advises, when there is nobody to look for.
_NOBODY_ENROLLED = (
    "Nobody is enrolled yet, so there is nobody to look for in the video.",
    "Enrol students with 'python -m enroll --stack NAME': the video is then looked at again.",
)
_NOBODY_ANY_MORE = (
    "The last day (until) of everybody who would be looked for in the video has passed.",
    "Give students a later day in the list, and enrol them again: the video is then looked at.",
)

# What a report advises when a video takes longer than a run may.
_MORE_TIME = (
    "Raise memoryMb in the stack's configuration, which makes the function faster, and "
    "timeoutSeconds where it is below 900, or split the recording; then upload it again."
)

# The first video in an execution environment is a cold run: it waits for the models to load.
_runs = count()

logger = logging.getLogger(__name__)
logger.setLevel(logging.INFO)


class _NobodyEnrolledError(Exception):
    """The gallery is empty, or there is none, or nobody in it is looked for any more."""


def handler(event: object, context: object) -> None:
    """Answer one notification from S3, of one or several uploads.

    Every upload is tried before the first failure is raised, those beside a record that is not
    from S3 too: what succeeded is skipped when Lambda tries the event again.
    """
    failures: list[Exception] = []
    run = RunTime(context)
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


def _process(upload: Upload, run: RunTime) -> None:
    """Bring the result of one video up to date, or pass over what is none."""
    while _is_overtaken(upload, _processed(upload, run)):
        pass


def _processed(upload: Upload, run: RunTime) -> Draft | None:
    """Process one video as it is now, and return the result that was written.

    None was written where a result was there already, a newer video was, or no video at all.
    """
    started = datetime.now(UTC)
    attempt = run.attempt()
    # Only here is a video called gone, so that is made sure of.
    video = find_video(_s3(), upload.bucket, upload.key, looks=2)
    if not _is_meant_as_video(upload, video):
        _log("ignored", started)
        return None
    cold = next(_runs) == 0
    result = StoredResult(_s3(), SETTINGS.output_bucket, upload.key)
    gallery, gallery_etag = _stored_gallery().current()
    provenance = Provenance(
        video_etag=video.etag if video else NO_VIDEO,
        gallery_etag=gallery_etag,
        recogniser=SETTINGS.recogniser,
        limits=run.limits,
    )
    if is_settled(result, provenance, lambda: _now(upload)):
        _log("skipped", started)
        return None

    recognition, reason, evidence = Recognition.of_nothing(), {}, None
    course = course_of_video(upload.key, gallery.courses)
    try:
        recognition = _of_those_still_enrolled(
            _recognise(video, gallery.looked_for(course=course, today=_today()), attempt)
        )
    except UnreadableVideoError as error:
        event = "unreadable"
        kind, content = ResultKind.REPORT, _report(upload, error.problem, error.remedy)
    except _NobodyEnrolledError:
        event, reason = "unenrolled", FOR_WANT_OF_ENROLMENT
        said = _NOBODY_ANY_MORE if gallery.student_ids else _NOBODY_ENROLLED
        kind, content = ResultKind.REPORT, _report(upload, *said)
    except OutOfTimeError as error:
        event, reason = "too_long", for_want_of_time(run.limits)
        kind, content = ResultKind.REPORT, _report(upload, error.came, _MORE_TIME)
    else:
        event = "processed"
        students = _students(recognition)
        kind, content = ResultKind.CSV, csv_bytes(recognition.attendance, students)
        source = _source(upload, provenance, course)
        evidence = Evidence.of(recognition, students, source, content).as_bytes()

    measurements = _measurements(upload, started, cold=cold, recognition=recognition)
    metadata = provenance.as_metadata() | of_course(course) | measurements | reason
    draft = Draft(kind=kind, content=content, metadata=metadata, evidence=evidence)
    if not settle(result, draft, provenance, lambda: _now(upload)):
        if video is None and find_video(_s3(), upload.bucket, upload.key):
            return _processed(upload, run)  # it is there after all, and this may be its event
        # That a video takes too long is told, though an older result of it stays.
        _log("too_long" if event == "too_long" else "skipped", started)
        return None
    _log(event, started, recognition)
    if recognition.unread:
        logger.warning(
            "a part of a video could not be read: its result says which", extra={"event": "partly"}
        )
    return draft


def _now(upload: Upload) -> Now:
    video = find_video(_s3(), upload.bucket, upload.key)
    return Now(
        video_etag=video.etag if video else NO_VIDEO,
        gallery_etag=_stored_gallery().current_etag(),
    )


def _is_overtaken(upload: Upload, written: Draft | None) -> bool:
    """Tell whether what was written is out of date, and nobody else may be about to notice.

    A video that came while the result was written may have had its event already. Who enrolled
    meanwhile looked for reports that nobody was, perhaps before this one was there.
    """
    if written is None:
        return False
    now, made_from = _now(upload), written.metadata
    return now.video_etag not in {NO_VIDEO, made_from["video-etag"]} or (
        is_for_want_of_enrolment(made_from) and now.gallery_etag != made_from["gallery-etag"]
    )


def _is_meant_as_video(upload: Upload, video: StoredVideo | None) -> bool:
    if has_name_of_video(upload.key):
        return True  # and most are: what they begin with need not be asked for
    # Of what is gone, nothing but the name is left to go by.
    return video is not None and is_meant_as_video(upload.key, head_of(_s3(), video))


def _recognise(video: StoredVideo | None, gallery: Gallery, attempt: Attempt) -> Recognition:
    if video is None:
        raise UnreadableVideoError(
            "The video was no longer in the bucket when its turn came.", "Upload it again."
        )
    if not gallery.student_ids:
        raise _NobodyEnrolledError
    source = StoredObject(_s3(), video, attempt.fetched)
    return recognise(
        source, gallery, SETTINGS, watch=lambda findings: attempt.watch(findings, source)
    )


def _of_those_still_enrolled(recognition: Recognition) -> Recognition:
    """Leave out who was forgotten while the video was looked at.

    Whoever is forgotten is taken out of the gallery first and out of the results then, where this
    one is not yet.
    """
    gallery, _ = _stored_gallery().current()
    # Another version may have written the gallery, and composed the ids.
    enrolled = {composed(student_id) for student_id in gallery.student_ids}
    return replace(
        recognition,
        attendance=tuple(
            seen for seen in recognition.attendance if composed(seen.student_id) in enrolled
        ),
        please_check=tuple(
            perhaps
            for perhaps in recognition.please_check
            if composed(perhaps.student_id) in enrolled
        ),
    )


def _students(recognition: Recognition) -> dict[str, Student]:
    ids = [seen.student_id for seen in recognition.attendance]
    ids += [perhaps.student_id for perhaps in recognition.please_check]
    students = look_up(_dynamodb(), SETTINGS.students_table, ids)
    unrecorded = len(ids) - len(students)
    if unrecorded:
        logger.warning(
            "students are in the gallery and not in the table", extra={"unrecorded": unrecorded}
        )
    return students


def _source(upload: Upload, provenance: Provenance, course: str | None) -> Source:
    return Source(
        video=upload.key,
        course=course,
        recogniser=provenance.recogniser,
        step=1 / SETTINGS.samples_per_second,
        video_etag=provenance.video_etag,
        gallery_etag=provenance.gallery_etag,
    )


def _report(upload: Upload, problem: str, remedy: str) -> bytes:
    return error_bytes(
        video=upload.key, problem=problem, remedy=remedy, recogniser=SETTINGS.recogniser
    )


def _measurements(
    upload: Upload, started: datetime, *, cold: bool, recognition: Recognition
) -> dict[str, str]:
    """Return the metadata that tells, result by result, how long it took and for how much."""
    return {
        "event-time": upload.time,
        "started": _iso(started),
        "finished": _iso(datetime.now(UTC)),
        "cold": str(cold).lower(),
        "video-seconds": f"{recognition.video_seconds:.2f}",
        "frames": str(recognition.frames),
        "faces": str(recognition.faces),
        **({"unread": recognition.unread} if recognition.unread else {}),
    }


def _log(event: str, started: datetime, recognition: Recognition | None = None) -> None:
    """Log one record for each upload. It names neither the video nor students: only numbers."""
    seen = recognition or Recognition.of_nothing()
    logger.info(
        "upload %s",
        event,
        extra={
            "event": event,
            "frames": seen.frames,
            "faces": seen.faces,
            "students": len(seen.attendance),
            "video_seconds": round(seen.video_seconds, 2),
            "duration_ms": round((datetime.now(UTC) - started) / timedelta(milliseconds=1)),
        },
    )


def _today() -> date:
    return datetime.now(UTC).date()


def _iso(time: datetime) -> str:
    return time.isoformat(timespec="milliseconds").replace("+00:00", "Z")


# Made when first needed, and kept as long as the execution environment lives.


@cache
def _s3() -> S3Client:
    return s3_client()


@cache
def _dynamodb() -> DynamoDBClient:
    return dynamodb_client()


@cache
def _stored_gallery() -> StoredGallery:
    return StoredGallery(_s3(), SETTINGS.gallery_bucket, SETTINGS.gallery_key)
