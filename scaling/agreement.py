"""`python -m scaling agree`: the simulation's small end beside a load test of the embedded AWS.

Three steps. First, videos go through one after another, so that it is known how long an upload, a
run, and the pause between two runs take. From these, and from the arrivals that are planned for the
load test, the simulation says what will come of it. Then the load test is done. Nothing that is
measured in it goes into the simulation.

A machine that other work shares changes its pace from one minute to the next, which no simulation
can know. So the three steps are done in several short rounds, and the rounds are compared together.
"""

from __future__ import annotations

import os
import tempfile
from dataclasses import dataclass
from pathlib import Path
from statistics import fmean, median
from typing import TYPE_CHECKING

import numpy as np

from enroll.deployed import enrol_students
from enroll.enrolment import enrol
from function.recogniser.identity.gallery import Gallery
from function.student_list import read_students
from loadtest.figures import Spread
from loadtest.options import parse
from loadtest.session import Session
from loadtest.sources import SAMPLE, find_sources
from loadtest.target import Target
from loadtest.workload import plan
from local.aws import LocalAws
from samples.sample_class import make_sample_class
from scaling.lambda_rules import LambdaRules, WhenBusy
from scaling.pipeline import Job, simulate

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from loadtest.journeys import Journey
    from loadtest.options import Options
    from loadtest.sources import Source
    from loadtest.workload import Video

CLOSE_ENOUGH = 0.15
"""How far throughput and p95 may be from the load test's."""

_SINGLES = 2
"""How often each video is measured beforehand, in each round."""
_UPLOADERS = 16


Passage = list[tuple[float, float]]
"""Of each video of a round its arrival and the end of its work, in seconds."""


class NotMeasuredError(Exception):
    """The load test, or what was to be measured before it, left videos without a result."""


@dataclass(frozen=True, kw_only=True)
class Calibration:
    """What single videos took, in seconds.

    `service` has the times in the function of each source. `releases` are the pauses of a worker
    from the end of one run to the beginning of the next one that waits; `delivery` is from the end
    of an upload to the beginning of the work where nothing waits.
    """

    service: Mapping[str, Sequence[float]]
    upload: float
    delivery: float
    releases: Sequence[float]

    @classmethod
    def of(cls, journeys: Sequence[Journey], *, workers: int) -> Calibration:
        """Take it from videos that went through with one uploader, faster than they were worked on.

        With so many workers, the run that begins n-th takes the place of that which ended n-th, so
        many runs before. Raises NotMeasuredError.
        """
        done = sorted(_done(journeys), key=lambda each: each[1])
        service: dict[str, list[float]] = {}
        for journey, started, finished in done:
            service.setdefault(journey.source, []).append(finished - started)
        starts = [started for _, started, _ in done][workers:]
        ends = sorted(finished for _, _, finished in done)
        return cls(
            service=service,
            upload=median(journey.upload for journey, _, _ in done),
            delivery=min(started - journey.uploaded for journey, started, _ in done),
            releases=[max(start - end, 0.0) for start, end in zip(starts, ends, strict=False)],
        )

    @property
    def mean_seconds(self) -> float:
        """How long a video keeps a worker, on average over the sources."""
        return fmean(fmean(times) for times in self.service.values()) + fmean(self.releases)


@dataclass(frozen=True, kw_only=True)
class Figures:
    """What is compared: results a second, and the 95th percentile of the latency in seconds."""

    throughput: float
    p95: float

    @classmethod
    def of(cls, rounds: Sequence[Passage]) -> Figures:
        """Reckon them as the load test does, over all rounds. Raises NotMeasuredError."""
        latency = Spread.of(end - arrival for each in rounds for arrival, end in each)
        if latency is None:
            raise NotMeasuredError("there is no video to compare")
        seconds = sum(
            max(end for _, end in each) - min(arrival for arrival, _ in each) for each in rounds
        )
        return cls(throughput=latency.count / seconds, p95=latency.p95)


@dataclass(frozen=True, kw_only=True)
class Agreement:
    """The simulation beside the load test; `slower` is how much longer the runs took than before.

    The simulation does not know `slower`. Where it is far from nothing, other work on the machine
    came or went between the two, and the comparison is one of two different machines.
    """

    simulated: Figures
    measured: Figures
    videos: int
    slower: float

    @property
    def throughput_off(self) -> float:
        """How far the simulated throughput is from the measured one, as a part of it."""
        return self.simulated.throughput / self.measured.throughput - 1

    @property
    def p95_off(self) -> float:
        """How far the simulated p95 is from the measured one, as a part of it."""
        return self.simulated.p95 / self.measured.p95 - 1

    @property
    def is_close(self) -> bool:
        """Whether both are close enough."""
        return max(abs(self.throughput_off), abs(self.p95_off)) <= CLOSE_ENOUGH


def predicted(
    videos: Sequence[Video], calibration: Calibration, *, workers: int, seed: int
) -> Passage:
    """Simulate a load test's videos, each of whose arrivals is planned."""
    chance = np.random.default_rng(seed)
    arrivals = [video.arrival or 0.0 for video in videos]
    before = calibration.upload + calibration.delivery
    jobs = [
        Job(
            arrival=arrival + before,
            service_seconds=float(chance.choice(calibration.service[video.source.name])),
            release_seconds=float(chance.choice(calibration.releases)),
        )
        for arrival, video in zip(arrivals, videos, strict=True)
    ]
    # Workers are warm, and what comes waits its turn: that is how the embedded AWS differs.
    rules = LambdaRules(concurrency=workers, when_busy=WhenBusy.QUEUE)
    ends = [journey.finished or 0.0 for journey in simulate(jobs, rules)]
    return list(zip(arrivals, ends, strict=True))


def compare(  # noqa: PLR0913 - what a load test is asked for
    *, rounds: int, count: int, workers: int, load: float, seed: int, say: Callable[[str], None]
) -> Agreement:
    """Measure, simulate and do a load test, in so many rounds of `count` videos each.

    Videos arrive at `load` times the rate at which the workers get through them. Raises
    NotMeasuredError, EmulatorError, DeploymentError, SamplesUnavailableError, and what the load
    test raises.
    """
    simulated, measured = [], []
    took, expected = 0.0, 0.0
    with LocalAws(workers=workers) as aws, tempfile.TemporaryDirectory(prefix="scaling-") as folder:
        say("Enrolling the sample class …")
        _enrol(aws, Path(folder, "class"))
        sources = find_sources([SAMPLE], made=Path(folder, "videos"))
        sources = [each for each in sources if each.sample and each.sample.readable]
        run = _Runs(aws, sources)
        singles = ("--concurrency", "1", "--count", str(_SINGLES * len(sources)))
        run.go(*singles)  # the first ones find files and models unread
        for number in range(rounds):
            calibration = Calibration.of(run.go(*singles), workers=workers)
            rate = load * workers / calibration.mean_seconds
            arguments = (
                "--rate",
                f"{rate:.4f}",
                "--count",
                str(count),
                "--seed",
                f"{seed + number}",
            )
            options = run.options(*arguments)
            videos = plan(sources, count=count, prefix="", loop=options.loop, seed=options.seed)
            simulated.append(predicted(videos, calibration, workers=workers, seed=options.seed))
            say(f"Round {number + 1} of {rounds}: {count} videos at {rate:.2f} a second …")
            done = _done(run.go(*arguments, "--concurrency", str(_UPLOADERS)))
            measured.append([(journey.arrival, finished) for journey, _, finished in done])
            took += sum(finished - started for _, started, finished in done)
            expected += sum(fmean(calibration.service[journey.source]) for journey, _, _ in done)
    return Agreement(
        simulated=Figures.of(simulated),
        measured=Figures.of(measured),
        videos=rounds * count,
        slower=took / expected - 1,
    )


def lines(agreement: Agreement) -> list[str]:
    """Return what is printed: both sides, and how far they are apart."""
    simulated, measured = agreement.simulated, agreement.measured
    one, five, _ = os.getloadavg()
    throughput = (simulated.throughput, measured.throughput, agreement.throughput_off)
    p95 = (simulated.p95, measured.p95, agreement.p95_off)
    return [
        f"{'':24}{'simulated':>12}{'measured':>12}{'apart':>10}",
        "{:24}{:12.3f}{:12.3f}{:+10.1%}".format("throughput, videos/s", *throughput),
        "{:24}{:12.2f}{:12.2f}{:+10.1%}".format("latency, p95, s", *p95),
        f"{agreement.videos} videos. Runs took {agreement.slower:+.1%} against single ones before.",
        f"The machine's load was {one:.1f}, and {five:.1f} over five minutes.",
        f"{'Within' if agreement.is_close else 'NOT within'} {CLOSE_ENOUGH:.0%}.",
    ]


class _Runs:
    """Load tests of one stack, with the same videos."""

    def __init__(self, aws: LocalAws, sources: Sequence[Source]) -> None:
        self._target = Target.of(aws.deployment)
        self._sources = sources

    def options(self, *arguments: str) -> Options:
        """Return what these arguments of the load test mean."""
        return parse([SAMPLE, "--stack", "local", *arguments])

    def go(self, *arguments: str) -> Sequence[Journey]:
        """Do a load test, and return its videos' journeys. Raises NotMeasuredError."""
        session = Session(self.options(*arguments), self._target, self._sources, {})
        session.check()
        session.go(lambda _: None)
        report = session.report(say=lambda _: None)
        if not report.thresholds_are_met:
            raise NotMeasuredError(f"the load test ended with {report.counts}")
        return report.videos


def _done(journeys: Sequence[Journey]) -> list[tuple[Journey, float, float]]:
    """Return journeys with the beginning and the end of their work, which all must have."""
    done = [
        (journey, journey.started, journey.finished)
        for journey in journeys
        if journey.started is not None and journey.finished is not None
    ]
    if len(done) < len(journeys) or not done:
        raise NotMeasuredError(f"{len(journeys) - len(done)} videos have no result that says when")
    return done


def _enrol(aws: LocalAws, folder: Path) -> None:
    sample = make_sample_class(folder)
    students = read_students(sample.students)
    enrolment = enrol(students, sample.portraits, known=Gallery.empty())
    enrol_students(aws.deployment, students, enrolment.rows)
