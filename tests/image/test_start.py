"""How a container starts: what it loads, and how long it takes."""

from __future__ import annotations

import json
import re
import time
from typing import TYPE_CHECKING

import pytest

from function.recogniser.faces.models import DESCRIPTOR, network_file
from function.results import csv_key
from samples.sample_class import person_in_class
from samples.sample_video import Scene, write_video
from tests.image.container import Container
from tests.integration.conftest import OBAMA, SMALL
from tests.integration.pipeline import unnoticed

if TYPE_CHECKING:
    from local.aws import LocalAws
    from local.container_engine import ContainerEngine
    from tests.image.container import Import
    from tests.integration.pipeline import Pipeline

STARTS = 5

# What is imported for the first event: each of the packages in the image, and nothing else.
PACKAGES = {
    "_dlib_pybind11",
    "av",
    "awslambdaric",
    "boto3",
    "botocore",
    "dateutil",
    "dlib",
    "function",
    "jmespath",
    "numpy",
    "onnxruntime",
    "runtime_client",
    "s3transfer",
    "simplejson",
    "six",
    "urllib3",
}
# Imported by no one: the models are read as files, the libraries by the packages they came with.
# The last is a requirement of Lambda's runtime client, which uses it for SnapStart.
NOT_IMPORTED = {"av.libs", "face_recognition_models", "numpy.libs", "snapshot_restore_py"}
# Of the teachers' page, which is the other command of the image.
OF_THE_PAGE = {
    *("_cffi_backend", "anyio", "cffi", "cryptography", "idna", "jinja2", "joserfc", "mangum"),
    *(
        "markupsafe",
        "page",
        "pycparser",
        "register",
        "starlette",
        "typing_extensions",
        "xlsxwriter",
    ),
}

LARGEST_MODEL = f"/var/cache/lambdalens/models/{network_file(DESCRIPTOR).name}"

_COUNT_CLIENTS = """
import gc
import botocore.client
import function.app
print(sum(isinstance(each, botocore.client.BaseClient) for each in gc.get_objects()))
"""


@pytest.fixture(scope="module")
def video(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """Make a video of two seconds."""
    path = tmp_path_factory.mktemp("video") / "lecture.mp4"
    scene = Scene(seconds=2, pictures=[person_in_class(OBAMA)])
    return write_video(path, [scene], size=SMALL).read_bytes()


@pytest.fixture(scope="module")
def imported(
    engine: ContainerEngine, image: str, aws: LocalAws, pipeline: Pipeline, video: bytes
) -> tuple[list[Import], list[Import]]:
    """Return what was imported before the first event, and what was with it."""
    key = "imports.mp4"
    with unnoticed(pipeline.aws):
        pipeline.upload(key, video)
    with Container(engine, image, aws, {"PYTHONPROFILEIMPORTTIME": "1"}) as container:
        container.wait_until_ready()
        at_start = container.imports()
        container.run(key)
        return at_start, container.imports()


def test_nothing_is_imported_that_the_first_event_does_not_need(
    imported: tuple[list[Import], list[Import]], engine: ContainerEngine, image: str
) -> None:
    at_start, all_in_all = imported
    installed = _installed(engine, image)
    packages = {each.module.partition(".")[0] for each in all_in_all} & installed

    assert packages == PACKAGES
    assert {each.module.partition(".")[0] for each in at_start} & installed <= PACKAGES


def test_nothing_is_in_the_image_that_neither_the_first_event_nor_the_page_needs(
    engine: ContainerEngine, image: str
) -> None:
    assert _installed(engine, image) == PACKAGES | NOT_IMPORTED | OF_THE_PAGE


def test_models_are_not_read_and_clients_not_made_before_an_event_needs_them(
    engine: ContainerEngine, image: str, aws: LocalAws
) -> None:
    with Container(engine, image, aws) as container:
        container.wait_until_ready()
        read_bytes = re.match(r"rchar: (\d+)", container.look("cat", "/proc/1/io"))
        model_bytes = container.look("stat", "--format", "%s", LARGEST_MODEL)
        clients = container.look("python", "-c", _COUNT_CLIENTS)

    assert read_bytes
    assert int(read_bytes[1]) < int(model_bytes)
    assert int(clients) == 0


def test_everything_imported_is_compiled(
    engine: ContainerEngine, image: str, imported: tuple[list[Import], list[Import]]
) -> None:
    """No module that the first event imports is compiled for it."""
    _, all_in_all = imported
    names = sorted({each.module for each in all_in_all})
    program = (
        "import importlib.util, json, os, sys\n"
        "missing = []\n"
        "for name in json.loads(sys.argv[1]):\n"
        "    try: spec = importlib.util.find_spec(name)\n"
        "    except (ImportError, ValueError): continue\n"
        "    if spec and spec.origin and spec.origin.endswith('.py') and spec.cached:\n"
        "        if not os.path.exists(spec.cached): missing.append(name)\n"
        "print(json.dumps(missing))\n"
    )
    missing = engine.ask(
        *("run", "--rm", "--network", "none", "--entrypoint", "python", image),
        *("-c", program, json.dumps(names)),
    )

    assert json.loads(missing) == []


def test_how_long_it_takes(
    engine: ContainerEngine, image: str, pipeline: Pipeline, video: bytes, figures: list[str]
) -> None:
    """Measure; whether it is fast enough is for people to say."""
    starts: list[float] = []
    firsts: list[float] = []
    seconds: list[float] = []
    for number in range(STARTS):
        began = time.monotonic()
        with Container(engine, image, pipeline.aws) as container:
            container.wait_until_ready()
            starts.append(time.monotonic() - began)
            for turn, times in enumerate((firsts, seconds)):
                key = f"start/{number}-{turn}.mp4"
                with unnoticed(pipeline.aws):
                    pipeline.upload(key, video)
                began = time.monotonic()
                container.run(key)
                times.append(time.monotonic() - began)
                result = pipeline.result(csv_key(key))
                assert result is not None
                assert result.names == {"Barack Obama"}
    figures += [
        f"container start to first request for an event: {_range(starts)}",
        f"first event to its CSV, a 2 s clip of {SMALL[0]} x {SMALL[1]}: {_range(firsts)}",
        f"second event to its CSV, the same clip: {_range(seconds)}",
    ]


def test_what_the_imports_take(
    imported: tuple[list[Import], list[Import]], figures: list[str]
) -> None:
    at_start, all_in_all = imported
    figures += [
        *_profile("imports until the first request", at_start),
        *_profile("imports of the first event", all_in_all[len(at_start) :]),
    ]


def _installed(engine: ContainerEngine, image: str) -> set[str]:
    """Return the names of the packages and modules in the image, but the standard library's."""
    listing = engine.ask(
        *("run", "--rm", "--network", "none", "--entrypoint", "ls", image, "/var/task")
    )
    return {
        name if name.endswith(".libs") else name.partition(".")[0]
        for name in listing.split()
        if not name.endswith(".dist-info") and name != "__pycache__"
    }


def _range(times: list[float]) -> str:
    return f"{min(times):.2f} to {max(times):.2f} s in {len(times)} containers"


def _profile(heading: str, imports: list[Import]) -> list[str]:
    """Sum up the time for each package."""
    seconds: dict[str, float] = {}
    for each in imports:
        package = each.module.partition(".")[0]
        package = package if package in PACKAGES else "standard library"
        seconds[package] = seconds.get(package, 0) + each.seconds
    ranked = sorted(seconds.items(), key=lambda item: -item[1])
    rows = [f"  {package:20} {1000 * spent:5.0f} ms" for package, spent in ranked]
    return [f"{heading}: {1000 * sum(seconds.values()):.0f} ms, profiled", *rows]
