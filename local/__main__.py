"""`python -m local`: the whole of LambdaLens on one machine, without an AWS account."""

from __future__ import annotations

import argparse
import logging
import sys

from local import demo, image, up
from local.container_engine import ContainerEngineError
from local.emulator import EmulatorError
from local.program import DeploymentError

_EXIT_CODES = "exit codes: 0 done; 1 failed, with one line that says why; 2 wrong usage"


def main() -> int:
    """Run a command, and return its exit code."""
    parser = argparse.ArgumentParser(
        prog="python -m local",
        description="Run the stack 'local' on an embedded AWS: no account and no network needed.",
        epilog=_EXIT_CODES,
    )
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    for name, command, help_text in (
        ("up", up, "keep the local stack up until Ctrl-C, for you to use"),
        ("demo", demo, "enrol a class, put videos of it through the stack, and show who was seen"),
        ("image", image, "build the function's container image with this machine's Docker"),
    ):
        subparser = commands.add_parser(
            name, help=help_text, description=command.__doc__, epilog=_EXIT_CODES
        )
        command.add_arguments(subparser)
        subparser.set_defaults(run=command.run)
    arguments = parser.parse_args()
    logging.basicConfig(format="%(levelname)s: %(message)s", level=logging.WARNING)
    try:
        exit_code: int = arguments.run(arguments)
    except (
        up.AlreadyUpError,
        up.EmulatorEndedError,
        ContainerEngineError,
        EmulatorError,
        DeploymentError,
    ) as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    return exit_code


if __name__ == "__main__":
    sys.exit(main())
