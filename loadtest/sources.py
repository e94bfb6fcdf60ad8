"""Which videos a run uploads: files, folders of them, and the sample class's."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from function.media_type import is_file_meant_as_video
from samples.sample_class import make_class_videos

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from samples.sample_class import ClassVideo

SAMPLE = "sample:"
"""In the place of a path: the sample class's videos, made on the spot."""


class SourceError(ValueError):
    """A source cannot be used; the message names it and the remedy."""


@dataclass(frozen=True, kw_only=True)
class Source:
    """A file to upload, as often as the run needs it.

    `name` is the file's, with the folders below the one that was given; expectations and keys
    use it. `size` is in bytes. `sample` is what is known of a video of the sample class.
    """

    name: str
    path: Path
    size: int
    sample: ClassVideo | None = None


def find_sources(arguments: Sequence[str], *, made: Path) -> list[Source]:
    """Return the sources that the arguments name, by their names' order.

    The sample class's videos are written into the folder `made`. Raises SourceError, and
    samples.pictures.SamplesUnavailableError.
    """
    sources: dict[str, Source] = {}
    for argument in arguments:
        for source in _sources(argument, made):
            same = sources.setdefault(source.name, source)
            if same.path != source.path:
                raise SourceError(
                    f"{source.path} and {same.path} are both called {source.name}: rename one, or "
                    "put them into folders below one that you give"
                )
    return [sources[name] for name in sorted(sources)]


def _sources(argument: str, made: Path) -> Iterator[Source]:
    if argument == SAMPLE:
        for video in make_class_videos(made):
            yield _source(video.key, video.path, sample=video)
        return
    path = Path(argument)
    if path.is_dir():
        for video_path in _videos_in(path):
            yield _source(video_path.relative_to(path).as_posix(), video_path)
    elif not path.exists():
        raise SourceError(f"there is no {argument}: give a video, a folder of them, or {SAMPLE}")
    elif not _is_meant_as_video(path):
        raise SourceError(
            f"{argument} is no video by its name or its content, and the stack would pass it over"
        )
    else:
        yield _source(path.name, path)


def _videos_in(folder: Path) -> list[Path]:
    paths = [path for path in folder.rglob("*") if path.is_file() and _is_meant_as_video(path)]
    if not paths:
        raise SourceError(f"there is no video in {folder}, by name or by content")
    return paths


def _is_meant_as_video(path: Path) -> bool:
    """Tell what the stack will: whatever it passes over would be waited for in vain."""
    try:
        return is_file_meant_as_video(path)
    except OSError as error:
        raise SourceError(f"{path} cannot be read: {error.strerror}") from None


def _source(name: str, path: Path, *, sample: ClassVideo | None = None) -> Source:
    """Open the file now, so that one that cannot be read is no surprise in the middle of a run."""
    try:
        with path.open("rb"):
            return Source(name=name, path=path, size=path.stat().st_size, sample=sample)
    except OSError as error:
        raise SourceError(f"{path} cannot be read: {error.strerror}") from None
