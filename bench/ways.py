"""The ways of recognising that are compared, each as something to call and to start."""

from __future__ import annotations

import csv
import sys
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from bench import floor, ours, reference, seed
from bench.answers import Verdict

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from pathlib import Path

    from bench.inputs import Known

SEED_FIRST = "seed's way, first match"
SEED_EVERYONE = "seed's way, everyone"
REFERENCE = "reference"
OURS_FIRST = "ours, first match"
OURS_EVERYONE = "ours, everyone"
FLOOR = "floor: decode only"

PAIRS = (
    ("Everyone", SEED_EVERYONE, OURS_EVERYONE),
    ("First match", SEED_FIRST, OURS_FIRST),
)
"""What is done, the seed's way of doing it, and ours."""


@dataclass(frozen=True, kw_only=True)
class Way:
    """A way of recognising: `look` returns the ids of the students in a video.

    `arguments` start it as a process of its own, with the gallery put in after the second one, and
    the videos at the end. `judge` compares an answer with the truth; decoding alone has none to
    compare.
    """

    look: Callable[[Path], frozenset[str]]
    probes: Mapping[str, str] = field(default_factory=dict)
    arguments: Sequence[str] = ()
    judge: Callable[[frozenset[str], frozenset[str]], Verdict] = Verdict.on

    def command(self, videos: Iterable[Path], known: Known) -> list[str]:
        """Return the command that does the same on some videos in a fresh process."""
        module, form, *rest = self.arguments
        return [
            *(sys.executable, "-m", module, form, str(known.path), *rest),
            *(str(video) for video in videos),
        ]


def ways(known: Known) -> dict[str, Way]:
    """Return all ways by name, for a gallery, ours at its usual rate and the others at the same."""
    rate = ours.OPTIONS.samples_per_second
    faces = seed.KnownFaces.load(known.path)
    return {
        SEED_FIRST: Way(
            look=lambda video: seed.first_match(video, faces),
            probes=seed.PROBES,
            arguments=("bench.seed", "first-match"),
            judge=Verdict.on_first_match,
        ),
        SEED_EVERYONE: Way(
            look=lambda video: seed.everyone(video, faces, per_second=rate),
            probes=seed.PROBES,
            arguments=("bench.seed", "everyone", f"{rate:g}"),
        ),
        REFERENCE: Way(
            look=lambda video: reference.everyone(video, known.gallery, per_second=rate),
            probes=reference.PROBES,
        ),
        OURS_EVERYONE: Way(
            look=lambda video: ours.everyone(video, known.gallery),
            probes=ours.PROBES,
            arguments=("bench.ours", "everyone"),
        ),
        OURS_FIRST: Way(
            look=lambda video: ours.first_match(video, known.gallery),
            probes=ours.PROBES,
            arguments=("bench.ours", "first-match"),
            judge=Verdict.on_first_match,
        ),
        FLOOR: Way(look=lambda video: _floor(video, rate), probes=floor.PROBES),
    }


def answers_in(output: str) -> list[frozenset[str]]:
    """Read the students' ids out of the CSVs that a process printed, one for each video."""
    answers: list[frozenset[str]] = []
    column = 0
    for row in csv.reader(output.splitlines()):
        if "student_id" in row:  # where the next CSV begins
            column = row.index("student_id")
            answers.append(frozenset())
        else:
            answers[-1] |= {row[column]}
    return answers


def _floor(video: Path, rate: float) -> frozenset[str]:
    floor.decode(video, per_second=rate)
    return frozenset()
