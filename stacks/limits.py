"""What AWS allows an account, against what a stack's settings ask for.

An account that is new, or hardly used, has fewer concurrent runs than the thousand of others, and
less memory for a function; AWS raises both with use, or when it is asked
(https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html). The first can be asked
of Lambda. The second nobody tells: neither Lambda nor Service Quotas has it, and what is refused
with it is a function's creation. All other limits are the same in every account, and the ranges of
the settings keep to them (memory, time), or are far from what one stack needs.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pulumi
from botocore.exceptions import BotoCoreError, ClientError

from stacks.asking import UnansweredError, aws_client, one_line

if TYPE_CHECKING:
    from stacks.settings import StackSettings

# So many runs stay with functions that have none reserved:
# https://docs.aws.amazon.com/lambda/latest/dg/configuration-concurrency.html. Where the account has
# fewer, all of them do: aws-samples/alarm-context-tool#2 (of 10), s3-to-lambda-patterns#36 (of 50).
KEPT_UNRESERVED = 100
# What an account has that AWS has not reduced.
USUAL_CONCURRENCY = 1000
# The memory in MB of accounts that are new: alexcasalboni/aws-lambda-power-tuning#181.
MEMORY_OF_NEW_ACCOUNTS_MB = 3008


class LimitError(pulumi.RunError):
    """AWS would refuse what the settings ask for; the message is one line for each reason."""


@dataclass(frozen=True, kw_only=True)
class AccountLimits:
    """How many runs an account may have at once in a region, and how many no function holds."""

    concurrency: int
    unreserved: int

    @classmethod
    def ask(cls, client: Any) -> AccountLimits:  # noqa: ANN401 - a boto3 client of Lambda
        """Ask Lambda. Raise UnansweredError if it does not answer, or not this caller."""
        try:
            limits = client.get_account_settings()["AccountLimit"]
        except (BotoCoreError, ClientError) as error:
            raise UnansweredError(
                f"{one_line(error)}: see who you are with 'aws sts "
                "get-caller-identity'; lambda:GetAccountSettings is the right that is needed"
            ) from error
        return cls(
            concurrency=limits["ConcurrentExecutions"],
            unreserved=limits["UnreservedConcurrentExecutions"],
        )


@dataclass(frozen=True, kw_only=True)
class Finding:
    """What a setting meets in the account: refused by AWS, or merely good to know. One line."""

    refused: bool
    text: str


def findings(settings: StackSettings, limits: AccountLimits, *, held: int = 0) -> list[Finding]:
    """Compare settings with limits. `held` is what the stack's own function has reserved so far."""
    found = []
    kept = min(KEPT_UNRESERVED, limits.concurrency)
    free = max(limits.unreserved + held - kept, 0)
    reserved = max(settings.reserved_concurrency, 0)
    if reserved > free:
        found.append(
            Finding(
                refused=True,
                text=f"reservedConcurrency is {reserved}, and AWS would refuse more than {free}: "
                f"of the account's {limits.concurrency} concurrent runs, other functions hold "
                f"{limits.concurrency - limits.unreserved - held} and {kept} must stay unreserved; "
                f"{_set_to(free)}, or {_ASK_FOR_MORE}",
            )
        )
    elif limits.concurrency < KEPT_UNRESERVED:
        found.append(
            Finding(
                refused=False,
                text=f"the account has {limits.concurrency} concurrent runs: further videos wait, "
                f"six hours at most; before many come at once, {_ASK_FOR_MORE}",
            )
        )
    if settings.memory_mb > MEMORY_OF_NEW_ACCOUNTS_MB and limits.concurrency < USUAL_CONCURRENCY:
        found.append(
            Finding(
                refused=False,
                text=f"memoryMb is {settings.memory_mb}, and many accounts with as few concurrent "
                f"runs may use {MEMORY_OF_NEW_ACCOUNTS_MB}, which AWS tells nobody: if it refuses "
                f"the function's MemorySize, set memoryMb to {MEMORY_OF_NEW_ACCOUNTS_MB}, or ask "
                "AWS Support for more",
            )
        )
    return found


_ASK_FOR_MORE = "ask for more in Service Quotas (AWS Lambda, Concurrent executions)"


def _set_to(free: int) -> str:
    return f"set it to {free} or less" if free else "set it to -1"


def limit_hook(name: str, settings: StackSettings) -> pulumi.ResourceHook:
    """Return a hook of the function that stops a preview or an update before AWS would.

    If AWS does not tell the limits, that is said, and nothing is stopped.
    """
    aws = pulumi.Config("aws")

    async def check(args: pulumi.ResourceHookArgs) -> None:
        held = int((args.old_inputs or {}).get("reservedConcurrentExecutions") or 0)
        try:
            limits = await asyncio.to_thread(lambda: AccountLimits.ask(aws_client("lambda", aws)))
        except UnansweredError as error:
            pulumi.log.warn(f"the account's limits were not checked: {error}")
            return
        found = findings(settings, limits, held=max(held, 0))
        for finding in found:
            if not finding.refused:
                pulumi.log.warn(finding.text)
        if refused := [finding.text for finding in found if finding.refused]:
            raise LimitError("\n".join(refused))

    return pulumi.ResourceHook(f"{name}-limits", check, pulumi.ResourceHookOptions(on_dry_run=True))
