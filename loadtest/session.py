"""One run with all that surrounds it: the check before, the cleaning and the reckoning after."""

from __future__ import annotations

import resource
import shlex
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from botocore.exceptions import BotoCoreError, ClientError

from loadtest.access import AccessError, in_short
from loadtest.cleaning import delete_own, own_versions, times_written
from loadtest.clock import ClockComparison, RunClock
from loadtest.cloudwatch import measured
from loadtest.journeys import journeys
from loadtest.pricing import FunctionSize, Work, cost_of, cost_of_conducting, cost_of_requests
from loadtest.report import Generator, Report
from loadtest.request_count import RequestCount
from loadtest.run import Run
from loadtest.workload import plan

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from types_boto3_s3 import S3Client

    from loadtest.cloudwatch import Metrics
    from loadtest.expectations import Expectation
    from loadtest.journeys import Journey
    from loadtest.options import Options
    from loadtest.pricing import Cost
    from loadtest.run import Progress
    from loadtest.sources import Source
    from loadtest.target import Target

_ATTEMPTS_OF_A_CHECK = 2
_KIB = 1024
_MEGABYTE = 1e6


class Session:
    """A run on a target; `check`, `go` and `report`, in this order."""

    def __init__(
        self,
        options: Options,
        target: Target,
        sources: Sequence[Source],
        expectations: Mapping[str, Expectation],
    ) -> None:
        self._options = options
        self._target = target
        self._expectations = expectations
        self._videos = plan(
            sources,
            count=options.count or len(sources),
            prefix=options.prefix,
            loop=options.loop,
            seed=options.seed,
        )
        self._requests, self._clocks = RequestCount(), ClockComparison()
        self._s3 = self._watched(target.s3(concurrency=options.concurrency))
        self._notes: list[str] = []

    def check(self) -> None:
        """See that the run can begin. Raises AccessError and PlaceTakenError."""
        # What does not answer at all should be said soon.
        s3 = self._watched(self._target.s3(concurrency=1, attempts=_ATTEMPTS_OF_A_CHECK))
        self._target.check_free(s3, self._options.prefix)
        self._failures_before = self._failures_waiting()

    def go(self, watch: Callable[[Progress], None]) -> None:
        """Run to the end, whatever that is."""
        self._clock = RunClock()
        self._run = Run(
            self._s3,
            self._target,
            self._videos,
            prefix=self._options.prefix,
            expectations=self._expectations,
            clock=self._clock,
            concurrency=self._options.concurrency,
            patience_seconds=self._options.timeout_seconds,
        )
        self._ending = self._run.go(watch)
        self._seconds = self._clock.now()

    def report(self, *, say: Callable[[str], None]) -> Report:
        """Reckon, clean up, and return what is known. `say` is told what takes long."""
        written = self._times_written()
        if not self._options.keep:
            self._delete()
        travelled = journeys(
            self._videos,
            self._run.uploads,
            self._run.results,
            times_written=written,
            clock_ahead_seconds=self._clocks.ahead_seconds,
            ended_early=self._ending.is_early,
        )
        metrics = self._metrics(travelled, say)
        cost = self._cost(travelled, metrics)
        self._note_what_is_odd(travelled)
        return Report.of(
            travelled,
            planned=len(self._videos),
            thresholds=self._options.thresholds,
            prefix=self._options.prefix,
            started=self._clock.started.isoformat(timespec="seconds"),
            seconds=self._seconds,
            ending=self._ending,
            problem=self._run.problem,
            settings=self._settings(),
            metrics=metrics,
            cost=cost,
            generator=self._generator(),
            notes=self._notes,
        )

    def _watched(self, s3: S3Client) -> S3Client:
        self._requests.watch(s3)
        self._clocks.watch(s3)
        return s3

    def _times_written(self) -> Mapping[str, int] | None:
        keys = {key for video in self._videos for key in video.result_keys}
        try:
            versions = own_versions(
                self._s3, self._target.output_bucket, self._options.prefix, keys
            )
        except (AccessError, BotoCoreError, ClientError, KeyboardInterrupt):
            return None
        if versions is None:
            self._notes.append(
                "duplicates were not counted: that takes the permission s3:ListBucketVersions"
            )
        return times_written(versions)

    def _delete(self) -> None:
        """Delete what the run has put into the buckets, and caused to be put there."""
        tried = [self._videos[number] for number in self._run.uploads]
        videos = [video.key for video in tried]
        results = [key for video in tried for key in video.written_keys]
        for bucket, keys in (
            (self._target.input_bucket, videos),
            (self._target.output_bucket, results),
        ):
            place = f"s3://{bucket}/{self._options.prefix}"
            try:
                failed = delete_own(self._s3, bucket, self._options.prefix, keys)
            except KeyboardInterrupt:
                self._notes.append(f"interrupted while deleting: some of {place} is left")
            except (AccessError, BotoCoreError, ClientError) as error:
                self._notes.append(f"what the run left in {place} is still there: {error}")
            else:
                if failed:
                    self._notes.append(f"{failed} objects in {place} could not be deleted")
        unanswered = sum(
            1
            for number, upload in self._run.uploads.items()
            if not upload.problem and number not in self._run.results
        )
        if unanswered:
            self._notes.append(
                f"the videos are deleted, but a result of each of the {unanswered} without one may "
                "still appear: an error report or, where the function had the video already, a "
                f"CSV with the students in it; to remove them then: {self._removal()}"
            )

    def _removal(self) -> str:
        """Return the command that removes all results under the run's prefix."""
        place = f"s3://{self._target.output_bucket}/{self._options.prefix}"
        endpoint = self._target.endpoint_url
        elsewhere = ["--endpoint-url", endpoint] if endpoint else []
        return shlex.join(["aws", *elsewhere, "s3", "rm", "--recursive", place])

    def _metrics(self, travelled: Sequence[Journey], say: Callable[[str], None]) -> Metrics | None:
        """Ask CloudWatch, of which only AWS has one that measures."""
        if self._target.endpoint_url or not self._target.deployment:
            return None
        say("Waiting for CloudWatch's metrics, three minutes at most; Ctrl-C goes on without …")
        try:
            return measured(
                self._target,
                started=self._clock.started,
                ended=self._clock.started + timedelta(seconds=self._seconds),
                invocations=sum(
                    journey.runs or 1 for journey in travelled if journey.seen is not None
                ),
            )
        except KeyboardInterrupt:
            self._notes.append("CloudWatch was not waited for")
        except (AccessError, BotoCoreError, ClientError) as error:
            self._notes.append(f"CloudWatch could not be asked: {in_short(error)}")
        return None

    def _cost(self, travelled: Sequence[Journey], metrics: Metrics | None) -> Cost | None:
        if not self._target.deployment:
            return None
        try:
            found = self._target.client("lambda").get_function_configuration(
                FunctionName=self._target.deployment.outputs.live_function
            )
        except (AccessError, BotoCoreError, ClientError) as error:
            self._notes.append(f"no cost, without the function's memory: {in_short(error)}")
            return None
        size = FunctionSize(
            memory_mb=found["MemorySize"],
            disk_mb=found["EphemeralStorage"]["Size"],
            architecture=found["Architectures"][0],
        )
        worked = [journey for journey in travelled if journey.worked is not None]
        if metrics and metrics.reports:
            runs, seconds = metrics.reports, metrics.billed_seconds
            seconds_from = "what Lambda says it billed"
        else:
            runs = sum(journey.runs for journey in worked)
            seconds = sum(journey.worked or 0.0 for journey in worked)
            seconds_from = (
                "this machine's seconds, an estimate"
                if self._target.endpoint_url
                else "the results' own times"
            )
        return cost_of(
            Work(
                videos=len(worked),
                runs=runs,
                seconds=seconds,
                video_seconds=sum(journey.video_seconds or 0.0 for journey in travelled),
                seconds_from=seconds_from,
                conducting=sum(cost_of_conducting(journey.ranges or 1) for journey in worked),
            ),
            size,
        )

    def _failures_waiting(self) -> int | None:
        """Return how many events have failed for good and wait in the stack's queue."""
        if not self._target.deployment:
            return None
        try:
            answer = self._target.client("sqs").get_queue_attributes(
                QueueUrl=self._target.deployment.outputs.failures_queue_url,
                AttributeNames=["ApproximateNumberOfMessages"],
            )
        except (AccessError, BotoCoreError, ClientError):
            return None
        return int(answer["Attributes"]["ApproximateNumberOfMessages"])

    def _note_what_is_odd(self, travelled: Sequence[Journey]) -> None:
        failures = self._failures_waiting()
        if failures is not None and self._failures_before is not None:
            more = failures - self._failures_before
            if more > 0:
                self._notes.append(
                    f"{more} more failures in the failures queue than before the run: "
                    "docs/deploying.md says how to look at them"
                )
        silent = sum(journey.seen is not None and journey.finished is None for journey in travelled)
        if silent:
            self._notes.append(
                f"{silent} results do not say when they were made: their latency is up to when "
                "they were noticed, some seconds too long"
            )
        if self._clocks.ahead_seconds:
            self._notes.append(
                f"AWS's clock is {self._clocks.ahead_seconds:+.3f} s from this machine's, which "
                "the figures take into account"
            )

    def _settings(self) -> dict[str, str]:
        options = self._options
        settings = {
            "sources": " ".join(options.sources),
            "stack": options.stack or "",
            "input bucket": self._target.input_bucket,
            "output bucket": self._target.output_bucket,
            "endpoint": self._target.endpoint_url or "AWS",
            "prefix": options.prefix,
            "videos": str(len(self._videos)),
            "uploads at once": str(options.concurrency),
            "arrivals": (
                f"open loop, {options.loop.rate:g} a second on average, {options.loop.profile}"
                if options.loop
                else "closed loop: when an uploader is free"
            ),
            "seed": str(options.seed),
            "timeout": f"{options.timeout_seconds:g} s",
            "expectations": options.expect or "none",
            "aliases": ", ".join(f"{word}={record}" for word, record in options.aliases.items()),
        }
        return {name: value for name, value in settings.items() if value}

    def _generator(self) -> Generator:
        usage = resource.getrusage(resource.RUSAGE_SELF)
        requests = self._requests.as_dict()
        return Generator(
            cpu_seconds=usage.ru_utime + usage.ru_stime,
            peak_memory_mb=_peak_memory_mb(),
            requests=requests,
            requests_cost=cost_of_requests(requests),
            clock_ahead_seconds=self._clocks.ahead_seconds,
            clock_uncertainty_seconds=self._clocks.uncertainty_seconds,
        )


def _peak_memory_mb() -> float:
    """Return the most memory that this process ever had, in megabytes.

    From /proc, because getrusage's figure begins with that of the process that started this one.
    """
    status = Path("/proc/self/status").read_text(encoding="ascii")
    (line,) = (line for line in status.splitlines() if line.startswith("VmHWM:"))
    return int(line.split()[1]) * _KIB / _MEGABYTE
