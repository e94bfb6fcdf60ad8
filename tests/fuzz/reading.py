"""Reading a damaged file as the function does, in a process of its own that is watched.

What a damaged file must not do: raise anything but UnreadableVideoError, end the process, take
long or much memory, leave memory behind, or give frames whose times make no sense.
"""

from __future__ import annotations

import ctypes
import faulthandler
import gc
import math
import multiprocessing
import os
import resource
import signal
import tempfile
import time
import traceback
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Self

from function.recogniser.video.sampling import sampled_frames
from function.recogniser.video.unreadable import UnreadableVideoError

if TYPE_CHECKING:
    from multiprocessing.connection import Connection
    from types import TracebackType

# A watchdog's: the files here are read in some milliseconds, so this holds on a busy machine too.
BUDGET = 20.0  # seconds

# Some of the least that a deployed function may have; a whole file here is 100 kB at most.
_MOST_MEMORY = 400 * 2**20  # bytes above what the process has when it begins
_ADDRESS_SPACE = 4 * 2**30  # bytes above that, to save the machine

# Resident bytes more than before that make a file be read again, often, to see if it adds up.
_SUSPECT = 4 * 2**20
_AGAIN = 10
_QUICK = 0.5  # seconds: what takes longer is not read again, to stay in the budget
_LEAK = 64 * 2**10  # bytes each time

# All that is left behind by the files of one process, below what shows in one: then it is ended.
_MOST_GROWTH = 64 * 2**20
_SETTLED = 200  # files, until all that is made once has been made

_FUNCTION = str(Path(__file__).parents[2] / "function")


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """What came of reading one file: `problem` names what must not be, and is empty otherwise.

    `kind` is the same for what has the same cause, as far as can be told. `peak` is in bytes.
    """

    kind: str = ""
    problem: str = ""
    frames: int = 0
    seconds: float = 0.0
    peak: int = 0


class Reader:
    """A process that reads one file after another, and is ended and begun anew where needed."""

    def __init__(self, *, budget: float = BUDGET) -> None:
        self._budget = budget
        self._process: multiprocessing.process.BaseProcess | None = None
        self._folder = tempfile.TemporaryDirectory(prefix="fuzz-")
        self._trace = Path(self._folder.name) / "trace"

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._end()
        self._folder.cleanup()

    def read(self, content: bytes, *, per_second: float) -> Outcome:
        """Read a file of these bytes to its end, and return what came of it."""
        if self._process is None:
            self._begin()
        process, channel = self._process, self._channel
        assert process is not None
        (Path(self._folder.name) / "damaged").write_bytes(content)
        try:
            channel.send(per_second)
            if channel.poll(self._budget):
                outcome: Outcome = channel.recv()
                if outcome.kind == "growth":
                    self._end()
                return outcome
        except (EOFError, ConnectionError):
            process.join(self._budget)
            code = process.exitcode or 0
            end = signal.Signals(-code).name if code < 0 else f"exit {code}"
            problem = f"The process ended.\n{self._trace.read_text()}"
            outcome = Outcome(kind=f"{end} in {self._place()}", problem=problem)
        else:
            process_id = process.pid
            assert process_id is not None
            self._stack_of(process_id)
            outcome = Outcome(
                kind=f"no end in {self._place()}",
                problem=f"Not done after {self._budget} seconds.\n{self._trace.read_text()}",
                seconds=self._budget,
            )
        self._end()
        return outcome

    def _begin(self) -> None:
        # Not forked: what Hypothesis holds in memory is none of the reader's.
        context = multiprocessing.get_context("spawn")
        self._channel, other = context.Pipe()
        folder = Path(self._folder.name)
        self._trace.write_text("")
        self._process = context.Process(target=_serve, args=(other, folder), daemon=True)
        self._process.start()
        other.close()

    def _end(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.join()
            self._channel.close()
            self._process = None

    def _stack_of(self, process_id: int) -> None:
        """Let a process write where it is, if it does so within a second."""
        os.kill(process_id, signal.SIGUSR1)
        for _ in range(20):
            time.sleep(0.05)
            if self._trace.stat().st_size:
                break

    def _place(self) -> str:
        """Return the innermost of our own functions in the trace that a process left."""
        for line in self._trace.read_text().splitlines():
            if _FUNCTION in line:
                return line.rpartition(" in ")[2]
        return "no function of ours"


def _serve(channel: Connection, folder: Path) -> None:
    with (folder / "trace").open("w") as trace:
        faulthandler.enable(trace)
        faulthandler.register(signal.SIGUSR1, file=trace)
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # for the one who asks to tell
        used = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
        resource.setrlimit(resource.RLIMIT_AS, (used + _ADDRESS_SPACE, resource.RLIM_INFINITY))
        memory = _Memory()
        while True:
            try:
                per_second: float = channel.recv()
            except EOFError:
                return
            channel.send(memory.watched(folder / "damaged", per_second))


class _Memory:
    """Watches what reading files leaves behind in this process."""

    def __init__(self) -> None:
        self._begun = self._before = _kept()
        self._files = 0

    def watched(self, path: Path, per_second: float) -> Outcome:
        """Read a file, and again if it seems to leave memory behind."""
        Path("/proc/self/clear_refs").write_text("5")  # the peak begins here
        outcome = outcome_of(path, per_second)
        outcome = replace(outcome, peak=max(_status("VmHWM") - self._begun, 0))
        self._files += 1
        if outcome.problem:
            return outcome
        if outcome.peak > _MOST_MEMORY:
            return replace(outcome, kind="memory", problem=f"{outcome.peak >> 20} MiB at once.")
        each = self._kept_of_another(path, per_second) if outcome.seconds < _QUICK else 0
        if each > _LEAK:
            return replace(outcome, kind="leak", problem=f"{each >> 10} KiB kept each time.")
        if self._files == _SETTLED:
            self._begun = _kept()
        elif self._files % _SETTLED == 0 and (grown := _kept() - self._begun) > _MOST_GROWTH:
            said = f"{grown >> 20} MiB kept of {self._files} files, this one the last."
            return replace(outcome, kind="growth", problem=said)
        return outcome

    def _kept_of_another(self, path: Path, per_second: float) -> int:
        """Return how many bytes each further reading of a file that seems to leave some leaves."""
        if _status("VmRSS") - self._before < _SUSPECT:
            return 0
        kept, before = _kept(), self._before
        self._before = kept
        if kept - before < _SUSPECT:
            return 0
        for _ in range(_AGAIN):
            outcome_of(path, per_second)
        self._before = _kept()
        return (self._before - kept) // _AGAIN


def outcome_of(path: Path, per_second: float) -> Outcome:
    """Read a file in this process."""
    begun, frames, track, latest = time.monotonic(), 0, 0, 0.0
    kind = problem = ""
    try:
        for frame in sampled_frames(path, per_second=per_second):
            frames += 1
            if frame.track != track:  # in each, time begins anew
                track, latest = frame.track, 0.0
            if not (math.isfinite(frame.time) and latest <= frame.time <= frame.video_seconds):
                kind = "times"
                problem = (
                    f"Frame {frames} at {frame.time} s, after one at {latest} s, of a video of "
                    f"{frame.video_seconds} s."
                )
                break
            if not math.isfinite(frame.video_seconds):
                kind, problem = "length", f"A video of {frame.video_seconds} seconds."
                break
            latest = frame.time
            frame.pixels_at(0.25)
            if frame.brightness.shape != (frame.height, frame.width):
                kind, problem = "shape", f"{frame.brightness.shape} brightness"
                break
    except UnreadableVideoError:
        pass
    except Exception as error:  # noqa: BLE001 - that there is one is what is looked for
        stack = [it for it in traceback.extract_tb(error.__traceback__) if _FUNCTION in it.filename]
        place = f"{Path(stack[-1].filename).name}, {stack[-1].name}" if stack else "not ours"
        kind, problem = f"{type(error).__name__} in {place}", traceback.format_exc()
    return Outcome(kind=kind, problem=problem, frames=frames, seconds=time.monotonic() - begun)


def _kept() -> int:
    """Return what memory is in use when all that can be given back has been."""
    gc.collect()
    ctypes.CDLL(None).malloc_trim(0)
    return _status("VmRSS")


def _status(name: str) -> int:
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith(name):
            return int(line.split()[1]) * 1024
    raise AssertionError(name)
