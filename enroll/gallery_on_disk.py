"""A gallery that is a file on this machine, with ids as lists have them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from function.composed_text import composed
from function.recogniser.identity.gallery import Gallery, GalleryError

if TYPE_CHECKING:
    from pathlib import Path


def load_gallery_file(file: Path) -> Gallery:
    """Read the gallery. Raises GalleryError naming the file, or OSError."""
    try:
        return Gallery.load(file).renamed(composed)
    except GalleryError as error:
        raise GalleryError(f"{file}: {error}") from error
    except IsADirectoryError as error:
        raise GalleryError(f"{file} is a folder: name the gallery file in it") from error


def replace_gallery_file(file: Path, gallery: Gallery) -> str:
    """Put the gallery in the place of the file.

    Return a line that says where the earlier one is still to be found, or nothing. Raises
    GalleryError or OSError.
    """
    earlier = file.stat()
    gallery.save(file)
    # The new file takes the place of one name only.
    if earlier.st_nlink == 1:
        return ""
    return (
        f"{file} had other names (hard links), which keep what was taken out: remove them; "
        f"'find -inum {earlier.st_ino}' finds them"
    )
