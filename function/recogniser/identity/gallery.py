"""The gallery: who is known, and whose face is this.

A gallery is one `.npz` file with a row for each enrolled portrait, so a student may have
several. This module decides the file's form, refuses any other, and names faces: by the nearest
*student*, only near enough, and only when no other student is nearly as near.
"""

from __future__ import annotations

import math
import os
import stat
import tempfile
import zipfile
import zlib
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

import numpy as np

from function.recogniser.faces.encoding import ENCODING_LENGTH, MODEL

if TYPE_CHECKING:
    from numpy.typing import NDArray

# The version of the file's form, raised when an older reader could no longer make sense of it.
VERSION = 1

# Distances computed at once. They and what they are made of take less than 100 MB, whatever the
# number of faces and rows.
_DISTANCES_AT_ONCE = 4_000_000

# What a file that is none, or was damaged, makes zipfile and NumPy raise. A member that claims to
# be encrypted or compressed in an unknown way is a RuntimeError, one that claims to be larger
# than the memory a MemoryError.
_NOT_A_GALLERY = (
    zipfile.BadZipFile,
    zlib.error,
    KeyError,
    ValueError,
    EOFError,
    RuntimeError,
    MemoryError,
)

_ENROL_AGAIN = "enrol the portraits again to make a new gallery"


class GalleryError(ValueError):
    """The file is not a gallery that this version can compare faces with."""


@dataclass(frozen=True, kw_only=True)
class Match:
    """The student whose portraits a face is likest to.

    `distance` is the Euclidean distance of the encodings, of the student's nearest portrait, and
    `margin` how much farther the nearest portrait of any other student is.
    """

    student_id: str
    distance: float
    margin: float


@dataclass(frozen=True, kw_only=True, eq=False)
class Gallery:
    """The encodings of the enrolled portraits and whose they are, row by row.

    `encodings` has the shape (rows, 128), float32; `student_ids` names each row's student.
    """

    student_ids: tuple[str, ...]
    encodings: NDArray[np.float32]

    def __post_init__(self) -> None:
        rows = len(self.student_ids)
        if self.encodings.shape != (rows, ENCODING_LENGTH):
            raise GalleryError(
                f"the encodings have the shape {self.encodings.shape} where {rows} students' rows "
                f"need {(rows, ENCODING_LENGTH)}: {_ENROL_AGAIN}"
            )
        if self.encodings.dtype != np.float32:
            raise GalleryError(
                f"the encodings are {self.encodings.dtype}, not float32: {_ENROL_AGAIN}"
            )
        if not np.isfinite(self.encodings).all():
            raise GalleryError(f"an encoding has a value that is no number: {_ENROL_AGAIN}")
        for row, student_id in enumerate(self.student_ids):
            # NumPy strips the null characters at the end of a text, which would join two ids.
            if not student_id or "\0" in student_id:
                raise GalleryError(f"row {row} has no student id that can be kept: {_ENROL_AGAIN}")

    @classmethod
    def empty(cls) -> Gallery:
        """Return the gallery of nobody."""
        return cls(student_ids=(), encodings=np.empty((0, ENCODING_LENGTH), np.float32))

    @classmethod
    def load(cls, file: Path | IO[bytes]) -> Gallery:
        """Read a gallery from a path or a binary file that can seek.

        Raises:
            GalleryError: it is no gallery, or one of another model or version.
            OSError: the file cannot be opened.

        """
        try:
            with zipfile.ZipFile(file) as archive:
                contents = {
                    name: _read_array(archive, name)
                    for name in ("model", "version", "student_ids", "encodings")
                }
        except _NOT_A_GALLERY as error:
            raise GalleryError(f"the file is not a gallery ({error}): {_ENROL_AGAIN}") from error
        model, version = contents["model"].tolist(), contents["version"].tolist()
        if model != MODEL:
            raise GalleryError(
                f"the gallery was made with {model!r}, not {MODEL!r}: {_ENROL_AGAIN}"
            )
        if version != VERSION:
            raise GalleryError(
                f"the gallery has version {version!r}, and this program reads version {VERSION}: "
                f"use the same release of LambdaLens on both sides, or {_ENROL_AGAIN}"
            )
        ids = contents["student_ids"]
        if ids.ndim != 1 or ids.dtype.kind != "U":
            raise GalleryError(f"the student ids are not a list of texts: {_ENROL_AGAIN}")
        return cls(student_ids=tuple(ids.tolist()), encodings=contents["encodings"])

    def save(self, file: Path | IO[bytes]) -> None:
        """Write the gallery to a path, whole or not at all, or to a binary file.

        The same gallery always gives the same bytes: its ETag tells whether it has changed, and
        with it whether a video needs to be looked at again.

        Raises:
            GalleryError: the path is that of a device, a pipe or a folder.
            OSError: the file cannot be written.

        """
        if isinstance(file, Path):
            # The file itself, and not a link to it: who was forgotten would still be in the file.
            self._replace(Path(os.path.realpath(file)))
            return
        with zipfile.ZipFile(file, "w") as archive:
            _write_array(archive, "model", np.array(MODEL))
            _write_array(archive, "version", np.array(VERSION))
            _write_array(archive, "student_ids", np.array(self.student_ids, dtype=np.str_))
            _write_array(archive, "encodings", self.encodings)

    def _replace(self, file: Path) -> None:
        """Put the gallery in the place of the file, which stays closed to whom it was closed to.

        A new file is its owner's alone, since faces are personal.
        """
        if file.exists() and not file.is_file():
            raise GalleryError(f"{file} is not a regular file: name another file for the gallery")
        # A file that nobody else has, beside the one to replace. Of a name's 255 bytes, a
        # character may take four.
        descriptor, name = tempfile.mkstemp(dir=file.parent, prefix=f".{file.name[:50]}.")
        partial = Path(name)
        try:
            with os.fdopen(descriptor, "wb") as partial_file:
                if file.exists():
                    _give_access(descriptor, file.stat())
                self.save(partial_file)
            partial.replace(file)
        except BaseException:
            partial.unlink(missing_ok=True)
            raise

    def nearest(self, encodings: NDArray[np.float32]) -> list[Match]:
        """Return the nearest student of each face, however far: encodings of shape (faces, 128).

        An empty gallery has none, and an infinite `margin` when there is one student only.
        """
        if not self.student_ids:
            return []
        at_once = max(1, _DISTANCES_AT_ONCE // len(self.student_ids))
        return [
            match
            for start in range(0, len(encodings), at_once)
            for match in self._nearest(encodings[start : start + at_once])
        ]

    def _nearest(self, faces: NDArray[np.float32]) -> list[Match]:
        students, rows, row_squares, first_rows = self._by_student
        # |row - face|² without the faces' own squares, which are the same for all students. One
        # matrix product; its rounding (1e-6) may decide who comes in question, not how near.
        squares = row_squares - 2 * (faces @ rows.T)
        nearest = np.minimum.reduceat(squares, first_rows[:-1], axis=1)
        two_nearest = np.argpartition(nearest, min(1, len(students) - 1), axis=1)[:, :2]
        matches = []
        for face, candidates in zip(faces, two_nearest.tolist(), strict=True):
            ranked = sorted(
                (_distance(rows[first_rows[student] : first_rows[student + 1]], face), student)
                for student in candidates
            )
            distance, student = ranked[0]
            margin = ranked[1][0] - distance if len(ranked) > 1 else math.inf
            matches.append(Match(student_id=students[student], distance=distance, margin=margin))
        return matches

    @cached_property
    def _by_student(
        self,
    ) -> tuple[list[str], NDArray[np.float32], NDArray[np.float32], NDArray[np.intp]]:
        """The students, the rows sorted by student, their squares, and where each one's begin."""
        ids = np.array(self.student_ids)
        order = np.argsort(ids, kind="stable")
        rows = self.encodings[order]
        students, first_rows = np.unique(ids[order], return_index=True)
        squares = np.einsum("ij,ij->i", rows, rows)
        return students.tolist(), rows, squares, np.append(first_rows, len(ids))


def _give_access(descriptor: int, earlier: os.stat_result) -> None:
    """Give the new file the owner, the group and the mode of the earlier, as far as allowed."""
    mode = stat.S_IMODE(earlier.st_mode)
    try:
        os.fchown(descriptor, earlier.st_uid, earlier.st_gid)
    except OSError:
        try:
            os.fchown(descriptor, -1, earlier.st_gid)
        except OSError:
            # What the earlier group was allowed, another one is not, nor are those it kept out.
            mode &= stat.S_IRWXU
    os.fchmod(descriptor, mode)


def _distance(rows: NDArray[np.float32], face: NDArray[np.float32]) -> float:
    """Return the Euclidean distance of the face to the nearest of the rows."""
    return float(np.linalg.norm(rows.astype(np.float64) - face, axis=1).min())


def _read_array(archive: zipfile.ZipFile, name: str) -> NDArray[Any]:
    with archive.open(f"{name}.npy") as member:
        return np.lib.format.read_array(member, allow_pickle=False)


def _write_array(archive: zipfile.ZipFile, name: str, array: NDArray[Any]) -> None:
    # A ZipInfo made from a name alone has no time of its own in it.
    with archive.open(zipfile.ZipInfo(f"{name}.npy"), "w") as member:
        np.lib.format.write_array(member, array, allow_pickle=False)
