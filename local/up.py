"""`python -m local up`: the embedded AWS with the local stack, in the foreground until Ctrl-C."""

from __future__ import annotations

import argparse
import fcntl
import json
import os
import shlex
import signal
from contextlib import contextmanager
from dataclasses import asdict
from functools import partial
from typing import TYPE_CHECKING, Any

from rich.console import Console

from local.aws import EmbeddedAws, LocalAws
from local.container_engine import ContainerEngine, ContainerEngineError
from local.image import IMAGE
from local.page_account import make_page_account
from local.pulumi_aws import PulumiAws
from local.sandbox import ContainerSandbox, ProcessSandbox
from stacks.outputs import LOCAL_STACK_FILE

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path
    from types import FrameType

    from local.sandbox import StartSandbox

DEFAULT_PORT = 4566
HIGHEST_PORT = 65535
RETRY_BASE_SECONDS = 1.0

DEMO_EMAIL = "teacher@school.example"
"""Who can sign in on the teachers' page. Nothing is ever sent there: the domain is nobody's."""

ENVIRONMENT_FILE = "environment"
"""The name of the file that AWS's own tools are pointed to the stack with, beside the note."""


class AlreadyUpError(Exception):
    """The local stack runs in another terminal."""


class EmulatorEndedError(Exception):
    """The emulator ended by itself."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options of the command."""
    parser.add_argument(
        "--port",
        type=port_number,
        default=DEFAULT_PORT,
        help="where the embedded AWS listens on 127.0.0.1 (default: %(default)s; 0: a free port)",
    )
    parser.add_argument(
        "--workers",
        type=number_of_workers,
        metavar="N",
        help="how many videos are processed at once (default: one for each core)",
    )
    parser.add_argument(
        "--pulumi",
        action="store_true",
        help="deploy with your own Pulumi CLI and its plugins, to try 'pulumi preview', 'up' and "
        "'destroy' in another terminal",
    )
    parser.add_argument(
        "--container",
        nargs="?",
        const=IMAGE,
        metavar="IMAGE",
        help=f"run the function in containers of an image (default: {IMAGE}, which `make image` "
        "builds) instead of in processes of this environment",
    )


def run(arguments: argparse.Namespace) -> int:
    """Run the local stack until Ctrl-C or a signal that ends processes; return the exit code.

    Raises AlreadyUpError, EmulatorEndedError, ContainerEngineError, and what LocalAws raises.
    """
    interruption = _Interruption()
    # SIGINT, too: a shell that starts a command in the background has it ignored.
    for ending in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(ending, interruption)
    console = Console(highlight=False, soft_wrap=True)
    start = _containers(arguments.container) if arguments.container else ProcessSandbox
    try:
        with _only_one():
            console.print("Starting the embedded AWS and deploying the stack 'local' to it …")
            options: dict[str, Any] = {
                "workers": arguments.workers,
                "port": arguments.port,
                "retry_base_seconds": RETRY_BASE_SECONDS,
                "start": start,
            }
            aws: EmbeddedAws
            if arguments.pulumi:
                aws = PulumiAws(
                    said=partial(console.print, markup=False),
                    changed=lambda: _publish(aws, LOCAL_STACK_FILE),
                    **options,
                )
            else:
                aws = LocalAws(**options)
            with aws:
                interruption.is_waited_for = True
                _publish(aws, LOCAL_STACK_FILE)
                console.print(_instructions(aws))
                status = aws.wait(given_up=lambda: interruption.has_come)
            raise EmulatorEndedError(f"the embedded AWS ended by itself, with status {status}")
    except KeyboardInterrupt:
        console.print("\nEnded: nothing of it is left.")
        return 0


class _Interruption:
    """Remembers a signal and, while the stack comes up, interrupts the process there and then.

    Python loses a KeyboardInterrupt that comes up in the callback of a weak reference, and such
    are called all the time. Once the stack is up, its end is waited for, and so is the signal.
    """

    has_come = False
    is_waited_for = False

    def __call__(self, signum: int, frame: FrameType | None) -> None:
        self.has_come = True
        if not self.is_waited_for:
            signal.default_int_handler(signum, frame)


def _containers(image: str) -> StartSandbox:
    """Return what starts containers of an image, which must be there."""
    engine = ContainerEngine.find()
    try:
        engine.ask("image", "inspect", image)
    except ContainerEngineError as error:
        raise ContainerEngineError(
            f"there is no image {image}: build it with `make image`, or name another"
        ) from error
    return partial(ContainerSandbox, engine, image)


@contextmanager
def _only_one() -> Iterator[None]:
    """Hold the one place there is for a local stack, or raise AlreadyUpError.

    The lock is on the folder and the kernel's: it ends with this process, however that ends.
    """
    folder = LOCAL_STACK_FILE.parent
    folder.mkdir(mode=0o700, exist_ok=True)
    place = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        fcntl.flock(place, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        raise AlreadyUpError(
            f"the local stack is up already{_where()}: use it, or end it with Ctrl-C where it runs"
        ) from None
    else:
        yield
    finally:
        os.close(place)


def _where() -> str:
    try:
        return f" at {json.loads(LOCAL_STACK_FILE.read_text())['endpoint_url']}"
    except (OSError, ValueError, KeyError):  # it is only just starting
        return ""


def _publish(aws: EmbeddedAws, file: Path) -> None:
    """Leave a note of what runs where, for `--stack local` of the other commands.

    Beside it, the same for AWS's own tools, and Pulumi: variables for a shell to read.
    """
    key = aws.administrator
    variables = {"AWS_DEFAULT_REGION": aws.outputs.region, **aws.environment}
    # What the user has of their own would be taken together with these.
    lines = ["unset AWS_PROFILE AWS_SESSION_TOKEN"]
    lines += [f"export {name}={shlex.quote(value)}" for name, value in variables.items()]
    _write_private(aws, file.with_name(ENVIRONMENT_FILE), "\n".join(lines) + "\n")
    note = {"endpoint_url": aws.endpoint_url, "access_key": asdict(key), "outputs": aws.exports}
    _write_private(aws, file, json.dumps(note, indent=2))


def _write_private(aws: EmbeddedAws, file: Path, text: str) -> None:
    """Write a file for the user alone, that ends with the embedded AWS."""
    aws.lifeline.remove_at_end(file)
    draft = file.with_suffix(".draft")
    aws.lifeline.remove_at_end(draft)
    draft.unlink(missing_ok=True)
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as output:
        output.write(text)
    draft.replace(file)


def _instructions(aws: EmbeddedAws) -> str:
    outputs = aws.outputs
    width = max(map(len, aws.exports))
    exports = "\n".join(
        f"  {name:{width}}  {value}" for name, value in sorted(aws.exports.items()) if value
    )
    s3 = 'python -c \'import boto3; boto3.client("s3")'
    return f"""
The local stack is up at [bold]{aws.endpoint_url}[/bold]. Ctrl-C ends it, and all that is in it.

{exports}

It lets in only who has the access key of this run, which is in files that only you can read.
In another terminal, point AWS's tools and libraries to it (the AWS CLI from 2.13 on):
  . {shlex.quote(str(LOCAL_STACK_FILE.with_name(ENVIRONMENT_FILE)))}
Enrol a class:
  python -m enroll --stack local --students students.csv --portraits portraits/
Put a video in, and get its CSV:
  aws s3 cp lecture.mp4 s3://{outputs.input_bucket}/
  aws s3 cp s3://{outputs.output_bucket}/lecture.csv .
The same without the AWS CLI:
  {s3}.upload_file("lecture.mp4", "{outputs.input_bucket}", "lecture.mp4")'
  {s3}.download_file("{outputs.output_bucket}", "lecture.csv", "lecture.csv")'
What the function says, and which events failed for good:
  aws logs tail {outputs.log_group} --follow
  aws sqs receive-message --queue-url {outputs.failures_queue_url}
{_page_instructions(aws)}{_PULUMI_INSTRUCTIONS if isinstance(aws, PulumiAws) else ""}"""


def _page_instructions(aws: EmbeddedAws) -> str:
    """Say where the teachers' page is, with an account of this run that may see every course."""
    if not aws.outputs.page_url:
        return ""
    account = make_page_account(aws, DEMO_EMAIL)
    return f"""\
The teachers' page, in a browser on this machine:
  {aws.outputs.page_url}
  sign in as {account.email} with the password {account.password}
"""


_PULUMI_INSTRUCTIONS = """\
Change the stack with Pulumi, whose state and settings are this run's own:
  pulumi config set memoryMb 2048
  pulumi preview
  pulumi up
  pulumi destroy
"""


def port_number(text: str) -> int:
    """Read the number of a port, as argparse asks."""
    number = int(text)
    if not 0 <= number <= HIGHEST_PORT:
        raise argparse.ArgumentTypeError(f"{number} is not between 0 and {HIGHEST_PORT}")
    return number


def number_of_workers(text: str) -> int:
    """Read a number of workers, as argparse asks."""
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError(f"{number} is not at least 1")
    return number
