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
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import cache
from itertools import count
from typing import TYPE_CHECKING

from function.clients import dynamodb_client, s3_client, stepfunctions_client
from function.composed_text import composed
from function.courses import course_of_video
from function.events import UnexpectedEventError, Upload, uploads
from function.evidence import Evidence, Source
from function.failures import nameless
from function.long_videos import (
    CONCLUDED,
    INDIVISIBLE,
    LOOKED,
    OUTDATED,
    SUPERSEDED,
    Conclude,
    LongVideo,
    LookAt,
    LookAtWhole,
    PlanAnew,
    StoredLooks,
    looked_for,
    request_of,
    start_execution,
)
from function.media_type import has_name_of_video, is_meant_as_video
from function.recogniser.outcome import Recognition
from function.recogniser.recognition import recognise
from function.recogniser.spans import conclude, look_at, plan
from function.recogniser.video.plan import IndivisibleError
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
from function.stored_object import StoredObject, SupersededError
from function.students import look_up

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date

    from types_boto3_dynamodb import DynamoDBClient
    from types_boto3_s3 import S3Client
    from types_boto3_stepfunctions import SFNClient

    from function.long_videos import Request
    from function.recogniser.identity.gallery import Gallery
    from function.recogniser.spans import Plan
    from function.recogniser.video.plan import Span
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


def handler(event: object, context: object) -> dict[str, str] | None:
    """Answer a notification from S3, or a request of the state machine's that conducts."""
    run = RunTime(context)
    try:
        request = request_of(event)
        if request is not None:
            return {"outcome": _outcome_of(request, run)}
    except Exception as failure:  # noqa: BLE001 - whatever it is
        raise nameless(failure) from None
    _process_all(event, run)
    return None


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


def _process(
    upload: Upload, run: RunTime, *, in_one_run: bool = False, after: str | None = None
) -> None:
    """Bring the result of one video up to date, or pass over what is none.

    If it is long, have that done by an execution of the state machine, which comes `after` another.
    """
    while _is_overtaken(upload, _processed(upload, run, in_one_run=in_one_run, after=after)):
        pass


def _processed(
    upload: Upload, run: RunTime, *, in_one_run: bool, after: str | None
) -> Draft | None:
    """Process one video as it is now, and return the result that was written.

    None was written where a result was there already, a newer video was, no video at all, or one
    that is looked at in ranges from now on.
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

    recognition = Recognition.of_nothing()
    course = course_of_video(upload.key, gallery.courses)
    making = _Making(
        upload=upload, provenance=provenance, course=course, started=started, cold=cold
    )
    try:
        enrolled = gallery.looked_for(course=course, today=_today())
        source = _source_of(video, enrolled, attempt)
        planned = plan(source, SETTINGS)
        if video and not in_one_run and _is_long(planned):
            start_execution(
                _stepfunctions(),
                SETTINGS.long_videos,
                _long_video(making, video, enrolled),
                planned.spans,
                after=after,
            )
            _log("divided", started)
            return None
        recognition = recognise(
            source,
            enrolled,
            SETTINGS,
            planned=planned,
            watch=lambda findings: attempt.watch(findings, source),
        )
    except UnreadableVideoError as error:
        event, draft = "unreadable", making.report(error.problem, error.remedy)
    except _NobodyEnrolledError:
        said = _NOBODY_ANY_MORE if gallery.student_ids else _NOBODY_ENROLLED
        event, draft = "unenrolled", making.report(*said, because=FOR_WANT_OF_ENROLMENT)
    except OutOfTimeError as error:
        because = for_want_of_time(run.limits)
        event, draft = "too_long", making.report(error.came, _MORE_TIME, because=because)
    else:
        recognition, making = _of_those_still_enrolled(recognition, making)
        event, draft = "processed", making.csv(recognition)

    if not settle(result, draft, making.provenance, lambda: _now(upload)):
        if video is None and find_video(_s3(), upload.bucket, upload.key):
            # It is there after all, and this may be its event.
            return _processed(upload, run, in_one_run=in_one_run, after=after)
        # That a video takes too long is told, though an older result of it stays.
        _log("too_long" if event == "too_long" else "skipped", started)
        return None
    _log_result(event, started, recognition)
    return draft


class _OutcomeError(Exception):
    """A request of the state machine's comes to this, which is no error of anybody's."""

    def __init__(self, outcome: str) -> None:
        super().__init__(outcome)
        self.outcome = outcome


def _outcome_of(request: Request, run: RunTime) -> str:
    """Do what the state machine asks for, and return what came of it."""
    try:
        match request:
            case LookAt(video=video, span=span):
                _look_at(video, span, run)
                return LOOKED
            case Conclude():
                _conclude(request, run)
            case LookAtWhole(video=video):
                _not_superseded(video)
                _process(video.upload, run, in_one_run=True)
            case PlanAnew(video=video, execution=execution):
                _process(video.upload, run, after=execution)
    except _OutcomeError as it:
        return it.outcome
    return CONCLUDED


def _not_superseded(video: LongVideo) -> StoredVideo | None:
    """Return the video as it was planned, or None if there is none any more."""
    found = find_video(_s3(), video.upload.bucket, video.upload.key, looks=2)
    if found is not None and found.etag != video.video_etag:
        raise _OutcomeError(SUPERSEDED)
    return found


def _as_planned(video: LongVideo) -> StoredVideo:
    """Return the video, for which a run of this version was planned."""
    found = _not_superseded(video)
    if found is None or video.recogniser != SETTINGS.recogniser:
        raise _OutcomeError(OUTDATED)
    return found


def _look_at(video: LongVideo, span: Span, run: RunTime) -> None:
    """Look at a range of a long video, and keep what was seen, unless that was done."""
    started, attempt = datetime.now(UTC), run.attempt()
    source = StoredObject(_s3(), _as_planned(video), attempt.fetched)
    if _stored_looks().has(video, span):
        return
    gallery = _stored_gallery().as_it_was(video.gallery_etag, video.gallery_version)
    enrolled = gallery and gallery.looked_for(course=video.course, today=_today())
    if enrolled is None or looked_for(enrolled) != video.looked_for:
        raise _OutcomeError(OUTDATED)
    try:
        looks = look_at(
            source,
            enrolled,
            SETTINGS,
            span,
            watch=lambda findings: attempt.watch(findings, source),
        )
    except (IndivisibleError, UnreadableVideoError, OutOfTimeError):
        # One run has it right, or reports what is wrong.
        raise _OutcomeError(INDIVISIBLE) from None
    except SupersededError:
        _as_planned(video)
        raise
    _stored_looks().put(video, span, looks)
    _log("range", started)


def _conclude(request: Conclude, run: RunTime) -> None:
    """Make the result of a long video from what was seen in its ranges."""
    video, upload, started = request.video, request.video.upload, request.started
    _as_planned(video)
    provenance = Provenance(
        video_etag=video.video_etag,
        gallery_etag=video.gallery_etag,
        recogniser=video.recogniser,
        limits=run.limits,
    )
    result = StoredResult(_s3(), SETTINGS.output_bucket, upload.key)
    if is_settled(result, provenance, lambda: _now(upload)):
        _log("skipped", started)
        return
    looks = [_stored_looks().get(video, span) for span in request.spans]
    if not all(looks):
        raise _OutcomeError(OUTDATED)
    try:
        recognition = conclude([each for each in looks if each], SETTINGS)
    except (IndivisibleError, UnreadableVideoError):
        raise _OutcomeError(INDIVISIBLE) from None
    making = _Making(
        upload=upload,
        provenance=provenance,
        course=video.course,
        started=started,
        cold=next(_runs) == 0,
        ranges=len(looks),
    )
    recognition, making = _of_those_still_enrolled(recognition, making)
    draft = making.csv(recognition)
    if settle(result, draft, making.provenance, lambda: _now(upload)):
        _log_result("processed", started, recognition)
        if _is_overtaken(upload, draft):
            _process(upload, run)
    else:
        _log("skipped", started)


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


def _source_of(video: StoredVideo | None, gallery: Gallery, attempt: Attempt) -> StoredObject:
    """Return what the video is read from, if there is one, and somebody to look for in it."""
    if video is None:
        raise UnreadableVideoError(
            "The video was no longer in the bucket when its turn came.", "Upload it again."
        )
    if not gallery.student_ids:
        raise _NobodyEnrolledError
    return StoredObject(_s3(), video, attempt.fetched)


def _is_long(planned: Plan) -> bool:
    """Tell whether the spans of a video are looked at by runs of their own."""
    if len(planned.spans) == 1:
        return False
    # They are equal, so the second begins with the length of each.
    seconds = planned.spans[1].start * len(planned.spans)
    return seconds >= SETTINGS.ranges_from_seconds


def _long_video(making: _Making, video: StoredVideo, enrolled: Gallery) -> LongVideo:
    return LongVideo(
        # As S3 has it: events of one video that name other times are about one execution.
        upload=replace(making.upload, time=_iso(video.uploaded)),
        video_etag=making.provenance.video_etag,
        gallery_etag=making.provenance.gallery_etag,
        gallery_version=_stored_gallery().version,
        course=making.course,
        looked_for=looked_for(enrolled),
        recogniser=making.provenance.recogniser,
    )


def _of_those_still_enrolled(
    recognition: Recognition, making: _Making
) -> tuple[Recognition, _Making]:
    """Leave out who was forgotten while the video was looked at, and say so in the provenance.

    Whoever is forgotten is taken out of the gallery first and out of the results then, where this
    one is not yet.
    """
    gallery, _ = _stored_gallery().current()
    # Another version may have written the gallery, and composed the ids.
    enrolled = {composed(student_id) for student_id in gallery.student_ids}
    still = replace(
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
    if still == recognition:
        return recognition, making
    return still, replace(making, provenance=making.provenance.in_part())


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


@dataclass(frozen=True, kw_only=True)
class _Making:
    """What a result is of and from, when it was begun with, and whether in a cold run.

    `ranges` is in how many the video was looked at.
    """

    upload: Upload
    provenance: Provenance
    course: str | None
    started: datetime
    cold: bool
    ranges: int = 1

    def csv(self, recognition: Recognition) -> Draft:
        """Return the CSV of who was seen, with the evidence beside it."""
        students = _students(recognition)
        content = csv_bytes(recognition.attendance, students)
        source = Source(
            video=self.upload.key,
            course=self.course,
            recogniser=self.provenance.recogniser,
            step=1 / SETTINGS.samples_per_second,
            video_etag=self.provenance.video_etag,
            gallery_etag=self.provenance.gallery_etag,
        )
        return Draft(
            kind=ResultKind.CSV,
            content=content,
            metadata=self._metadata(recognition),
            evidence=Evidence.of(recognition, students, source, content).as_bytes(),
        )

    def report(self, problem: str, remedy: str, *, because: dict[str, str] | None = None) -> Draft:
        """Return the error report that says why there is no CSV, to programs by `because`."""
        content = error_bytes(
            video=self.upload.key,
            problem=problem,
            remedy=remedy,
            recogniser=self.provenance.recogniser,
        )
        metadata = self._metadata(Recognition.of_nothing()) | (because or {})
        return Draft(kind=ResultKind.REPORT, content=content, metadata=metadata)

    def _metadata(self, recognition: Recognition) -> dict[str, str]:
        """Return what a result tells of itself: also how long it took, and for how much."""
        return {
            **self.provenance.as_metadata(),
            **of_course(self.course),
            "event-time": self.upload.time,
            "started": _iso(self.started),
            "finished": _iso(datetime.now(UTC)),
            "cold": str(self.cold).lower(),
            "ranges": str(self.ranges),
            "video-seconds": f"{recognition.video_seconds:.2f}",
            "frames": str(recognition.frames),
            "faces": str(recognition.faces),
            **({"unread": recognition.unread} if recognition.unread else {}),
        }


def _log_result(event: str, started: datetime, recognition: Recognition) -> None:
    _log(event, started, recognition)
    if recognition.unread:
        logger.warning(
            "a part of a video could not be read: its result says which", extra={"event": "partly"}
        )


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
def _stepfunctions() -> SFNClient:
    return stepfunctions_client()


@cache
def _stored_looks() -> StoredLooks:
    return StoredLooks(_s3(), SETTINGS.looks_bucket)


@cache
def _dynamodb() -> DynamoDBClient:
    return dynamodb_client()


@cache
def _stored_gallery() -> StoredGallery:
    return StoredGallery(_s3(), SETTINGS.gallery_bucket, SETTINGS.gallery_key)
