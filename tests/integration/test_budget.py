"""The budget that a stack may have is there in the embedded AWS, as AWS would have it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

import pytest

from local.provisioning import Provisioner, ResourceError
from tests.infra.recording import run_program

if TYPE_CHECKING:
    from local.aws import LocalAws
    from local.function_host import FunctionHost

EMAIL = "engineer@school.example"
KIND = "aws:budgets/budget:Budget"


@pytest.fixture(scope="module")
def inputs() -> dict[str, Any]:
    """Return what the program registers."""
    return run_program("dev", alarmEmail=EMAIL, monthlyBudget="50").one(KIND).inputs


def test_it_counts_the_stack_s_tags_and_tells_the_address(
    aws: LocalAws, inputs: dict[str, Any]
) -> None:
    provisioner = Provisioner(aws.account, cast("FunctionHost", None))
    _, outputs = provisioner.create(KIND, "lambdalens", inputs)

    budgets = aws.client("budgets")
    named = {"AccountId": aws.account.account_id, "BudgetName": str(outputs["name"])}
    budget = budgets.describe_budget(**named, ShowFilterExpression=True)["Budget"]
    assert (float(budget["BudgetLimit"]["Amount"]), budget["TimeUnit"]) == (50, "MONTHLY")
    assert budget["FilterExpression"]["And"] == [
        {"Tags": {"Key": "project", "Values": ["lambdalens"]}},
        {"Tags": {"Key": "stack", "Values": ["dev"]}},
    ]
    told = budgets.describe_notifications_for_budget(**named)["Notifications"]
    assert {(each["NotificationType"], each["Threshold"]) for each in told} == {
        ("ACTUAL", 80),
        ("FORECASTED", 100),
    }
    for notification in told:
        notification.pop("NotificationState")
        (subscriber,) = budgets.describe_subscribers_for_notification(
            **named, Notification=notification
        )["Subscribers"]
        assert subscriber == {"SubscriptionType": "EMAIL", "Address": EMAIL}
    budgets.delete_budget(**named)


@pytest.mark.parametrize("missing", ["metrics", "filterExpression"])
def test_a_filter_without_a_metric_is_refused(
    aws: LocalAws, inputs: dict[str, Any], missing: str
) -> None:
    wrong = {key: value for key, value in inputs.items() if key != missing}
    with pytest.raises(ResourceError, match="a filterExpression and metrics go together"):
        Provisioner(aws.account, cast("FunctionHost", None)).create(KIND, "lambdalens", wrong)
