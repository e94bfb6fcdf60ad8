"""Opening a file as a recording, or telling what is wrong with it."""

from __future__ import annotations

from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

import av

from function.recogniser.video.containers import (
    READ,
    TRANSPORT_STREAM,
    WITH_TABLE,
    form_of,
    name_of,
)
from function.recogniser.video.damage import DamageError, guarded
from function.recogniser.video.recording import Recording
from function.recogniser.video.track import MOST_PIXELS
from function.recogniser.video.unreadable import (
    ENCRYPTED,
    NO_FRAME,
    TOO_LARGE,
    UnreadableVideoError,
    is_scrambled,
    why_not_opened,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from av.container import InputContainer

# A stream's tracks may begin anywhere in it, and it is searched for them: all of it, if need be.
_SEARCH = {"scan_all_pmts": "1", "correct_ts_overflow": "0"}
_WHOLE = {"probesize": str(1 << 62), "analyzeduration": str(1 << 62)}


@contextmanager
def opened_recording(path: Path) -> Iterator[Recording]:
    """Open a file until the end of the block.

    Raises:
        UnreadableVideoError: the file is no video.

    """
    try:
        path.open("rb").close()
    except OSError as error:
        raise UnreadableVideoError(
            f"The file cannot be opened: {error.strerror}.", "Check the path and its permissions."
        ) from error
    try:
        container = _opened(path)
        if not container.streams.video and form_of(container).is_sent:
            container.close()
            container = _opened_as(READ, path, search=_SEARCH | _WHOLE)
    except DamageError as error:
        raise UnreadableVideoError(*why_not_opened(path)) from error
    with container:
        yield Recording(container)


def why_no_frame(path: Path) -> tuple[str, str]:
    """Return what is wrong with a file of which no picture could be decoded, and the remedy."""
    with suppress(DamageError), _opened_as(READ, path, skip=True, limit=False) as container:
        if any(it.width * it.height > MOST_PIXELS for it in container.streams.video):
            return TOO_LARGE
        if name_of(container) == TRANSPORT_STREAM and is_scrambled(path):
            return ENCRYPTED
    return NO_FRAME


def _opened(path: Path) -> InputContainer:
    """Open a file, without decoding pictures where that is possible.

    FFmpeg decodes the first pictures when it opens a file, which costs as much as a sample. That is
    needed only to learn what the container does not say: with no table of pictures, as in Matroska
    and fragmented MP4, some would get wrong times, or lost.
    """
    with suppress(DamageError):
        container = _opened_as(WITH_TABLE, path, skip=True)
        if all(stream.frames for stream in container.streams.video):
            return container
        container.close()
    return _opened_as(READ, path)


def _opened_as(
    containers: str,
    path: Path,
    *,
    skip: bool = False,
    limit: bool = True,
    search: Mapping[str, str] = _SEARCH,
) -> InputContainer:
    options = {"skip_frame": "all"} if skip else {}
    if limit:
        options["max_pixels"] = str(MOST_PIXELS)
    with guarded():
        # The explicit protocol keeps a colon in a file name from being taken for one.
        return av.open(
            f"file:{path}",
            container_options={
                "format_whitelist": containers,
                "protocol_whitelist": "file",
                **search,
            },
            options=options,
            metadata_errors="replace",
        )
