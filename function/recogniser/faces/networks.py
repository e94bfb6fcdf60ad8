"""Running a network: ONNX Runtime, on one thread, with what is loaded once and kept.

One runtime computes both networks, the detector's and the descriptor's. It was chosen by
measurement (docs/benchmark.md): ncnn takes twice the time for the detector and cannot read its
file as published, and NumPy takes twice the time for the descriptor and eight times for the
detector.
"""

from __future__ import annotations

import os
import tempfile
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, cast

from function.recogniser.faces.models import network_file

# The runtime as published reports its use to its maker, unless this is set before it is loaded.
os.environ["ORT_DISABLE_TELEMETRY"] = "1"

import onnxruntime

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np
    from numpy.typing import NDArray

_ERRORS_ONLY = 3
_LARGE = 1_000_000  # bytes of an input


# ONNX Runtime's numbers: an arena without a limit, which asks for as much as is needed and not for
# the next power of two, and leaves the other sizes to the runtime.
_NO_LIMIT, _AS_REQUESTED, _RUNTIMES_OWN = 0, 1, -1


@cache
def _share_arena() -> None:
    """Make the one arena that the networks take their memory from."""
    memory = onnxruntime.OrtMemoryInfo(
        "Cpu", onnxruntime.OrtAllocatorType.ORT_ARENA_ALLOCATOR, 0, onnxruntime.OrtMemType.DEFAULT
    )
    onnxruntime.create_and_register_allocator(
        memory, onnxruntime.OrtArenaCfg(_NO_LIMIT, _AS_REQUESTED, _RUNTIMES_OWN, _RUNTIMES_OWN)
    )


class Network:
    """A network that is loaded: one array goes in, and some come out. Threads may share it."""

    def __init__(self, path: Path) -> None:
        options = onnxruntime.SessionOptions()
        # The parts of the recognition have a thread each; more would only take turns.
        options.intra_op_num_threads = 1
        options.inter_op_num_threads = 1
        options.log_severity_level = _ERRORS_ONLY
        # A plan of the memory for each size of picture takes more memory than it saves.
        options.enable_mem_pattern = False
        _share_arena()
        options.add_session_config_entry("session.use_env_allocators", "1")
        self._session = onnxruntime.InferenceSession(
            str(path), options, providers=["CPUExecutionProvider"]
        )
        (self._input,) = (given.name for given in self._session.get_inputs())

    def __call__(self, array: NDArray[np.uint8]) -> Sequence[NDArray[np.float32]]:
        """Return the outputs for an input, in the order that the network's file has them in."""
        options = onnxruntime.RunOptions()
        if array.nbytes >= _LARGE:
            # What it takes is not kept for the next run, which is seldom as large.
            options.add_run_config_entry("memory.enable_memory_arena_shrinkage", "cpu:0")
        outputs = self._session.run(None, {self._input: array}, options)
        return cast("Sequence[NDArray[np.float32]]", outputs)


@cache
def network(name: str) -> Network:
    """Return the network of that name, converted first if it is not in the cache.

    Raises:
        function.recogniser.faces.models.ModelsNotInstalledError: there is nothing to convert.

    """
    path = network_file(name)
    if path.exists():
        return Network(path)
    # Only where the networks are first used: what converts them takes as long to load as they do.
    from function.recogniser.faces.conversion import convert  # noqa: PLC0415

    try:
        return Network(convert(name, path))
    except OSError:
        # No home folder, or nothing can be kept there: the next start is as slow as this one.
        with tempfile.TemporaryDirectory() as temporary:
            return Network(convert(name, Path(temporary, path.name)))
