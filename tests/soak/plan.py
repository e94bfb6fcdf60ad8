"""What a soak does, step by step, all of it decided by a seed before it begins."""

from __future__ import annotations

import io
import random
from dataclasses import dataclass
from enum import Enum, auto
from itertools import combinations, cycle
from typing import TYPE_CHECKING

from PIL import Image

from samples.sample_class import BIDEN, COLLINS, OBAMA, person_in_class
from samples.sample_video import Scene, write_video
from tests.integration.long_class import write_long_class
from tests.soak.faults import OUTAGES

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

NAMED = "Zeynep"
"""Is in every key, as somebody's name may be, and nowhere else."""

_SIZE = (640, 360)
_PICTURES = {OBAMA: "obama3.jpg", BIDEN: "biden.jpg", COLLINS: "astronaut.png"}

# Who is in one range after another; in some, nobody.
_LONG = ((OBAMA, BIDEN), (BIDEN, None, COLLINS), (None, OBAMA))

# What may stand in a key, and is something else to URLs, forms, XML, shells or file systems. Not in
# it: "." and ".." between slashes, which clients take out of what they ask a proxy for.
_ODD = (
    "week 1/{}",
    "\t{}\r",
    "\x01{}",
    "\u202e{}",
    "{}+a%20b%",
    "%2F{}",
    "ünï/{} 🎥",
    "e\u0301{}",
    "a&b<c>\"'{}",
    "{}?x=1#y",
    "//{}//",
    "~{}$(x)`;|",
    "\\{}\\",
    "=cmd {}",
    "{} ",
    "{}.mp4",
    "-{}",
    "@{}:*",
    f"{'x' * 900}{{}}",
)
_SUFFIXES = (".mp4", ".mp4", ".mov", ".mkv", ".MP4", "")
_NO_VIDEO_SUFFIXES = (".txt", ".DS_Store", "/", ".png")


class Kind(Enum):
    """What is to become of an upload."""

    CSV = auto()
    REPORT = auto()
    NOTHING = auto()


@dataclass(frozen=True, kw_only=True)
class Content:
    """What may be uploaded. `students` are the ids of those students who are seen in it.

    One that `is_long` is looked at in ranges.
    """

    body: bytes
    kind: Kind
    students: frozenset[str] = frozenset()
    is_long: bool = False


@dataclass(frozen=True, kw_only=True)
class Step:
    """One upload, and what happens after it.

    `again` are keys whose events are sent once more, `kill_after` and `pause` are seconds, `outage`
    is a kind of fault and how many seconds it lasts, and `gallery` the place in the list of
    galleries of the one that takes the other's place; None in it is that there is none.
    """

    key: str
    content: Content
    pause: float
    again: tuple[str, ...] = ()
    kill_after: float | None = None
    outage: tuple[str, float] | None = None
    gallery: tuple[int | None] | None = None


def contents(folder: Path) -> dict[Kind, list[Content]]:
    """Make what is uploaded: videos of a second, long ones, broken ones, and what is none."""
    readable = [
        Content(body=_video(folder, who, strangers), kind=Kind.CSV, students=frozenset(who))
        for who, strangers in _groups()
    ]
    readable += [
        Content(
            body=write_long_class(
                folder / f"{number}.mp4", [(_PICTURES[each],) if each else () for each in who]
            ),
            kind=Kind.CSV,
            students=frozenset(each for each in who if each),
            is_long=True,
        )
        for number, who in enumerate(_LONG)
    ]
    whole = readable[0].body
    broken = [
        b"Nobody took a video.",
        b"",
        whole[: len(whole) // 2],
        b"\x1a\x45\xdf\xa3" + bytes(99),
    ]
    picture = io.BytesIO()
    Image.new("RGB", (8, 8)).save(picture, "png")
    none = [b"Minutes of the lesson", b"\x00\x00\x00\x01Bud1", picture.getvalue()]
    return {
        Kind.CSV: readable,
        Kind.REPORT: [Content(body=body, kind=Kind.REPORT) for body in broken],
        Kind.NOTHING: [Content(body=body, kind=Kind.NOTHING) for body in none],
    }


def steps(seed: int, count: int, made: dict[Kind, list[Content]], galleries: int) -> list[Step]:
    """Decide about so many uploads."""
    numbers = random.Random(seed)  # noqa: S311 - no secret
    kills, outages, changes = (
        set(numbers.sample(range(count), min(count, max(2, count // part))))
        for part in (10, 20, 15)
    )
    kinds, gallery = cycle(OUTAGES), _galleries(numbers, galleries)
    videos: list[str] = []
    held: list[str] = []
    planned = []
    for number in range(count):
        key, content = _upload(numbers, number, videos, made)
        if numbers.random() < 0.3:
            held += [key] * numbers.randint(1, 2)
        again: tuple[str, ...] = ()
        if held and numbers.random() < 0.3:
            numbers.shuffle(held)
            again, held = tuple(held), []
        planned.append(
            Step(
                key=key,
                content=content,
                pause=numbers.choice((0.0, numbers.uniform(0, 2))),
                again=again,
                kill_after=numbers.uniform(0, 0.6) if number in kills else None,
                outage=(next(kinds), numbers.uniform(1.5, 3)) if number in outages else None,
                gallery=(next(gallery),) if number in changes else None,
            )
        )
    return planned


def _upload(
    numbers: random.Random, number: int, videos: list[str], made: dict[Kind, list[Content]]
) -> tuple[str, Content]:
    chance = numbers.random()
    if videos and chance < 0.25:
        # Mostly one whose own event waits, or is being worked on.
        key = numbers.choice(videos[-3:] if numbers.random() < 0.7 else videos)
        kind = Kind.REPORT if numbers.random() < 0.2 and "." in key[-4:] else Kind.CSV
        return key, numbers.choice(made[kind])
    name = numbers.choice(_ODD).format(f"{NAMED}{number}")
    if chance < 0.35:
        return name + numbers.choice(_NO_VIDEO_SUFFIXES), numbers.choice(made[Kind.NOTHING])
    if chance < 0.45:
        key, kind = name + ".mp4", Kind.REPORT
    else:
        key, kind = name + numbers.choice(_SUFFIXES), Kind.CSV
    videos.append(key)
    return key, numbers.choice(made[kind])


def _galleries(numbers: random.Random, count: int) -> Iterator[int | None]:
    """Yield another gallery each time, and every other time none."""
    while True:
        yield None
        yield numbers.randrange(count)


def _groups() -> Iterator[tuple[tuple[str, ...], bool]]:
    for size in (1, 0, 2):
        for who in combinations(_PICTURES, size):
            yield who, False
            if size < 2:
                yield who, True


def _video(folder: Path, who: tuple[str, ...], with_stranger: bool) -> bytes:  # noqa: FBT001
    names = [_PICTURES[each] for each in who] + ["grace_hopper.jpg"] * with_stranger
    scene = Scene(seconds=1, pictures=[person_in_class(name) for name in names])
    return write_video(folder / "video.mp4", [scene], size=_SIZE).read_bytes()
