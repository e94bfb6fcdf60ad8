"""What holds for every resource of every stack, those that are yet to be written included.

Most of it is in the policy pack, `policy/`, whose rules are asked here of what the program
registers under Pulumi's mocks; those of a stack as a whole are asked by Pulumi's engine.
"""

from __future__ import annotations

import importlib
import re
from collections import Counter

import pytest

from policy.resource import Resource
from policy.rules import RULES, takes_tags
from tests.infra.recording import ACCOUNT, Program, Registration, run_program, statements


@pytest.fixture(params=["dev", "prod", "local", "prod with alarms sent"])
def program(request: pytest.FixtureRequest) -> Program:
    """Each stack as it is configured, and one with everything that can be switched on."""
    if request.param == "prod with alarms sent":
        return run_program("prod", alarmEmail="engineer@school.example", monthlyBudget="50")
    found: Program = request.getfixturevalue(request.param)
    return found


def resources(program: Program) -> list[Registration]:
    return [each for each in program.registrations if each.custom]


def test_the_rules_hold(program: Program) -> None:
    for each in resources(program):
        asked = Resource(kind=each.kind, urn=each.urn, inputs=each.inputs)
        problems = {rule.name: list(rule.problems(asked)) for rule in RULES}
        assert not any(problems.values()), (each.urn, problems)


def test_most_resources_take_tags_and_some_allow_something(program: Program) -> None:
    """The rules have something to say."""
    assert len([each for each in resources(program) if takes_tags(each.kind)]) > 8
    assert len([each for each in resources(program) if "assumeRolePolicy" in each.inputs]) > 1
    assert program.has("iam/rolePolicy:RolePolicy")


def test_the_repository_is_read_by_lambda_for_this_account_alone(program: Program) -> None:
    for each in program.every("ecr/repositoryPolicy:RepositoryPolicy"):
        (statement,) = statements(each.inputs["policy"])
        assert statement["Principal"] == {"Service": "lambda.amazonaws.com"}
        (sources,) = statement["Condition"].values()
        assert all(ACCOUNT in source for source in sources["aws:SourceArn"])


def test_only_a_resource_s_own_policy_names_somebody(program: Program) -> None:
    for each in program.every("iam/rolePolicy:RolePolicy"):
        assert all("Principal" not in it for it in statements(each.inputs["policy"])), each.urn


def test_every_resource_belongs_to_a_component(program: Program) -> None:
    for each in resources(program):
        parent = program.by_urn(each.parent)
        assert parent.kind.startswith("lambdalens:"), each.urn


def test_components_are_named_for_their_module_and_class(program: Program) -> None:
    components = [each for each in program.registrations if not each.custom]
    assert len(components) >= 5
    for each in components:
        assert re.fullmatch(r"lambdalens:[a-z_]+:[A-Z][A-Za-z]+", each.kind)
        _, module, name = each.kind.split(":")
        assert hasattr(importlib.import_module(f"stacks.{module}"), name)


def test_no_two_resources_are_one_to_pulumi(program: Program) -> None:
    urns = Counter(each.urn for each in program.registrations)
    assert not [urn for urn, count in urns.items() if count > 1]
