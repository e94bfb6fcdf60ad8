"""The sections of the benchmark, each on what it runs on."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from bench import (
    cases,
    cold,
    comparison,
    growth,
    harder,
    inputs,
    ranges,
    sampling,
    school,
    strangers,
)
from bench.headline import Headline
from bench.lectures import LECTURES, LectureHall
from bench.variants import Variants
from enroll.gallery_edits import with_students
from function.recogniser.identity.gallery import Gallery

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from bench.inputs import Known
    from bench.report import Report


@dataclass(frozen=True, kw_only=True)
class Choice:
    """What was asked for on the command line."""

    repeat: int
    longest: int
    longest_lecture: int
    videos: Path | None
    gallery: Path | None
    portraits: Path | None
    students: Path | None
    truth: Path | None
    strangers: Path | None
    reference: bool


@dataclass(frozen=True, kw_only=True)
class _Run:
    """What the sections need, and what one leaves to another.

    That is where to report, a temporary folder, the sample class, and strangers to enrol with how
    many pictures of such were refused; the harder videos made, and what the headline stands on.
    """

    report: Report
    choice: Choice
    folder: Path
    sample: Known
    strangers: tuple[Gallery, int]
    variants: Variants
    headline: Headline


def run_sections(names: Mapping[str, str], choice: Choice, report: Report) -> None:
    """Run the sections of these names, each under its title.

    Raises InputError, SamplesUnavailableError, CommandFailedError, or ProbeError.
    """
    with tempfile.TemporaryDirectory(prefix="lambdalens-bench-") as temporary:
        folder = Path(temporary)
        with report.doing("enrolling the sample class"):
            sample = inputs.sample_gallery(folder / "sample")
        further: tuple[Gallery, int] = (Gallery.empty(), 0)
        if choice.strangers and "strangers" in names:
            with report.doing("enrolling strangers"):
                further = inputs.strangers_gallery(choice.strangers)
        run = _Run(
            report=report,
            choice=choice,
            folder=folder,
            sample=sample,
            strangers=further,
            variants=Variants(folder / "harder"),
            headline=Headline(),
        )
        for name, title in names.items():
            report.heading(f"{name}: {title}")
            _SECTIONS[name](run)
        if headline := str(run.headline):
            report.note(f"\n{headline}")


def _videos(run: _Run) -> None:
    videos, known = _videos_and_known(run)
    results = comparison.compare(run.report, videos, known, repeats=run.choice.repeat)
    run.headline.take_videos(videos, results)


def _samples(run: _Run) -> None:
    sampling.compare_samplings(run.report, *_videos_and_known(run))


def _harder(run: _Run) -> None:
    videos, known = _videos_and_known(run)
    harder.compare_harder(
        run.report,
        cases.cases_of(run.report, videos, run.variants),
        known.gallery,
        cases.looks(with_reference=run.choice.reference),
    )


def _strangers(run: _Run) -> None:
    videos, known = _videos_and_known(run)
    further, refused = run.strangers
    if refused:
        run.report.note(f"Pictures of strangers that cannot be enrolled: {refused}, left out.")
    strangers.count_false_names(
        run.report,
        cases.cases_of(run.report, videos, run.variants),
        with_students(known.gallery, further),
        cases.looks(with_reference=run.choice.reference),
    )


def _videos_and_known(run: _Run) -> tuple[list[inputs.Video], Known]:
    if run.choice.videos is None:
        with run.report.doing("making the sample videos"):
            return inputs.sample_videos(run.folder), run.sample
    with run.report.doing("enrolling"):
        known = _known(run.choice, run.folder)
        videos, unreadable = inputs.folder_videos(run.choice.videos, run.choice.truth)
    if unreadable:
        run.report.note(f"{unreadable} files cannot be read as videos: left out.\n")
    return videos, known


def _known(choice: Choice, folder: Path) -> Known:
    if choice.gallery:
        return inputs.gallery_file(choice.gallery)
    if choice.portraits and choice.students:
        return inputs.portraits_gallery(choice.portraits, choice.students, folder)
    raise inputs.InputError("nobody is known: give a gallery, or portraits and students")


def _minute(run: _Run) -> None:
    videos = _minute_videos(run)
    results = comparison.compare(run.report, videos, run.sample, repeats=run.choice.repeat)
    run.headline.take_minutes(results)


def _minute_videos(run: _Run) -> list[inputs.Video]:
    with run.report.doing("making two minutes of video, the first time only"):
        return inputs.minute_videos()


def _cold(run: _Run) -> None:
    cold.measure_cold_start(run.report, run.sample, repeats=run.choice.repeat)


def _gallery(run: _Run) -> None:
    growth.measure_gallery(run.report, repeats=run.choice.repeat)
    school.measure_school(run.report, repeats=run.choice.repeat)


def _faces(run: _Run) -> None:
    growth.measure_faces(run.report, run.sample, repeats=run.choice.repeat)


def _resolution(run: _Run) -> None:
    growth.measure_resolution(run.report, run.sample, repeats=run.choice.repeat)


def _length(run: _Run) -> None:
    growth.measure_length(
        run.report, run.sample, longest=run.choice.longest, repeats=run.choice.repeat
    )


def _threads(run: _Run) -> None:
    video = _minute_videos(run)[0]
    growth.measure_threads(run.report, video, run.sample, repeats=run.choice.repeat)


def _ranges(run: _Run) -> None:
    videos, known = _videos_and_known(run)
    ranges.compare_ranges(
        run.report,
        [it for it in LECTURES if it.minutes <= run.choice.longest_lecture],
        LectureHall(videos, run.folder / "lectures"),
        known,
        run.sample,
    )


_SECTIONS: Mapping[str, Callable[[_Run], None]] = {
    "videos": _videos,
    "samples": _samples,
    "harder": _harder,
    "strangers": _strangers,
    "minute": _minute,
    "cold": _cold,
    "gallery": _gallery,
    "faces": _faces,
    "resolution": _resolution,
    "length": _length,
    "threads": _threads,
    "ranges": _ranges,
}
