"""Sample pictures of faces, for the demo and the tests.

No picture of a person belongs in the repository, and a new clone must still have something to
show. These pictures are part of packages on PyPI, so pip fetches them: through whatever index,
mirror or proxy the user's pip is set to, with an exact version and hash. Only the pictures are
kept, in a cache folder outside the clone: `$LAMBDALENS_CACHE`, or `lambdalens` in the user's cache
folder.
"""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
import tarfile
import tempfile
import zipfile
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

_FETCH_SECONDS = 300
"""pip is given up after this long: a dead proxy must not hold the demo for ever."""


class SamplesUnavailableError(Exception):
    """A sample picture is not in the cache, and could not be fetched; the message has a remedy."""


@dataclass(frozen=True, kw_only=True)
class _Picture:
    """A file in an archive, and what its bytes must hash to."""

    member: str
    sha256: str

    @property
    def name(self) -> str:
        return self.member.rsplit("/", 1)[-1]


@dataclass(frozen=True, kw_only=True)
class _Archive:
    """One distribution file on PyPI that has pictures in it."""

    package: str
    version: str
    sha256: str
    selection: tuple[str, ...]
    pictures: tuple[_Picture, ...]


# The same wheel on every machine, so that one hash does for all: only its pictures are used, and
# they don't depend on the platform that the rest was compiled for.
_ONE_WHEEL = (
    "--only-binary=:all:",
    "--python-version=3.11",
    "--implementation=cp",
    "--abi=cp311",
    "--platform=manylinux_2_17_x86_64",
    "--platform=manylinux_2_28_x86_64",
)

_ARCHIVES = (
    _Archive(
        package="face_recognition",
        version="1.3.0",
        sha256="5e5efdd1686aa566af0d3cc1313b131e4b197657a8ffd03669e6d3fad92705ec",
        # The wheel leaves the pictures out. For a source distribution pip runs setup.py to read
        # the metadata, in an environment of its own; nothing is compiled or installed.
        selection=("--no-binary=:all:",),
        pictures=(
            _Picture(
                member="face_recognition-1.3.0/tests/test_images/obama.jpg",
                sha256="0930e3aa8cae5920329c0c8cbc6a2ab70f47b0e67b432875beaa95cbf7e741f6",
            ),
            _Picture(
                member="face_recognition-1.3.0/tests/test_images/obama2.jpg",
                sha256="a7efcc907375274796f39646510704aa86672d59f6d5469d69af3c85590976a6",
            ),
            _Picture(
                member="face_recognition-1.3.0/tests/test_images/obama3.jpg",
                sha256="76ac6bf97c36dc2da0ad16a537d6a5ac1b10f48d49aac29a0cca9a17cdbc3ca3",
            ),
            _Picture(
                member="face_recognition-1.3.0/tests/test_images/biden.jpg",
                sha256="3c17508bb91554c637a2eabddfae790e5bb1caba93130814fc2ac50be9760c4c",
            ),
        ),
    ),
    _Archive(
        package="scikit-image",
        version="0.26.0",
        sha256="74aa5518ccea28121f57a95374581d3b979839adc25bb03f289b1bc9b99c58af",
        selection=_ONE_WHEEL,
        pictures=(
            _Picture(
                member="skimage/data/astronaut.png",
                sha256="88431cd9653ccd539741b555fb0a46b61558b301d4110412b5bc28b5e3ea6cb5",
            ),
        ),
    ),
    _Archive(
        package="matplotlib",
        version="3.11.2",
        sha256="07d9b9fa60cd4c393692f50d0bb03123242ddf61c99bb0e95e75feb354e7c1a8",
        selection=_ONE_WHEEL,
        pictures=(
            _Picture(
                member="matplotlib/mpl-data/sample_data/grace_hopper.jpg",
                sha256="a8ca6d734765703b09728ab47fe59f473d93ae3967fc24c7c0288c3c7adb7130",
            ),
        ),
    ),
)

SAMPLE_PICTURES = tuple(picture.name for archive in _ARCHIVES for picture in archive.pictures)
"""The names that `sample_picture` knows."""


def sample_picture(name: str) -> Path:
    """Return the sample picture of that name, fetched first if it is not in the cache.

    Raises `SamplesUnavailableError` when it can't be fetched, and KeyError for a name that is not
    in `SAMPLE_PICTURES`.
    """
    for archive in _ARCHIVES:
        for picture in archive.pictures:
            if picture.name == name:
                if not _is_cached(picture):
                    _fetch(archive)
                return _cached_path(picture)
    raise KeyError(name)


def fetch_sample_pictures() -> None:
    """Put all sample pictures in the cache; what is missing is fetched at the same time.

    Raises `SamplesUnavailableError` when one can't be fetched.
    """
    missing = [
        archive
        for archive in _ARCHIVES
        if not all(_is_cached(picture) for picture in archive.pictures)
    ]
    with ThreadPoolExecutor(max_workers=len(_ARCHIVES)) as threads:
        list(threads.map(_fetch, missing))


def cache_folder(environment: Mapping[str, str] = os.environ) -> Path:
    """Return the folder for files that can be fetched again, by the XDG base directory rules."""
    if chosen := environment.get("LAMBDALENS_CACHE"):
        return Path(chosen).absolute()
    base = Path(environment.get("XDG_CACHE_HOME", ""))
    # The rules say that a relative path in XDG_CACHE_HOME is to be ignored.
    return (base if base.is_absolute() else Path.home() / ".cache") / "lambdalens"


def _cached_path(picture: _Picture) -> Path:
    return cache_folder() / "samples" / picture.name


def _is_cached(picture: _Picture) -> bool:
    try:
        return _sha256(_cached_path(picture).read_bytes()) == picture.sha256
    except OSError:
        return False


def _sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def _fetch(archive: _Archive) -> None:
    """Download the archive, and keep its pictures only."""
    try:
        with tempfile.TemporaryDirectory(prefix="lambdalens-samples-") as folder:
            contents = _read_members(_download(archive, Path(folder)), archive.pictures)
        for picture in archive.pictures:
            _keep(picture, contents[picture.member], archive)
    except OSError as error:
        raise SamplesUnavailableError(
            f"cannot keep the sample pictures in {cache_folder()} ({error.strerror or error}): "
            "set LAMBDALENS_CACHE to a folder that can be written"
        ) from error


def _download(archive: _Archive, folder: Path) -> Path:
    """Have pip download the archive into the folder, and return its path."""
    requirements = folder / "requirements.txt"
    requirements.write_text(
        f"{archive.package}=={archive.version} --hash=sha256:{archive.sha256}\n", encoding="utf-8"
    )
    download = folder / "download"
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-input", "--retries=2"]
    command += ["--disable-pip-version-check", "--no-deps", "--require-hashes"]
    command += [*archive.selection, "--requirement", str(requirements), "--dest", str(download)]
    try:
        ended = subprocess.run(
            command,
            capture_output=True,
            text=True,
            errors="replace",
            stdin=subprocess.DEVNULL,
            timeout=_FETCH_SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        raise _not_fetched(archive, f"no answer in {_FETCH_SECONDS} s") from error
    if ended.returncode != 0:
        raise _not_fetched(archive, _last_error(ended.stderr))
    return next(download.iterdir())


def _last_error(stderr: str) -> str:
    """Return the line in which pip says what went wrong."""
    lines = [line.strip() for line in stderr.splitlines() if line.strip()]
    errors = [line.removeprefix("ERROR:").strip() for line in lines if line.startswith("ERROR:")]
    return (errors or lines or ["pip said nothing"])[-1]


def _not_fetched(archive: _Archive, reason: str) -> SamplesUnavailableError:
    names = ", ".join(picture.name for picture in archive.pictures)
    return SamplesUnavailableError(
        f"cannot fetch the sample pictures {names} with pip from {archive.package} "
        f"{archive.version} ({reason}): check the network and the index that pip uses "
        f"('pip config list'), or put the pictures into {cache_folder() / 'samples'}"
    )


def _read_members(archive: Path, pictures: tuple[_Picture, ...]) -> dict[str, bytes]:
    """Read the pictures out of a wheel or a source distribution, without extracting the rest."""
    if archive.suffix == ".whl":
        with zipfile.ZipFile(archive) as wheel:
            return {picture.member: wheel.read(picture.member) for picture in pictures}
    contents = {}
    with tarfile.open(archive) as source:
        for picture in pictures:
            member = source.extractfile(picture.member)
            if member is None:
                raise KeyError(picture.member)
            contents[picture.member] = member.read()
    return contents


def _keep(picture: _Picture, content: bytes, archive: _Archive) -> None:
    """Put a picture into the cache in one step: other processes may be doing the same."""
    if _sha256(content) != picture.sha256:
        raise _not_fetched(archive, f"{picture.name} in it is not the expected file")
    path = _cached_path(picture)
    path.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile(dir=path.parent, prefix=".", delete=False) as temporary:
        temporary.write(content)
    Path(temporary.name).replace(path)
