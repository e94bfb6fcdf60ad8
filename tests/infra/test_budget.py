"""Somebody is told before a month costs more than was meant, where a budget is set."""

from __future__ import annotations

import pytest

from tests.infra.recording import Program, run_program

BUDGET = "budgets/budget:Budget"
EMAIL = "engineer@school.example"


@pytest.fixture(scope="module")
def with_budget() -> Program:
    return run_program("prod", alarmEmail=EMAIL, monthlyBudget="50")


def test_without_the_setting_there_is_no_budget(program: Program) -> None:
    assert not program.has(BUDGET)


def test_it_is_of_a_month_in_dollars(with_budget: Program) -> None:
    budget = with_budget.one(BUDGET).inputs
    assert (budget["budgetType"], budget["timeUnit"]) == ("COST", "MONTHLY")
    assert (budget["limitAmount"], budget["limitUnit"]) == ("50", "USD")


def test_it_counts_what_has_both_of_the_stack_s_tags(with_budget: Program) -> None:
    budget = with_budget.one(BUDGET).inputs
    conditions = budget["filterExpression"]["ands"]
    filtered = {each["tags"]["key"]: each["tags"]["values"] for each in conditions}
    tags = with_budget.one("lambda/function:Function", "lambdalens-recogniser").inputs["tags"]
    assert filtered == {key: [value] for key, value in tags.items()}
    # The provider takes a filter expression with a metric only, and not with cost filters.
    assert budget["metrics"] == "UnblendedCost"
    assert "costFilters" not in budget


def test_the_alarm_s_address_is_told_of_what_is_spent_and_of_what_is_forecast(
    with_budget: Program,
) -> None:
    notifications = with_budget.one(BUDGET).inputs["notifications"]
    assert [(each["notificationType"], each["threshold"]) for each in notifications] == [
        ("ACTUAL", 80),
        ("FORECASTED", 100),
    ]
    for each in notifications:
        assert each["thresholdType"] == "PERCENTAGE"
        assert each["comparisonOperator"] == "GREATER_THAN"
        assert each["subscriberEmailAddresses"] == [EMAIL]
