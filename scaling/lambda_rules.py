"""What Lambda does with a function's asynchronous events, as AWS documents it.

Of the queue, AWS says one thing more and gives no figure for it: "If the queue contains many
entries, Lambda increases the retry interval and reduces the rate at which it reads events". That is
left out here, so a long backlog may take longer than is simulated.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

# https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-error-handling.html, read November
# 2026: throttled events come back after 1 s, then ever later, up to 5 minutes; failed ones after
# one minute, and after two.
FIRST_BACKOFF_SECONDS = 1.0
LONGEST_BACKOFF_SECONDS = 300.0
WAITS_AFTER_ERRORS_SECONDS = (60.0, 120.0)
# https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-configuring.html, and what the stack
# sets (stacks/recogniser.py).
LONGEST_EVENT_AGE_SECONDS = 6 * 60 * 60.0
RETRIES = 2
# https://docs.aws.amazon.com/lambda/latest/dg/scaling-behavior.html: so many new execution
# environments of a function every ten seconds, refilled continuously and never saved up.
NEW_ENVIRONMENTS = 1000
NEW_ENVIRONMENTS_SECONDS = 10.0


class WhenBusy(StrEnum):
    """What becomes of an event that finds no environment free."""

    BACK_OFF = "back off"
    """It is throttled and comes back later, as on AWS: not in the order of arrival."""
    QUEUE = "queue"
    """It waits its turn, as on the embedded AWS: nobody is idle while something waits."""


@dataclass(frozen=True, kw_only=True)
class LambdaRules:
    """The rules for one function, which `concurrency` runs of it may follow at once.

    `new_environments` may be made in ten seconds. A run in a new one takes `cold_start_seconds`
    more; an environment is kept once it is there.
    """

    concurrency: int
    cold_start_seconds: float = 0.0
    new_environments: float = NEW_ENVIRONMENTS
    retries: int = RETRIES
    longest_event_age_seconds: float = LONGEST_EVENT_AGE_SECONDS
    when_busy: WhenBusy = WhenBusy.BACK_OFF

    def __post_init__(self) -> None:
        """Raise ValueError that names the wrong value and what is allowed."""
        if self.concurrency < 1:
            raise ValueError(f"concurrency is {self.concurrency}: it must be 1 or more")
        if not 0 <= self.retries <= len(WAITS_AFTER_ERRORS_SECONDS):
            raise ValueError(
                f"retries is {self.retries}: Lambda allows 0 to {len(WAITS_AFTER_ERRORS_SECONDS)}"
            )
        if self.new_environments <= 0:
            raise ValueError(f"new_environments is {self.new_environments}: it must be above 0")
