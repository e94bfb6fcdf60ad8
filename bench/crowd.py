"""Generated videos of a still room with any number of people in it, of any size and length.

The people are those of the sample class and a stranger, moving a little, so it is known who is
recognised. Making the larger videos takes a minute: they are kept in the cache folder.
"""

from __future__ import annotations

import math
import os
from dataclasses import dataclass, replace
from functools import cache
from typing import TYPE_CHECKING

import av
import numpy as np
from PIL import Image

from bench.joining import write_repeated
from function.recogniser.faces.encoding import find_faces
from samples.pictures import cache_folder, fetch_sample_pictures
from samples.sample_class import BIDEN, COLLINS, OBAMA, person_in_class

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from numpy.typing import NDArray

# Part of the files' names: raised whenever the same crowd would give other pictures.
_VERSION = 1

FRAMES_PER_SECOND = 30

# Whose picture each is; they take turns to fill the room.
_PEOPLE: Sequence[tuple[str, str | None]] = (
    ("biden.jpg", BIDEN),
    ("astronaut.png", COLLINS),
    ("obama2.jpg", OBAMA),
    ("grace_hopper.jpg", None),
    ("obama3.jpg", OBAMA),
)

# How much of a picture is shown around a face: the rest would hide the neighbours.
_SHOWN_HEIGHT = 2.0  # of the face's
_SHOWN_WIDTH = 1.7

_SWAY = 0.12  # how far somebody moves to each side, as a part of the face's height
_GRAIN = 3.0  # the room's, in gray levels


@dataclass(frozen=True, kw_only=True)
class Crowd:
    """A video to be made: how large and long it is, and how high in pixels each face is.

    A keyframe comes every so many frames. The `seconds` are made once and then repeated as many
    `times`, without being encoded again.
    """

    size: tuple[int, int]
    face_heights: tuple[int, ...]
    seconds: int
    times: int = 1
    keyframe_every: int = 250

    @property
    def students(self) -> frozenset[str]:
        """The ids of the sample class's students who are in it."""
        shown = (_PEOPLE[position % len(_PEOPLE)][1] for position in range(len(self.face_heights)))
        return frozenset(student for student in shown if student)

    @property
    def name(self) -> str:
        """A file name that tells it from all others."""
        width, height = self.size
        heights = sorted(self.face_heights) or [0]
        faces = f"{len(self.face_heights)}faces{heights[0]}to{heights[-1]}"
        return (
            f"crowd{_VERSION}-{width}x{height}-{faces}-{self.seconds}s-x{self.times}"
            f"-key{self.keyframe_every}.mp4"
        )


def crowd_video(crowd: Crowd) -> Path:
    """Return the video of a crowd, made first if it is not in the cache."""
    path = cache_folder() / "bench" / crowd.name
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        partial = path.with_suffix(f".{os.getpid()}")
        if crowd.times == 1:
            _encode(crowd, partial)
        else:
            write_repeated(crowd_video(replace(crowd, times=1)), partial, crowd.times)
        partial.replace(path)
    return path


def empty_room(size: tuple[int, int]) -> NDArray[np.uint8]:
    """Paint a wall in soft light, with boards and shelves on it, and the grain of a camera."""
    width, height = size
    chance = np.random.default_rng(1)
    room = np.zeros((height, width, 3)) + np.linspace(90, 170, height)[:, None, None]
    for _ in range(60):
        top, left = chance.uniform(0, 0.9, 2)
        tall, wide = chance.uniform(0.03, 0.25, 2)
        colour = chance.uniform(0, 255, 3)
        rows = slice(round(top * height), round((top + tall) * height))
        columns = slice(round(left * width), round((left + wide) * width))
        room[rows, columns] = 0.6 * room[rows, columns] + 0.4 * colour
    room += chance.normal(0, _GRAIN, room.shape)
    return room.clip(0, 255).astype(np.uint8)


@dataclass(frozen=True, kw_only=True, eq=False)
class _Seated:
    """A person's picture, its place in the room, and how far and when it moves."""

    pixels: NDArray[np.uint8]
    left: int
    top: int
    sway: float
    phase: float


def _encode(crowd: Crowd, path: Path) -> None:
    width, height = crowd.size
    room, people = empty_room(crowd.size), _seated(crowd)
    with av.open(str(path), "w", format="mp4") as container:
        stream = container.add_stream("libx264", rate=FRAMES_PER_SECOND)
        stream.width, stream.height = width, height
        stream.pix_fmt = "yuv420p"
        every = str(crowd.keyframe_every)
        # Keyframes at exactly this distance: none where the encoder would like one.
        keyframes = {"g": every, "keyint_min": every, "sc_threshold": "0"}
        stream.options = {"preset": "veryfast", "crf": "23", **keyframes}
        for number in range(crowd.seconds * FRAMES_PER_SECOND):
            picture = _picture(room, people, number / FRAMES_PER_SECOND)
            container.mux(stream.encode(av.VideoFrame.from_ndarray(picture, format="rgb24")))
        container.mux(stream.encode())


def _seated(crowd: Crowd) -> list[_Seated]:
    """Seat everyone on a grid that fills the room."""
    width, height = crowd.size
    count = len(crowd.face_heights)
    columns = math.ceil(math.sqrt(count * width / height / (_SHOWN_WIDTH / _SHOWN_HEIGHT)))
    rows = math.ceil(count / columns) if count else 0
    seated = []
    for position, face_height in enumerate(crowd.face_heights):
        row, column = divmod(position, columns)
        head = _head(_PEOPLE[position % len(_PEOPLE)][0])
        shown = (round(_SHOWN_WIDTH * face_height), round(_SHOWN_HEIGHT * face_height))
        pixels = np.asarray(head.resize(shown, Image.Resampling.LANCZOS))
        seated.append(
            _Seated(
                pixels=pixels,
                left=round((column + 0.5) / columns * width - shown[0] / 2),
                top=round((row + 0.5) / rows * height - shown[1] / 2),
                sway=_SWAY * face_height,
                phase=float(position),
            )
        )
    return seated


def _picture(
    room: NDArray[np.uint8], people: Sequence[_Seated], seconds: float
) -> NDArray[np.uint8]:
    picture = room.copy()
    for person in people:
        height, width, _ = person.pixels.shape
        left = person.left + round(person.sway * math.sin(0.5 * seconds + person.phase))
        top = person.top + round(0.3 * person.sway * math.sin(seconds + person.phase))
        # Whoever sways out of the picture is cut off at its edge.
        hidden_rows, hidden_columns = max(-top, 0), max(-left, 0)
        place = picture[max(top, 0) : top + height, max(left, 0) : left + width]
        place[:] = person.pixels[hidden_rows:, hidden_columns:][: place.shape[0], : place.shape[1]]
    return picture


@cache
def _head(name: str) -> Image.Image:
    """Return somebody's head, cut out around the face."""
    fetch_sample_pictures()
    picture = person_in_class(name)
    face = max(
        (face.location for face in find_faces(np.asarray(picture))),
        key=lambda place: place.bottom - place.top,
    )
    height = face.bottom - face.top
    middle, centre = (face.left + face.right) / 2, (face.top + face.bottom) / 2
    box = (
        round(middle - _SHOWN_WIDTH / 2 * height),
        round(centre - _SHOWN_HEIGHT / 2 * height),
        round(middle + _SHOWN_WIDTH / 2 * height),
        round(centre + _SHOWN_HEIGHT / 2 * height),
    )
    return picture.crop(box)
