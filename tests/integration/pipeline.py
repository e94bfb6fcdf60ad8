"""What a user of the pipeline does: put a video in, and get its result."""

from __future__ import annotations

import csv
import json
import time
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from function.results import csv_key, error_key

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from local.aws import LocalAws

_PATIENCE_SECONDS = 90


@dataclass(frozen=True, kw_only=True)
class Result:
    """An object in the output bucket."""

    body: bytes
    metadata: dict[str, str]

    @property
    def rows(self) -> list[dict[str, str]]:
        """The rows of a CSV."""
        return list(csv.DictReader(self.body.decode("utf-8-sig").splitlines()))

    @property
    def names(self) -> set[str]:
        """The names in a CSV."""
        return {row["name"] for row in self.rows}

    @property
    def error(self) -> dict[str, str]:
        """The error report."""
        report: dict[str, str] = json.loads(self.body)
        return report


class Pipeline:
    """The deployed stack, from the outside."""

    def __init__(self, aws: LocalAws) -> None:
        self.aws = aws
        self._s3 = aws.client("s3")
        self._sqs = aws.client("sqs")

    def stack_file(self, folder: Path, **exports: str) -> Path:
        """Write what a running local stack writes, in a folder of the test's, and return where.

        `exports` take the place of the stack's own.
        """
        running = {
            "endpoint_url": self.aws.endpoint_url,
            "access_key": asdict(self.aws.administrator),
            "outputs": {**self.aws.exports, **exports},
        }
        file = folder / "stack.json"
        file.write_text(json.dumps(running), encoding="utf-8")
        return file

    def upload(self, key: str, video: bytes) -> None:
        """Put a video into the input bucket."""
        self._s3.put_object(Bucket=self.aws.outputs.input_bucket, Key=key, Body=video)

    def csv_of(self, key: str, video: bytes) -> Result:
        """Upload a video, and wait for its CSV."""
        self.upload(key, video)
        return self.wait_for(csv_key(key), key)

    def error_of(self, key: str, video: bytes) -> Result:
        """Upload what is no good video, and wait for the error report."""
        self.upload(key, video)
        return self.wait_for(error_key(key), key)

    def wait_for(self, result_key: str, video_key: str) -> Result:
        """Wait for a result of the video and the gallery as they are now."""
        outputs = self.aws.outputs
        video = self._etag(outputs.input_bucket, video_key)
        gallery = self._etag(outputs.gallery_bucket, outputs.gallery_key)
        deadline = time.monotonic() + _PATIENCE_SECONDS
        while time.monotonic() < deadline:
            result = self.result(result_key)
            if result and (result.metadata["video-etag"], result.metadata["gallery-etag"]) == (
                video,
                gallery,
            ):
                return result
            time.sleep(0.05)
        raise TimeoutError(f"no {result_key}; failures: {self.failures()}; log: {self.log()}")

    def result(self, key: str) -> Result | None:
        """Return an object of the output bucket as it is now, if it is there."""
        try:
            found = self._s3.get_object(Bucket=self.aws.outputs.output_bucket, Key=key)
        except self._s3.exceptions.NoSuchKey:
            return None
        return Result(body=found["Body"].read(), metadata=found["Metadata"])

    def versions(self, key: str) -> int:
        """Return how many times a result was written."""
        found = self._s3.list_object_versions(Bucket=self.aws.outputs.output_bucket, Prefix=key)
        return len(found.get("Versions", []))

    def run(self, event: object) -> Any:  # noqa: ANN401 - whatever the function returns
        """Invoke the function with an event, wait, and return what it answers."""
        answer = self.aws.client("lambda").invoke(
            FunctionName=self.aws.outputs.live_function, Payload=json.dumps(event)
        )
        assert "FunctionError" not in answer
        return json.load(answer["Payload"])

    def failures(self, *, wait_seconds: int = 0) -> list[dict[str, Any]]:
        """Take the messages out of the failures queue."""
        url = self.aws.outputs.failures_queue_url
        received = self._sqs.receive_message(
            QueueUrl=url, MaxNumberOfMessages=10, WaitTimeSeconds=wait_seconds
        ).get("Messages", [])
        for message in received:
            self._sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
        return [json.loads(message["Body"]) for message in received]

    def log(self) -> list[str]:
        """Return what the function has logged."""
        events = self.aws.client("logs").filter_log_events(logGroupName=self.aws.outputs.log_group)[
            "events"
        ]
        return [event["message"] for event in events]

    def logged(self, event: str) -> int:
        """Return how many videos the function has logged with this event."""
        return sum(f'"event": "{event}"' in line for line in self.log())

    def wait_until_logged(self, event: str, *, beyond: int) -> None:
        """Wait until more videos than so many are in the log, which is written after the result."""
        deadline = time.monotonic() + _PATIENCE_SECONDS
        while self.logged(event) <= beyond:
            assert time.monotonic() < deadline, self.log()
            time.sleep(0.05)

    def _etag(self, bucket: str, key: str) -> str:
        """Return an object's ETag, or what results say when there is no such object."""
        found = self._s3.list_objects_v2(Bucket=bucket, Prefix=key).get("Contents", [])
        return next((entry["ETag"] for entry in found if entry["Key"] == key), "none")


@contextmanager
def unnoticed(aws: LocalAws) -> Iterator[None]:
    """Let the bucket tell no one of the uploads in the block: the function is not run for them."""
    s3, bucket = aws.client("s3"), aws.outputs.input_bucket
    found = s3.get_bucket_notification_configuration(Bucket=bucket)
    trigger = {"LambdaFunctionConfigurations": found["LambdaFunctionConfigurations"]}
    s3.put_bucket_notification_configuration(Bucket=bucket, NotificationConfiguration={})
    try:
        yield
    finally:
        s3.put_bucket_notification_configuration(Bucket=bucket, NotificationConfiguration=trigger)
