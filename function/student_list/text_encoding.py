"""The text of a file that does not say in which encoding it was saved, as spreadsheets save it."""

from __future__ import annotations

import codecs
import re
from typing import NamedTuple

from function.student_list.refusal import StudentListError

# UTF-32 begins as UTF-16 does, and so comes first.
_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)

# Of western European and American Windows, where Excel's plain "CSV" is written in it. Another
# system's code page cannot be told from it: whoever reads the list is asked to look.
_CODE_PAGE = "cp1252"


class Decoded(NamedTuple):
    """A text, and a word of it that shows whether its encoding was guessed right, if it was."""

    text: str
    to_be_checked: str | None = None


def decoded(content: bytes) -> Decoded:
    """Decode UTF-8 or UTF-16, with a byte-order mark or without, or else Windows-1252.

    Raises StudentListError for what is no text.
    """
    encoding = next((name for mark, name in _MARKS if content.startswith(mark)), None)
    try:
        if encoding or (encoding := _utf_16_without_mark(content)):
            return Decoded(content.decode(encoding))
        try:
            return Decoded(content.decode())
        except UnicodeDecodeError:
            text = content.decode(_CODE_PAGE)
    except UnicodeDecodeError as error:
        raise StudentListError(
            "the text is neither UTF-8, UTF-16 nor Windows-1252: save it as UTF-8"
        ) from error
    words = re.split(r"[\s,;\"]+", text)
    return Decoded(text, next((word for word in words if not word.isascii()), None))


def _utf_16_without_mark(content: bytes) -> str | None:
    """Tell by the upper bytes, which are 0 in what a list has most of: digits and separators."""
    first_line = content[:2000]
    low, high = first_line[0::2].count(0), first_line[1::2].count(0)
    if high > len(first_line) // 4 and not low:
        return "utf-16-le"
    if low > len(first_line) // 4 and not high:
        return "utf-16-be"
    return None
