"""The networks are converted once, kept, and the same each time."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from typing import TYPE_CHECKING

import numpy as np
import onnx
import pytest

from function.recogniser.faces import conversion, models, networks

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

NAMES = [models.DETECTOR, models.DESCRIPTOR]
PICTURE = np.zeros((1, 64, 96, 3), np.uint8)


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Return an empty cache folder that is used in this test."""
    monkeypatch.setenv("LAMBDALENS_CACHE", str(tmp_path / "cache"))
    networks.network.cache_clear()
    yield tmp_path / "cache"
    networks.network.cache_clear()


def test_a_network_is_converted_when_it_is_first_needed_and_kept(cache: Path) -> None:
    networks.network(models.DETECTOR)(PICTURE)
    (kept,) = cache.rglob("*.onnx")
    assert kept == models.network_file(models.DETECTOR)
    written = kept.stat().st_mtime_ns
    networks.network.cache_clear()
    networks.network(models.DETECTOR)(PICTURE)
    assert [path for path in cache.rglob("*") if path.is_file()] == [kept]
    assert kept.stat().st_mtime_ns == written


def test_where_nothing_can_be_kept_networks_run_all_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "file"
    file.touch()
    monkeypatch.setenv("LAMBDALENS_CACHE", str(file / "cannot be a folder"))
    assert len(networks.network(models.DETECTOR)(PICTURE)) == 3


def test_what_is_kept_needs_no_converter(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    conversion.convert(models.DETECTOR, models.network_file(models.DETECTOR))
    monkeypatch.setitem(sys.modules, "function.recogniser.faces.conversion", None)
    assert len(networks.network(models.DETECTOR)(PICTURE)) == 3
    assert cache.exists()


@pytest.mark.parametrize("name", NAMES)
def test_the_same_weights_give_the_same_file(tmp_path: Path, name: str) -> None:
    digests = {
        hashlib.sha256(conversion.convert(name, tmp_path / part).read_bytes()).hexdigest()
        for part in ("first.onnx", "second.onnx")
    }
    assert len(digests) == 1
    assert sorted(path.name for path in tmp_path.glob("*.*")) == ["first.onnx", "second.onnx"]


def test_the_detector_has_whole_weights_and_any_size_of_picture() -> None:
    model = conversion.detector_model()
    assert not {"DequantizeLinear"} & {node.op_type for node in model.graph.node}
    assert {it.data_type for it in model.graph.initializer} <= {
        onnx.TensorProto.FLOAT,
        onnx.TensorProto.INT64,
    }
    scores, boxes, landmarks = networks.network(models.DETECTOR)(PICTURE)
    places = 8 * 12 + 4 * 6 + 2 * 3
    assert (scores.shape, boxes.shape, landmarks.shape) == (
        (1, places, 1),
        (1, places, 4),
        (1, places, 10),
    )


def test_a_model_that_is_not_installed_is_named_with_the_remedy(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(models, "find_spec", lambda _: None)
    with pytest.raises(models.ModelsNotInstalledError) as raised:
        networks.network(models.DETECTOR)
    assert "face_detection_yunet_2023mar_int8bq.onnx" in str(raised.value)
    assert "make setup" in str(raised.value)


def test_running_a_network_reports_nothing_to_anybody(tmp_path: Path) -> None:
    """The runtime would keep what it has to report in a file, and a thread to send it."""
    program = (
        "import os, numpy; from function.recogniser.faces.detector import detect_faces;"
        "before = len(os.listdir('/proc/self/task'));"
        "detect_faces(numpy.zeros((64, 64, 3), numpy.uint8));"
        "print(len(os.listdir('/proc/self/task')) - before)"
    )
    home = tmp_path / "home"
    home.mkdir()
    environment = {
        name: value
        for name, value in os.environ.items()
        if name not in {"ORT_DISABLE_TELEMETRY", "XDG_CACHE_HOME"}
    }
    done = subprocess.run(
        [sys.executable, "-c", program],
        env=environment | {"HOME": str(home)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout == "0\n"
    assert list(home.rglob("*")) == []
