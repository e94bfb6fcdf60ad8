"""`make fuzz`: mutate videos of every container and read them, for as long as is wished."""

from __future__ import annotations

import argparse
import math
import random
import sys
import time
from itertools import cycle
from pathlib import Path

from tests.fuzz.campaign import PER_SECOND, Campaign
from tests.fuzz.reading import Reader
from tests.fuzz.seeds import SEEDS

_FINDINGS = Path(".cache/fuzz")
_FRESH_LINE = "\r\033[K"  # on a terminal


def main() -> int:
    """Do what the command line says, and return 1 if anything was found."""
    options = _options()
    with Reader() as reader:
        if options.files:
            return _read_again(reader, options.files)
        return _mutate(reader, options)


def _mutate(reader: Reader, options: argparse.Namespace) -> int:
    begun = time.monotonic()
    minutes = options.minutes or (math.inf if options.count else 10)
    number = random.randrange(2**32) if options.seed is None else options.seed  # noqa: S311
    numbers = random.Random(number)  # noqa: S311 - no secret
    print(f"For the same files again: --seed {number}", flush=True)
    campaign = Campaign(reader, _FINDINGS / time.strftime("%Y-%m-%d-%H%M%S"))
    start = _FRESH_LINE if sys.stdout.isatty() else ""
    try:
        for source in cycle(it for it in SEEDS if options.only in (None, it.name)):
            is_over = time.monotonic() - begun >= minutes * 60
            if is_over or (options.count and campaign.files.total() >= options.count):
                break
            if start:
                told = f"{campaign.progress(since=begun)}; {source.name}"
                print(f"{start}{told}", end="", flush=True)
            campaign.batch(source, numbers.randrange(2**32))
    except KeyboardInterrupt:
        print(f"{start}Stopped.")
    print(f"{start}{campaign.summary()}")
    return 1 if campaign.findings else 0


def _read_again(reader: Reader, paths: list[Path]) -> int:
    found = False
    for path in paths:
        for per_second in PER_SECOND:
            outcome = reader.read(path.read_bytes(), per_second=per_second)
            found = found or bool(outcome.kind)
            print(f"{path}, {per_second} a second: {outcome.kind or f'{outcome.frames} frames'}")
            print(outcome.problem, end="")
    return 1 if found else 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__)
    parser.add_argument("--minutes", type=float, help="how long (10, if no count is given)")
    parser.add_argument("--count", type=int, help="how many files")
    kinds = [it.name for it in SEEDS]
    parser.add_argument(
        "--only", choices=kinds, metavar="KIND", help=f"one kind of file: {', '.join(kinds)}"
    )
    parser.add_argument("--seed", type=int, help="a number, to get the same files again")
    parser.add_argument("files", nargs="*", type=Path, help="read these files; mutate nothing")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
