"""What is to be written for a video: a CSV with its evidence, or a report of why there is none.

It says of itself what it was made from, and how long that took. Nothing is written here.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from function.composed_text import composed
from function.events import event_time
from function.evidence import Evidence, Source
from function.log import log_unrecorded
from function.recogniser.outcome import Recognition
from function.results import (
    FOR_WANT_OF_ENROLMENT,
    csv_bytes,
    error_bytes,
    for_want_of_time,
    of_course,
)
from function.storage import Draft, ResultKind
from function.students import look_up

if TYPE_CHECKING:
    from collections.abc import Mapping

    from function.events import Upload
    from function.execution_environment import ExecutionEnvironment
    from function.recogniser.video.unreadable import UnreadableVideoError
    from function.results import Provenance
    from function.run_time import OutOfTimeError
    from function.students import Student

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


@dataclass(frozen=True, kw_only=True)
class Ranges:
    """How many there are of a video, and for how many seconds their runs worked.

    The run that concludes from what they saw has been `concluding_since`.
    """

    count: int
    worked: float
    concluding_since: datetime


@dataclass(frozen=True, kw_only=True, eq=False)
class Drafts:
    """What a result of a video may be: whichever the video comes to.

    `started` is when the video was begun with, and `cold` whether in a cold run. It has `ranges`
    where these had runs of their own.
    """

    environment: ExecutionEnvironment
    upload: Upload
    provenance: Provenance
    course: str | None
    started: datetime
    cold: bool
    ranges: Ranges | None = None

    def of_those_still_enrolled(self, recognition: Recognition) -> tuple[Recognition, Drafts]:
        """Leave out who was forgotten while the video was looked at, and say so in the provenance.

        Whoever is forgotten is taken out of the gallery first and out of the results then, where
        this one is not yet.
        """
        gallery, _ = self.environment.gallery.current()
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
            return recognition, self
        return still, replace(self, provenance=self.provenance.in_part())

    def csv(self, recognition: Recognition) -> Draft:
        """Return the CSV of who was seen, with the evidence beside it.

        Raises:
            function.students.StudentsTableBusyError: the table did not answer.
            botocore.exceptions.ClientError: it refused to.

        """
        students = self._students(recognition)
        content = csv_bytes(recognition.attendance, students)
        source = Source(
            video=self.upload.key,
            course=self.course,
            recogniser=self.provenance.recogniser,
            step=1 / self.environment.settings.samples_per_second,
            video_etag=self.provenance.video_etag,
            gallery_etag=self.provenance.gallery_etag,
        )
        return Draft(
            kind=ResultKind.CSV,
            content=content,
            metadata=self._metadata(recognition),
            evidence=Evidence.of(recognition, students, source, content).as_bytes(),
        )

    def unreadable(self, error: UnreadableVideoError) -> Draft:
        """Return the report that the video cannot be read."""
        return self._report(error.problem, error.remedy)

    def nobody_enrolled(self, *, any_more: bool) -> Draft:
        """Return the report that there is nobody to look for: yet, or any more."""
        problem, remedy = _NOBODY_ANY_MORE if any_more else _NOBODY_ENROLLED
        return self._report(problem, remedy, because=FOR_WANT_OF_ENROLMENT)

    def too_long(self, error: OutOfTimeError) -> Draft:
        """Return the report that the video takes longer than a run may."""
        because = for_want_of_time(self.provenance.limits)
        return self._report(error.came, _MORE_TIME, because=because)

    def _report(
        self, problem: str, remedy: str, *, because: Mapping[str, str] | None = None
    ) -> Draft:
        """Return the error report that says why there is no CSV, to programs by `because`."""
        content = error_bytes(
            video=self.upload.key,
            problem=problem,
            remedy=remedy,
            recogniser=self.provenance.recogniser,
        )
        metadata = self._metadata(Recognition.of_nothing()) | dict(because or {})
        return Draft(kind=ResultKind.REPORT, content=content, metadata=metadata)

    def _metadata(self, recognition: Recognition) -> dict[str, str]:
        """Return what a result tells of itself: also how long it took, and for how much."""
        now = datetime.now(UTC)
        worked = now - (self.ranges.concluding_since if self.ranges else self.started)
        worked_before = self.ranges.worked if self.ranges else 0.0
        return {
            **self.provenance.as_metadata(),
            **of_course(self.course),
            "event-time": self.upload.time,
            "started": event_time(self.started),
            "finished": event_time(now),
            "cold": str(self.cold).lower(),
            "ranges": str(self.ranges.count if self.ranges else 1),
            "worked-seconds": f"{worked_before + worked.total_seconds():.3f}",
            "video-seconds": f"{recognition.video_seconds:.2f}",
            "frames": str(recognition.frames),
            "faces": str(recognition.faces),
            **({"unread": recognition.unread} if recognition.unread else {}),
        }

    def _students(self, recognition: Recognition) -> dict[str, Student]:
        ids = [seen.student_id for seen in recognition.attendance]
        ids += [perhaps.student_id for perhaps in recognition.please_check]
        table = self.environment.settings.students_table
        students = look_up(self.environment.dynamodb, table, ids)
        if unrecorded := len(ids) - len(students):
            log_unrecorded(unrecorded)
        return students
