"""The sessions of a course: what was recorded, and what has come of it.

A session is a video, or the result of one that has expired since. Nothing says when the recogniser
begins with a video, so that what waits and what is being looked at are one state here.
"""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from enum import Enum
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from function.media_type import has_name_of_video
from function.results import ERROR_SUFFIX, csv_key, error_key

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from types_boto3_s3 import S3Client

LATE = timedelta(hours=1)
"""After so long without a result, something may be wrong: most take minutes."""

_CSV = ".csv"
_ISO_DATE = len("2026-11-23")
_AT_ONCE = 8


class State(Enum):
    """What has come of a video."""

    WAITING = "waiting"
    LATE = "late"
    DONE = "done"
    FAILED = "failed"


@dataclass(frozen=True, kw_only=True)
class Session:
    """A video of a course, by the name that its results have: a key without folder and suffix.

    `video` and `result` are keys, where there are such objects. `since` is when the state began.
    `problem` and `remedy` are the recogniser's own words for a video that it could not read.
    """

    name: str
    state: State
    since: datetime
    video: str | None = None
    result: str | None = None
    problem: str = ""
    remedy: str = ""

    @property
    def day(self) -> date | None:
        """The day that the name begins with, if it does."""
        try:
            return date.fromisoformat(self.name[:_ISO_DATE])
        except ValueError:
            return None

    @property
    def label(self) -> str:
        """What the name says besides the day."""
        return self.name[_ISO_DATE:].lstrip("-_ ") if self.day else self.name


@dataclass(frozen=True, kw_only=True)
class Object:
    """What a listing says of an object: when it was put there, and its ETag."""

    time: datetime
    etag: str


@dataclass(frozen=True, kw_only=True)
class Archive:
    """The two buckets, as far as the page reads them."""

    s3: S3Client
    videos: str
    results: str

    def sessions(self, folders: Iterable[str]) -> list[Session]:
        """Return the sessions in these folders, the newest first."""
        found = [
            session
            for folder in folders
            for session in _sessions(
                f"{folder}/",
                self._objects(self.videos, folder),
                self._objects(self.results, folder),
                self._video_of,
            )
        ]
        with ThreadPoolExecutor(_AT_ONCE) as threads:
            sessions = list(threads.map(self._explained, found))
        return sorted(sessions, key=lambda each: (each.day or each.since.date(), each.name))[::-1]

    def _objects(self, bucket: str, folder: str) -> dict[str, Object]:
        pages = self.s3.get_paginator("list_objects_v2").paginate(
            Bucket=bucket, Prefix=f"{folder}/"
        )
        return {
            each["Key"]: Object(time=each["LastModified"], etag=each["ETag"])
            for page in pages
            for each in page.get("Contents", ())
        }

    def _video_of(self, result: str) -> str | None:
        """Return the ETag of the video that a result was made from, if it says so."""
        try:
            found = self.s3.head_object(Bucket=self.results, Key=result)
        except ClientError:  # another came in its place just now: the next look will tell
            return None
        return found["Metadata"].get("video-etag")

    def _explained(self, session: Session) -> Session:
        """Say of a video that could not be read why."""
        if session.state is not State.FAILED or session.result is None:
            return session
        try:
            stored = self.s3.get_object(Bucket=self.results, Key=session.result)
            report = json.loads(stored["Body"].read())
            return replace(session, problem=str(report["error"]), remedy=str(report["remedy"]))
        except (self.s3.exceptions.NoSuchKey, ValueError, KeyError, TypeError):
            return session


def _sessions(
    folder: str,
    videos: Mapping[str, Object],
    results: Mapping[str, Object],
    video_of: Callable[[str], str | None],
) -> Iterator[Session]:
    """Yield the sessions of a folder. `video_of` tells of which video, by its ETag, a result is."""
    now = datetime.now(UTC)
    theirs: set[str] = set()
    for video, put in videos.items():
        candidates = {csv_key(video): State.DONE, error_key(video): State.FAILED}
        theirs.update(candidates)
        # A result of before the video was put in once more is of the one before, unless that was
        # the same: then the recogniser leaves the result as it is.
        known = [
            key
            for key in candidates
            if key in results and (results[key].time >= put.time or video_of(key) == put.etag)
        ]
        name = csv_key(video).removeprefix(folder).removesuffix(_CSV)
        if known:
            result = known[0]
            yield Session(
                name=name,
                state=candidates[result],
                since=results[result].time,
                video=video,
                result=result,
            )
        elif has_name_of_video(video):
            state = State.LATE if now - put.time > LATE else State.WAITING
            yield Session(name=name, state=state, since=put.time, video=video)
    for result, written in results.items():
        for suffix, state in ((_CSV, State.DONE), (ERROR_SUFFIX, State.FAILED)):
            stem = result.removesuffix(suffix)
            # A report beside a CSV is of before the CSV.
            is_older = state is State.FAILED and f"{stem}{_CSV}" in results
            if stem != result and result not in theirs and not is_older:
                name = stem.removeprefix(folder)
                yield Session(name=name, state=state, since=written.time, result=result)
