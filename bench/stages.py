"""Where the time of a recognition goes: functions of the measured code, timed as its stages.

The code itself knows nothing of being measured. For the time of a measurement, the functions that
make up its stages are replaced by themselves with a clock around them.
"""

from __future__ import annotations

import functools
import inspect
import threading
from collections import defaultdict
from contextlib import ExitStack, contextmanager
from importlib import import_module
from typing import TYPE_CHECKING, Any

from bench.measure import cpu_seconds

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

STAGES = ("decode", "load", "detect", "align", "describe", "match")


class ProbeError(Exception):
    """A function is not there, or is in another thread, and cannot be timed."""


class StageClock:
    """CPU seconds by stage. What a stage calls that is a stage itself counts there only."""

    def __init__(self) -> None:
        self.seconds: defaultdict[str, float] = defaultdict(float)
        self._running: list[str] = []
        self._since = 0.0
        self._thread = threading.get_ident()

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        """Count the time until the end of the block for a stage."""
        self._charge()
        self._running.append(name)
        try:
            yield
        finally:
            self._charge()
            self._running.pop()

    def _charge(self) -> None:
        if threading.get_ident() != self._thread:
            raise ProbeError("stages in several threads cannot be told apart: use one thread")
        now = cpu_seconds()
        if self._running:
            self.seconds[self._running[-1]] += now - self._since
        self._since = now


@contextmanager
def probed(clock: StageClock, probes: Mapping[str, str]) -> Iterator[None]:
    """Time the functions that `probes` name with `clock` until the end of the block.

    A probe is `module:function` or `module:Class.method`, and its stage. Raises ProbeError when
    one of them does not exist, or is called in another thread than the clock was made in.
    """
    with ExitStack() as originals:
        for probe, stage in probes.items():
            owner, name = _found(probe)
            original = vars(owner)[name]
            setattr(owner, name, _timed(original, clock, stage))
            originals.callback(setattr, owner, name, original)
        yield


def _found(probe: str) -> tuple[Any, str]:
    module, _, place = probe.partition(":")
    *classes, name = place.split(".")
    try:
        owner = functools.reduce(getattr, classes, import_module(module))
        vars(owner)[name]
    except (ImportError, AttributeError, KeyError) as error:
        raise ProbeError(f"there is no {probe} to be timed: correct the table of probes") from error
    return owner, name


def _timed(original: Callable[..., Any], clock: StageClock, stage: str) -> Callable[..., Any]:
    if inspect.isgeneratorfunction(original):

        @functools.wraps(original)
        def timed(*arguments: object, **options: object) -> Iterator[Any]:
            items = original(*arguments, **options)
            while True:
                with clock.stage(stage):
                    try:
                        item = next(items)
                    except StopIteration:
                        return
                yield item

    else:

        @functools.wraps(original)
        def timed(*arguments: object, **options: object) -> Any:  # noqa: ANN401 - any function's
            with clock.stage(stage):
                return original(*arguments, **options)

    return timed
