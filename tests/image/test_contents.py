"""What is in the image, and what is not: no secrets, no faces, no tools, nothing of ours."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import tarfile
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, cast

import pytest

from function.recogniser.faces.models import DESCRIPTOR, DETECTOR, network_file
from local.image import build
from local.sandbox import LAMBDA_USER
from stacks.configuration import REPOSITORY
from stacks.function_image import content_digest
from stacks.source import revision
from tests.image.conftest import PYTHON_VERSION
from tests.image.packages import DOCUMENT, contents, python_tables

if TYPE_CHECKING:
    from collections.abc import Iterator

    from local.container_engine import ContainerEngine

TASK_ROOT = "var/task/"
CACHE = "var/cache/lambdalens/"
MODELS = {"shape_predictor_5_face_landmarks.dat"}
NETWORKS = {network_file(name).name for name in (DETECTOR, DESCRIPTOR)}
# AWS's access keys, private keys, and addresses with a password in them.
SECRETS = re.compile(
    rb"AKIA[0-9A-Z]{16}"
    rb"|-----BEGIN [A-Z ]*PRIVATE KEY-----\s+[A-Za-z0-9+/=]{16}"
    rb"|https?://[^/\s:@\"'<>{}]+:[^/\s@\"'<>{}]+@"
)
# In descriptions of what such an address looks like.
PLACEHOLDERS = {b"https://***:***@", b"https://username:password@"}


@pytest.fixture(scope="module")
def files(engine: ContainerEngine, image: str, tmp_path_factory: pytest.TempPathFactory) -> Files:
    return Files(engine, image, tmp_path_factory.mktemp("image") / "files.tar")


class Files:
    """All files of an image, as a container would see them."""

    def __init__(self, engine: ContainerEngine, image: str, archive: Path) -> None:
        container = engine.ask("create", "--network", "none", image)
        engine.ask("export", "--output", str(archive), container)
        engine.ask("rm", container)
        self._archive = archive
        with tarfile.open(archive) as opened:
            self.entries = {entry.name: entry for entry in opened.getmembers()}

    def names(self, folder: str) -> set[str]:
        """Return the paths of the files in a folder and its folders."""
        return {
            name.removeprefix(folder)
            for name, entry in self.entries.items()
            if name.startswith(folder) and not entry.isdir()
        }

    def contents(self, folder: str) -> Iterator[tuple[str, bytes]]:
        """Yield the path and the content of each regular file in a folder."""
        with tarfile.open(self._archive) as opened:
            for entry in opened:
                if entry.isreg() and entry.name.startswith(folder):
                    yield entry.name, cast("IO[bytes]", opened.extractfile(entry)).read()


def test_of_the_function_it_has_what_the_handler_needs_and_nothing_else(files: Files) -> None:
    function = REPOSITORY / "function"
    # What only people's commands need.
    left_out = {function / "__main__.py", function / "command", function / "student_list"}
    modules = {
        file.relative_to(function).as_posix()
        for file in function.rglob("*.py")
        if left_out.isdisjoint({file, *file.parents})
    }
    names = files.names(f"{TASK_ROOT}function/")

    assert {name for name in names if "__pycache__" not in name} == modules
    assert {re.sub(r"__pycache__/([^/]*)\.cpython-\d+\.pyc", r"\1.py", name) for name in names} == (
        modules
    )


def test_of_the_models_it_has_those_that_are_loaded(files: Files) -> None:
    names = files.names(TASK_ROOT)

    assert {Path(name).name for name in names if name.endswith((".dat", ".bz2"))} == MODELS


def test_the_networks_are_there_ready_to_run_and_not_what_they_were_made_from(
    files: Files,
) -> None:
    assert files.names(CACHE) == {f"models/{name}" for name in (*NETWORKS, "LICENSE.yunet")}
    assert not [name for name in files.names("") if name.endswith(".onnx") and CACHE not in name]


def test_of_onnx_runtime_it_has_what_runs_a_network_and_the_licences(files: Files) -> None:
    names = files.names(f"{TASK_ROOT}onnxruntime/")

    assert {name.partition("/")[0] for name in names if "/" in name} == {"__pycache__", "capi"}
    assert not [name for name in names if "libonnxruntime.so" in name]
    assert {"LICENSE", "ThirdPartyNotices.txt"} <= names


def test_there_is_no_repository_no_picture_and_no_video_in_it(files: Files) -> None:
    # Under usr/ are the icons of Debian.
    names = {name for name in files.names("") if not name.startswith("usr/share/")}

    assert not [name for name in names if ".git" in name.split("/")]
    endings = (".jpg", ".jpeg", ".png", ".webp", ".mp4", ".mov", ".npz", ".pickle", ".pkl")
    assert not [name for name in names if name.endswith(endings)]


def test_there_is_no_installer_no_compiler_and_no_test_in_it(files: Files) -> None:
    programs = {
        Path(name).name for name in files.names("") if re.match(r"(usr/)?(local/)?s?bin/", name)
    }
    programs |= {Path(name).name for name in files.names("usr/local/bin/")}
    unwanted = {
        "cc",
        "gcc",
        "g++",
        "clang",
        "ld",
        "as",
        "make",
        "cmake",
        "git",
        "pip",
        "pip3",
        "uv",
    }
    assert not programs & unwanted

    packages = {name.partition("/")[0] for name in files.names(TASK_ROOT)}
    assert not packages & {"pip", "setuptools", "wheel", "pytest", "face_recognition", "onnx"}
    site_packages = f"usr/local/lib/python{PYTHON_VERSION}/site-packages/"
    assert files.names(site_packages) == set()
    folders = {folder for name in files.names(TASK_ROOT) for folder in name.split("/")[:-1]}
    assert not folders & {"tests", "test"}


def test_there_is_no_secret_in_a_file(files: Files) -> None:
    found = {
        (name, secret)
        for name, content in files.contents(TASK_ROOT)
        # A library of ciphers has keys in it that it tests itself with.
        if ".so" not in name
        for secret in SECRETS.findall(content)
        if secret not in PLACEHOLDERS
    }

    assert found == set()


def test_there_is_no_secret_in_its_history_or_its_settings(
    engine: ContainerEngine, image: str
) -> None:
    history = engine.ask("history", "--no-trunc", "--format", "{{.CreatedBy}}", image)
    settings = engine.ask("image", "inspect", image)

    for text in (history, settings):
        assert not SECRETS.search(text.encode())
        assert not re.search(r"(?i)token|secret|password|credential", text)
        assert str(REPOSITORY) not in text


def test_whoever_runs_it_can_read_all_and_write_nothing(files: Files) -> None:
    ours = [entry for name, entry in files.entries.items() if name.startswith((TASK_ROOT, CACHE))]

    assert all(entry.mode & 0o044 == 0o044 for entry in ours if not entry.issym())
    assert all(entry.mode & 0o055 == 0o055 for entry in ours if entry.isdir())
    assert not [entry.name for entry in ours if entry.mode & 0o022 and not entry.issym()]
    assert {(entry.uid, entry.gid) for entry in ours} == {(0, 0)}


def test_it_runs_the_handler_as_lambdas_user(engine: ContainerEngine, image: str) -> None:
    settings = _settings(engine, image)

    assert settings["Entrypoint"] == ["python", "-m", "awslambdaric"]
    assert settings["Cmd"] == ["function.app.handler"]
    assert settings["User"] == LAMBDA_USER
    assert settings["WorkingDir"] == "/var/task"
    assert not [variable for variable in settings["Env"] if variable.startswith("AWS_")]


def test_its_labels_say_where_it_comes_from(engine: ContainerEngine, image: str) -> None:
    labels = _settings(engine, image)["Labels"]

    assert labels["org.opencontainers.image.revision"] == revision(REPOSITORY)
    assert labels["org.opencontainers.image.source"]


def test_the_list_of_packages_is_true(engine: ContainerEngine, image: str) -> None:
    found = contents(engine, image)

    assert python_tables(found) in DOCUMENT.read_text(encoding="utf-8"), "run make image-packages"
    assert all(licence != "unknown" for _, _, licence in found.packages)
    assert found.debian


def test_the_context_is_what_the_digest_is_of(
    engine: ContainerEngine, untidy_clone: Path, tmp_path: Path
) -> None:
    """Docker itself says which files .dockerignore lets through."""
    (tmp_path / "Dockerfile").write_text("FROM scratch\nCOPY . /\n")
    engine.do(
        *("build", "--network", "host", "--file", str(tmp_path / "Dockerfile")),
        *("--tag", "lambdalens-context", str(untidy_clone)),
    )
    try:
        container = engine.ask("create", "lambdalens-context", "none")
        engine.ask("export", "--output", str(tmp_path / "files.tar"), container)
        engine.ask("rm", container)
    finally:
        engine.ask("image", "rm", "lambdalens-context")

    seen = tmp_path / "seen"
    with tarfile.open(tmp_path / "files.tar") as opened:
        ours = [each for each in opened.getmembers() if each.name.startswith("function")]
        others = {each.name for each in opened.getmembers() if each.isreg() and each not in ours}
        opened.extractall(seen, ours, filter="data")
    # What an engine puts into every container.
    assert others <= {".dockerenv", "etc/hostname", "etc/hosts", "etc/resolv.conf", "dev/console"}
    assert {path.name for path in seen.rglob("*") if path.is_file()} >= {"app.py", "Dockerfile"}
    assert content_digest(seen) == content_digest(untidy_clone) == content_digest(REPOSITORY)
    assert not [path for path in seen.rglob("*") if path.name.startswith(".")]


def test_an_untidy_clone_makes_the_same_layers(
    engine: ContainerEngine, image: str, untidy_clone: Path
) -> None:
    """The same code elsewhere, with other times, owners' rights and stray files, built anew."""
    tag = "lambdalens-of-an-untidy-clone"
    build(engine, tag, python_version=PYTHON_VERSION, repository=untidy_clone, fresh=True)
    try:
        anew, before = (layers(engine, each) for each in (tag, image))
    finally:
        engine.ask("image", "rm", tag)

    # The library's byte-code, the packages, the networks, the code and the working directory. Of
    # the layer before them, which hides files of the base, the engine says when it was made.
    assert anew[-5:] == before[-5:]


@pytest.fixture
def untidy_clone(tmp_path: Path) -> Path:
    """Copy what the image is made of, as someone might have it who keeps files to themselves."""
    clone = tmp_path / "clone"
    shutil.copytree(
        REPOSITORY / "function",
        clone / "function",
        ignore=shutil.ignore_patterns("__pycache__"),
        copy_function=shutil.copyfile,
    )
    shutil.copyfile(REPOSITORY / ".dockerignore", clone / ".dockerignore")
    byte_code = ("__pycache__/app.cpython-311.pyc", "recogniser/__pycache__/x.cpython-311.pyc")
    for stray in ("app.py~", ".app.py.swp", ".env", "x.mp4", *byte_code):
        (clone / "function" / stray).parent.mkdir(exist_ok=True)
        (clone / "function" / stray).write_bytes(b"AKIAIOSFODNN7EXAMPLE")
    (clone / "function" / ".#app.py").symlink_to("somebody@somewhere.1234")
    (clone / "portrait.jpg").touch()
    for path in clone.rglob("*"):
        if not path.is_symlink():
            path.chmod(0o700 if path.is_dir() else 0o600)
            os.utime(path, (1, 1))
    subprocess.run(["git", "init", "--quiet", str(clone)], check=True)  # noqa: S607 - the user's
    return clone


def _settings(engine: ContainerEngine, image: str) -> dict[str, Any]:
    settings: dict[str, Any] = json.loads(
        engine.ask("image", "inspect", "--format", "{{json .Config}}", image)
    )
    return settings


def layers(engine: ContainerEngine, image: str) -> list[str]:
    """Return the digests of an image's layers, the base's first."""
    digests: list[str] = json.loads(
        engine.ask("image", "inspect", "--format", "{{json .RootFS.Layers}}", image)
    )
    return digests
