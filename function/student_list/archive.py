"""The files of a roster, in a folder or in a ZIP."""

from __future__ import annotations

import io
import zipfile
from typing import TYPE_CHECKING

from function.student_list.refusal import StudentListError

if TYPE_CHECKING:
    from collections.abc import Collection
    from pathlib import Path

BEGINNING = b"PK\x03\x04"
"""How a ZIP begins, and so an XLSX."""

MAX_BYTES = 512 << 20
"""What a list may have, unpacked: more is a mistake, or made to fill the memory."""


def files_in_folder(folder: Path, names: Collection[str]) -> dict[str, bytes]:
    """Return the content of those of the files that are there, by name. Raises OSError."""
    return {
        path.name.lower(): path.read_bytes()
        for path in sorted(folder.iterdir())
        if path.name.lower() in names and path.is_file()
    }


def files_in_zip(content: bytes, names: Collection[str]) -> dict[str, bytes]:
    """Return the content of those of the files that are there, in whatever folder, by name.

    Raises StudentListError.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            _refuse_enormous(archive)
            return {
                _name(path): archive.read(path)
                for path in archive.namelist()
                if _name(path) in names
            }
    except StudentListError:
        raise
    except Exception as error:
        # There is no one class for what a damaged archive makes zipfile raise.
        raise StudentListError(
            "the archive is damaged or has a password: unpack it, and give the folder, or export "
            "it again"
        ) from error


def _refuse_enormous(archive: zipfile.ZipFile) -> None:
    if sum(member.file_size for member in archive.infolist()) > MAX_BYTES:
        raise StudentListError(f"it has more than {MAX_BYTES >> 20} MB in it: give the list as CSV")


def _name(path: str) -> str:
    return path.rpartition("/")[2].lower()
