"""EventBridge Scheduler: what runs by the clock."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from local.resources.request import Created, RefusedError, Request, aws_spelling
from local.resources.roles import role_allows

if TYPE_CHECKING:
    from local.resources.request import Creator


def _schedule(request: Request) -> Created:
    """Make a schedule, after the checks of its role: AWS makes the first, and runs by the second.

    The emulator invokes the target whatever the role may do.
    """
    name = request.physical_name()
    target = request.take("target")
    role = request.account.client("iam").get_role(RoleName=target["roleArn"].rpartition("/")[2])
    if not _trusts_scheduler(role["Role"]["AssumeRolePolicyDocument"]):
        raise RefusedError(
            f"the role {target['roleArn']} can't be assumed by scheduler.amazonaws.com"
        )
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


def _trusts_scheduler(document: str | dict[str, Any]) -> bool:
    policy = json.loads(document) if isinstance(document, str) else document
    return any(
        statement["Effect"] == "Allow"
        and statement["Principal"] == {"Service": "scheduler.amazonaws.com"}
        for statement in policy["Statement"]
    )


CREATORS: dict[str, Creator] = {"aws:scheduler/schedule:Schedule": _schedule}
