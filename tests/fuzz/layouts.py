"""Where a container keeps its sizes, counts, times and tables: what a mutation may aim at.

As much of each format as that needs, and no more: what a parser here does not know is left to
mutations of plain bytes. Only whole files are taken apart, so nothing here has to bear damage,
except the functions that set checksums right afterwards: without these, FFmpeg would throw a
damaged part away unread.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from itertools import pairwise
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

Order = Literal["big", "little"]
Bytes = bytes | bytearray


@dataclass(frozen=True)
class Field:
    """A number in a file. `marker` are bits of it that say how wide it is, and stay."""

    at: int
    width: int
    order: Order = "big"
    marker: int = 0

    @property
    def highest(self) -> int:
        """The highest value that the field can hold."""
        return (self.marker or 1 << 8 * self.width) - 1

    def value(self, content: bytes) -> int:
        """Read the field."""
        return int.from_bytes(content[self.at : self.at + self.width], self.order) & self.highest

    def coded(self, value: int) -> bytes:
        """Return a value as the bytes to stand in the field, cut off to its width."""
        return (value & self.highest | self.marker).to_bytes(self.width, self.order)


@dataclass(frozen=True, eq=False)
class Chunk:
    """A part of a file that could be left out: a box, an element, a packet.

    `sizes` are the fields of the parts around it that count its bytes.
    """

    start: int
    end: int
    fields: tuple[Field, ...]
    sizes: tuple[Field, ...] = ()


def _leave(content: bytearray) -> None:
    del content


@dataclass(frozen=True, eq=False)
class Layout:
    """The chunks of a file, and what sets the checksums in a mutated one right."""

    chunks: tuple[Chunk, ...]
    mend: Callable[[bytearray], None] = field(default=_leave, repr=False)


def _words(start: int, end: int, width: int, order: Order = "big") -> Iterator[Field]:
    return (Field(at, width, order) for at in range(start, end - width + 1, width))


def _number(content: Bytes, at: int, width: int, order: Order = "big") -> int:
    return int.from_bytes(content[at : at + width], order)


# ISO/IEC 14496-12: boxes, and how many bytes come before the boxes in one.
_BOXES_IN = dict.fromkeys((b"moov", b"trak", b"mdia", b"minf", b"stbl", b"edts", b"dinf"), 0)
_BOXES_IN |= dict.fromkeys((b"mvex", b"moof", b"traf", b"mfra", b"udta"), 0)
_BOXES_IN |= {b"meta": 4, b"stsd": 8, b"dref": 8}
_BOXES_IN |= dict.fromkeys((b"avc1", b"mp4v", b"jpeg"), 78)


def iso(content: bytes) -> Layout:
    """MP4, QuickTime, 3GP: boxes, and every 32 bits of those that hold no others."""
    return Layout(tuple(_boxes(content, 0, len(content), ())))


def _boxes(content: bytes, at: int, end: int, around: tuple[Field, ...]) -> Iterator[Chunk]:
    while at + 8 <= end:
        size, kind = Field(at, 4), content[at + 4 : at + 8]
        stop, inside = at + size.value(content), at + 8
        fields = [size, Field(at + 4, 4)]
        boxes = inside + _BOXES_IN[kind] if kind in _BOXES_IN else stop
        if kind != b"mdat":
            fields += _words(inside, boxes, 4)
        yield Chunk(at, stop, tuple(fields), around)
        yield from _boxes(content, boxes, stop, (*around, size))
        at = stop


def riff(content: bytes) -> Layout:
    """AVI: chunks, and every 32 bits of those that hold no pictures."""
    return Layout(tuple(_riff_chunks(content, 0, len(content), ())))


def _riff_chunks(content: bytes, at: int, end: int, around: tuple[Field, ...]) -> Iterator[Chunk]:
    while at + 8 <= end:
        kind, size = content[at : at + 4], Field(at + 4, 4, "little")
        inside, stop = at + 8, at + 8 + size.value(content)
        fields = [Field(at, 4, "little"), size]
        if kind in (b"RIFF", b"LIST"):
            fields.append(Field(inside, 4, "little"))
        elif not kind[:2].isdigit():
            fields += _words(inside, stop, 4, "little")
        stop += stop % 2
        yield Chunk(at, min(stop, end), tuple(fields), around)
        if kind in (b"RIFF", b"LIST"):
            yield from _riff_chunks(content, inside + 4, stop, (*around, size))
        at = stop


# RFC 9559: Segment, SeekHead, Seek, Info, Tracks, TrackEntry, Video, Audio, Cluster, BlockGroup,
# Cues, CuePoint, CueTrackPositions, Tags, Tag, Targets, SimpleTag, and the EBML header.
_ELEMENTS_IN = {
    0x18538067, 0x114D9B74, 0x4DBB, 0x1549A966, 0x1654AE6B, 0xAE, 0xE0, 0xE1, 0x1F43B675, 0xA0,
    0x1C53BB6B, 0xBB, 0xB7, 0x1254C367, 0x7373, 0x63C0, 0x67C8, 0x1A45DFA3,
}  # fmt: skip
_LONGEST_NUMBER = 8
_BLOCK_HEAD = 4


def ebml(content: bytes) -> Layout:
    """Matroska and WebM: elements, their numbers, and the heads of blocks."""
    return Layout(tuple(_elements(content, 0, len(content), ())))


def _elements(content: bytes, at: int, end: int, around: tuple[Field, ...]) -> Iterator[Chunk]:
    while at < end:
        id_width = 9 - content[at].bit_length()
        size_at = at + id_width
        width = 9 - content[size_at].bit_length()
        size = Field(size_at, width, marker=1 << 7 * width)
        inside = size_at + width
        stop = inside + size.value(content)
        has_elements = _number(content, at, id_width) in _ELEMENTS_IN
        fields = [Field(at, id_width), size]
        if not has_elements:
            length = stop - inside
            fields += [Field(inside, length)] if 0 < length <= _LONGEST_NUMBER else ()
            fields += _words(inside, min(inside + _BLOCK_HEAD, stop), 1)
        yield Chunk(at, stop, tuple(fields), around)
        if has_elements:
            yield from _elements(content, inside, stop, (*around, size))
        at = stop


_TS_PACKET, _TS_SYNC = 188, 0x47
_TS_STARTS, _TS_ADAPTS = 0x40, 0x20
_PES_HEAD = 19  # with both timestamps


def mpegts(content: bytes) -> Layout:
    """MPEG transport stream: packets, their tables, clocks and timestamps."""
    return Layout(
        tuple(
            Chunk(at, at + _TS_PACKET, tuple(_ts_fields(content, at)))
            for at in range(0, len(content), _TS_PACKET)
        ),
        _mend_ts,
    )


def _ts_payload(content: Bytes, at: int) -> int:
    return at + 4 + (1 + content[at + 4] if content[at + 3] & _TS_ADAPTS else 0)


def _ts_fields(content: bytes, at: int) -> Iterator[Field]:
    payload = _ts_payload(content, at)
    yield Field(at + 1, 2)
    yield from _words(at + 3, min(payload, at + 6), 1)
    if payload >= at + 12:
        yield Field(at + 6, 6)  # the clock
    if not content[at + 1] & _TS_STARTS:
        return
    if content[payload : payload + 3] == b"\0\0\x01":
        yield Field(payload + 3, 1)
        yield Field(payload + 4, 2)
        yield from _words(payload + 6, payload + 9, 1)
        yield from _words(payload + 9, payload + _PES_HEAD, 5)
    else:
        stop = payload + 4 + (_number(content, payload + 2, 2) & 0xFFF)
        yield from _words(payload, stop, 1)
        yield from _words(payload + 2, stop, 2)


def _mend_ts(content: bytearray) -> None:
    for at in range(0, len(content) - _TS_PACKET + 1, _TS_PACKET):
        if content[at] != _TS_SYNC or not content[at + 1] & _TS_STARTS:
            continue
        section = _ts_payload(content, at) + 1
        stop = section + 3 + (_number(content, section + 1, 2) & 0xFFF)
        is_table = bytes(content[section - 1 : section + 1]) in (b"\0\0", b"\0\2", b"\0\x42")
        if is_table and section + 8 < stop <= at + _TS_PACKET:
            content[stop - 4 : stop] = _crc(content[section : stop - 4], 0xFFFFFFFF).to_bytes(4)


_CODE_HEAD = 16


def start_codes(content: bytes) -> Layout:
    """MPEG program streams and bare MPEG video: what is between two start codes."""
    codes = [found.start() for found in re.finditer(b"\0\0\x01", content)]
    return Layout(
        tuple(
            Chunk(
                at,
                stop,
                (
                    Field(at + 3, 1),
                    *_words(at + 4, min(stop, at + _CODE_HEAD), 2),
                    *_words(at + 6, min(stop, at + _CODE_HEAD), 1),
                ),
            )
            for at, stop in pairwise([*codes, len(content)])
        )
    )


_ASF_HEAD = 24  # a GUID and the size
_ASF_HEADER = bytes.fromhex("3026b2758e66cf11a6d900aa0062ce6c")
_ASF_PROPERTIES = bytes.fromhex("a1dcab8c47a9cf118ee400c00c205365")
_ASF_DATA = bytes.fromhex("3626b2758e66cf11a6d900aa0062ce6c")
_ASF_DATA_HEAD, _ASF_PACKET_HEAD = 50, 40


def asf(content: bytes) -> Layout:
    """ASF (WMV): objects, every 32 bits of the header's, and the heads of data packets."""
    packet = _number(content, content.index(_ASF_PROPERTIES) + 92, 4, "little")
    return Layout(tuple(_objects(content, 0, len(content), (), packet)))


def _objects(
    content: bytes, at: int, end: int, around: tuple[Field, ...], packet: int
) -> Iterator[Chunk]:
    while at + _ASF_HEAD <= end:
        guid, size = content[at : at + 16], Field(at + 16, 8, "little")
        inside, stop = at + _ASF_HEAD, min(at + size.value(content), end)
        head = stop
        if guid == _ASF_HEADER:
            head = inside + 6
        elif guid == _ASF_DATA:
            head = at + _ASF_DATA_HEAD
        fields = [size, *_words(inside, head, 4, "little"), *_words(inside, head, 2, "little")]
        yield Chunk(at, stop, tuple(fields), around)
        if guid == _ASF_HEADER:
            yield from _objects(content, head, stop, (*around, size), packet)
        elif guid == _ASF_DATA:
            for begin in range(head, stop - packet + 1, packet):
                words = _words(begin, begin + _ASF_PACKET_HEAD, 1)
                yield Chunk(begin, begin + packet, tuple(words), (*around, size))
        at = stop


_GIF_PICTURE, _GIF_EXTENSION = 0x2C, 0x21
_GIF_HAS_COLOURS = 0x80


def gif(content: bytes) -> Layout:
    """GIF: the screen, extensions (delays among them), pictures, and their blocks."""
    at = 13 + _gif_colours(content[10])
    chunks = [Chunk(0, at, tuple(_words(6, 13, 1)) + tuple(_words(6, 10, 2, "little")))]
    while content[at] in (_GIF_PICTURE, _GIF_EXTENSION):
        if content[at] == _GIF_PICTURE:
            fields = [*_words(at + 1, at + 9, 2, "little"), Field(at + 9, 1)]
            block = at + 10 + _gif_colours(content[at + 9]) + 1
        else:
            fields = [Field(at + 1, 1), *_words(at + 3, at + 8, 1), Field(at + 4, 2, "little")]
            block = at + 2
        while content[block]:
            fields.append(Field(block, 1))
            block += 1 + content[block]
        chunks.append(Chunk(at, block + 1, tuple(fields)))
        at = block + 1
    return Layout(tuple(chunks))


def _gif_colours(flags: int) -> int:
    return 3 << (flags & 7) + 1 if flags & _GIF_HAS_COLOURS else 0


def flv(content: bytes) -> Layout:
    """FLV: tags, their sizes and times, and the numbers in the script's."""
    at, chunks = 13, [Chunk(0, 13, (Field(4, 1), Field(5, 4)))]
    while at + 11 <= len(content):
        size = Field(at + 1, 3)
        inside, stop = at + 11, at + 11 + size.value(content)
        fields = [Field(at, 1), size, Field(at + 4, 3), Field(at + 7, 1), Field(stop, 4)]
        is_script = content[at] == 0x12
        fields += _words(inside, stop if is_script else inside + 5, 1)
        chunks.append(Chunk(at, stop + 4, tuple(fields)))
        at = stop + 4
    return Layout(tuple(chunks))


_PAGE = b"OggS"
_PAGE_HEAD = 27


def _page_end(content: Bytes, at: int) -> int:
    table = at + _PAGE_HEAD
    body = table + content[table - 1]
    return body + sum(content[table:body])


def ogg(content: bytes) -> Layout:
    """Ogg: pages, their times and tables, and the beginning of what is in them."""
    at, chunks = 0, []
    while at < len(content):
        table, stop = at + _PAGE_HEAD, _page_end(content, at)
        body = table + content[table - 1]
        fields = [Field(at + 5, 1), Field(at + 6, 8, "little"), Field(at + 14, 4, "little")]
        fields += [Field(at + 18, 4, "little"), *_words(table - 1, body, 1)]
        fields += _words(body, min(body + 48, stop), 1)
        chunks.append(Chunk(at, stop, tuple(fields)))
        at = stop
    return Layout(tuple(chunks), _mend_ogg)


def _mend_ogg(content: bytearray) -> None:
    for at in [found.start() for found in re.finditer(_PAGE, content)]:
        if at + _PAGE_HEAD <= len(content) and _page_end(content, at) <= len(content):
            content[at + 22 : at + 26] = bytes(4)
            crc = _crc(content[at : _page_end(content, at)], 0)
            content[at + 22 : at + 26] = crc.to_bytes(4, "little")


_KEY = 16
_LOCAL_SET = 0x53  # in the sixth byte of the keys of sets: tags and sizes of two bytes each
_LONG_SIZE = 0x80


def mxf(content: bytes) -> Layout:
    """MXF: keys, sizes, the items of sets, and every 32 bits of packs and index tables."""
    at, chunks = 0, []
    while at + _KEY < len(content):
        first = content[at + _KEY]
        width = first - _LONG_SIZE if first > _LONG_SIZE else 0
        size = Field(at + _KEY + bool(width), width or 1)
        inside = at + _KEY + 1 + width
        stop = min(inside + size.value(content), len(content))
        fields = [*_words(at + 4, at + _KEY, 4), size]
        if content[at + 5] == _LOCAL_SET:
            item = inside
            while item + 4 <= stop:
                length = Field(item + 2, 2)
                end = min(item + 4 + length.value(content), stop)
                fields += [Field(item, 2), length, *_words(item + 4, end, 4)]
                fields += _words(item + 4, end if end < item + 8 else item + 4, 1)
                item = end
        else:
            fields += _words(inside, min(inside + 128, stop), 4)
        chunks.append(Chunk(at, stop, tuple(fields)))
        at = stop
    return Layout(tuple(chunks))


_POLYNOMIAL = 0x04C11DB7  # of both MPEG's and Ogg's checksums


def _crc_of(byte: int) -> int:
    crc = byte << 24
    for _ in range(8):
        crc = crc << 1 ^ (_POLYNOMIAL if crc >> 31 else 0)
        crc &= 0xFFFFFFFF
    return crc


_CRCS = [_crc_of(byte) for byte in range(256)]


def _crc(content: Bytes, initial: int) -> int:
    crc = initial
    for byte in content:
        crc = (crc << 8 & 0xFFFFFFFF) ^ _CRCS[crc >> 24 ^ byte]
    return crc
