"""The plain way, which ours is measured against: a picture a second to files, face_recognition.

It is what the usual tutorial does, and what this project's first assignment was solved with:
ffmpeg writes one JPEG for each second; `face_recognition.face_encodings` is taken of each, of
which the first face counts; the first known face within 0.6 is who it is; and that ends it. The
other form goes on to the end of the video, with all faces, and looks at as many pictures as ours.

`python -m bench.seed first-match GALLERY VIDEO...` is the one in a fresh process, and
`python -m bench.seed everyone GALLERY RATE VIDEO...`, with a rate in pictures a second, the other.
"""

from __future__ import annotations

import csv
import os
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import face_recognition
import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from numpy.typing import NDArray
    from PIL import Image

PROBES: Mapping[str, str] = {
    "bench.seed:_pictures": "decode",
    "face_recognition:load_image_file": "load",
    "face_recognition.api:_raw_face_locations": "detect",
    "face_recognition.api:_raw_face_landmarks": "align",
    "face_recognition:face_encodings": "describe",
    "face_recognition:compare_faces": "match",
}

_TOLERANCE = 0.6
_FIRST_MATCH_RATE = 1.0  # pictures a second


@dataclass(frozen=True, kw_only=True, eq=False)
class KnownFaces:
    """The gallery as face_recognition wants it: a list of encodings, and whose each is."""

    student_ids: list[str]
    encodings: list[NDArray[np.float32]]

    @classmethod
    def load(cls, path: Path) -> KnownFaces:
        """Read them from a gallery file."""
        with np.load(path, allow_pickle=False) as arrays:
            return cls(
                student_ids=arrays["student_ids"].tolist(), encodings=list(arrays["encodings"])
            )

    def first_match(self, encoding: NDArray[np.float64]) -> str | None:
        """Return the first known face, not the nearest one, that is near enough."""
        matches = face_recognition.compare_faces(self.encodings, encoding, _TOLERANCE)
        return self.student_ids[matches.index(True)] if True in matches else None


def first_match(video: Path, known: KnownFaces) -> frozenset[str]:
    """Return the id of the first student that is recognised, or none."""
    with _private_folder() as folder:
        for picture in _pictures(video, Path(folder), per_second=_FIRST_MATCH_RATE):
            encodings = face_recognition.face_encodings(face_recognition.load_image_file(picture))
            student = known.first_match(encodings[0]) if encodings else None
            if student:
                return frozenset((student,))
    return frozenset()


def everyone(video: Path, known: KnownFaces, *, per_second: float) -> frozenset[str]:
    """Return the ids of all students that are recognised, one lucky picture being enough."""
    seen = set()
    with _private_folder() as folder:
        for picture in _pictures(video, Path(folder), per_second=per_second):
            loaded = face_recognition.load_image_file(picture)
            seen |= {known.first_match(face) for face in face_recognition.face_encodings(loaded)}
    return frozenset(student for student in seen if student)


def _private_folder() -> tempfile.TemporaryDirectory[str]:
    return tempfile.TemporaryDirectory(prefix="lambdalens-bench-")


def _pictures(video: Path, folder: Path, *, per_second: float) -> list[Path]:
    """Write the video's pictures into the folder, all before the first is looked at."""
    if shutil.which("ffmpeg"):
        _write_with_ffmpeg(video, folder, per_second)
    else:
        _write_with_pyav(video, folder, per_second)
    return sorted(folder.iterdir())


def _write_with_ffmpeg(video: Path, folder: Path, per_second: float) -> None:
    command = ["ffmpeg", "-nostdin", "-loglevel", "error", "-i", f"file:{video}"]
    command += ["-r", f"{per_second:g}", os.fspath(folder / "image-%06d.jpeg")]
    subprocess.run(command, check=True)


def _write_with_pyav(video: Path, folder: Path, per_second: float) -> None:
    """Write the first picture at or after each step, as a machine without ffmpeg can."""
    # For the machines that need it: the others' processes should not pay for the import.
    import av  # noqa: PLC0415

    def frames() -> Iterator[av.VideoFrame]:
        with av.open(f"file:{video}") as container:
            container.streams.video[0].thread_type = "AUTO"
            yield from container.decode(video=0)

    count = 0
    for frame in frames():
        if (frame.time or 0.0) * per_second < count:
            continue
        picture: Image.Image = frame.to_image()  # type: ignore[no-untyped-call]
        if frame.rotation:
            picture = picture.rotate(frame.rotation, expand=True)
        picture.save(folder / f"image-{count:06d}.jpeg", quality=90)
        count += 1


def main() -> None:
    """Print who is recognised in each video, as a CSV with one column."""
    form, gallery, *rest = sys.argv[1:]
    known = KnownFaces.load(Path(gallery))
    match form:
        case "first-match":
            videos = rest
            look = partial(first_match, known=known)
        case "everyone":
            rate, *videos = rest
            look = partial(everyone, known=known, per_second=float(rate))
        case _:
            sys.exit(f"{form!r} is not a form of this: first-match, everyone")
    for video in videos:
        csv.writer(sys.stdout).writerows([["student_id"], *zip(sorted(look(Path(video))))])


if __name__ == "__main__":
    main()
