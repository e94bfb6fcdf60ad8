"""Where the trained models are: the files that face_recognition_models installs.

That package is not imported: it needs pkg_resources, which newer setuptools has dropped.
"""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

_PACKAGE = "face_recognition_models"


class ModelsNotInstalledError(Exception):
    """The model files are missing from the Python environment."""


def model_file(name: str) -> Path:
    """Return the path of one of the models, named without its suffix."""
    package = find_spec(_PACKAGE)
    if package is None or not package.submodule_search_locations:
        raise ModelsNotInstalledError(
            f"{_PACKAGE} is not installed: pip install -r function/requirements.txt"
        )
    return Path(package.submodule_search_locations[0], "models", f"{name}.dat")
