"""The gallery's file: its form, which this version writes, and the earlier one, which it reads too.

It is an `.npz`, an archive of NumPy arrays, without compression and without pickle. Version 2 has

- `model` and `version`;
- for each portrait, a row of `student_ids`, of `encodings`, of `sources` (SHA-256 of the picture
  in hexadecimal, or empty) and of `enrolled` (ISO date, or empty);
- for each student of whom more is known, a row of `students`, `consent`, `until` (ISO dates, or
  empty) and `tolerance` (or not a number), in order of the ids;
- the names of all `courses`, sorted, and `memberships`: pairs of the index of a student and that of
  a course.

Version 1 ends with the encodings. The same contents always give the same bytes.
"""

from __future__ import annotations

import math
import os
import stat
import tempfile
import zipfile
import zlib
from datetime import date
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, NamedTuple

import numpy as np

from function.recogniser.faces.encoding import MODEL
from function.recogniser.identity.enrolled import NOTHING_KNOWN, Enrolled

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

# The version of the file's form, raised when an older reader could no longer make sense of it.
VERSION = 2
_WITHOUT_STUDENTS = 1  # the version that has rows only

_FIRST_ARRAYS = ("model", "version", "student_ids", "encodings")
_FURTHER_ARRAYS = (
    *("sources", "enrolled"),
    *("students", "consent", "until", "tolerance"),
    *("courses", "memberships"),
)

# Their texts are ASCII, of one length where there is any.
_SOURCE, _DATE = np.dtype("S64"), np.dtype("S10")

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

ENROL_AGAIN = "enrol the portraits again to make a new gallery"


class GalleryError(ValueError):
    """The file is not a gallery that this version can compare faces with."""


class Contents(NamedTuple):
    """What a gallery holds: row by row, and student by student, as in `Gallery`."""

    student_ids: tuple[str, ...]
    encodings: NDArray[np.float32]
    sources: tuple[str, ...]
    enrolled: tuple[str, ...]
    students: Mapping[str, Enrolled]


def read(file: Path | IO[bytes]) -> Contents:
    """Read a gallery from a path or a binary file that can seek.

    Raises:
        GalleryError: it is no gallery, or one of another model or version.
        OSError: the file cannot be opened.

    """
    try:
        with zipfile.ZipFile(file) as archive:
            arrays = {name: _read_array(archive, name) for name in _FIRST_ARRAYS}
            version = _checked_version(arrays)
            if version == VERSION:
                arrays |= {name: _read_array(archive, name) for name in _FURTHER_ARRAYS}
    except GalleryError:
        raise
    except _NOT_A_GALLERY as error:
        raise _not_a_gallery(error) from error
    try:
        ids = tuple(_texts(arrays["student_ids"], "student ids"))
        if version == _WITHOUT_STUDENTS:
            unknown = ("",) * len(ids)
            return Contents(ids, arrays["encodings"], unknown, unknown, {})
        return Contents(
            student_ids=ids,
            encodings=arrays["encodings"],
            sources=tuple(_ascii(arrays["sources"], _SOURCE)),
            enrolled=tuple(_ascii(arrays["enrolled"], _DATE)),
            students=_students(arrays),
        )
    except ValueError as error:
        raise _not_a_gallery(error) from error


def student_ids_in(file: Path | IO[bytes]) -> tuple[str, ...]:
    """Return the id of each row of a gallery of whatever model and version.

    Raises:
        GalleryError: it is no gallery, or damaged.
        OSError: the file cannot be opened.

    """
    try:
        with zipfile.ZipFile(file) as archive:
            return tuple(_texts(_read_array(archive, "student_ids"), "student ids"))
    except _NOT_A_GALLERY as error:
        raise _not_a_gallery(error) from error


def write(file: Path | IO[bytes], contents: Contents) -> None:
    """Write a gallery to a path, whole or not at all, or to a binary file.

    Raises:
        GalleryError: the path is that of a device, a pipe or a folder.
        OSError: the file cannot be written.

    """
    if isinstance(file, Path):
        # The file itself, and not a link to it: who was forgotten would still be in the file.
        _replace(Path(os.path.realpath(file)), contents)
        return
    with zipfile.ZipFile(file, "w") as archive:
        for name, array in _arrays(contents).items():
            # A ZipInfo made from a name alone has no time of its own in it.
            with archive.open(zipfile.ZipInfo(f"{name}.npy"), "w") as member:
                np.lib.format.write_array(member, array, allow_pickle=False)


def _checked_version(arrays: Mapping[str, NDArray[Any]]) -> int:
    model, version = arrays["model"].tolist(), arrays["version"].tolist()
    if model != MODEL:
        raise GalleryError(f"the gallery was made with {model!r}, not {MODEL!r}: {ENROL_AGAIN}")
    if version not in (_WITHOUT_STUDENTS, VERSION):
        raise GalleryError(
            f"the gallery has version {version!r}, and this program reads versions "
            f"{_WITHOUT_STUDENTS} and {VERSION}: use the same release of LambdaLens on both sides, "
            f"or {ENROL_AGAIN}"
        )
    return int(version)


def _students(arrays: Mapping[str, NDArray[Any]]) -> dict[str, Enrolled]:
    """Return what is known of each student. Raises ValueError where the arrays do not fit."""
    ids = _texts(arrays["students"], "students")
    names = _texts(arrays["courses"], "courses")
    tolerances, pairs = arrays["tolerance"], arrays["memberships"]
    if tolerances.dtype != np.float64 or tolerances.shape != (len(ids),):
        raise ValueError("the tolerances are not one number for each student")
    if pairs.dtype != np.int32 or pairs.shape != (len(pairs), 2):
        raise ValueError("the memberships are not pairs of numbers")
    limits = (len(ids), len(names))
    if len(pairs) and not ((pairs >= 0).all() and (pairs < limits).all()):
        raise ValueError("a membership is of no student, or of no course")
    courses: list[tuple[str, ...]] = [()] * len(ids)
    for student, course in pairs.tolist():
        courses[student] += (names[course],)
    consents, ends = (_dates(_ascii(arrays[name], _DATE)) for name in ("consent", "until"))
    own = [None if math.isnan(number) else number for number in tolerances.tolist()]
    rows = list(zip(courses, consents, ends, own, strict=True))
    # Whole classes have the same, which is checked and kept once.
    known = {
        row: Enrolled(courses=row[0], consent=row[1], until=row[2], tolerance=row[3])
        for row in set(rows)
    }
    students = {student_id: known[row] for student_id, row in zip(ids, rows, strict=True)}
    if len(students) != len(ids):
        raise ValueError("a student is there twice")
    return students


def _dates(texts: Sequence[str]) -> list[date | None]:
    known = {text: date.fromisoformat(text) if text else None for text in set(texts)}
    return [known[text] for text in texts]


def _texts(array: NDArray[Any], what: str) -> list[str]:
    if array.ndim != 1 or array.dtype.kind != "U":
        raise ValueError(f"the {what} are not a list of texts")
    texts: list[str] = array.tolist()
    return texts


def _ascii(array: NDArray[Any], form: np.dtype[np.bytes_]) -> list[str]:
    if array.ndim != 1 or array.dtype != form:
        raise ValueError(f"what should be {form} is {array.dtype}")
    length, text = form.itemsize, array.tobytes().decode("ascii")
    return [text[start : start + length].rstrip("\0") for start in range(0, len(text), length)]


def _arrays(contents: Contents) -> dict[str, NDArray[Any]]:
    ids = sorted(
        student_id
        for student_id, enrolled in contents.students.items()
        if enrolled != NOTHING_KNOWN
    )
    students = [contents.students[student_id] for student_id in ids]
    courses = sorted({course for student in students for course in student.courses})
    places = {course: place for place, course in enumerate(courses)}
    pairs = [
        (number, places[course])
        for number, student in enumerate(students)
        for course in student.courses
    ]
    tolerances = [math.nan if it.tolerance is None else it.tolerance for it in students]
    return {
        "model": np.array(MODEL),
        "version": np.array(VERSION),
        "student_ids": np.array(contents.student_ids, np.str_),
        "encodings": contents.encodings,
        "sources": np.array(contents.sources, _SOURCE),
        "enrolled": np.array(contents.enrolled, _DATE),
        "students": np.array(ids, np.str_),
        "consent": np.array([_iso(it.consent) for it in students], _DATE),
        "until": np.array([_iso(it.until) for it in students], _DATE),
        "tolerance": np.array(tolerances, np.float64),
        "courses": np.array(courses, np.str_),
        "memberships": np.array(pairs, np.int32).reshape(len(pairs), 2),
    }


def _iso(day: date | None) -> str:
    return day.isoformat() if day else ""


def _not_a_gallery(error: Exception) -> GalleryError:
    return GalleryError(f"the file is not a gallery ({error}): {ENROL_AGAIN}")


def _read_array(archive: zipfile.ZipFile, name: str) -> NDArray[Any]:
    with archive.open(f"{name}.npy") as member:
        return np.lib.format.read_array(member, allow_pickle=False)


def _replace(file: Path, contents: Contents) -> None:
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
            write(partial_file, contents)
        partial.replace(file)
    except BaseException:
        partial.unlink(missing_ok=True)
        raise


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
