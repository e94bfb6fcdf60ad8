"""`python -m stacks`: for whoever deploys."""

from __future__ import annotations

import argparse
import sys
from typing import TYPE_CHECKING

from stacks import check, image_scan, promotion

if TYPE_CHECKING:
    from collections.abc import Sequence


def main(arguments: Sequence[str]) -> int:
    """Run the command with these arguments, and return its exit status."""
    parser = argparse.ArgumentParser(
        prog="python -m stacks",
        description="Before and after a stack is deployed: each command has a --help of its own.",
    )
    commands = parser.add_subparsers(metavar="COMMAND", required=True)
    for module in (check, image_scan, promotion):
        module.add_to(commands)
    options = parser.parse_args(arguments)
    status: int = options.run(options)
    return status


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
