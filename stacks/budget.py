"""What a month may cost before somebody is told: a budget of the stack's own costs.

AWS tells them apart by the tags that every resource has (`stacks/component.py`), which the account
must have activated for cost allocation. Until then the budget sees no costs at all, and is silent.
A budget stops nothing, and AWS counts costs some hours late.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pulumi
from pulumi_aws import budgets

from stacks.component import Component

if TYPE_CHECKING:
    from stacks.settings import StackSettings

# Per cent of the budget, of what was spent and of what the month is forecast to come to.
_SPENT, _FORECAST = 80, 100


class Budget(Component):
    """The `budget` of one stack, which tells `alarmEmail`."""

    def __init__(self, name: str, settings: StackSettings) -> None:
        super().__init__(name)
        # With both tags: a list of cost filters would be met by either.
        own = {"project": pulumi.get_project(), "stack": pulumi.get_stack()}
        self.budget = budgets.Budget(
            name,
            budget_type="COST",
            limit_amount=str(settings.monthly_budget),
            limit_unit="USD",
            time_unit="MONTHLY",
            metrics="UnblendedCost",
            filter_expression={
                "ands": [{"tags": {"key": key, "values": [value]}} for key, value in own.items()]
            },
            notifications=[
                {
                    "comparison_operator": "GREATER_THAN",
                    "notification_type": kind,
                    "threshold": threshold,
                    "threshold_type": "PERCENTAGE",
                    "subscriber_email_addresses": [settings.alarm_email or ""],
                }
                for kind, threshold in (("ACTUAL", _SPENT), ("FORECASTED", _FORECAST))
            ],
            opts=pulumi.ResourceOptions(parent=self),
        )
        self.register_outputs({"budget": self.budget.name})
