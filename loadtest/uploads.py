"""The uploads of a run: a bounded number at once, each at its intended time or when one is free.

A file is streamed from the disk whenever it is its turn, so memory does not grow with the number
or the size of videos. When all uploaders are busy at an intended arrival, the upload is late: the
arrival stays what it was meant to be, and the lateness is part of the video's latency.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING

from boto3.s3.transfer import TransferConfig
from botocore.exceptions import BotoCoreError, ClientError

from loadtest.access import AccessError, access, in_short

if TYPE_CHECKING:
    from collections.abc import Iterable

    from types_boto3_s3 import S3Client

    from loadtest.clock import RunClock
    from loadtest.workload import Video

_MIB = 2**20
# One request for a video of usual size: parts are requests that are paid for, and worth it only
# where repeating the whole after a broken connection would hurt.
_TRANSFER = TransferConfig(
    use_threads=False, multipart_threshold=64 * _MIB, multipart_chunksize=64 * _MIB
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Upload:
    """What became of one upload; times in seconds from the start of the run.

    `arrival` is when it was meant to begin. `problem` says why it failed, or nothing.
    """

    arrival: float
    started: float
    finished: float
    problem: str = ""


class Uploads:
    """Uploaders at work. `done` has the uploads that are over, by the videos' numbers."""

    def __init__(
        self,
        s3: S3Client,
        bucket: str,
        videos: Iterable[Video],
        clock: RunClock,
        *,
        concurrency: int,
    ) -> None:
        self._s3 = s3
        self._bucket = bucket
        self._videos = iter(videos)
        self._clock = clock
        self._turn = threading.Lock()
        self._stop = threading.Event()
        self._threads = [
            threading.Thread(target=self._work, name=f"uploader-{number}", daemon=True)
            for number in range(concurrency)
        ]
        self.done: dict[int, Upload] = {}
        self.failure: AccessError | None = None

    def start(self) -> None:
        """Begin."""
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        """Begin no other upload, and wait for those that have begun."""
        self._stop.set()
        for thread in self._threads:
            thread.join()

    @property
    def are_over(self) -> bool:
        """Whether the last upload has ended."""
        return not any(thread.is_alive() for thread in self._threads)

    def _work(self) -> None:
        while not self._stop.is_set():
            with self._turn:
                video = next(self._videos, None)
            if video is None or not self._its_time_came(video):
                return
            self._upload(video)

    def _its_time_came(self, video: Video) -> bool:
        """Wait until it is meant to begin; return False if the run ended before."""
        if video.arrival is None:
            return True
        return not self._stop.wait(max(0.0, video.arrival - self._clock.now()))

    def _upload(self, video: Video) -> None:
        started = self._clock.now()
        problem = ""
        try:
            with access(f"uploading to s3://{self._bucket}"), video.source.path.open("rb") as file:
                self._s3.upload_fileobj(file, self._bucket, video.key, Config=_TRANSFER)
        except AccessError as error:
            problem = str(error)
            self.failure = error
            self._stop.set()
        except (BotoCoreError, ClientError) as error:
            problem = in_short(error)
        except OSError as error:
            problem = f"{video.source.path}: {error.strerror}"
        self.done[video.number] = Upload(
            arrival=started if video.arrival is None else video.arrival,
            started=started,
            finished=self._clock.now(),
            problem=problem,
        )
