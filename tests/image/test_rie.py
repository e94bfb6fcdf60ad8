"""The image under AWS's Runtime Interface Emulator: the results are those of our Runtime API.

The containers of the other tests ask a Runtime API of this project's own for their events. Here
the same image gets the same events from AWS's, so that what we take Lambda to be is not ours alone.
"""

from __future__ import annotations

import json
import subprocess
from typing import TYPE_CHECKING

import pytest

from function.results import csv_key
from tests.go_program import GoNotFoundError
from tests.image.conftest import unavailable
from tests.image.container import Container, deployed_function, upload_event
from tests.image.rie import EMULATOR, EmulatedFunction
from tests.integration.conftest import BIDEN, COLLINS, OBAMA
from tests.integration.pipeline import unnoticed

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from local.aws import LocalAws
    from local.container_engine import ContainerEngine
    from tests.integration.conftest import ClassVideo
    from tests.integration.pipeline import Pipeline, Result

    Invoke = Callable[[object, str], bytes]

FOLDER = "emulated/"
REQUEST_ID = "6f3d3a0e-7c0b-4f7e-9b0f-0a4d5b1c2e3f"
NOTHING = b"null"
"""What the handler returns, in JSON."""

RESULTS: dict[str, set[str]] = {
    "several & 100% für 講義.mp4": {".csv", ".json"},
    "nobody.mp4": {".csv", ".json"},
    "broken.mp4": {".error.json"},
    "gone.mp4": {".error.json"},
    "notes.txt": set(),
}
"""How the keys of the results end, by the key of the upload."""

TIMES = {"started", "finished", "worked-seconds", "cold"}
"""What a result's metadata says of the run and not of the video."""

TIMEOUT = 10
"""Seconds for a function that is meant to overrun it, of which starting it again takes some."""


@pytest.fixture(scope="module", autouse=True)
def program() -> None:
    """Have the emulator built, which takes a minute the first time."""
    try:
        EMULATOR.built()
    except (GoNotFoundError, subprocess.CalledProcessError) as error:
        unavailable(str(error), "THE IMAGE IS NOT TESTED UNDER AWS'S EMULATOR")


@pytest.fixture(scope="module")
def container(engine: ContainerEngine, image: str, pipeline: Pipeline) -> Iterator[Container]:
    with Container(engine, image, pipeline.aws) as container:
        yield container


@pytest.fixture(scope="module")
def emulated(engine: ContainerEngine, image: str, pipeline: Pipeline) -> Iterator[EmulatedFunction]:
    with EmulatedFunction(engine, image, pipeline.aws) as emulated:
        yield emulated


@pytest.mark.parametrize("key", RESULTS)
def test_an_upload_has_the_same_results(
    key: str,
    pipeline: Pipeline,
    container: Container,
    emulated: EmulatedFunction,
    class_video: ClassVideo,
) -> None:
    several = class_video((BIDEN,), (OBAMA, COLLINS))
    content = {
        "nobody.mp4": class_video(()),
        "broken.mp4": several[: len(several) // 3],
        "gone.mp4": None,
        "notes.txt": b"for the next lecture",
    }.get(key, several)
    if content is not None:
        with unnoticed(pipeline.aws):
            pipeline.upload(FOLDER + key, content)
    event = upload_event(pipeline.aws.outputs.input_bucket, FOLDER + key)

    answer, ours = _outcome(pipeline, container.answer_to, event)
    assert _outcome(pipeline, emulated.answer_to, event) == (answer, ours)

    assert answer == NOTHING
    stem = FOLDER + key.rpartition(".")[0]
    assert {name.removeprefix(stem) for name in ours} == RESULTS[key]


def test_a_duplicate_event_is_skipped(
    pipeline: Pipeline, emulated: EmulatedFunction, class_video: ClassVideo
) -> None:
    key = f"{FOLDER}twice.mp4"
    with unnoticed(pipeline.aws):
        pipeline.upload(key, class_video((OBAMA,)))
    event = upload_event(pipeline.aws.outputs.input_bucket, key)

    assert [emulated.answer_to(event, REQUEST_ID) for _ in range(2)] == [NOTHING, NOTHING]

    result = pipeline.result(csv_key(key))
    assert result is not None
    assert result.names == {"Barack Obama"}
    assert pipeline.versions(csv_key(key)) == 1


@pytest.mark.parametrize(
    ("event", "error_type"),
    [
        ({"Service": "Amazon S3", "Event": "s3:TestEvent", "Bucket": "videos"}, None),
        ({"Records": []}, None),
        ({}, "UnexpectedEventError"),
        ("a video", "UnexpectedEventError"),
        ({"Records": [{"s3": {}}]}, "UnexpectedEventError"),
        # Of the gallery's bucket the role may read one key, and this is another.
        ("forbidden", "RequestFailedError"),
    ],
    ids=["test", "nothing", "empty", "text", "malformed", "forbidden"],
)
def test_an_event_has_the_same_answer_down_to_the_error(
    event: object,
    error_type: str | None,
    pipeline: Pipeline,
    container: Container,
    emulated: EmulatedFunction,
) -> None:
    if event == "forbidden":
        event = upload_event(pipeline.aws.outputs.gallery_bucket, "lecture.mp4")

    answer = emulated.answer_to(event, REQUEST_ID)

    assert answer == container.answer_to(event, REQUEST_ID)
    if error_type is None:
        assert answer == NOTHING
    else:
        error = json.loads(answer)
        assert error["errorType"] == error_type
        assert error["requestId"] == REQUEST_ID


def test_a_function_that_can_not_start_says_why(
    engine: ContainerEngine, image: str, aws: LocalAws
) -> None:
    with EmulatedFunction(engine, image, aws, variables={"TOLERANCE": "wide"}) as emulated:
        error = json.loads(emulated.answer_to({"Records": []}, REQUEST_ID))

    assert error["errorType"] == "SettingsError"
    assert error["errorMessage"] == "The environment variable TOLERANCE is 'wide', no number."


def test_a_process_that_is_killed_is_told_of_and_another_takes_the_next_event(
    emulated: EmulatedFunction,
) -> None:
    assert emulated.answer_to({"Records": []}, REQUEST_ID) == NOTHING
    emulated.signal("KILL")

    error = json.loads(emulated.answer_to({"Records": []}, REQUEST_ID))

    assert error["errorType"] == "Runtime.ExitError"
    assert error["errorMessage"].endswith("Error: Runtime exited with error: signal: killed")
    assert emulated.answer_to({"Records": []}, REQUEST_ID) == NOTHING


def test_a_function_that_hangs_is_ended_by_its_timeout_and_another_takes_the_next_event(
    engine: ContainerEngine, image: str, aws: LocalAws
) -> None:
    with EmulatedFunction(engine, image, aws, timeout=TIMEOUT) as emulated:
        assert emulated.answer_to({"Records": []}, REQUEST_ID) == NOTHING
        emulated.signal("STOP")

        assert emulated.answer_to({"Records": []}, REQUEST_ID) == (
            f"Task timed out after {TIMEOUT}.00 seconds".encode()
        )
        assert emulated.answer_to({"Records": []}, REQUEST_ID) == NOTHING


def test_the_function_learns_what_it_may_use(
    engine: ContainerEngine, image: str, aws: LocalAws, tmp_path: Path
) -> None:
    """By the deadline and the memory that it is told, it ends in time to say how far it came."""
    code = tmp_path / "run_time_told.py"
    code.write_text(
        "from function.run_time import RunTime\n"
        "def handler(event, context):\n"
        "    return RunTime(context).limits\n"
    )
    code.chmod(0o644)
    with EmulatedFunction(engine, image, aws, timeout=900, code=code) as emulated:
        limits = json.loads(emulated.answer_to({}, REQUEST_ID))

    assert limits == f"{deployed_function(aws).memory_mb} MB, 900 s"


def _outcome(
    pipeline: Pipeline, invoke: Invoke, event: object
) -> tuple[bytes, dict[str, tuple[bytes, dict[str, str]]]]:
    """Return the answer to an event and the results there are then, which are taken away."""
    s3, bucket = pipeline.aws.client("s3"), pipeline.aws.outputs.output_bucket
    answer = invoke(event, REQUEST_ID)
    listed = s3.list_objects_v2(Bucket=bucket, Prefix=FOLDER).get("Contents", [])
    results = {}
    for entry in listed:
        found: Result | None = pipeline.result(entry["Key"])
        assert found is not None
        said = {name: value for name, value in found.metadata.items() if name not in TIMES}
        results[entry["Key"]] = (found.body, said)
        s3.delete_object(Bucket=bucket, Key=entry["Key"])
    return answer, results
