"""The function in its container, as Lambda runs it: its rights, its failures, its many events."""

from __future__ import annotations

import json
import re
from statistics import median
from typing import TYPE_CHECKING

import pytest

from function.results import csv_key
from local.container_engine import ContainerEngineError
from tests.image.container import Container
from tests.integration.conftest import OBAMA
from tests.integration.pipeline import unnoticed

if TYPE_CHECKING:
    from collections.abc import Iterator

    from local.aws import LocalAws
    from local.container_engine import ContainerEngine
    from tests.integration.conftest import ClassVideo
    from tests.integration.pipeline import Pipeline

EVENTS = 100
TMP = "/tmp"  # noqa: S108 - the container's own


@pytest.fixture(scope="module")
def container(engine: ContainerEngine, image: str, pipeline: Pipeline) -> Iterator[Container]:
    with Container(engine, image, pipeline.aws) as container:
        container.wait_until_ready()
        yield container


def test_it_runs_as_lambdas_user_without_privileges_or_ways_to_get_any(
    container: Container,
) -> None:
    status = container.look("cat", "/proc/1/status")
    fields = dict(re.findall(r"^(\w+):\s+(.*)$", status, re.MULTILINE))

    assert set(fields["Uid"].split()) == {"993"}
    assert set(fields["Gid"].split()) == {"990"}
    for capabilities in ("CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb"):
        assert int(fields[capabilities], 16) == 0
    assert fields["NoNewPrivs"] == "1"


def test_nothing_but_tmp_can_be_written(container: Container) -> None:
    for folder in ("/", "/var/task", "/var", "/usr/local/lib", "/etc"):
        with pytest.raises(ContainerEngineError, match="Read-only file system"):
            container.look("touch", f"{folder}/file")
    container.look("touch", f"{TMP}/file")
    container.look("rm", f"{TMP}/file")


def test_it_has_the_room_that_the_stack_says(container: Container, engine: ContainerEngine) -> None:
    limits = json.loads(engine.ask("inspect", "--format", "{{json .HostConfig}}", container.name))

    assert limits["Memory"] == limits["MemorySwap"] == 1769 << 20
    assert "size=512m" in limits["Tmpfs"][TMP].split(",")


def test_a_video_becomes_its_csv(
    container: Container, pipeline: Pipeline, class_video: ClassVideo
) -> None:
    key = "container/first.mp4"
    with unnoticed(pipeline.aws):
        pipeline.upload(key, class_video((OBAMA,)))

    container.run(key)

    result = pipeline.result(csv_key(key))
    assert result is not None
    assert result.names == {"Barack Obama"}


def test_an_event_that_fails_comes_back_as_an_error_with_its_type(
    container: Container, aws: LocalAws
) -> None:
    # Of this bucket the role may read one key, and this is another.
    forbidden = {"bucket": {"name": aws.outputs.gallery_bucket}, "object": {"key": "lecture.mp4"}}
    record = {"eventSource": "aws:s3", "eventTime": "2026-09-01T08:00:00.000Z", "s3": forbidden}

    error = container.error_of({"Records": [record]})

    assert error["errorType"] == "RequestFailedError"
    assert "HeadObject" in str(error["errorMessage"])


def test_a_hundred_events_leave_nothing_behind(
    container: Container, pipeline: Pipeline, class_video: ClassVideo, figures: list[str]
) -> None:
    video = class_video((OBAMA,))
    memory, open_files = [], 0
    for number in range(EVENTS):
        key = f"container/{number}.mp4"
        with unnoticed(pipeline.aws):
            pipeline.upload(key, video)
        container.run(key)
        if number == 0:
            open_files = int(container.look("sh", "-c", "ls /proc/1/fd | wc -l"))
        memory.append(container.resident_bytes())
        result = pipeline.result(csv_key(key))
        assert result is not None
        assert result.names == {"Barack Obama"}

    assert container.look("find", TMP, "-mindepth", "1") == ""
    assert int(container.look("sh", "-c", "ls /proc/1/fd | wc -l")) <= open_files
    early, late = median(memory[10:20]), median(memory[-10:])
    figures.append(
        f"resident memory after 10 to 20 events {early / 1e6:.0f} MB, after {EVENTS} events "
        f"{late / 1e6:.0f} MB"
    )
    assert late < early * 1.05
