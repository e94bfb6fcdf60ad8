"""One spelling for one text, wherever it enters.

An accented letter is one character on one system and a letter with an accent on another, and a
cell or a file's name may end in a blank that nobody sees. Ids and names from lists, folders,
arguments and pickles are compared, so all of them pass through here.
"""

from __future__ import annotations

import unicodedata


def composed(text: str) -> str:
    """Return the text without blanks around it, its accents composed (Unicode's NFC)."""
    return unicodedata.normalize("NFC", text).strip()


def spellings(text: str) -> set[str]:
    """Return the text in each form that an earlier version may have kept it in."""
    return {text, composed(text), unicodedata.normalize("NFD", composed(text))}
