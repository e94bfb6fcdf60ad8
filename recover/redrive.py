"""What becomes of the messages in the failures queue: which are sent again, and which deleted.

A message is deleted only when nothing is left to do about it: its video has a result that is newer
than the failure, or one that the function would make the same again; or there is no such video any
more. Sending alone deletes nothing. So a run that is stopped at any moment loses nothing, and the
next one finds out what has come of it.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, auto
from typing import TYPE_CHECKING

from function.storage import find_video
from recover.results import of_video, results_of
from recover.videos import has_room_for_result, is_video

if TYPE_CHECKING:
    from collections.abc import Generator, Sequence
    from datetime import datetime

    from function.events import Upload
    from recover.failures_queue import FailuresQueue, Message
    from recover.results import Making, Result
    from recover.sending import Sending
    from stacks.outputs import Deployment


class Standing(Enum):
    """How things are with an upload whose event failed, or with a message of several."""

    UNANSWERED = auto()
    """Its video has no result since: its event is to be sent again."""

    ANSWERED = auto()
    """Its video has a result that stands."""

    GONE = auto()
    """The video is not in the bucket any more."""

    NO_VIDEO = auto()
    """It is not meant as a video, and so gets no result."""

    NO_ROOM = auto()
    """Its key is so long that S3 takes no result's: it would fail again."""

    FOREIGN = auto()
    """The message is about no upload to this stack."""


# Nothing is left to do about these.
SETTLED = (Standing.ANSWERED, Standing.GONE, Standing.NO_VIDEO)

# Of a message about several uploads, the first of these that holds is what it comes to.
_WEIGHTIEST_FIRST = (
    Standing.UNANSWERED,
    Standing.NO_ROOM,
    Standing.ANSWERED,
    Standing.GONE,
    Standing.NO_VIDEO,
)


@dataclass(frozen=True, kw_only=True)
class Found:
    """A message, what it stands for, and the results that its videos had then, by their keys."""

    message: Message
    standing: Standing
    results: dict[str, Sequence[Result]]


class Redrive:
    """One run over a stack's failures queue."""

    def __init__(self, stack: Deployment, queue: FailuresQueue, making: Making) -> None:
        self._s3 = stack.client("s3")
        self._input_bucket = stack.outputs.input_bucket
        self._output_bucket = stack.outputs.output_bucket
        self._queue = queue
        self._making = making

    def look(self) -> Generator[Found]:
        """Yield the messages that wait, and leave all of them in the queue.

        While it lasts, others do not see them. Raises a botocore exception.
        """
        held: dict[str, Message] = {}
        try:
            while message := self._queue.receive():
                held[message.id] = message
                yield self._found(message)
        finally:
            for message in held.values():
                self._queue.give_back(message)

    def go(self, sending: Sending) -> Generator[Found]:
        """Go through the messages that wait, and yield each when it has been seen to.

        Those that are settled are deleted, those that are unanswered are sent; several messages
        about one video are sent once. The others stay. Raises a botocore exception.
        """
        kept: dict[str, Message] = {}
        sent: set[frozenset[str]] = set()
        try:
            while message := self._queue.receive():
                kept[message.id] = message
                found = self._found(message)
                if found.standing in SETTLED:
                    self._queue.delete(message)
                    del kept[message.id]
                elif found.standing is Standing.UNANSWERED:
                    keys = frozenset(upload.key for upload in message.uploads)
                    if keys not in sent:
                        sending.send(message.event)
                        sent.add(keys)
                    del kept[message.id]  # stays hidden while the function is at it
                yield found
        finally:
            for message in kept.values():
                self._queue.give_back(message)

    def delete_if_settled(self, message: Message) -> bool:
        """Look at a message that was sent once more, and tell whether it could be deleted.

        Raises a botocore exception.
        """
        is_settled = self._found(message).standing in SETTLED
        if is_settled:
            self._queue.delete(message)
        return is_settled

    def _found(self, message: Message) -> Found:
        results: dict[str, Sequence[Result]] = {}
        standings = {
            self._standing(upload, message.failed, results) for upload in message.uploads
        } or {Standing.FOREIGN}
        standing = (
            Standing.FOREIGN
            if Standing.FOREIGN in standings
            else next(each for each in _WEIGHTIEST_FIRST if each in standings)
        )
        return Found(message=message, standing=standing, results=results)

    def _standing(
        self, upload: Upload, failed: datetime, results: dict[str, Sequence[Result]]
    ) -> Standing:
        if upload.bucket != self._input_bucket:
            return Standing.FOREIGN
        video = find_video(self._s3, upload.bucket, upload.key)
        if video is None:
            return Standing.GONE
        if not is_video(self._s3, video):
            return Standing.NO_VIDEO
        if not has_room_for_result(upload.key):
            return Standing.NO_ROOM
        found = results_of(self._s3, self._output_bucket, upload.key)
        results[upload.key] = found
        is_newer = any(
            result.finished is not None and result.finished > failed and result.is_whole
            for result in of_video(found, video.etag)
        )
        if is_newer or self._making.would_give(found, video.etag):
            return Standing.ANSWERED
        return Standing.UNANSWERED
