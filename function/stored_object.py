"""A video in S3 that is read where it is: by ranges, as it was when it was found.

Nothing of it is copied to a disk. What was read last is kept in memory, for files whose tracks lie
apart, and because a file is opened more than once.
"""

from __future__ import annotations

import os
import threading
from collections import OrderedDict
from io import BytesIO
from typing import TYPE_CHECKING, Literal, Self

from botocore.exceptions import ClientError

from function.failed_requests import RequestFailedError
from function.storage import has_changed, received

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import TracebackType

    from types_boto3_s3 import S3Client

    from function.storage import StoredVideo

# What is kept is kept in blocks. The larger, the more is read for nothing where a file is opened,
# and where its parts lie apart; the smaller, the more requests.
_BLOCK_BYTES = 1 << 20

# Where a file is read block after block, so many come with one request: a request costs about as
# much processor time as a megabyte.
_AT_ONCE = 4

_MOST_BLOCKS = 16


class SupersededError(RequestFailedError):
    """The video is not in the bucket any more as it was found; there may be a newer one."""


class StoredObject:
    """A source (`function.recogniser.video.source`): one video as it was found, for any thread.

    `fetched` is called after each request with how many bytes have come of how many there are. What
    it raises, reading raises, as it does:

        SupersededError: the video was replaced or deleted.
        function.failed_requests.RequestFailedError: less came than was asked for, several times.
        botocore.exceptions.ClientError: S3 refused a request.
    """

    def __init__(
        self,
        s3: S3Client,
        video: StoredVideo,
        fetched: Callable[[int, int], None] = lambda *_: None,
    ) -> None:
        self.size = video.size
        self._s3 = s3
        self._video = video
        self._fetched = fetched
        self._came = 0  # bytes
        self._lock = threading.Lock()
        self._blocks: OrderedDict[int, bytes] = OrderedDict()  # by number, the latest used last

    def open(self, _mode: Literal["rb"] = "rb", /) -> _Reader:
        """Return a reader at the start. All of them share what was read."""
        return _Reader(self)

    def part(self, start: int, size: int) -> bytes:
        """Return what there is from a place on: some of so many bytes, none at the end alone."""
        if size <= 0 or start >= self.size:
            return b""
        number, offset = divmod(start, _BLOCK_BYTES)
        return self._block(number)[offset : offset + size]

    def _block(self, number: int) -> bytes:
        with self._lock:
            if number not in self._blocks:
                self._fetch(number)
            self._blocks.move_to_end(number)
            return self._blocks[number]

    def _fetch(self, first: int) -> None:
        """Fetch a block, and those after it where it goes on from the one before.

        An object of no more than these comes as a whole.
        """
        end, blocks = first + 1, -(-self.size // _BLOCK_BYTES)
        if first - 1 in self._blocks or blocks <= _AT_ONCE:
            while end < min(first + _AT_ONCE, blocks) and end not in self._blocks:
                end += 1
        start, stop = first * _BLOCK_BYTES, min(end * _BLOCK_BYTES, self.size)
        came = self._range(start, stop - start)
        for number in range(first, end):
            at = (number - first) * _BLOCK_BYTES
            self._blocks[number] = bytes(came[at : at + _BLOCK_BYTES])
        while len(self._blocks) > _MOST_BLOCKS:
            self._blocks.popitem(last=False)
        self._came += stop - start
        self._fetched(self._came, self.size)

    def _range(self, start: int, size: int) -> memoryview:
        s3, video, content = self._s3, self._video, BytesIO()
        try:
            # With a whole object comes a checksum, which botocore compares.
            first = (
                s3.get_object(Bucket=video.bucket, Key=video.key, IfMatch=video.etag)
                if size == self.size
                else None
            )
            for _ in received(
                s3,
                video.bucket,
                video.key,
                etag=video.etag,
                start=start,
                size=size,
                file=content,
                first=first,
            ):
                pass
        except ClientError as error:
            if has_changed(error):
                raise SupersededError(f"GetObject: {_told(error)}") from None
            raise
        return content.getbuffer()


class _Reader:
    """A position in a stored object."""

    def __init__(self, of: StoredObject) -> None:
        self._object = of
        self._at = 0

    def read(self, size: int = -1, /) -> bytes:
        """Return the next bytes: as many as are asked for, or all, or those up to the end."""
        left = max(self._object.size - self._at, 0)
        wanted = left if size < 0 else min(size, left)
        parts = []
        while wanted and (part := self._object.part(self._at, wanted)):
            parts.append(part)
            self._at += len(part)
            wanted -= len(part)
        return parts[0] if len(parts) == 1 else b"".join(parts)

    def seek(self, offset: int, whence: int = os.SEEK_SET, /) -> int:
        """Go on from another place, and return it. Raise ValueError of one before the start."""
        base = {os.SEEK_SET: 0, os.SEEK_CUR: self._at, os.SEEK_END: self._object.size}[whence]
        if base + offset < 0:
            raise ValueError(offset)
        self._at = base + offset
        return self._at

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
        /,
    ) -> None:
        """Do nothing: what was read belongs to all readers."""


def _told(error: ClientError) -> str:
    status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode")
    return f"{status} {error.response['Error']['Code']}"
