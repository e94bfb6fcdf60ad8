"""Which videos the command is given: the files that it names, and those in the folders.

A folder's videos keep their place in it: `term/week1/a.mp4`, given as `term`, becomes
`week1/a.csv`.
"""

from __future__ import annotations

import os
from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from function.command.unusable import UnusableError
from function.media_type import is_file_meant_as_video
from function.results import csv_key, evidence_key

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from pathlib import Path

_HOW_VIDEOS_ARE_TOLD = "none of the files in it is one by its name or by its content"


@dataclass(frozen=True, kw_only=True)
class Video:
    """A video file, and its key: its path within the folder that was given, as in a bucket."""

    path: Path
    key: str

    @property
    def csv(self) -> str:
        """The name of its CSV: a path within the folder for the results."""
        return csv_key(self.key)

    @property
    def evidence(self) -> str:
        """The name of its evidence, likewise."""
        return evidence_key(self.key)


class Inputs(NamedTuple):
    """The videos, none twice, and the links in the given folders that lead to other folders."""

    videos: Sequence[Video]
    links_passed_over: Sequence[Path]


def is_meant_as_video(file: Path) -> bool:
    """Tell whether a file in a folder is one of the videos that are meant by the folder."""
    try:
        return is_file_meant_as_video(file)
    except OSError:
        return False  # what it is cannot be told, and nothing says that it is a video


def find_videos(paths: Iterable[Path]) -> Inputs:
    """Return the videos that are meant by paths of files and of folders.

    A path that is no folder is meant as a video whatever its name is, and whether or not there is
    one. Of a folder, hidden files and folders are passed over.

    Raises:
        UnusableError: a folder has no video or cannot be listed.

    """
    # One file may be named in several ways, also by its folder.
    found: dict[tuple[str, str], Video] = {}
    links: list[Path] = []
    for path in paths:
        if os.path.isdir(path):  # noqa: PTH112 - what cannot be asked is refused as a video, later
            videos, passed_over = _videos_below(path)
            links.extend(passed_over)
        else:
            videos = [Video(path=path, key=path.name)]
        for video in videos:
            found.setdefault((os.path.realpath(video.path), video.csv), video)
    return Inputs(list(found.values()), links)


def refuse_shared_csvs(videos: Iterable[Video]) -> None:
    """Refuse videos whose CSVs would have one name, or one of them that of another's folder.

    Raises:
        UnusableError: there are such videos; the message names two of them.

    """
    by_csv: dict[str, list[Video]] = defaultdict(list)
    for video in videos:
        by_csv[video.csv].append(video)
    for csv, sharing in by_csv.items():
        if len(sharing) > 1:
            first, second, *others = (str(video.path) for video in sharing)
            more = f" and {len(others)} more" if others else ""
            raise UnusableError(
                f"{first} and {second}{more} would share the CSV {csv}: give them one at a time "
                "with different --output folders, or give the folder that they are all in"
            )
        for folder in _folders(csv):
            if folder in by_csv:
                raise UnusableError(
                    f"{by_csv[folder][0].path} would have the CSV {folder}, which would be the "
                    f"folder of that of {sharing[0].path}: give them one at a time with different "
                    "--output folders"
                )


def _folders(csv: str) -> Iterator[str]:
    """Yield the folders that a CSV's name goes through: of a/b/c.csv, a and a/b."""
    parts = csv.split("/")
    yield from ("/".join(parts[:count]) for count in range(1, len(parts)))


def _videos_below(folder: Path) -> tuple[list[Video], list[Path]]:
    files, links = _files_below(folder)
    videos = [
        Video(path=file, key=file.relative_to(folder).as_posix())
        for file in files
        if is_meant_as_video(file)
    ]
    if not videos:
        besides = "; links in it to other folders are not followed" if links else ""
        raise UnusableError(f"there is no video in {folder}: {_HOW_VIDEOS_ARE_TOLD}{besides}")
    return videos, links


def _files_below(folder: Path) -> tuple[list[Path], list[Path]]:
    """Return the files in a folder and below, in the order of names, and the links to folders.

    Those are not followed: they may lead back, or out of the folder.
    """
    files: list[Path] = []
    links: list[Path] = []
    folders = [folder]
    while folders:
        current = folders.pop()
        try:
            for entry in current.iterdir():
                if entry.name.startswith("."):  # also ._lecture.mp4, macOS's notes on lecture.mp4
                    continue
                if entry.is_dir():
                    (links if entry.is_symlink() else folders).append(entry)
                elif entry.is_file() or not entry.exists():  # a link to nothing will be refused
                    files.append(entry)
        except OSError as error:
            raise UnusableError(
                f"{current}: {error.strerror}: check the path and its permissions"
            ) from error
    return sorted(files), sorted(links)
