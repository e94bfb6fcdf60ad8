"""Long videos, which are looked at in ranges by several runs: what the runs tell each other.

A state machine conducts (stacks/long_videos.py). The function starts an execution of it with a
`LongVideo` and its spans, and is invoked by it with one of the requests below. What was seen in a
range is kept in S3, under a key that says what it was made from: who comes upon it later need not
make it again.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import UTC, datetime
from hashlib import sha256
from typing import TYPE_CHECKING, NamedTuple

from botocore.exceptions import ClientError

from function.events import UnexpectedEventError, Upload, notification, uploads
from function.recogniser.looks import FORM, Looks, LooksError
from function.recogniser.video.plan import WHOLE, Span
from function.recogniser.video.reading import Reading
from function.storage import is_missing

if TYPE_CHECKING:
    from collections.abc import Sequence

    from types_boto3_s3 import S3Client
    from types_boto3_stepfunctions import SFNClient

    from function.recogniser.identity.gallery import Gallery

# What a request of the state machine's is answered with. Only what comes of the last run decides
# what it does next (stacks/long_videos.py): the ranges' answers are for whoever reads its history.
LOOKED = "looked"
CONCLUDED = "concluded"
SUPERSEDED = "superseded"
INDIVISIBLE = "indivisible"
OUTDATED = "outdated"

# Each is the end of an execution, and somebody who has sent the video's event again.
_MOST_EXECUTIONS = 100

_EXECUTION = re.compile(r"[0-9a-f]{64}")

_DIGITS_OF_PLACE = 16


class TooManyExecutionsError(Exception):
    """A video was begun with as often as can be told apart."""


@dataclass(frozen=True, kw_only=True)
class LongVideo:
    """A video as it is to be looked at by all runs: what the looks at its ranges depend on.

    `gallery_version` is the bucket's for the gallery of this ETag, None where it keeps none.
    `looked_for` stands for the students who are looked for, which are those of the `course` if it
    has one.
    """

    upload: Upload
    video_etag: str
    gallery_etag: str
    gallery_version: str | None
    course: str | None
    looked_for: str
    recogniser: str

    def as_json(self) -> dict[str, object]:
        """Return what `from_json` reads. The upload is S3's event of it, which brings it again."""
        told = {name: getattr(self, name) for name in _OWN_FIELDS}
        return {"event": notification(self.upload), **told}

    @classmethod
    def from_json(cls, told: object) -> LongVideo:
        """Read what `as_json` wrote. Raise UnexpectedEventError if it is anything else."""
        if not isinstance(told, Mapping):
            raise UnexpectedEventError(_NOT_OURS)
        found = uploads(told.get("event"))
        own = {name: told.get(name) for name in _OWN_FIELDS}
        texts = [text for name, text in own.items() if text or name not in _OPTIONAL_FIELDS]
        if len(found) != 1 or not all(isinstance(text, str) and text for text in texts):
            raise UnexpectedEventError(_NOT_OURS)
        return cls(upload=found[0], **own)  # type: ignore[arg-type]

    def looks_key(self, span: Span) -> str:
        """Return the key of what was seen in a span of it: it names nobody.

        The gallery comes first, so that what was made with an earlier one can be found.
        """
        made_from = {
            "form": FORM,
            **self.as_json(),
            "event": [self.upload.bucket, self.upload.key],
            "span": span.as_json(),
        }
        return f"{looks_prefix(self.gallery_etag)}{_digest(made_from)}"


_OWN_FIELDS = tuple(field.name for field in fields(LongVideo) if field.name != "upload")
_OPTIONAL_FIELDS = ("gallery_version", "course")
_NOT_OURS = "The event is not one that the state machine for long videos sends."


def looks_prefix(gallery_etag: str) -> str:
    """Return how the keys of all looks begin that were made with a gallery."""
    return f"{sha256(gallery_etag.encode()).hexdigest()[:_DIGITS_OF_PLACE]}/"


def looked_for(gallery: Gallery) -> str:
    """Return what stands for the students who are in a gallery, whatever their order."""
    return _digest(sorted(set(gallery.student_ids)))[:_DIGITS_OF_PLACE]


@dataclass(frozen=True, kw_only=True)
class LookAt:
    """The request to look at a span of a video."""

    video: LongVideo
    span: Span


@dataclass(frozen=True, kw_only=True)
class Conclude:
    """The request to make the result, of all spans. `started` is when the first was begun with."""

    video: LongVideo
    spans: Sequence[Span]
    started: datetime


@dataclass(frozen=True, kw_only=True)
class LookAtWhole:
    """The request to look at a video in one run."""

    video: LongVideo


@dataclass(frozen=True, kw_only=True)
class PlanAnew:
    """The request to begin again with a video as it is now. `execution` is the one that ends."""

    video: LongVideo
    execution: str


Request = LookAt | Conclude | LookAtWhole | PlanAnew


def request_of(event: object) -> Request | None:
    """Return what the state machine asks for, or None if the event is not one of its own.

    Raises:
        UnexpectedEventError: it is, but not as the machine would make it.

    """
    match event:
        case {"lookAt": {"plan": video, "span": span}}:
            return LookAt(video=LongVideo.from_json(video), span=_span(span))
        case {"conclude": {"plan": video, "spans": [*spans], "started": str(started)}} if spans:
            return Conclude(
                video=LongVideo.from_json(video),
                spans=[_span(span) for span in spans],
                started=_time(started),
            )
        case {"lookAtWhole": {"plan": video}}:
            return LookAtWhole(video=LongVideo.from_json(video))
        case {"planAnew": {"plan": video, "execution": str(name)}} if _EXECUTION.fullmatch(name):
            return PlanAnew(video=LongVideo.from_json(video), execution=name)
        case {"lookAt": _} | {"conclude": _} | {"lookAtWhole": _} | {"planAnew": _}:
            raise UnexpectedEventError(_NOT_OURS)
    return None


def _span(told: object) -> Span:
    try:
        return Span.from_json(told)
    except ValueError:
        raise UnexpectedEventError(_NOT_OURS) from None


def _time(told: str) -> datetime:
    try:
        return datetime.fromisoformat(told).astimezone(UTC)
    except ValueError:
        raise UnexpectedEventError(_NOT_OURS) from None


def start_execution(
    client: SFNClient,
    machine: str,
    video: LongVideo,
    spans: Sequence[Span],
    *,
    after: str | None = None,
) -> None:
    """Have a video looked at in these spans, unless that is under way.

    An execution is named for what it is given, so that the same event makes one, however often it
    comes: to start it again while it runs does nothing. Of one that has ended the name is taken for
    90 days; the next is named as the one that comes after it. `after` is an execution that is about
    to end.

    Raises:
        TooManyExecutionsError: a hundred have ended already.

    """
    for _ in range(_MOST_EXECUTIONS):
        given = {
            "plan": video.as_json(),
            "spans": [span.as_json() for span in spans],
            **({"after": after} if after else {}),
        }
        name = _digest(given)
        try:
            client.start_execution(stateMachineArn=machine, name=name, input=json.dumps(given))
        except ClientError as error:
            if error.response["Error"]["Code"] != "ExecutionAlreadyExists":
                raise
            after = name
        else:
            return
    raise TooManyExecutionsError(f"{_MOST_EXECUTIONS} executions of one video have ended.")


class SeenInSpan(NamedTuple):
    """What was seen in a span, and for how many seconds the run worked that looked."""

    looks: Looks
    worked: float


_WORKED = "worked-seconds"


class StoredLooks:
    """What was seen in spans of long videos, in its bucket."""

    def __init__(self, s3: S3Client, bucket: str) -> None:
        self._s3 = s3
        self._bucket = bucket

    def is_indivisible(self, video: LongVideo) -> bool:
        """Tell whether it has shown in a run of the same plan that a video cannot be divided."""
        return self.get(video, WHOLE) is not None

    def call_indivisible(self, video: LongVideo) -> None:
        """Keep for the other runs that a video cannot be divided: that it was seen as a whole."""
        self.put(video, WHOLE, SeenInSpan(Looks.of(WHOLE, (), Reading(), tolerance=0), 0.0))

    def put(self, video: LongVideo, span: Span, seen: SeenInSpan) -> None:
        """Keep what was seen in a span."""
        self._s3.put_object(
            Bucket=self._bucket,
            Key=video.looks_key(span),
            Body=seen.looks.as_bytes(),
            Metadata={_WORKED: f"{seen.worked:.3f}"},
        )

    def get(self, video: LongVideo, span: Span) -> SeenInSpan | None:
        """Return what was seen in a span, or None if it is not there, or of another version."""
        try:
            found = self._s3.get_object(Bucket=self._bucket, Key=video.looks_key(span))
        except ClientError as error:
            if is_missing(error):
                return None
            raise
        try:
            looks = Looks.from_bytes(found["Body"].read())
            return SeenInSpan(looks, float(found["Metadata"][_WORKED]))
        except (LooksError, KeyError, ValueError):
            return None


def _digest(of: object) -> str:
    return sha256(json.dumps(of, sort_keys=True).encode()).hexdigest()
