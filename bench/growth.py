"""How the cost grows: with the gallery, the faces in the frame, the resolution and the length."""

from __future__ import annotations

import os
import tempfile
import time
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import face_recognition
import numpy as np

from bench import ours
from bench.answers import Verdict
from bench.crowd import Crowd, crowd_video
from bench.measure import Median, cpu_seconds, cpu_seconds_each, in_turns, run_process
from bench.report import megabytes, number, with_range
from bench.scaling import fitted_exponent
from bench.ways import FLOOR, OURS_EVERYONE, answers_in, ways
from function.recogniser.identity.gallery import Gallery

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    from bench.inputs import Known, Video
    from bench.report import Report
    from bench.ways import Way

_GALLERY_ROWS = (10, 100, 1_000, 10_000, 100_000)
_FACES_MATCHED = 9
_ENCODING_NORM = 1.4  # about that of dlib's encodings

_FACES_IN_FRAME = (0, 1, 2, 5, 10, 20, 40, 60)
_HEIGHTS = (360, 480, 720, 1080, 1440, 2160)
_SHORTEST = 10  # seconds

_ONE, _EACH = "one for all parts", "one for each part"


@dataclass(frozen=True, kw_only=True)
class _Grown:
    """A crowd's measurements: CPU seconds of ours and of decoding alone, and the peak in bytes."""

    ours: Median
    floor: Median
    peak: int
    found: Verdict


def measure_gallery(report: Report, *, repeats: int) -> None:
    """Measure how finding the faces' students grows with the rows of the gallery."""
    chance = np.random.default_rng(1)
    faces = _encodings(chance, _FACES_MATCHED)
    medians = []
    for count in _GALLERY_ROWS:
        with report.doing(f"gallery of {count} rows"):
            gallery = Gallery(
                student_ids=tuple(f"{row:06d}" for row in range(count)),
                encodings=_encodings(chance, count),
            )
            costs = in_turns(
                {
                    "ours": partial(cpu_seconds_each, partial(ours.matches, gallery, faces)),
                    "seed": partial(
                        cpu_seconds_each, partial(_seed_match, list(gallery.encodings), faces)
                    ),
                    "load": partial(_load_cost, gallery, faces),
                },
                repeats=repeats,
                cost=float,
            )
        medians.append({name: Median.of(values) for name, values in costs.items()})
    series = {name: [median[name].value for median in medians] for name in medians[0]}
    report.table(
        f"CPU milliseconds against the rows of the gallery, for {_FACES_MATCHED} faces at once",
        ("rows", "ours, match", "seed's way, match", "ours, load and first match"),
        [
            [f"{count:,}", *(_milliseconds(median) for median in by_name.values())]
            for count, by_name in zip(_GALLERY_ROWS, medians, strict=True)
        ],
    )
    fits = [fitted_exponent(_GALLERY_ROWS, costs) for costs in series.values()]
    report.note(
        "Fitted exponents: ours {:.2f}, seed's way {:.2f}, load {:.2f}; ".format(*fits)
        + "of the last tenfold alone: "
        + ", ".join(
            f"{fitted_exponent(_GALLERY_ROWS[-2:], costs[-2:]):.2f}" for costs in series.values()
        )
        + "."
    )


def measure_faces(report: Report, known: Known, *, repeats: int) -> None:
    """Measure how the cost grows with the faces in the frame."""
    crowds = [
        Crowd(size=(1920, 1080), face_heights=(75,) * count, seconds=2) for count in _FACES_IN_FRAME
    ]
    labels = [str(count) for count in _FACES_IN_FRAME]
    grown = _measure_crowds(report, crowds, labels, known, repeats)
    _print_grown(report, "faces in a frame of 1080p, 2 s", labels, grown)
    beyond = [
        (count, one.ours.value - grown[0].ours.value)
        for count, one in zip(_FACES_IN_FRAME, grown, strict=True)
        if one.ours.value > grown[0].ours.value
    ]
    if len(beyond) > 1:
        exponent = fitted_exponent(*zip(*beyond, strict=True))
        report.note(f"Fitted exponent of the cost beyond that of the empty room: {exponent:.2f}.")


def measure_resolution(report: Report, known: Known, *, repeats: int) -> None:
    """Measure how the cost grows with the pixels of the frame, the same people in it."""
    crowds = [
        Crowd(size=(height * 16 // 18 * 2, height), face_heights=(height // 4,) * 3, seconds=2)
        for height in _HEIGHTS
    ]
    labels = [f"{width}x{height}" for width, height in (crowd.size for crowd in crowds)]
    grown = _measure_crowds(report, crowds, labels, known, repeats)
    _print_grown(report, "resolution, three faces, 2 s", labels, grown)
    pixels = [width * height for width, height in (crowd.size for crowd in crowds)]
    report.note(f"Against the number of pixels: {_fits(pixels, grown)}.")


def measure_length(report: Report, known: Known, *, longest: int, repeats: int) -> None:
    """Measure how cost and memory grow with the length of the video, up to `longest` seconds."""
    crowds: list[Crowd] = []
    while (times := 2 ** len(crowds)) * _SHORTEST <= longest:
        crowds.append(
            Crowd(size=(1280, 720), face_heights=(120,) * 3, seconds=_SHORTEST, times=times)
        )
    labels = [f"{crowd.seconds * crowd.times} s" for crowd in crowds]
    grown = _measure_crowds(report, crowds, labels, known, repeats)
    _print_grown(report, "length, three faces, 720p", labels, grown)
    if len(crowds) > 1:
        seconds = [crowd.seconds * crowd.times for crowd in crowds]
        peak = fitted_exponent(seconds, [one.peak for one in grown])
        report.note(f"Against the length: {_fits(seconds, grown)}, peak memory {peak:.2f}.")


def measure_threads(report: Report, video: Video, known: Known, *, repeats: int) -> None:
    """Measure the wall-clock time of ours in one thread, and in one for each of its parts."""
    with report.doing("threads"):
        tries = in_turns(
            {
                _ONE: partial(
                    _timed_in_one_thread, partial(ours.everyone, video.path, known.gallery)
                ),
                _EACH: partial(_timed, partial(ours.everyone, video.path, known.gallery)),
            },
            repeats=repeats,
            cost=lambda seconds: seconds[1],
        )
    walls, cpus = (
        {name: Median.of(one[kind] for one in its_tries) for name, its_tries in tries.items()}
        for kind in (0, 1)
    )
    report.table(
        video.name.capitalize(),
        ("threads", "wall s", "CPU s"),
        [[name, with_range(walls[name]), with_range(cpus[name])] for name in tries],
    )
    report.note(
        f"A thread for each part takes {walls[_EACH].value / walls[_ONE].value:.2f} of the time "
        f"that one thread takes, with {len(os.sched_getaffinity(0))} processors."
    )


def _measure_crowds(
    report: Report, crowds: Sequence[Crowd], labels: Sequence[str], known: Known, repeats: int
) -> list[_Grown]:
    by_name = ways(known)
    grown = []
    for crowd, label in zip(crowds, labels, strict=True):
        with report.doing(label):
            video = crowd_video(crowd)
            costs = in_turns(
                {
                    name: partial(_cpu_of_look, by_name[name], video)
                    for name in (OURS_EVERYONE, FLOOR)
                },
                repeats=repeats,
                cost=float,
            )
            process = run_process(by_name[OURS_EVERYONE].command([video], known))
        (answer,) = answers_in(process.output)
        found = Verdict.on(answer, crowd.students)
        if not found.right:
            report.failure(f"{label}: ours found {found}")
        grown.append(
            _Grown(
                ours=Median.of(costs[OURS_EVERYONE]),
                floor=Median.of(costs[FLOOR]),
                peak=process.peak,
                found=found,
            )
        )
    return grown


def _print_grown(
    report: Report, title: str, labels: Sequence[str], grown: Sequence[_Grown]
) -> None:
    report.table(
        f"CPU seconds against {title}",
        ("", "ours", "decode only", "peak MB", "students found"),
        [
            [
                label,
                with_range(one.ours, 3),
                with_range(one.floor, 3),
                megabytes(one.peak),
                str(one.found),
            ]
            for label, one in zip(labels, grown, strict=True)
        ],
    )


def _fits(amounts: Sequence[float], grown: Sequence[_Grown]) -> str:
    ours_fit = fitted_exponent(amounts, [one.ours.value for one in grown])
    floor_fit = fitted_exponent(amounts, [one.floor.value for one in grown])
    return f"fitted exponents of ours {ours_fit:.2f}, of decoding only {floor_fit:.2f}"


def _cpu_of_look(way: Way, video: Path) -> float:
    return _timed(partial(way.look, video))[1]


def _timed(action: Callable[[], object]) -> tuple[float, float]:
    """Return the wall-clock and the CPU seconds of a call."""
    wall, cpu = time.perf_counter(), cpu_seconds()
    action()
    return time.perf_counter() - wall, cpu_seconds() - cpu


def _timed_in_one_thread(action: Callable[[], object]) -> tuple[float, float]:
    with ours.in_one_thread():
        return _timed(action)


def _encodings(chance: np.random.Generator, count: int) -> NDArray[np.float32]:
    encodings = chance.normal(size=(count, 128))
    lengths = np.linalg.norm(encodings, axis=1, keepdims=True)
    return np.asarray(_ENCODING_NORM * encodings / lengths, dtype=np.float32)


def _seed_match(rows: list[NDArray[np.float32]], faces: NDArray[np.float32]) -> None:
    for face in faces:
        face_recognition.compare_faces(rows, face)


def _load_cost(gallery: Gallery, faces: NDArray[np.float32]) -> float:
    with tempfile.TemporaryDirectory(prefix="lambdalens-bench-") as folder:
        path = Path(folder, "gallery.npz")
        gallery.save(path)
        return _timed(partial(_load_and_match, path, faces))[1]


def _load_and_match(path: Path, faces: NDArray[np.float32]) -> None:
    ours.matches(Gallery.load(path), faces)


def _milliseconds(median: Median) -> str:
    return number(1000 * median.value, 3)
