"""Budgets: what a month may cost. The emulator costs nothing, so nobody is ever told."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from local.resources.request import Created, RefusedError, Request

if TYPE_CHECKING:
    from collections.abc import Mapping

    from local.resources.request import Creator


def _budget(request: Request) -> Created:
    """Make a budget of the costs that have certain tags; AWS refuses a filter without a metric."""
    name = request.physical_name()
    expression, metric = request.take("filterExpression"), request.take("metrics")
    if not expression or not metric:
        raise RefusedError("a filterExpression and metrics go together: set both")
    request.account.client("budgets").create_budget(
        AccountId=request.account.account_id,
        Budget={
            "BudgetName": name,
            "BudgetType": request.take("budgetType"),
            "TimeUnit": request.take("timeUnit"),
            "BudgetLimit": {
                "Amount": request.take("limitAmount"),
                "Unit": request.take("limitUnit"),
            },
            "FilterExpression": {"And": [_tag(each) for each in expression["ands"]]},
            "Metrics": [metric],
        },
        NotificationsWithSubscribers=[
            _notification(each) for each in request.take("notifications", default=[])
        ],
    )
    return Created(id=f"{request.account.account_id}:{name}", outputs={"name": name})


def _tag(condition: Mapping[str, Any]) -> dict[str, Any]:
    tags = condition["tags"]
    return {"Tags": {"Key": tags["key"], "Values": tags["values"]}}


def _notification(notification: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "Notification": {
            "NotificationType": notification["notificationType"],
            "ComparisonOperator": notification["comparisonOperator"],
            "Threshold": notification["threshold"],
            "ThresholdType": notification["thresholdType"],
        },
        "Subscribers": [
            {"SubscriptionType": "EMAIL", "Address": address}
            for address in notification["subscriberEmailAddresses"]
        ],
    }


CREATORS: dict[str, Creator] = {"aws:budgets/budget:Budget": _budget}
