"""`make soak`: uploads among faults of every kind, and an exact account at the end."""

from __future__ import annotations

import argparse
import logging
import math
import random
import sys

from tests.soak.campaign import Campaign

_FRESH_LINE = "\r\033[K"  # on a terminal


def main() -> int:
    """Do what the command line says, and return 1 if the account does not balance."""
    options = _options()
    logging.disable(logging.WARNING)  # each worker that is killed is told of
    seed = random.randrange(2**32) if options.seed is None else options.seed  # noqa: S311
    count = options.count or (100_000 if options.minutes else 100)
    print(f"For the same plan again: --seed {seed}", flush=True)
    start = _FRESH_LINE if sys.stdout.isatty() else ""

    def tell(what: str) -> None:
        if start:
            print(f"{start}{what}", end="", flush=True)

    try:
        with Campaign(seed) as campaign:
            summary = campaign.run(count, tell, minutes=options.minutes or math.inf)
    except KeyboardInterrupt:
        print(f"{start}Stopped: no account was made.")
        return 130
    print(f"{start}{summary}")
    return 1 if summary.wrong else 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.soak", description=__doc__)
    parser.add_argument("--count", type=int, help="how many uploads (100, if no time is given)")
    parser.add_argument("--minutes", type=float, help="for how long there are uploads")
    parser.add_argument("--seed", type=int, help="a number, to get the same plan again")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
