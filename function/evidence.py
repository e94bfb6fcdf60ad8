"""The evidence of a CSV: when each student was seen, where it shows best, and of whom to ask.

It is a JSON object, written beside the CSV of every video that could be read. docs/files.md says
what is in it. The same video, gallery and records give the same bytes, so it has no clock's time.
It needs nothing but the standard library.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping

    from function.recogniser.identity.attendance import BestLook
    from function.recogniser.outcome import Recognition
    from function.students import Student

VERSION = 1
"""Of the form. A reader that knows another only must not guess."""

SURE = "sure"
PLEASE_CHECK = "please check"

_MOST = 1e9  # seconds, and more than any other number here


class EvidenceError(ValueError):
    """The content is no evidence that this version can read."""


class Box(NamedTuple):
    """A part of the picture as a player shows it, as shares of its width and height from 0 to 1."""

    left: float
    top: float
    width: float
    height: float


@dataclass(frozen=True, kw_only=True)
class Best:
    """The look at a face that came nearest to its student, and how near.

    `time` is in seconds from the start of the recording, `track` counts its picture tracks from 1.
    """

    time: float
    track: int
    box: Box
    distance: float


@dataclass(frozen=True, kw_only=True)
class Named:
    """A student, with what the table says of the student: empty where it says nothing."""

    student_id: str
    name: str
    major: str
    year: str


@dataclass(frozen=True, kw_only=True)
class Seen(Named):
    """A student who is in the CSV.

    `presence` are the first and last moments of each span in which the student was seen, in
    seconds; `certainty` is SURE or PLEASE_CHECK.
    """

    presence: tuple[tuple[float, float], ...]
    sightings: int
    certainty: str
    best: Best


@dataclass(frozen=True, kw_only=True)
class PerhapsSeen(Named):
    """A student who is not in the CSV, and of whom a look came near."""

    best: Best


@dataclass(frozen=True, kw_only=True)
class Source:
    """What an evidence is of: the video's key, and what it was made from.

    `course` is None where everybody was compared. On files there are no ETags. A frame
    was sampled every `step` seconds.
    """

    video: str
    course: str | None
    recogniser: str
    step: float
    video_etag: str | None = None
    gallery_etag: str | None = None


@dataclass(frozen=True, kw_only=True)
class Evidence:
    """All that is written. `csv_sha256` tells of which CSV; `unread` is as in its metadata."""

    source: Source
    csv_sha256: str
    video_seconds: float
    frames: int
    unread: str
    students: tuple[Seen, ...]
    please_check: tuple[PerhapsSeen, ...]
    strangers: int

    @classmethod
    def of(
        cls, recognition: Recognition, students: Mapping[str, Student], source: Source, csv: bytes
    ) -> Evidence:
        """Return the evidence of a recognition, and of the CSV that was made of it."""
        return cls(
            source=source,
            csv_sha256=hashlib.sha256(csv).hexdigest(),
            video_seconds=round(recognition.video_seconds, 2),
            frames=recognition.frames,
            unread=recognition.unread,
            students=tuple(
                Seen(
                    **_named(seen.student_id, students),
                    presence=tuple(
                        (round(span.start, 2), round(span.end, 2)) for span in seen.presence
                    ),
                    sightings=seen.sightings,
                    certainty=SURE if seen.is_sure else PLEASE_CHECK,
                    best=_best(seen.best),
                )
                for seen in recognition.attendance
            ),
            please_check=tuple(
                PerhapsSeen(**_named(perhaps.student_id, students), best=_best(perhaps.best))
                for perhaps in recognition.please_check
            ),
            strangers=recognition.strangers,
        )

    def as_bytes(self) -> bytes:
        """Return the JSON object, in UTF-8."""
        written = {"version": VERSION, **asdict(self.source), **asdict(self)}
        del written["source"]
        for each in (*written["students"], *written["please_check"]):
            each["best"]["box"] = each["best"]["box"]._asdict()
        return (json.dumps(written, ensure_ascii=False, indent=1) + "\n").encode()

    @classmethod
    def from_bytes(cls, content: bytes) -> Evidence:
        """Read what `as_bytes` has written; what is not known in it is passed over.

        Raises:
            EvidenceError: it is something else, or of a version that is not known here.

        """
        try:
            return _read(json.loads(content))
        except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
            raise EvidenceError(
                f"no evidence of version {VERSION}: {type(error).__name__}"
            ) from error


def is_of_csv(evidence: Evidence, csv: bytes) -> bool:
    """Tell whether a CSV is as it was when the evidence was written."""
    return hashlib.sha256(csv).hexdigest() == evidence.csv_sha256


def _named(student_id: str, students: Mapping[str, Student]) -> dict[str, str]:
    student = students.get(student_id)
    return {
        "student_id": student_id,
        "name": student.name if student else "",
        "major": student.major if student else "",
        "year": student.year if student else "",
    }


def _best(look: BestLook) -> Best:
    return Best(
        time=round(look.time, 2),
        track=look.track + 1,
        box=Box(*(round(share, 4) for share in look.place)),
        distance=round(look.distance, 3),
    )


def _read(told: Mapping[str, Any]) -> Evidence:
    if told["version"] != VERSION:
        raise EvidenceError(f"of version {told['version']!r}")
    return Evidence(
        source=Source(
            video=_text(told["video"]),
            course=_text_or_none(told["course"]),
            recogniser=_text(told["recogniser"]),
            step=_seconds(told["step"]),
            video_etag=_text_or_none(told["video_etag"]),
            gallery_etag=_text_or_none(told["gallery_etag"]),
        ),
        csv_sha256=_text(told["csv_sha256"]),
        video_seconds=_seconds(told["video_seconds"]),
        frames=_count(told["frames"]),
        unread=_text(told["unread"]),
        students=tuple(map(_read_seen, _list(told["students"]))),
        please_check=tuple(
            PerhapsSeen(**_read_named(each), best=_read_best(each["best"]))
            for each in _list(told["please_check"])
        ),
        strangers=_count(told["strangers"]),
    )


def _read_seen(told: Mapping[str, Any]) -> Seen:
    presence = tuple((_seconds(start), _seconds(end)) for start, end in _list(told["presence"]))
    if not presence or told["certainty"] not in {SURE, PLEASE_CHECK}:
        raise EvidenceError("a student who was seen, without when or how surely")
    return Seen(
        **_read_named(told),
        presence=presence,
        sightings=_count(told["sightings"]),
        certainty=told["certainty"],
        best=_read_best(told["best"]),
    )


def _read_named(told: Mapping[str, Any]) -> dict[str, str]:
    return {name: _text(told[name]) for name in ("student_id", "name", "major", "year")}


def _read_best(told: Mapping[str, Any]) -> Best:
    return Best(
        time=_seconds(told["time"]),
        track=_count(told["track"]),
        box=Box(**{name: _share(told["box"][name]) for name in Box._fields}),
        distance=_seconds(told["distance"]),
    )


def _list(value: object) -> list[Any]:
    if not isinstance(value, list):
        raise EvidenceError("a list is none")
    return value


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise EvidenceError("a text is none")
    return value


def _text_or_none(value: object) -> str | None:
    return None if value is None else _text(value)


def _count(value: object) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or value < 0:
        raise EvidenceError("a count is none")
    return value


def _seconds(value: object) -> float:
    # What JSON has no number for, Python's reader takes all the same: NaN and infinity.
    if not isinstance(value, (int, float)) or isinstance(value, bool) or not 0 <= value < _MOST:
        raise EvidenceError("a number is none, or below zero")
    return float(value)


def _share(value: object) -> float:
    share = _seconds(value)
    if share > 1:
        raise EvidenceError("a share is above 1")
    return share
