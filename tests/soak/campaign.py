"""One soak: the uploads with all that goes wrong meanwhile, the recovery, and the account."""

from __future__ import annotations

import contextlib
import io
import json
import tempfile
import threading
import time
from collections import Counter
from contextlib import ExitStack
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Self

from enroll.deployed import enrol_students, load_gallery
from enroll.enrolment import enrol
from enroll.gallery_edits import without_students
from function.events import Upload, notification
from function.student_list import read_students
from local.aws import LocalAws
from recover.__main__ import main as recover
from recover.sending import Sending
from samples.sample_class import BIDEN, make_sample_class
from stacks import outputs as stack_outputs
from tests.integration.faulty_proxy import FaultyProxy
from tests.integration.long_class import RANGE_SECONDS
from tests.soak.account import Account, seconds
from tests.soak.faults import Faults
from tests.soak.fleet import Fleet
from tests.soak.plan import NAMED, Content, Kind, contents, steps

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from types import TracebackType

    from tests.soak.plan import Step

_QUIET_SECONDS = 5.0
"""Longer than the SDK pauses before it asks again, or an event that failed waits for its turn."""

_PATIENCE_SECONDS = 600.0

_SETTINGS = {"rangesFromSeconds": str(2 * RANGE_SECONDS), "samplesPerSecond": "0.05"}
"""The shortest of the long videos are looked at in ranges; more samples would only take longer."""
_ROUNDS = 3
_RECOVERY = ("failures", "missing", "outdated")

# A worker's memory may be that much larger at the end than when it had seen a few videos.
_GROWTH, _GROWTH_MIB = 1.25, 30


@dataclass(kw_only=True)
class Summary:
    """What has happened, in numbers; `wrong` is what does not balance."""

    seed: int
    counts: Counter[str] = field(default_factory=Counter)
    faults: Counter[str] = field(default_factory=Counter)
    seconds: float = 0.0
    longest_run_seconds: float = 0.0
    longest_wait_seconds: float = 0.0
    idle_mib: tuple[float, float] = (0.0, 0.0)
    peak_mib: float = 0.0
    wrong: list[str] = field(default_factory=list)

    def __str__(self) -> str:
        """Return it for people."""
        before, after = self.idle_mib
        lines = [
            _listed(self.counts),
            f"faults: {_listed(self.faults) or 'none'}",
            f"longest run: {self.longest_run_seconds:.1f} s",
            f"longest from an event to the result that stands: {self.longest_wait_seconds:.0f} s",
            f"all of it: {self.seconds:.0f} s",
            f"a worker at rest: {before:.0f} MiB before, {after:.0f} after",
            f"a worker at most: {self.peak_mib:.0f} MiB",
        ]
        told = [f"  {problem}" for problem in self.wrong]
        verdict = f"{len(told)} things are wrong:" if told else "The account balances."
        return "\n".join([*lines, verdict, *told])


class Campaign:
    """A stack of its own among faults, from its start to its end."""

    def __init__(self, seed: int) -> None:
        self.summary = Summary(seed=seed)
        self.faults = Faults(seed)
        self._seed = seed
        self._newest: dict[str, Content] = {}

    def __enter__(self) -> Self:
        with ExitStack() as ending:
            self._folder = Path(ending.enter_context(tempfile.TemporaryDirectory()))
            proxy = FaultyProxy()
            ending.callback(proxy.close)
            # What it asks of the faults is answered by them, with or without one.
            proxy.fault = self.faults
            ending.callback(self.faults.end)
            self.fleet = Fleet(proxy, self._seed)
            self.aws = ending.enter_context(LocalAws(start=self.fleet.start))
            self.aws.update(**_SETTINGS)
            self._s3 = self.aws.client("s3")
            self._account = Account(self.aws)
            self._ending = ending.pop_all()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._ending.close()

    def run(self, count: int, tell: Callable[[str], object], *, minutes: float) -> Summary:
        """Do all of it, with `count` uploads or as many as fit into the time."""
        begun = time.monotonic()
        made = contents(self._folder)
        self._enrol()
        tell("warming up")
        for number, content in enumerate(made[Kind.CSV]):
            self._upload(f"warm/{NAMED}{number}.mp4", content)
        self._settle()
        before = self.fleet.resident_mib()
        self.faults.begin()
        for step in steps(self._seed, count, made, len(self._galleries)):
            if time.monotonic() - begun > minutes * 60:
                break
            self._do(step)
            tell(
                f"{self.summary.counts['uploads']} of {count} uploads, {self.fleet.kills} kills, "
                f"{self.faults.met.total()} faults"
            )
        self.faults.end()
        self._put_gallery(self._gallery if self._gallery is not None else 0)
        tell("waiting for what is left")
        self._settle()
        failures = self._account.failures()
        self.summary.counts["failed for good"] = len(failures)
        for key in sorted(self._account.lost(self._newest, failures)):
            self._wrong(f"{key!r} has no result, and no message says so")
        tell("recovering")
        self._recover()
        self._settle()
        for problem in self._account.names_of_people(failures):
            self._wrong(problem)
        self._balance(before)
        self.summary.seconds = time.monotonic() - begun
        return self.summary

    def _enrol(self) -> None:
        sample = make_sample_class(self._folder)
        students = read_students(sample.students)
        enrolment = enrol(students, sample.portraits, known=load_gallery(self.aws.deployment))
        whole = enrol_students(self.aws.deployment, students, enrolment.rows)
        self._galleries = []
        for gallery in (whole, without_students(whole, {BIDEN})):
            content = io.BytesIO()
            gallery.save(content)
            self._galleries.append((content.getvalue(), frozenset(gallery.student_ids)))
        self._gallery: int | None = 0
        self._put_gallery(0)

    def _do(self, step: Step) -> None:
        self._upload(step.key, step.content)
        for key in step.again:
            upload = Upload(
                bucket=self.aws.outputs.input_bucket, key=key, time="2026-01-01T00:00:00.000Z"
            )
            Sending(self.aws.deployment).send(notification(upload))
            self.summary.counts["events sent again"] += 1
        if step.kill_after is not None:
            threading.Timer(step.kill_after, self.fleet.kill_one).start()
        if step.outage:
            self.faults.begin_outage(*step.outage)
            self.summary.counts["outages"] += 1
        if step.gallery:
            self._put_gallery(*step.gallery)
            self.summary.counts["changes of the gallery"] += 1
        time.sleep(step.pause)

    def _upload(self, key: str, content: Content) -> None:
        self._s3.put_object(Bucket=self.aws.outputs.input_bucket, Key=key, Body=content.body)
        counts = self.summary.counts
        counts["uploads"] += 1
        counts["of them over others"] += key in self._newest
        counts[f"of them for {content.kind.name}"] += 1
        counts["of them long"] += content.is_long
        self._newest[key] = content

    def _put_gallery(self, number: int | None) -> None:
        bucket, key = self.aws.outputs.gallery_bucket, self.aws.outputs.gallery_key
        self._gallery = number
        if number is None:
            self._s3.delete_object(Bucket=bucket, Key=key)
        else:
            self._s3.put_object(Bucket=bucket, Key=key, Body=self._galleries[number][0])

    def _settle(self) -> None:
        """Wait until the workers have nothing to do any more, nor executions that pause."""
        begun = quiet_since = time.monotonic()
        before = self.fleet.cpu_seconds()
        while time.monotonic() - quiet_since < _QUIET_SECONDS:
            if time.monotonic() - begun > _PATIENCE_SECONDS:
                self._wrong(f"the workers are not at rest after {_PATIENCE_SECONDS:.0f} s")
                return
            time.sleep(0.1)
            now = self.fleet.cpu_seconds()
            if now != before or self.faults.are_asked or self._account.executions_running():
                quiet_since, before = time.monotonic(), now

    def _recover(self) -> None:
        """Run the operator's commands until they find nothing to do."""
        with self._as_local_stack():
            for command in _RECOVERY:
                for _ in range(_ROUNDS):
                    said = io.StringIO()
                    with contextlib.redirect_stdout(said), contextlib.redirect_stderr(said):
                        status = recover(
                            [
                                command,
                                "--stack",
                                "local",
                                "--rate",
                                "50",
                                "--wait",
                                "--timeout",
                                "60",
                            ]
                        )
                        again = said.getvalue().count(": sent again ")
                    self.summary.counts[f"sent again by {command}"] += again
                    if status == 0 and not again:
                        break
                else:
                    self._wrong(f"recover {command} never came to an end: {said.getvalue()}")

    @contextlib.contextmanager
    def _as_local_stack(self) -> Iterator[None]:
        """Let commands find this stack, and not one that the user has up."""
        file = self._folder / "stack.json"
        running = {
            "endpoint_url": self.aws.endpoint_url,
            "access_key": asdict(self.aws.administrator),
            "outputs": dict(self.aws.exports),
        }
        file.write_text(json.dumps(running), encoding="utf-8")
        usual = stack_outputs.LOCAL_STACK_FILE
        stack_outputs.LOCAL_STACK_FILE = file
        try:
            yield
        finally:
            stack_outputs.LOCAL_STACK_FILE = usual

    def _balance(self, before: float) -> None:
        summary, fleet = self.summary, self.fleet
        outputs = self.aws.outputs
        gallery = self._s3.head_object(Bucket=outputs.gallery_bucket, Key=outputs.gallery_key)
        enrolled = self._galleries[self._gallery or 0][1]
        for problem in self._account.differences(self._newest, gallery["ETag"], enrolled):
            self._wrong(problem)
        if depth := self._account.queue_depth():
            self._wrong(f"{depth} messages are left in the failures queue")
        if left := fleet.left_in_tmp():
            self._wrong(f"files are left in the workers' temporary folders: {left}")
        after = fleet.resident_mib()
        if after > before * _GROWTH + _GROWTH_MIB:
            self._wrong(f"a worker has {after:.0f} MiB at rest, and had {before:.0f}")
        results = self._account.results()
        summary.longest_run_seconds = seconds(results, "started")
        summary.longest_wait_seconds = seconds(
            [it for it in results if not it.metadata["event-time"].startswith("2026-01-01")],
            "event-time",
        )
        summary.idle_mib = (before, after)
        summary.peak_mib = fleet.peak_mib
        summary.counts["workers killed"] = fleet.kills
        summary.counts["CSVs made of ranges"] = sum(
            it.key.endswith(".csv") and it.metadata["ranges"] != "1" for it in results
        )
        summary.faults = self.faults.met

    def _wrong(self, problem: str) -> None:
        self.summary.wrong.append(problem)


def _listed(counts: Counter[str]) -> str:
    return ", ".join(f"{number} {what}" for what, number in counts.items())
