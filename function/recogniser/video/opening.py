"""Opening a file as a recording, or telling what is wrong with it."""

from __future__ import annotations

from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, NamedTuple

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
from function.recogniser.video.source import BUFFER_BYTES, Input
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

    from av.container import InputContainer

    from function.recogniser.video.source import Source

# A stream's tracks may begin anywhere in it, and it is searched for them: all of it, if need be.
_SEARCH = {"scan_all_pmts": "1", "correct_ts_overflow": "0"}
_WHOLE = {"probesize": str(1 << 62), "analyzeduration": str(1 << 62)}


class _Opened(NamedTuple):
    """A file that is open, and what it is read by."""

    container: InputContainer
    read_by: Input


@contextmanager
def opened_recording(source: Source, *, pictures: bool = True) -> Iterator[Recording]:
    """Open a source until the end of the block; without `pictures`, none can be had of it.

    What reading it raises is raised here, and where packets are asked for.

    Raises:
        UnreadableVideoError: it is no video.

    """
    try:
        with source.open("rb"):
            pass
    except OSError as error:
        raise UnreadableVideoError(
            f"The file cannot be opened: {error.strerror}.", "Check the path and its permissions."
        ) from error
    try:
        opened = _opened(source) if pictures else _opened_as(READ, source, skip=True)
        if not opened.container.streams.video and form_of(opened.container).is_sent:
            opened.container.close()
            opened = _opened_as(READ, source, search=_SEARCH | _WHOLE)
    except DamageError as error:
        raise UnreadableVideoError(*why_not_opened(source)) from error
    with opened.container:
        yield Recording(opened.container, opened.read_by)


def why_no_frame(source: Source) -> tuple[str, str]:
    """Return what is wrong with a source of which no picture could be decoded, and the remedy."""
    with suppress(DamageError):
        opened = _opened_as(READ, source, skip=True, limit=False)
        with opened.container as container:
            if any(it.width * it.height > MOST_PIXELS for it in container.streams.video):
                return TOO_LARGE
            if name_of(container) == TRANSPORT_STREAM and is_scrambled(source):
                return ENCRYPTED
    return NO_FRAME


def _opened(source: Source) -> _Opened:
    """Open a source, without decoding pictures where that is possible.

    FFmpeg decodes the first pictures when it opens a file, which costs as much as a sample. That is
    needed only to learn what the container does not say: with no table of pictures, as in Matroska
    and fragmented MP4, some would get wrong times, or lost.
    """
    with suppress(DamageError):
        opened = _opened_as(WITH_TABLE, source, skip=True)
        if all(stream.frames for stream in opened.container.streams.video):
            return opened
        opened.container.close()
    return _opened_as(READ, source)


def _opened_as(
    containers: str,
    source: Source,
    *,
    skip: bool = False,
    limit: bool = True,
    search: Mapping[str, str] = _SEARCH,
) -> _Opened:
    options = {"skip_frame": "all"} if skip else {}
    if limit:
        options["max_pixels"] = str(MOST_PIXELS)
    read_by = Input(source)
    try:
        with guarded():
            container = av.open(
                read_by.file,
                "r",
                container_options={
                    "format_whitelist": containers,
                    "protocol_whitelist": read_by.protocols,
                    **search,
                },
                options=options,
                metadata_errors="replace",
                buffer_size=BUFFER_BYTES,
            )
    finally:
        read_by.check()
    return _Opened(container, read_by)
