"""`python -m stacks check`: whether the account allows what a stack's settings ask for."""

from __future__ import annotations

import argparse
import sys
from typing import Any

import pulumi
from botocore.exceptions import BotoCoreError, ClientError
from pulumi.runtime import set_all_config

from stacks.asking import UnansweredError, aws_client
from stacks.configuration import StackConfigurationError, project, stack_configuration
from stacks.limits import AccountLimits, Finding, findings
from stacks.outputs import LOCAL_STACK, StackNotFoundError, deployment
from stacks.settings import StackSettings, StackSettingsError, region_from_config

_ALLOWED, _REFUSED, _NOT_CHECKED = 0, 1, 2

_DESCRIPTION = """\
Check what AWS allows your account against what a stack's settings ask for, and
say what to do, before 'pulumi up' stops halfway. Nothing is changed.

    python -m stacks check                  the stack dev
    python -m stacks check --stack prod

What is asked is Lambda, for the account's concurrent runs in the stack's
region: new accounts have 10, others 1,000, of which 100 must stay unreserved.
So 'reservedConcurrency', which is a cap, is refused where it leaves fewer. An
account's limit for 'memoryMb' is told by nobody; where there are few concurrent
runs it is often 3,008, and that is said. All other limits that matter are the
same in every account, and the settings keep to them.

It takes the settings from stacks/Pulumi.NAME.yaml, the credentials from where
the AWS tools find them, and the right lambda:GetAccountSettings; of a stack
that is deployed, lambda:GetFunctionConcurrency too. 'pulumi preview' and
'pulumi up' check the same, and go on with a warning where they may not ask.
"""

_EXIT_STATUS = """\
exit status:
  0  AWS allows what the settings ask for, as far as it tells
  1  AWS would refuse it: each reason is on a line, with the remedy
  2  not checked: wrong usage, a setting that is wrong, or AWS does not answer
"""


def add_to(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the command to those of `python -m stacks`."""
    check = commands.add_parser(
        "check",
        help="whether the account allows what the settings ask for",
        description=_DESCRIPTION,
        epilog=_EXIT_STATUS,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    check.add_argument(
        "--stack", default="dev", metavar="NAME", help="the stack (default: %(default)s)"
    )
    check.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Check, and return the exit status."""
    stack: str = options.stack
    try:
        configuration = stack_configuration(stack)
        set_all_config(configuration)
        settings = StackSettings.from_config(pulumi.Config(str(project()["name"])))
        region = region_from_config()
        limits, found = _checked(stack, settings)
    except (
        *(UnansweredError, StackConfigurationError, StackNotFoundError, StackSettingsError),
    ) as error:
        sys.stderr.write(f"error: {error}\n")
        return _NOT_CHECKED
    for finding in found:
        sys.stdout.write(f"{'refused' if finding.refused else 'note'}: {finding.text}\n")
    if any(finding.refused for finding in found):
        return _REFUSED
    sys.stdout.write(
        f"The account allows what the stack {stack} asks for: {limits.concurrency} concurrent runs "
        f"in {region}, {limits.unreserved} of them unreserved.\n"
    )
    return _ALLOWED


def _checked(stack: str, settings: StackSettings) -> tuple[AccountLimits, list[Finding]]:
    if stack == LOCAL_STACK:
        client = deployment(stack).client("lambda")
    else:
        client = aws_client("lambda", pulumi.Config("aws"))
    limits = AccountLimits.ask(client)
    found = findings(settings, limits)
    if any(finding.refused for finding in found):
        # Unless it is this stack's own function that holds them.
        found = findings(settings, limits, held=_held(stack, client))
    return limits, found


def _held(stack: str, client: Any) -> int:  # noqa: ANN401 - of boto3
    """Return how many concurrent runs the stack's function has reserved, if it is deployed."""
    try:
        name = deployment(stack).outputs.function_name
        answer = client.get_function_concurrency(FunctionName=name)
    except (StackNotFoundError, BotoCoreError, ClientError):
        return 0
    return int(answer.get("ReservedConcurrentExecutions", 0))
