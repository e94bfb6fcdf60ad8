"""`python -m local`: the whole of LambdaLens on one machine, without an AWS account."""

from __future__ import annotations

import signal

if __name__ == "__main__" and signal.getsignal(signal.SIGINT) is signal.default_int_handler:
    # The modules take a second to load. A Ctrl-C in that second ends the process there and then,
    # where Python's own answer would be the traceback of whatever is being loaded.
    signal.signal(signal.SIGINT, signal.SIG_DFL)

import argparse
import io
import logging
import os
import sys
from pathlib import Path

from botocore.exceptions import BotoCoreError, ClientError

from local import demo, image, up
from local.container_engine import ContainerEngineError
from local.emulator import EmulatorError
from local.lifeline import LifelineCutError
from local.program import DeploymentError
from stacks.configuration import StackConfigurationError

_FAILED, _INTERRUPTED = 1, 130

_EXIT_CODES = (
    "exit codes: 0 done; 1 failed, with one line that says why; 2 wrong usage; 130 interrupted"
)


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
    _print_what_the_terminal_can_show()
    try:
        exit_code: int = arguments.run(arguments)
    except (
        up.AlreadyUpError,
        up.EmulatorEndedError,
        ContainerEngineError,
        DeploymentError,
        EmulatorError,
        LifelineCutError,
        StackConfigurationError,
    ) as error:
        return _failed(str(error))
    except (BotoCoreError, ClientError) as error:
        return _failed(f"the embedded AWS refused: {error}")
    except OSError as error:
        _let_go_of_what_cannot_be_written()
        return _failed(f"{error}: check the path, its permissions and the space on the disk")
    except KeyboardInterrupt:
        return _INTERRUPTED
    return exit_code


def _failed(problem: str) -> int:
    print(f"error: {problem}", file=sys.stderr)
    return _FAILED


def _let_go_of_what_cannot_be_written() -> None:
    """Keep Python from trying it once more at the end, which ends with a status of its own."""
    try:
        sys.stdout.flush()
    except OSError:
        with Path(os.devnull).open("wb") as nowhere:
            os.dup2(nowhere.fileno(), sys.stdout.fileno())


def _print_what_the_terminal_can_show() -> None:
    """Have what an encoding such as ASCII lacks printed as a question mark, and not fail."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")


if __name__ == "__main__":
    if signal.getsignal(signal.SIGINT) is signal.SIG_DFL:
        signal.signal(signal.SIGINT, signal.default_int_handler)
    sys.exit(main())
