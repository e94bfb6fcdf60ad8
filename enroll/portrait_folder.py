"""Portraits in a folder: whose picture is which, told by the names that schools give them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from function.composed_text import composed

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping
    from pathlib import Path

# As in 1001_2.jpg, the second picture of student 1001.
_NUMBERED = re.compile(r"(?P<student_id>.+)_\d+")

# What file managers leave in folders without being asked.
_NOT_PORTRAITS = ("thumbs.db", "desktop.ini")


@dataclass(frozen=True, kw_only=True)
class PortraitFolder:
    """The pictures to enrol from, and what else lies there.

    `pictures` has every student's files, in order of their names. `not_listed` are folders and
    files that are no listed student's.
    """

    pictures: dict[str, list[Path]]
    not_listed: list[Path]


def find_portraits(folder: Path, student_ids: Collection[str]) -> PortraitFolder:
    """Look for pictures in `folder/ID/`, and for files `folder/ID.jpg` and `folder/ID_2.jpg`.

    What a file is, its content tells, and not its suffix. Raises OSError when the folder can't be
    read.
    """
    pictures: dict[str, list[Path]] = {student_id: [] for student_id in student_ids}
    ids = {composed(student_id): student_id for student_id in student_ids}
    not_listed = []
    for path in sorted(folder.iterdir()):
        if not _is_meant(path):
            continue
        is_folder = path.is_dir()
        student_id = ids.get(composed(path.name)) if is_folder else _owner(path, ids)
        if student_id is None:
            not_listed.append(path)
        else:
            pictures[student_id] += _pictures_in(path) if is_folder else [path]
    return PortraitFolder(pictures=pictures, not_listed=not_listed)


def _owner(path: Path, ids: Mapping[str, str]) -> str | None:
    """Return whose file it is by its name: an id comes before an id and a number."""
    stem = composed(path.stem)
    numbered = _NUMBERED.fullmatch(stem)
    names = (composed(path.name), stem, numbered["student_id"] if numbered else "")
    return next((ids[name] for name in names if name in ids), None)


def _pictures_in(folder: Path) -> list[Path]:
    try:
        return [path for path in sorted(folder.iterdir()) if _is_meant(path) and path.is_file()]
    except OSError:
        return [folder]  # to be refused as a picture that can't be opened is, by name


def _is_meant(path: Path) -> bool:
    return not path.name.startswith(".") and path.name.lower() not in _NOT_PORTRAITS
