"""What is written for a video: under which key, with which content.

This module decides the names and the form of everything in the output bucket. It needs nothing
but the standard library.
"""

from __future__ import annotations

import csv
import io
import json
import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING
from urllib.parse import quote, unquote

from function.media_type import has_video_suffix

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from function.recogniser.identity.attendance import Attendance
    from function.students import Student

# What makes a spreadsheet take a field for a formula: OWASP, "CSV Injection". The full-width signs
# are taken for the others where Chinese or Japanese is typed.
FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\uff1d", "\uff0b", "\uff0d", "\uff20")

# Stands for the suffix of a video that has none. It must not be one of a video.
_NO_SUFFIX = ".video"

ERROR_SUFFIX = ".error.json"
EVIDENCE_SUFFIX = ".json"
CORRECTIONS_SUFFIX = ".corrections.json"

# A stem after which the suffix of the evidence would make the key of something else, or of an
# evidence that has been made another for that.
_TAKEN_STEM = re.compile(r".*\.(error|corrections)(\.evidence)*", re.DOTALL)

COLUMNS = (
    "year",
    "major",
    "name",
    "student_id",
    "first_seen",
    "last_seen",
    "sightings",
    "distance",
)


NO_VIDEO = "none"
"""What a report says was its video when there was none."""


@dataclass(frozen=True, kw_only=True)
class Provenance:
    """What a result was made from; the same provenance gives the same result again.

    `limits` are the run's: they matter where a video took longer than they allow.
    """

    video_etag: str
    gallery_etag: str
    recogniser: str
    limits: str = ""

    def in_part(self) -> Provenance:
        """Return that of a result from which somebody who was in the gallery is left out.

        No gallery gives that result, so it is out of date whichever is in use: also if the one that
        was looked with comes back.
        """
        return replace(self, gallery_etag=f"{self.gallery_etag} in part")

    def as_metadata(self) -> dict[str, str]:
        """Return the object metadata that says so on the result."""
        return {
            "video-etag": self.video_etag,
            "gallery-etag": self.gallery_etag,
            "recogniser": self.recogniser,
        }

    def is_that_of(self, metadata: Mapping[str, str]) -> bool:
        """Tell whether an object with this metadata was made from the same."""
        same = self.as_metadata()
        if is_for_want_of_time(metadata):
            same["limits"] = self.limits
        return same.items() <= metadata.items()


def is_evidence_of(evidence: Mapping[str, str], csv: Mapping[str, str]) -> bool:
    """Tell by the metadata of both whether an evidence was made from what a CSV was made from."""
    return all(
        name in csv and evidence.get(name) == csv[name]
        for name in ("video-etag", "gallery-etag", "recogniser")
    )


def of_course(course: str | None) -> dict[str, str]:
    """Return the object metadata of a result that says whom the video was compared with.

    That is the students of a course, or everybody, of which it says nothing. What is not ASCII,
    which S3's metadata must be, is percent-encoded in UTF-8.
    """
    return {} if course is None else {"course": quote(course, safe="")}


def course_of(metadata: Mapping[str, str]) -> str | None:
    """Return the course whose students the video was compared with, or None for everybody."""
    course = metadata.get("course")
    return None if course is None else unquote(course)


FOR_WANT_OF_ENROLMENT = {"reason": "nobody-enrolled"}
"""The object metadata of an error report that was written because nobody was enrolled."""


def is_for_want_of_enrolment(metadata: Mapping[str, str]) -> bool:
    """Tell whether the result with this metadata is a report that nobody was enrolled."""
    return metadata.items() >= FOR_WANT_OF_ENROLMENT.items()


_FOR_WANT_OF_TIME = {"reason": "too-long"}


def for_want_of_time(limits: str) -> dict[str, str]:
    """Return the object metadata of the report of a video that takes longer than a run may."""
    return _FOR_WANT_OF_TIME | {"limits": limits}


def is_for_want_of_time(metadata: Mapping[str, str]) -> bool:
    """Tell whether the result with this metadata is a report that the video takes too long."""
    return metadata.items() >= _FOR_WANT_OF_TIME.items()


def csv_key(video_key: str) -> str:
    """Name the CSV of a video: `lecture1.mp4` becomes `lecture1.csv`.

    No two keys share a CSV. So only an `.mp4` loses its suffix, and any other video keeps it
    (`lecture1.mov.csv`); what has no video's suffix gets one (`lecture1` becomes
    `lecture1.video.csv`). An `.mp4` whose remaining name would be one of these keeps its suffix
    too (`lecture1.mov.mp4.csv`, `lecture1.video.mp4.csv`).
    """
    if not has_video_suffix(video_key):
        return f"{video_key}{_NO_SUFFIX}.csv"
    stem = video_key.removesuffix(".mp4")
    if stem == video_key or has_video_suffix(stem) or stem.endswith(_NO_SUFFIX):
        return f"{video_key}.csv"
    return f"{stem}.csv"


def error_key(video_key: str) -> str:
    """Name the error report of a video that cannot be read, beside where its CSV would be."""
    return f"{csv_key(video_key).removesuffix('.csv')}{ERROR_SUFFIX}"


def evidence_key(video_key: str) -> str:
    """Name the evidence of a video, beside its CSV: `lecture1.mp4` has `lecture1.json`.

    No two keys share one, and none is an error report's or that of corrections: the evidence of
    `a.error.mp4` is `a.error.evidence.json`, since `a.error.json` is the report of `a.mp4`.
    """
    return evidence_beside(csv_key(video_key))


def corrections_key(video_key: str) -> str:
    """Name what people have corrected of a video's result, beside it. No run writes it."""
    return f"{csv_key(video_key).removesuffix('.csv')}{CORRECTIONS_SUFFIX}"


def evidence_beside(csv: str) -> str:
    """Name the evidence of a CSV, of whatever video that is."""
    stem = csv.removesuffix(".csv")
    if _TAKEN_STEM.fullmatch(stem):
        stem += ".evidence"
    return f"{stem}{EVIDENCE_SUFFIX}"


def csv_text(attendance: Iterable[Attendance], students: Mapping[str, Student]) -> str:
    """Render one row for each recognised student, the header always, without byte-order mark.

    A student who is in the gallery but not in `students` gets empty name, major and year.
    """
    text = io.StringIO(newline="")
    writer = csv.writer(text)
    writer.writerow(COLUMNS)
    for seen in attendance:
        student = students.get(seen.student_id)
        writer.writerow(
            (
                as_text(student.year if student else ""),
                as_text(student.major if student else ""),
                as_text(student.name if student else ""),
                as_text(seen.student_id),
                f"{seen.first_seen:.2f}",
                f"{seen.last_seen:.2f}",
                seen.sightings,
                f"{seen.distance:.3f}",
            )
        )
    return text.getvalue()


def as_text(field: str) -> str:
    """Keep a spreadsheet from running a field as a formula, by an apostrophe before it.

    It stays visible, since a CSV has no other way to say that a field is text.
    """
    return f"'{field}" if field.startswith(FORMULA_STARTS) else field


def csv_bytes(attendance: Iterable[Attendance], students: Mapping[str, Student]) -> bytes:
    """Encode the CSV as UTF-8 with the byte-order mark that makes spreadsheets read it right."""
    return csv_text(attendance, students).encode("utf-8-sig")


def error_bytes(*, video: str, problem: str, remedy: str, recogniser: str) -> bytes:
    """Render the report of a video that cannot be read: what is wrong, and what to do."""
    report = {"video": video, "error": problem, "remedy": remedy, "recogniser": recogniser}
    return (json.dumps(report, ensure_ascii=False, indent=2) + "\n").encode()
