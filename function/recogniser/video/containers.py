"""The containers that are read, and what each says of the packets in it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from av.container import InputContainer


@dataclass(frozen=True, kw_only=True)
class Form:
    """What files in a container say of themselves; what they do not say, FFmpeg guesses."""

    is_sent: bool = False
    """Whether times are those of the clock of whoever sent it, which may jump."""
    says_when_shown: bool = True
    says_when_decoded: bool = True
    says_length: bool = True
    length_counts_from_zero: bool = False
    """Whether it counts from time zero, wherever the first packet is."""
    is_entered_anywhere: bool = False
    """Whether FFmpeg finds the way to a time in it, without reading all that is before."""
    is_in_a_row: bool = False
    """Whether packets stand in the order they are read in, and with little between them."""


_ROW = Form(is_in_a_row=True)
_SENT = Form(is_sent=True, says_length=False, is_in_a_row=True)
_WITHOUT_LENGTH = Form(says_length=False, is_in_a_row=True)

# By FFmpeg's names. A list, because FFmpeg also takes still pictures for videos, and playlists,
# which make it open whatever file they name.
_FORMS = {
    "mov": Form(is_entered_anywhere=True),  # MP4 and QuickTime
    "matroska": Form(
        says_when_decoded=False,
        length_counts_from_zero=True,
        is_entered_anywhere=True,
        is_in_a_row=True,
    ),
    "avi": Form(says_when_shown=False, is_entered_anywhere=True),
    "mpeg": _SENT,  # program stream
    "mpegts": Form(is_sent=True, says_length=False, is_entered_anywhere=True, is_in_a_row=True),
    "mpegvideo": _WITHOUT_LENGTH,  # bare pictures
    "asf": _ROW,  # Windows Media
    "gif": _WITHOUT_LENGTH,
    "flv": Form(length_counts_from_zero=True, is_in_a_row=True),
    "ogg": _WITHOUT_LENGTH,
    "mxf": _ROW,
    "dv": _WITHOUT_LENGTH,
}

READ = ",".join(_FORMS)
"""FFmpeg's names of the containers that are read."""

WITH_TABLE = "mov"
"""The one whose table of all pictures tells how long a decoder has to wait for those that are shown
earlier."""

TRANSPORT_STREAM = "mpegts"


def form_of(container: InputContainer) -> Form:
    """Return what the container that a file is in says."""
    return _FORMS[name_of(container)]


def name_of(container: InputContainer) -> str:
    """Return the name by which FFmpeg's list of containers has one: the first of its names."""
    return container.format.name.partition(",")[0]
