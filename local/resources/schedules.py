"""EventBridge Scheduler: what runs by the clock."""

from __future__ import annotations

from typing import TYPE_CHECKING

from local.resources.request import Created, RefusedError, Request, aws_spelling
from local.resources.roles import check_trust, role_allows

if TYPE_CHECKING:
    from local.resources.request import Creator


def _schedule(request: Request) -> Created:
    """Make a schedule, after the checks of its role: AWS makes the first, and runs by the second.

    The emulator invokes the target whatever the role may do.
    """
    name = request.physical_name()
    target = request.take("target")
    check_trust(request.account, target["roleArn"], "scheduler.amazonaws.com")
    if not role_allows(
        request.account,
        target["roleArn"],
        action="lambda:InvokeFunction",
        resource=target["arn"],
    ):
        raise RefusedError(
            f"the role {target['roleArn']} lacks lambda:InvokeFunction on {target['arn']}"
        )
    created = request.account.client("scheduler").create_schedule(
        Name=name,
        Description=request.take("description", default=""),
        ScheduleExpression=request.take("scheduleExpression"),
        FlexibleTimeWindow=aws_spelling(request.take("flexibleTimeWindow")),
        Target=aws_spelling(target),
    )
    return Created(id=f"default/{name}", outputs={"name": name, "arn": created["ScheduleArn"]})


CREATORS: dict[str, Creator] = {"aws:scheduler/schedule:Schedule": _schedule}
