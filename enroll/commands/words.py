"""Numbers of things in the words of a sentence."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection

    from function.recogniser.identity.gallery import Gallery


def students_in(student_ids: Collection[str]) -> str:
    """Count the students, each once."""
    count = len(set(student_ids))
    return "1 student" if count == 1 else f"{count} students"


def portraits_in(rows: Gallery) -> str:
    """Count the rows."""
    return portraits(len(rows.student_ids))


def portraits(count: int) -> str:
    """Count portraits."""
    return "1 portrait" if count == 1 else f"{count} portraits"
